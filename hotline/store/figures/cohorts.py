"""Cohorts: the rows behind each count of a report, as conditions that counting and drill-down share.

The definitions in words stand in `rules.figures`. Every cohort is one range of one index.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, ColumnElement, Select, SQLColumnExpression, and_, func, or_, select
from sqlalchemy.orm import aliased

from hotline.rules.enums import (
    AfterCall,
    CallEnd,
    CallOutcome,
    CallPurpose,
    CallRecord,
    Closing,
    FollowUpState,
    NoMatterReason,
    Satisfied,
    Solved,
    TicketState,
)
from hotline.rules.figures.report import Period
from hotline.store.calls.outcomes import OUTCOME, RATING, RECORD
from hotline.store.calls.tables import Call
from hotline.store.outbound import FollowUp
from hotline.store.tickets.deadlines import is_past
from hotline.store.tickets.tables import AT_UNIT, UNFINISHED, Ticket, is_within


@dataclass(frozen=True, slots=True)
class Window:
    """A period as the database compares it: local days, and the UTC moments [start, end); `at` is now."""

    period: Period
    start: datetime
    end: datetime
    at: datetime

    def includes(self, day: SQLColumnExpression[date]) -> ColumnElement[bool]:
        """Returns the condition that a local day lies in the period."""
        if self.period.one_day:
            # PostgreSQL estimates few rows for an equality and many for a range of one day.
            return day == self.period.first
        return day.between(self.period.first, self.period.last)

    def covers(self, moment: SQLColumnExpression[Any]) -> ColumnElement[bool]:
        return and_(moment >= self.start, moment < self.end)


def window_of(period: Period, zone: ZoneInfo, at: datetime) -> Window:
    """Returns the window of `period` in `zone`, as seen at `at`."""
    return Window(period, period.start(zone), period.end(zone), at.astimezone(UTC))


# GB/T 33358-2016: answered within 15 s.
ANSWER_SECONDS = 15

IS_ANSWERED = Call.answered_at.is_not(None)

# An open or closed ticket. Stated by exclusion: SQLite then uses the index of the cohort's moment, not of
# the state.
IS_NUMBERED = Ticket.state.not_in((TicketState.DRAFT, TicketState.DISCARDED))

# A draft or a discarded one. An imported draft is a request: the system it came from had accepted it.
IS_NOT_REQUEST = or_(
    Ticket.state == TicketState.DISCARDED,
    and_(Ticket.state == TicketState.DRAFT, Ticket.external_number.is_(None)),
)


@dataclass(frozen=True, slots=True)
class CohortQuery:
    """The rows within `where`, and the condition under which each count takes one of them.

    `joined`: the conditions also read the ticket's follow-up, if it has one.
    """

    where: ColumnElement[bool]
    counts: dict[str, ColumnElement[bool]]
    joined: bool = False


def calls_of_purpose(window: Window, purpose: CallPurpose) -> ColumnElement[bool]:
    """Returns the condition for the calls of one purpose that arrived in the period."""
    return and_(window.includes(Call.arrived_on), Call.purpose == purpose)


def calls_received(window: Window, purpose: CallPurpose = CallPurpose.INBOUND) -> CohortQuery:
    """Calls of one purpose, inbound ones by their outcome, by day of arrival."""
    # A call that we placed has no outcome: answered means that it reached an operator.
    answered = OUTCOME.in_((CallOutcome.ANSWERED,)) if purpose is CallPurpose.INBOUND else IS_ANSWERED
    counts: dict[str, ColumnElement[bool]] = {"received": Call.id.is_not(None), "talks": answered}
    counts |= {f"outcome_{word}": OUTCOME.in_((word,)) for word in CallOutcome}
    counts |= {f"ended_as_{word}": and_(answered, RECORD.in_((word,))) for word in CallRecord}
    counts |= {f"after_call_{word}": and_(answered, RATING.in_((word,))) for word in AfterCall}
    counts |= {f"no_matter_{word}": Call.no_matter == word for word in NoMatterReason}
    return CohortQuery(calls_of_purpose(window, purpose), counts)


def calls_offered(window: Window, threshold: int) -> CohortQuery:
    """Inbound calls that joined the queue, by day of arrival.

    `threshold` in seconds: shorter waits given up are `short`, not `abandoned`.
    """
    answered, gone = IS_ANSWERED, Call.answered_at.is_(None)
    given_up = and_(gone, Call.end == CallEnd.ABANDONED)
    short = func.coalesce(Call.wait_seconds < threshold, False)
    counts = {
        "offered": Call.id.is_not(None),
        "answered": answered,
        "answered_15s": and_(answered, Call.wait_seconds <= ANSWER_SECONDS),
        "abandoned": and_(given_up, ~short),
        "short": and_(given_up, short),
        "left_for_callback": and_(gone, Call.end == CallEnd.LEFT_FOR_CALLBACK),
        "waiting": and_(gone, Call.end.is_(None)),
        "otherwise_ended": and_(gone, Call.end.not_in((CallEnd.ABANDONED, CallEnd.LEFT_FOR_CALLBACK))),
    }
    inbound = calls_of_purpose(window, CallPurpose.INBOUND)
    return CohortQuery(and_(inbound, Call.queued_at.is_not(None)), counts)


def received(window: Window) -> CohortQuery:
    """Tickets by local day of receipt."""
    # By the round: the round before may lie outside the file that a later one was imported from.
    request = and_(~IS_NOT_REQUEST, Ticket.round == 1)
    closed = Ticket.state == TicketState.CLOSED
    counts = {
        "total": request,
        "closed_once": and_(request, closed),
        "direct": and_(request, Ticket.closing == Closing.ANSWERED_DIRECT),
        "open": and_(request, ~closed),
        "drafts": and_(IS_NOT_REQUEST, Ticket.state == TicketState.DRAFT),
        "discarded": Ticket.state == TicketState.DISCARDED,
        "redo_rounds": and_(~IS_NOT_REQUEST, Ticket.round > 1),
    }
    return CohortQuery(window.includes(Ticket.received_on), counts)


def redone_tickets() -> CTE:
    """Returns the ids of all tickets of which a later round is open."""
    # From the open rounds back to the first ones: few are open, and a period has many requests.
    is_later = Ticket.redo_of.is_not(None)
    open_rounds = (
        select(Ticket.redo_of.label("id"))
        .where(is_within(UNFINISHED), is_within(AT_UNIT), is_later)
        .cte("rounds", recursive=True)
    )
    earlier = select(Ticket.redo_of).join(open_rounds, Ticket.id == open_rounds.c.id).where(is_later)
    return open_rounds.union(earlier)


def is_request(window: Window) -> ColumnElement[bool]:
    """Returns the condition for the first rounds of the tickets received in the period."""
    return and_(Ticket.round == 1, window.includes(Ticket.received_on))


def due(window: Window) -> CohortQuery:
    """Tickets by due moment."""
    still_open, late = Ticket.closed_at.is_(None), is_past(Ticket.due_at, Ticket.closed_at)
    overdue = is_past(Ticket.due_at, window.at)
    counts = {
        "due_on_time": and_(~still_open, ~late),
        "due_late": or_(late, and_(still_open, overdue)),
        "due_undecided": and_(still_open, ~overdue),
    }
    # A deadline at midnight belongs to the day that ends, hence (start, end].
    return CohortQuery(and_(Ticket.due_at > window.start, Ticket.due_at <= window.end, IS_NUMBERED), counts)


def dispatched(window: Window) -> CohortQuery:
    """Tickets by the moment of their hand-off."""
    limit = func.coalesce(Ticket.contact_due, Ticket.due_at, type_=Ticket.due_at.type)
    # Only a recorded contact counts: a reply is filed in the system, and no step of the unit shows that the caller got it.
    contact = Ticket.first_contact_at
    none = contact.is_(None)
    waits = and_(none, Ticket.closed_at.is_(None), or_(limit.is_(None), ~is_past(limit, window.at)))
    # A ticket file may be silent about the contact. A contact clock shows that the ticket ran in a system like this one,
    # where a missing contact is a fact.
    silent = and_(none, ~waits, Ticket.external_number.is_not(None), Ticket.contact_due.is_(None))
    counts = {
        "contact_in_time": and_(~none, or_(limit.is_(None), ~is_past(limit, contact))),
        "contact_undecided": waits,
        "contact_unknown": silent,
        "contact_missed": or_(and_(~none, is_past(limit, contact)), and_(none, ~waits, ~silent)),
    }
    return CohortQuery(and_(window.covers(Ticket.dispatched_at), IS_NUMBERED), counts)


def closed(window: Window) -> CohortQuery:
    """Tickets by the moment of their closing."""
    handled = Ticket.closing == Closing.HANDLED
    attempted = or_(func.coalesce(FollowUp.attempts, 0) > 0, Ticket.followed_up_at.is_not(None))
    exempt = and_(func.coalesce(FollowUp.state == FollowUpState.EXEMPT, False), ~attempted)
    runs = FollowUp.state.in_((FollowUpState.WAITING, FollowUpState.DIALLING))
    not_yet = and_(func.coalesce(and_(runs, FollowUp.next_try_at > window.at), False), ~attempted)
    later = aliased(Ticket)
    counts = {
        "closed": Ticket.id.is_not(None),
        "handled": handled,
        "redone": and_(handled, select(later.id).where(later.redo_of == Ticket.id).exists()),
        "to_follow": and_(handled, ~exempt, ~not_yet),
        "followed": and_(handled, attempted),
        "follow_exempt": and_(handled, exempt),
        "follow_not_yet": and_(handled, not_yet),
    }
    return CohortQuery(and_(window.covers(Ticket.closed_at), IS_NUMBERED), counts, joined=True)


def followed_up(window: Window) -> CohortQuery:
    """Tickets by the moment of their caller's answer."""
    counts = {
        "asked": Ticket.id.is_not(None),
        "solved_yes": Ticket.solved == Solved.YES,
        "solved_no": Ticket.solved == Solved.NO,
        "satisfied_yes": Ticket.satisfied == Satisfied.YES,
        "satisfied_no": Ticket.satisfied == Satisfied.NO,
    }
    return CohortQuery(and_(window.covers(Ticket.followed_up_at), IS_NUMBERED), counts)


# The cohorts whose counts make up `rules.figures.report.Handling`.
HANDLING = (due, dispatched, closed, followed_up)


def counted(counts: Mapping[str, ColumnElement[bool]]) -> Iterable[ColumnElement[int]]:
    """Returns one counting column per condition, under its name."""
    return [func.count().filter(condition).label(name) for name, condition in counts.items()]


def with_follow_up(query: Select[Any], cohort: CohortQuery) -> Select[Any]:
    """Returns `query` joined with each ticket's follow-up, if the cohort's conditions read it."""
    return query.outerjoin(FollowUp, FollowUp.ticket_id == Ticket.id) if cohort.joined else query
