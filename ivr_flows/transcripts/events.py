"""Events of a transcript: what the caller does, the outcomes of actions, and operators who come and go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ivr_flows.engine import after_talk, hear
from ivr_flows.flow import Flow
from ivr_flows.speech import Catalogue
from ivr_flows.speech_matching import understand
from ivr_flows.turn import PENDING, ActionResult, AwaitResult, DialogTurn, EndDialog, Heard, Listen


@dataclass(frozen=True, slots=True)
class WaitingRound:
    """One round of waiting: callers ahead, seconds waited and expected, and whether a callback may be offered."""

    ahead: int
    waited: int
    expected: int | None
    may_be_called: bool


@dataclass(frozen=True, slots=True)
class OperatorAnswers:
    """An operator takes the waiting call."""


@dataclass(frozen=True, slots=True)
class OperatorLeaves:
    """The operator hangs up first, while the caller is still on the line."""


@dataclass(frozen=True, slots=True)
class CallerHangsUp:
    """The caller hangs up."""


@dataclass(frozen=True, slots=True)
class CallerSays:
    """The caller speaks where speech is heard; its meaning depends on the question and the language."""

    words: str


TranscriptEvent = Heard | CallerSays | WaitingRound | OperatorAnswers | OperatorLeaves | CallerHangsUp
TranscriptEvents = Sequence[TranscriptEvent]


def turn_after(flow: Flow, turn: DialogTurn, event: TranscriptEvent, catalogue: Catalogue) -> DialogTurn:
    """Returns the turn that follows `event`, spoken in the language of `catalogue`. Total, like the engine."""
    stays = replace(turn, lines=(), actions=(), language=None, path=())
    match event:
        case WaitingRound() | OperatorAnswers():
            return stays
        case OperatorLeaves():
            return after_talk(flow, turn.position) or replace(stays, then=EndDialog())
        case CallerHangsUp():
            return replace(stays, then=EndDialog())
        case CallerSays(words=words):
            return hear(flow, turn.position, understand(flow, turn.position, words, catalogue))
        case _ if event == PENDING:
            return stays
        case _:
            return hear(flow, turn.position, event)


def is_possible(turn: DialogTurn, event: TranscriptEvent) -> bool:
    """Returns whether `event` can happen now: an outcome only after an action, nothing after the end."""
    if isinstance(turn.then, EndDialog):
        return False
    if isinstance(event, CallerHangsUp):
        return True
    if isinstance(event, CallerSays):
        return isinstance(turn.then, Listen) and turn.then.speech
    return isinstance(event, ActionResult) == isinstance(turn.then, AwaitResult)
