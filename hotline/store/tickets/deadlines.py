"""The deadlines of tickets as SQL, in agreement with `rules.tickets.deadlines` and `rules.tickets.inbox`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_

from hotline.store.tickets.tables import AT_UNIT, NEAREST_DUE, is_within


def is_past(due_at: SQLColumnExpression[Any], at: datetime | SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Returns the condition that a deadline had passed at `at`; NULL without a deadline or without `at`."""
    return due_at < at


def is_overdue(at: datetime) -> ColumnElement[bool]:
    """Returns the condition that any open clock of a ticket at its unit has passed at `at`; never NULL."""
    return and_(is_within(AT_UNIT), is_past(NEAREST_DUE, at))
