"""What a flow may ask of the application. The engine only wishes; services grant, refuse or tell.

`OUTCOMES` names every answer each wish can get. The shape a wish is written in demands a way on for each of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hotline.rules.enums import RequestClass


class ActionOutcome(StrEnum):
    """The outcomes a wish can have."""

    DONE = "done"
    JOINED = "joined"
    FULL = "full"
    OFF_DUTY = "off_duty"
    PROMISED = "promised"
    IMPOSSIBLE = "impossible"
    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    YES = "yes"
    NO = "no"
    FOUND = "found"
    UNKNOWN = "unknown"
    LOCKED = "locked"
    TIMEOUT = "timeout"
    FAILED = "failed"
    OTHER = "other"
    TOO_LATE = "too_late"
    """The call is over already: there is nobody left to talk to. No flow has a way for it."""


class CallerQuestion(StrEnum):
    """What a flow may want to know of the caller before it goes on."""

    WITHHELD = "withheld"
    """Their number is not known."""
    OFTEN = "often"
    """They have phoned more often within the hour than `policies.limits` allows."""
    KNOWN = "known"
    """A ticket of this number is still open."""


class LookUpBy(StrEnum):
    """How callers name the ticket whose state they ask for; the code is asked for either way."""

    NUMBER = "number"
    """By its number, typed."""
    CALLER = "caller"
    """By the number they phone from."""


@dataclass(frozen=True, slots=True)
class JoinQueue:
    """The caller wants a person: one who has `skill` (empty: anybody), or the desk whose work number was typed.

    Higher `priority` goes first. `only_on_duty`: refuse with OFF_DUTY when nobody is signed in who could answer.
    """

    skill: str = ""
    priority: int = 0
    to_desk: bool = False
    only_on_duty: bool = False


@dataclass(frozen=True, slots=True)
class PromiseCallback:
    """The caller wants to be phoned back and keeps their place; at the number typed before, if there is one."""


@dataclass(frozen=True, slots=True)
class NotePressed:
    """The caller pressed a class: a suggestion to the operator, never a wall."""

    request_class: RequestClass


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """The caller answered a question: `question` is solved, satisfied (follow-up) or service (after a talk); yes or no."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class ConfirmPerson:
    """Somebody we phoned pressed a key, so a person, not a machine, is on the line."""


@dataclass(frozen=True, slots=True)
class KeepMessage:
    """The caller has spoken a message: the carrier's recording `sid`, `seconds` long."""

    sid: str
    seconds: int


@dataclass(frozen=True, slots=True)
class NoteTransfer:
    """The caller is being connected to somebody outside, known to the city's files as `name`; `begins` or comes back."""

    name: str
    begins: bool


@dataclass(frozen=True, slots=True)
class AskHours:
    """Whether it is inside the opening hours called `schedule`."""

    schedule: str


@dataclass(frozen=True, slots=True)
class AskDialled:
    """Which of our numbers was dialled: answered by its E.164, or OTHER where the flow does not name it."""


@dataclass(frozen=True, slots=True)
class AskCaller:
    """Something about the caller."""

    question: CallerQuestion


@dataclass(frozen=True, slots=True)
class TellNotices:
    """Whether there is a known outage callers should hear of; its words come with the answer."""


@dataclass(frozen=True, slots=True)
class LookUpTicket:
    """The state of the ticket whose number (or whose caller) and code were given; its words come with the answer."""

    by: LookUpBy


@dataclass(frozen=True, slots=True)
class LookUpOutside:
    """What the city's own system `source` says. It may be slow or away: TIMEOUT and FAILED are answers, too."""

    source: str


FlowAction = (
    JoinQueue
    | PromiseCallback
    | NotePressed
    | RecordAnswer
    | ConfirmPerson
    | KeepMessage
    | NoteTransfer
    | AskHours
    | AskDialled
    | AskCaller
    | TellNotices
    | LookUpTicket
    | LookUpOutside
)

A = ActionOutcome
_DONE = frozenset({A.DONE})
OUTCOMES: Mapping[type[FlowAction], frozenset[ActionOutcome]] = {
    JoinQueue: frozenset({A.JOINED, A.FULL, A.OFF_DUTY}),
    PromiseCallback: frozenset({A.PROMISED, A.IMPOSSIBLE}),
    NotePressed: _DONE,
    RecordAnswer: _DONE,
    ConfirmPerson: _DONE,
    KeepMessage: _DONE,
    NoteTransfer: _DONE,
    AskHours: frozenset({A.OPEN, A.CLOSED, A.HOLIDAY}),
    AskDialled: frozenset({A.OTHER}),
    AskCaller: frozenset({A.YES, A.NO}),
    TellNotices: frozenset({A.YES, A.NO}),
    LookUpTicket: frozenset({A.FOUND, A.UNKNOWN, A.LOCKED}),
    LookUpOutside: frozenset({A.FOUND, A.UNKNOWN, A.TIMEOUT, A.FAILED}),
}
"""Wish -> the answers a flow must be ready for."""
