"""The deadlines of tickets as SQL, in agreement with `rules.tickets.deadlines` and `rules.tickets.inbox`."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, false, func, literal, or_

from hotline.rules.enums import OPEN_AT_UNIT
from hotline.store.base import UtcDateTime
from hotline.store.tickets.tables import Ticket

# Stands for the missing due moment in comparisons and sorts a ticket without an open clock behind all others.
LAST_DAY = datetime(9999, 12, 1, tzinfo=UTC)
# The due moment and the moment of the step of each clock.
_CLOCKS = (
    (Ticket.acknowledge_due, Ticket.acknowledged_at),
    (Ticket.contact_due, Ticket.first_contact_at),
    (Ticket.due_at, Ticket.closed_at),
)


def is_past(due_at: SQLColumnExpression[Any], at: datetime | SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Returns the condition that a deadline had passed at `at`; NULL without a deadline or without `at`."""
    return due_at < at


def is_overdue(at: datetime) -> ColumnElement[bool]:
    """Returns the condition that any open clock of a ticket at its unit has passed at `at`; never NULL."""
    passed = (
        func.coalesce(and_(met_at.is_(None), is_past(due_at, at)), false()) for due_at, met_at in _CLOCKS
    )
    return and_(Ticket.state.in_(OPEN_AT_UNIT), or_(*passed))


def nearest_due() -> ColumnElement[datetime]:
    """Returns when the nearest open clock falls due; LAST_DAY for a ticket without one, or not at its unit."""
    last = literal(LAST_DAY, UtcDateTime)
    one, two, three = (
        func.coalesce(case((met_at.is_(None), due_at)), last, type_=UtcDateTime) for due_at, met_at in _CLOCKS
    )
    nearest = case((and_(one <= two, one <= three), one), (two <= three, two), else_=three)
    return case((Ticket.state.in_(OPEN_AT_UNIT), nearest), else_=last)
