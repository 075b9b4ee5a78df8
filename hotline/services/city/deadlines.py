"""Counts the deadlines of open tickets anew when the calendar changes; each that moves is an event with the day before and after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select, update

from hotline import events
from hotline.rules.enums import OPEN_AT_UNIT, RequestType
from hotline.rules.policies import DeadlineStage
from hotline.rules.tickets.deadlines import Deadline, deadline
from hotline.services.tickets import due_dates
from hotline.store.calendar import CalendarDay
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Recount:
    """The deadlines of an open ticket under a calendar. `was_due_at` is the stored moment at which it has to be solved."""

    ticket_id: int
    number: str
    unit_code: str
    was_due_at: datetime
    deadlines: Mapping[DeadlineStage, Deadline]

    @property
    def due_at(self) -> datetime:
        return self.deadlines[DeadlineStage.RESOLVE].due_at


def open_ones() -> tuple[ColumnElement[bool], ...]:
    """Returns the condition of open tickets whose deadline this line has counted."""
    return Ticket.state.in_(OPEN_AT_UNIT), Ticket.policy != "", Ticket.due_at.is_not(None)


def count_open(work: UnitOfWork) -> int:
    """Returns the number of open tickets whose deadline this line has counted."""
    return work.session.scalar(select(func.count(Ticket.id)).where(*open_ones())) or 0


def recounted(work: UnitOfWork, known: Mapping[date, bool]) -> Iterator[Recount]:
    """Yields the open tickets that have another deadline under the calendar `known`, in no particular order."""
    # The limits of one version and day are read once, so tickets of the same come together.
    query = (
        select(Ticket).where(*open_ones()).order_by(Ticket.policy_version, Ticket.dispatched_at, Ticket.id)
    )
    for ticket in work.session.scalars(query):
        start = ticket.received_at if ticket.due_computed else ticket.dispatched_at
        if start is None or ticket.due_at is None:
            continue
        policy, kind = due_dates.policy_of(work, ticket), ticket.type or RequestType.OTHER
        counted = {
            stage: deadline(start, policy.limit(stage, kind, ticket.urgency), known, work.zone)
            for stage in DeadlineStage
        }
        if counted[DeadlineStage.RESOLVE].due_at != ticket.due_at:
            yield Recount(ticket.id, ticket.number or "", ticket.unit_code or "", ticket.due_at, counted)


def move_open(work: UnitOfWork) -> int:
    """Writes the deadlines that the calendar in the database moves; returns the number of tickets."""
    known = {row.day: row.is_working for row in work.session.scalars(select(CalendarDay))}
    moved = 0
    for each in recounted(work, known):
        columns = due_dates.columns_of(each.deadlines)
        changed = update(Ticket).where(Ticket.id == each.ticket_id)
        changed = changed.values(**columns, revision=Ticket.revision + 1)
        work.session.execute(changed, execution_options={"synchronize_session": False})
        work.record(
            events.DeadlineMoved(each.ticket_id, each.was_due_at.isoformat(), each.due_at.isoformat())
        )
        moved += 1
    return moved
