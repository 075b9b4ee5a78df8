"""Plays a flow on paper: cues in, the lines of the play out, and the ways that were walked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hotline.rules.calls.flow_actions import (
    ConfirmPerson,
    FlowAction,
    KeepMessage,
    NotePressed,
    NoteTransfer,
    RecordAnswer,
)
from hotline.rules.enums import Language
from ivr_flows.engine import enter, place_lines, queue_of
from ivr_flows.exit_labels import CLASSES, REPLIES
from ivr_flows.loader import Script
from ivr_flows.source.prompts import speak
from ivr_flows.speech import Argument, Lines, OneByOne
from ivr_flows.transcripts.events import Cue, Cues, HangsUp, Round, step, suits
from ivr_flows.transcripts.transcript_format import (
    HOTLINE,
    OF_HOTLINE,
    directed,
    filled,
    spoken_by,
    write_cue,
)
from ivr_flows.turn import Connect, Next, Over, TakeMessage, Turn, WaitInQueue

STANDING: Mapping[str, Argument] = {"hotline": OneByOne("05374412345")}
"""What every prompt may use; plays are not about which city's number it is."""


@dataclass(slots=True)
class Stage:
    """One call being played. `lines` is the play so far, `path` the ways walked, `turn` where the call stands."""

    script: Script
    language: Language
    """In which the stage directions are written, and in which the call begins."""
    lines: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    spoken: Language = field(init=False)
    turn: Turn = field(init=False)

    def __post_init__(self) -> None:
        self.spoken = self.language
        self._take(enter(self.script.flow))

    def plays(self, cue: Cue) -> None:
        """Let `cue` happen."""
        self.lines.append(write_cue(cue, self.turn.then, self.language))
        before, after = self.turn.then, self._after(cue)
        if isinstance(cue, HangsUp):
            self.turn = after
            return
        self._take(after, before)
        if isinstance(cue, Round):
            queue = queue_of(self.script.flow, self.turn.position)
            self._say(
                place_lines(
                    queue,
                    ahead=cue.ahead,
                    waited=cue.waited,
                    expected=cue.expected,
                    may_be_called=cue.may_be_called,
                )
            )

    def _after(self, cue: Cue) -> Turn:
        return step(self.script.flow, self.turn, cue, self.script.prompts[self.spoken])

    def _take(self, turn: Turn, before: Next | None = None) -> None:
        self.turn = turn
        self.path += turn.path
        self.spoken = turn.language or self.spoken
        self._direct(*(wish_words(wish, self.language) for wish in turn.wishes))
        self._say(turn.lines)
        if turn.then != before or turn.path:
            self._direct(*next_words(turn.then, self.language))

    def _say(self, lines: Lines) -> None:
        for line in lines:
            said = speak(self.script.prompts, line, self.spoken, STANDING).text
            self.lines.append(spoken_by(HOTLINE, " ".join(said.split()), self.language))

    def _direct(self, *said: str) -> None:
        self.lines += (directed(each, self.language) for each in said)


def perform(script: Script, cues: Cues, language: Language) -> Stage:
    """Play `cues` one after the other; stops at the first that cannot come where the call then stands."""
    stage = Stage(script, language)
    for cue in cues:
        if not suits(stage.turn, cue):
            break
        stage.plays(cue)
    return stage


def wish_words(wish: FlowAction, language: Language) -> str:
    """Return what the hotline does when it makes a wish in passing."""
    match wish:
        case NotePressed(request_class=request_class):
            return filled(OF_HOTLINE["notes"], language, what=CLASSES[request_class].in_(language))
        case RecordAnswer(question=question, answer=answer):
            return filled(OF_HOTLINE["answers"], language, what=REPLIES[question, answer].in_(language))
        case ConfirmPerson():
            return OF_HOTLINE["person"].in_(language)
        case KeepMessage():
            return OF_HOTLINE["keeps"].in_(language)
        case NoteTransfer(name=name, begins=begins):
            return filled(OF_HOTLINE["transfer" if begins else "back"], language, number=name)
        case _:
            return type(wish).__name__


def next_words(then: Next, language: Language) -> tuple[str, ...]:
    """Return what the hotline does next; nothing where it listens or has been asked something."""
    match then:
        case TakeMessage(seconds=seconds):
            return (filled(OF_HOTLINE["records"], language, seconds=seconds),)
        case Connect(number=number, ring_seconds=seconds):
            return (filled(OF_HOTLINE["connects"], language, number=number, seconds=seconds),)
        case WaitInQueue():
            return (OF_HOTLINE["waits"].in_(language),)
        case Over():
            return (OF_HOTLINE["ends"].in_(language),)
        case _:
            return ()
