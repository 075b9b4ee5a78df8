"""The counts of a report: frozen classes that the store fills and the statistics divide.

Each count states its cohort (the rows it is about) here. Days are local calendar days in the city's time
zone.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hotline.rules.enums import (
    CLASS_OF,
    AfterCall,
    CallOutcome,
    CallRecord,
    Channel,
    NoMatterReason,
    RequestClass,
    RequestType,
)
from hotline.rules.errors import InvalidFields
from hotline.rules.figures.rates import mean

EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """The local days `first`..`last`, both included."""

    first: date
    last: date

    def start(self, zone: ZoneInfo) -> datetime:
        """Returns the first moment of the period, UTC."""
        return datetime.combine(self.first, time(), zone).astimezone(UTC)

    def end(self, zone: ZoneInfo) -> datetime:
        """Returns the first moment after the period, UTC."""
        return datetime.combine(self.last + timedelta(days=1), time(), zone).astimezone(UTC)

    @property
    def one_day(self) -> bool:
        return self.first == self.last


def parse_period(first: str, last: str) -> Period:
    """Returns the period between two dates written YYYY-MM-DD.

    Raises InvalidFields with `from`/`to` -> "missing", "not_a_date", "unknown_value" (outside 1970..2999)
    or "ends_before_it_begins".
    """
    errors: dict[str, str] = {}
    days: dict[str, date] = {}
    for name, raw in (("from", first), ("to", last)):
        day = parse_day(raw)
        if isinstance(day, date):
            days[name] = day
        else:
            errors[name] = day
    if not errors and days["to"] < days["from"]:
        errors["to"] = "ends_before_it_begins"
    if errors:
        raise InvalidFields(errors)
    return Period(days["from"], days["to"])


def parse_day(raw: str) -> date | str:
    """Returns the day written YYYY-MM-DD, or the code of the error in it."""
    if not raw.strip():
        return "missing"
    try:
        day = datetime.strptime(raw.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no zone
    except ValueError:
        return "not_a_date"
    return day if EARLIEST <= day <= LATEST else "unknown_value"


@dataclass(frozen=True, slots=True)
class CallCounts:
    """Inbound calls that arrived in the period and joined the queue (`offered`), by outcome.

    `short` counts waits given up below the configured threshold: neither answered nor abandoned.
    """

    offered: int = 0
    answered: int = 0
    answered_15s: int = 0
    abandoned: int = 0
    short: int = 0
    left_for_callback: int = 0
    waiting: int = 0
    otherwise_ended: int = 0
    # Callbacks promised in the period whose caller was reached by `as_of`.
    called_back: int = 0


@dataclass(frozen=True, slots=True)
class CallGroup:
    """Calls that arrived in the period and share outcome, record, no-matter reason and rating.

    Seconds are sums. `waited` is of the answered calls alone; `longest_wait` (None: no call joined the
    queue) is of all whose wait is over; `talked` is of the `talks` that are over.
    """

    outcome: CallOutcome
    record: CallRecord
    no_matter: NoMatterReason | None
    rating: AfterCall
    total: int
    # Calls of the group that never joined the queue.
    not_queued: int = 0
    answered: int = 0
    waited: int = 0
    longest_wait: int | None = None
    talks: int = 0
    talked: int = 0


@dataclass(frozen=True, slots=True)
class CallGroups:
    """Every call of one purpose that arrived in the period, each in exactly one group.

    Records and ratings are those of answered calls; a reason for having no matter may also close a voice
    message.
    """

    groups: tuple[CallGroup, ...] = ()
    # Every call row of the period, counted independently of the groups.
    rows: int = 0

    def by_outcome(self) -> dict[CallOutcome, int]:
        return {word: sum(g.total for g in self.groups if g.outcome is word) for word in CallOutcome}

    def ended_as(self) -> dict[CallRecord, int]:
        return {word: sum(g.total for g in self._answered if g.record is word) for word in CallRecord}

    def no_matter(self) -> dict[NoMatterReason, int]:
        return {word: sum(g.total for g in self.groups if g.no_matter is word) for word in NoMatterReason}

    def after_call(self) -> dict[AfterCall, int]:
        return {word: sum(g.total for g in self._answered if g.rating is word) for word in AfterCall}

    @property
    def no_matter_unanswered(self) -> int:
        """Returns the voice messages (and other calls not counted as answered) that brought no matter."""
        lost = (g for g in self.groups if g.outcome is not CallOutcome.ANSWERED)
        return sum(g.total for g in lost if g.no_matter is not None)

    @property
    def answered_after_full_queue(self) -> int:
        return sum(g.answered for g in self.groups if g.outcome is CallOutcome.QUEUE_FULL)

    @property
    def not_queued(self) -> int:
        return sum(g.not_queued for g in self.groups)

    @property
    def mean_wait_seconds(self) -> int | None:
        """Returns the mean from joining the queue to the answer, over answered calls; None without any."""
        return mean(sum(g.waited for g in self.groups), sum(g.answered for g in self.groups))

    @property
    def longest_wait_seconds(self) -> int | None:
        """Returns the longest wait that is over, answered or not; None if no call waited."""
        return max((g.longest_wait for g in self.groups if g.longest_wait is not None), default=None)

    @property
    def mean_talk_seconds(self) -> int | None:
        """Returns the mean from the answer to the operator's leaving, over the talks that are over; None without any."""
        return mean(sum(g.talked for g in self.groups), sum(g.talks for g in self.groups))

    @property
    def _answered(self) -> tuple[CallGroup, ...]:
        return tuple(g for g in self.groups if g.outcome is CallOutcome.ANSWERED)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Calls of one local hour (label "00".."23") or one day (label YYYY-MM-DD) of the period."""

    label: str
    offered: int
    answered: int


@dataclass(frozen=True, slots=True)
class RequestGroup:
    """Tickets received in the period that share class, type and channel (first rounds that are requests only)."""

    request_class: RequestClass | None
    type: RequestType | None
    channel: Channel
    total: int
    closed: int
    direct: int
    open: int


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """Requests received in the period. Drafts, discarded drafts and redo rounds are not requests.

    An imported row without unit or closing waits as a draft but is a request: the old system had accepted
    it.
    """

    groups: tuple[RequestGroup, ...] = ()
    drafts: int = 0
    discarded: int = 0
    redo_rounds: int = 0
    # Closed requests whose caller said "not solved" and whose new round is still open: not closed for the
    # statistics.
    in_redo: int = 0
    # Every ticket row received in the period, counted independently of the other counts.
    rows: int = 0

    @property
    def total(self) -> int:
        return sum(group.total for group in self.groups)

    @property
    def closed(self) -> int:
        return sum(group.closed for group in self.groups)

    @property
    def direct(self) -> int:
        return sum(group.direct for group in self.groups)

    @property
    def open(self) -> int:
        return sum(group.open for group in self.groups)

    def by_class(self) -> dict[RequestClass, int]:
        """Returns requests per published class from the stored class, `other` on its own line."""
        return {word: sum(g.total for g in self.groups if g.request_class is word) for word in RequestClass}

    def by_type(self) -> dict[RequestType, int]:
        return {word: sum(g.total for g in self.groups if g.type is word) for word in RequestType}

    def by_channel(self) -> dict[Channel, int]:
        return {word: sum(g.total for g in self.groups if g.channel is word) for word in Channel}

    def class_by_type(self) -> dict[RequestClass, int]:
        """Returns the classes added up from the types; they must equal `by_class`."""
        types = self.by_type()
        return {word: sum(n for kind, n in types.items() if CLASS_OF[kind] is word) for word in RequestClass}


@dataclass(frozen=True, slots=True)
class Handling:
    """The units' counts, by explicit cohort. Adding two of them adds every count."""

    # Due in the period and closed on or before the due moment.
    due_on_time: int = 0
    # Due in the period, closed later or still open after it.
    due_late: int = 0
    # Due in the period, still open, not yet due at `as_of`: neither success nor failure.
    due_undecided: int = 0
    # Dispatched in the period, caller contacted by the contact limit (else the due moment, else at all). A
    # filed reply is no contact.
    contact_in_time: int = 0
    contact_missed: int = 0
    contact_undecided: int = 0
    # Of those dispatched: imported from a file that does not say whether the caller was contacted.
    contact_unknown: int = 0
    # Closed in the period, all tickets.
    closed: int = 0
    # Closed in the period after a unit handled them (not answered during the call).
    handled: int = 0
    # Of those handled: sent back for another round by `as_of`.
    redone: int = 0
    # Of those handled: the caller is to be asked, and the follow-up is due.
    to_follow: int = 0
    # Of those to follow: attempted or answered.
    followed: int = 0
    follow_exempt: int = 0
    follow_not_yet: int = 0
    # Followed up in the period (the day on which the caller answered).
    asked: int = 0
    solved_yes: int = 0
    solved_no: int = 0
    satisfied_yes: int = 0
    satisfied_no: int = 0

    @property
    def dispatched(self) -> int:
        return self.contact_in_time + self.contact_missed + self.contact_undecided + self.contact_unknown

    def __add__(self, other: "Handling") -> "Handling":
        pairs = {name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__}
        return Handling(**pairs)


@dataclass(frozen=True, slots=True)
class Balance:
    """Tickets (every round) open before the period, received and closed in it, and open after it."""

    opening: int = 0
    received: int = 0
    closed: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """The counts of one unit. `open` and `overdue` are as of now, whatever the period."""

    code: str
    name_zh: str
    name_en: str
    handling: Handling
    open: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """All counts of a report, taken from one snapshot of the database."""

    calls: CallCounts = CallCounts()
    # All inbound calls, and the calls that returned a citizen's call.
    received: CallGroups = CallGroups()
    callbacks: CallGroups = CallGroups()
    requests: RequestCounts = RequestCounts()
    handling: Handling = Handling()
    balance: Balance = Balance()
    units: tuple[UnitFigures, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    without_unit: Handling = field(default_factory=Handling)
