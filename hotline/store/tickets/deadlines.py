"""The SQL expression of a passed deadline, in agreement with `rules.tickets.deadlines.is_past`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression


def is_past(due_at: SQLColumnExpression[Any], at: datetime | SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Returns the condition that a deadline had passed at `at`; NULL without a deadline or without `at`."""
    return due_at < at
