"""What can happen in a play beside the hotline's own words: what the caller does, what the application answers, who comes and goes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ivr_flows.engine import after_talk, hear
from ivr_flows.flow import Flow
from ivr_flows.source.prompts import Catalogue
from ivr_flows.speech_matching import understand
from ivr_flows.turn import PENDING, ActionResult, AwaitResult, DialogTurn, EndCall, Heard, Listen


@dataclass(frozen=True, slots=True)
class WaitingRound:
    """One round of waiting: how many are ahead, seconds waited and to be waited, and whether a callback may be offered."""

    ahead: int
    waited: int
    expected: int | None
    may_be_called: bool


@dataclass(frozen=True, slots=True)
class OperatorAnswers:
    """An operator takes the waiting call."""


@dataclass(frozen=True, slots=True)
class OperatorLeaves:
    """The operator hangs up first, with the caller still on the line."""


@dataclass(frozen=True, slots=True)
class CallerHangsUp:
    """The caller hangs up."""


@dataclass(frozen=True, slots=True)
class CallerSays:
    """The caller says something where speech is heard; what it means depends on the question and the language."""

    words: str


TranscriptEvent = Heard | CallerSays | WaitingRound | OperatorAnswers | OperatorLeaves | CallerHangsUp
TranscriptEvents = Sequence[TranscriptEvent]


def turn_after(flow: Flow, turn: DialogTurn, event: TranscriptEvent, catalogue: Catalogue) -> DialogTurn:
    """Return the turn that follows `cue`, spoken in the language of `catalogue`. Total, like the engine."""
    stays = replace(turn, lines=(), actions=(), language=None, path=())
    match event:
        case WaitingRound() | OperatorAnswers():
            return stays
        case OperatorLeaves():
            return after_talk(flow, turn.position) or replace(stays, then=EndCall())
        case CallerHangsUp():
            return replace(stays, then=EndCall())
        case CallerSays(words=words):
            return hear(flow, turn.position, understand(flow, turn.position, words, catalogue))
        case _ if event == PENDING:
            return stays
        case _:
            return hear(flow, turn.position, event)


def is_possible(turn: DialogTurn, event: TranscriptEvent) -> bool:
    """Say whether `cue` can come now: answers when the application is asked, words where they are heard, nothing after the end."""
    if isinstance(turn.then, EndCall):
        return False
    if isinstance(event, CallerHangsUp):
        return True
    if isinstance(event, CallerSays):
        return isinstance(turn.then, Listen) and turn.then.speech
    return isinstance(event, ActionResult) == isinstance(turn.then, AwaitResult)
