"""Plays events against a flow: produces the lines of the transcript and the edges taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hotline.rules.calls.flow_actions import (
    ConfirmPerson,
    FlowAction,
    RecordAnswer,
    RecordRequestClass,
    RecordTransfer,
    SaveMessage,
)
from hotline.rules.enums import Language
from ivr_flows.engine import enter, place_lines, queue_of
from ivr_flows.exit_labels import ANSWER_LABELS, CLASS_LABELS
from ivr_flows.flow import Script
from ivr_flows.speech import Argument, Lines, SpokenDigits, speak
from ivr_flows.transcripts.events import (
    CallerHangsUp,
    TranscriptEvent,
    TranscriptEvents,
    WaitingRound,
    is_possible,
    turn_after,
)
from ivr_flows.transcripts.transcript_format import (
    HOTLINE,
    HOTLINE_PATTERNS,
    directed,
    filled,
    spoken_by,
    write_event,
    write_line,
)
from ivr_flows.turn import Connect, DialogTurn, EndDialog, Next, TakeMessage, WaitInQueue

# The arguments of every prompt; transcripts do not depend on a city's number.
STANDARD_ARGUMENTS: Mapping[str, Argument] = {"hotline": SpokenDigits("05374412345")}


@dataclass(frozen=True, slots=True)
class PlayedLine:
    """One line of a played call. Where the hotline speaks, `text` names the prompt and `words` is what is heard."""

    text: str
    words: str


@dataclass(slots=True)
class TranscriptPlayer:
    """One call being played: the lines so far, the edges taken, and the turn at which the call stands."""

    script: Script
    # The language of the transcript, in which the call also begins.
    language: Language
    lines: list[PlayedLine] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    spoken: Language = field(init=False)
    turn: DialogTurn = field(init=False)

    def __post_init__(self) -> None:
        self.spoken = self.language
        self._take(enter(self.script.flow))

    def play(self, event: TranscriptEvent) -> None:
        """Lets `event` happen."""
        self._note(write_event(event, self.turn.then, self.language))
        before, after = self.turn.then, self._after(event)
        if isinstance(event, CallerHangsUp):
            self.turn = after
            return
        self._take(after, before)
        if isinstance(event, WaitingRound):
            queue = queue_of(self.script.flow, self.turn.position)
            self._say(
                place_lines(
                    queue,
                    ahead=event.ahead,
                    waited=event.waited,
                    expected=event.expected,
                    may_be_called=event.may_be_called,
                )
            )

    def _after(self, event: TranscriptEvent) -> DialogTurn:
        return turn_after(self.script.flow, self.turn, event, self.script.prompts[self.spoken])

    def _take(self, turn: DialogTurn, before: Next | None = None) -> None:
        self.turn = turn
        self.path += turn.path
        self.spoken = turn.language or self.spoken
        self._direct(*(action_text(action, self.language) for action in turn.actions))
        self._say(turn.lines)
        if turn.then != before or turn.path:
            self._direct(*next_text(turn.then, self.language))

    def _say(self, lines: Lines) -> None:
        for line in lines:
            said = speak(self.script.prompts, line, self.spoken, STANDARD_ARGUMENTS).text
            reference = spoken_by(HOTLINE, write_line(line, self.language), self.language)
            self.lines.append(
                PlayedLine(reference, spoken_by(HOTLINE, " ".join(said.split()), self.language))
            )

    def _direct(self, *said: str) -> None:
        for each in said:
            self._note(directed(each, self.language))

    def _note(self, text: str) -> None:
        self.lines.append(PlayedLine(text, text))


def play_events(script: Script, events: TranscriptEvents, language: Language) -> TranscriptPlayer:
    """Plays `events` one after the other; stops at the first that is not possible."""
    player = TranscriptPlayer(script, language)
    for event in events:
        if not is_possible(player.turn, event):
            break
        player.play(event)
    return player


def action_text(action: FlowAction, language: Language) -> str:
    """Returns the line for an action performed in passing."""
    match action:
        case RecordRequestClass(request_class=request_class):
            return filled(HOTLINE_PATTERNS["notes"], language, what=CLASS_LABELS[request_class].in_(language))
        case RecordAnswer(question=question, answer=answer):
            return filled(
                HOTLINE_PATTERNS["answers"], language, what=ANSWER_LABELS[question, answer].in_(language)
            )
        case ConfirmPerson():
            return HOTLINE_PATTERNS["person"].in_(language)
        case SaveMessage():
            return HOTLINE_PATTERNS["keeps"].in_(language)
        case RecordTransfer(name=name, begins=begins):
            return filled(HOTLINE_PATTERNS["transfer" if begins else "back"], language, number=name)
        case _:
            return type(action).__name__


def next_text(then: Next, language: Language) -> tuple[str, ...]:
    """Returns the lines for what the hotline does next; none where it listens or awaits an outcome."""
    match then:
        case TakeMessage(seconds=seconds):
            return (filled(HOTLINE_PATTERNS["records"], language, seconds=seconds),)
        case Connect(number=number, ring_seconds=seconds):
            return (filled(HOTLINE_PATTERNS["connects"], language, number=number, seconds=seconds),)
        case WaitInQueue():
            return (HOTLINE_PATTERNS["waits"].in_(language),)
        case EndDialog():
            return (HOTLINE_PATTERNS["ends"].in_(language),)
        case _:
            return ()
