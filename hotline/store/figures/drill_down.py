"""Lists the rows behind a printed figure, by the conditions that counted them, paged by cursor."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from hotline.rules.enums import (
    AfterCall,
    CallOutcome,
    CallPurpose,
    CallRecord,
    Channel,
    NoMatterReason,
    RequestClass,
    RequestType,
)
from hotline.store.calls.tables import Call
from hotline.store.cursors import Page, id_cursor, make_page, parse_id_cursor
from hotline.store.figures import cohorts
from hotline.store.figures.cohorts import CohortQuery, Window, with_follow_up
from hotline.store.tickets.tables import Ticket

# The counts of `cohorts.calls_offered`.
OFFERED_COUNTS = frozenset(
    {
        "offered",
        "answered",
        "answered_15s",
        "abandoned",
        "short",
        "left_for_callback",
        "waiting",
        "otherwise_ended",
    }
)
# The counts of `cohorts.calls_received`: of inbound calls, and under this prefix of calls that returned one.
RETURNED = "returned_"
_TALK_COUNTS = frozenset(
    {
        "talks",
        *(f"ended_as_{word}" for word in CallRecord),
        *(f"after_call_{word}" for word in AfterCall),
        *(f"no_matter_{word}" for word in NoMatterReason),
    }
)
RECEIVED_COUNTS = frozenset({"received", *(f"outcome_{word}" for word in CallOutcome), *_TALK_COUNTS})
RETURNED_COUNTS = frozenset(f"{RETURNED}{name}" for name in _TALK_COUNTS)
CALL_COUNTS: tuple[frozenset[str], ...] = (OFFERED_COUNTS, RECEIVED_COUNTS, RETURNED_COUNTS)
# The counts whose rows may be listed, by cohort.
TICKET_COUNTS: tuple[frozenset[str], ...] = (
    frozenset({"total", "closed_for_good", "direct", "open"}),
    frozenset({"due_on_time", "due_late", "due_undecided"}),
    frozenset({"contact_in_time", "contact_missed", "contact_undecided", "contact_unknown"}),
    frozenset({"closed", "handled", "redone", "to_follow", "followed"}),
    frozenset({"solved_yes", "solved_no", "satisfied_yes", "satisfied_no"}),
)


@dataclass(frozen=True, slots=True)
class DrillDownFilter:
    """Part of a count: one unit's, one class's, one type's, one channel's; None: all."""

    unit: str | None = None
    request_class: RequestClass | None = None
    type: RequestType | None = None
    channel: Channel | None = None

    def clauses(self) -> Iterable[ColumnElement[bool]]:
        pairs = (
            (Ticket.unit_code, self.unit),
            (Ticket.request_class, self.request_class),
            (Ticket.type, self.type),
            (Ticket.channel, self.channel),
        )
        return [column == value for column, value in pairs if value is not None]


def tickets_behind(
    session: Session,
    window: Window,
    names: tuple[str, ...],
    narrowed: DrillDownFilter,
    *,
    limit: int,
    cursor: str = "",
) -> Page[Ticket]:
    """Returns the tickets in any of the counts `names`, the latest first.

    Raises BadCursor; KeyError for names of no count.
    """
    cohort = _cohort(window, names)
    query = select(Ticket).where(cohort.where, or_(*(cohort.counts[name] for name in names)))
    if cursor:
        query = query.where(Ticket.id < parse_id_cursor(cursor))
    query = query.where(*narrowed.clauses()).order_by(Ticket.id.desc()).limit(limit + 1)
    rows = session.scalars(with_follow_up(query, cohort)).all()
    return make_page(rows, limit, lambda ticket: id_cursor(ticket.id))


def calls_behind(
    session: Session,
    window: Window,
    names: tuple[str, ...],
    *,
    threshold: int,
    limit: int,
    cursor: str = "",
) -> Page[Call]:
    """Returns the calls in any of the counts `names`, the latest first.

    `threshold` as for `cohorts.calls_offered`. Raises BadCursor; KeyError for names of no count.
    """
    if set(names) <= OFFERED_COUNTS:
        cohort = cohorts.calls_offered(window, threshold)
    elif set(names) <= RETURNED_COUNTS:
        cohort = cohorts.calls_received(window, CallPurpose.CALLBACK)
        names = tuple(name.removeprefix(RETURNED) for name in names)
    else:
        cohort = cohorts.calls_received(window)
    query = select(Call).where(cohort.where, or_(*(cohort.counts[name] for name in names)))
    if cursor:
        query = query.where(Call.id < parse_id_cursor(cursor))
    rows = session.scalars(query.order_by(Call.id.desc()).limit(limit + 1)).all()
    return make_page(rows, limit, lambda call: id_cursor(call.id))


def is_call_count(names: tuple[str, ...]) -> bool:
    """Returns whether `names` are counts of one cohort of calls."""
    return bool(names) and any(set(names) <= known for known in CALL_COUNTS)


def is_ticket_count(names: tuple[str, ...]) -> bool:
    """Returns whether `names` are counts of one cohort of tickets."""
    return bool(names) and any(set(names) <= known for known in TICKET_COUNTS)


def _cohort(window: Window, names: tuple[str, ...]) -> CohortQuery:
    """Returns the cohort that has all of `names`."""
    received = cohorts.received(window)
    # Only the drill-down evaluates `closed_for_good` row by row, so this count is not part of the cohort.
    for_good = received.counts["closed_once"] & Ticket.id.not_in(select(cohorts.redone_tickets().c.id))
    extended = CohortQuery(received.where, received.counts | {"closed_for_good": for_good})
    for cohort in (extended, *(cohort_of(window) for cohort_of in cohorts.HANDLING)):
        if set(names) <= set(cohort.counts):
            return cohort
    raise KeyError(names)
