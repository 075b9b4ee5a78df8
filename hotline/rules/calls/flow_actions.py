"""Actions that a flow asks the application to perform, and their outcomes.

The engine only names an action; services perform it. `OUTCOMES` lists the outcomes of each action, and the schema of
flow files demands an exit for each of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hotline.rules.enums import RequestClass


class ActionOutcome(StrEnum):
    """The outcomes an action can have."""

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
    # The call is over. No flow has an exit for it.
    TOO_LATE = "too_late"


class CallerCondition(StrEnum):
    """Conditions on the caller that a flow can branch on."""

    # The caller's number is not known.
    WITHHELD = "withheld"
    # The caller has phoned more often within the hour than `policies.limits` allows.
    OFTEN = "often"
    # A ticket of the caller's number is still open.
    KNOWN = "known"
    # We call back because a callback was agreed on, not because the caller hung up while waiting.
    PROMISED = "promised"


class LookUpBy(StrEnum):
    """The two ways to identify the ticket to look up. Its code is needed in either case."""

    # By its number, entered as digits.
    NUMBER = "number"
    # By the caller's own telephone number.
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class JoinQueue:
    """Queues the caller for an operator with `skill` (empty: any), or for the desk whose work number was entered.

    Higher `priority` goes first. `only_on_duty`: the outcome is OFF_DUTY when no operator who could answer is signed
    in.
    """

    skill: str = ""
    priority: int = 0
    to_desk: bool = False
    only_on_duty: bool = False


@dataclass(frozen=True, slots=True)
class PromiseCallback:
    """Promises a callback, which keeps the caller's place, to the number entered before or else to the caller's own."""


@dataclass(frozen=True, slots=True)
class RecordRequestClass:
    """Records the request class the caller pressed, as a suggestion to the operator."""

    request_class: RequestClass


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """Records the answer, yes or no, to a survey `question`: solved, satisfied (follow-up) or service (after a talk)."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class ConfirmPerson:
    """Records that a person, not a machine, answered our call, because a key was pressed."""


@dataclass(frozen=True, slots=True)
class SaveMessage:
    """Saves the caller's message: the carrier's recording `sid`, `seconds` long."""

    sid: str
    seconds: int


@dataclass(frozen=True, slots=True)
class RecordTransfer:
    """Records that a transfer to an outside number, known to the city's files as `name`, begins or is over."""

    name: str
    begins: bool


@dataclass(frozen=True, slots=True)
class CheckOpeningHours:
    """Checks whether it is within the opening hours called `schedule`."""

    schedule: str


@dataclass(frozen=True, slots=True)
class MatchDialledNumber:
    """Branches on the number that was dialled: its E.164, or OTHER where the flow does not name it."""


@dataclass(frozen=True, slots=True)
class CheckCaller:
    """Checks a condition on the caller."""

    condition: CallerCondition


@dataclass(frozen=True, slots=True)
class AnnounceOutages:
    """Looks for known outages to announce; their texts come with the outcome."""


@dataclass(frozen=True, slots=True)
class LookUpTicket:
    """Looks up a ticket's status by number or caller, and by its code; the text comes with the outcome."""

    by: LookUpBy


@dataclass(frozen=True, slots=True)
class NameMatter:
    """Names the matter of a follow-up call: the day it was received, its kind, its place; the text comes with the outcome."""


@dataclass(frozen=True, slots=True)
class LookUpExternal:
    """Queries the city's own system `source`. TIMEOUT and FAILED are outcomes too: the system may be slow or away."""

    source: str


FlowAction = (
    JoinQueue
    | PromiseCallback
    | RecordRequestClass
    | RecordAnswer
    | ConfirmPerson
    | SaveMessage
    | RecordTransfer
    | CheckOpeningHours
    | MatchDialledNumber
    | CheckCaller
    | AnnounceOutages
    | LookUpTicket
    | NameMatter
    | LookUpExternal
)

A = ActionOutcome
_DONE = frozenset({A.DONE})
# Action -> the outcomes a flow must have an exit for.
OUTCOMES: Mapping[type[FlowAction], frozenset[ActionOutcome]] = {
    JoinQueue: frozenset({A.JOINED, A.FULL, A.OFF_DUTY}),
    PromiseCallback: frozenset({A.PROMISED, A.IMPOSSIBLE}),
    RecordRequestClass: _DONE,
    RecordAnswer: _DONE,
    ConfirmPerson: _DONE,
    SaveMessage: _DONE,
    RecordTransfer: _DONE,
    CheckOpeningHours: frozenset({A.OPEN, A.CLOSED, A.HOLIDAY}),
    MatchDialledNumber: frozenset({A.OTHER}),
    CheckCaller: frozenset({A.YES, A.NO}),
    AnnounceOutages: frozenset({A.YES, A.NO}),
    LookUpTicket: frozenset({A.FOUND, A.UNKNOWN, A.LOCKED}),
    NameMatter: frozenset({A.FOUND, A.UNKNOWN}),
    LookUpExternal: frozenset({A.FOUND, A.UNKNOWN, A.TIMEOUT, A.FAILED}),
}
