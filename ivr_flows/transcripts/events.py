"""What can happen in a play beside the hotline's own words: what the caller does, what the application answers, who comes and goes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ivr_flows.engine import after_talk, hear
from ivr_flows.flow import Flow
from ivr_flows.source.prompts import Catalogue
from ivr_flows.speech_matching import understand
from ivr_flows.turn import PENDING, Answer, AwaitAnswer, Heard, Listen, Over, Turn


@dataclass(frozen=True, slots=True)
class Round:
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
class HangsUp:
    """The caller hangs up."""


@dataclass(frozen=True, slots=True)
class Says:
    """The caller says something where speech is heard; what it means depends on the question and the language."""

    words: str


Cue = Heard | Says | Round | OperatorAnswers | OperatorLeaves | HangsUp
Cues = Sequence[Cue]


def step(flow: Flow, turn: Turn, cue: Cue, catalogue: Catalogue) -> Turn:
    """Return the turn that follows `cue`, spoken in the language of `catalogue`. Total, like the engine."""
    stays = replace(turn, lines=(), wishes=(), language=None, path=())
    match cue:
        case Round() | OperatorAnswers():
            return stays
        case OperatorLeaves():
            return after_talk(flow, turn.position) or replace(stays, then=Over())
        case HangsUp():
            return replace(stays, then=Over())
        case Says(words=words):
            return hear(flow, turn.position, understand(flow, turn.position, words, catalogue))
        case _ if cue == PENDING:
            return stays
        case _:
            return hear(flow, turn.position, cue)


def suits(turn: Turn, cue: Cue) -> bool:
    """Say whether `cue` can come now: answers when the application is asked, words where they are heard, nothing after the end."""
    if isinstance(turn.then, Over):
        return False
    if isinstance(cue, HangsUp):
        return True
    if isinstance(cue, Says):
        return isinstance(turn.then, Listen) and turn.then.speech
    return isinstance(cue, Answer) == isinstance(turn.then, AwaitAnswer)
