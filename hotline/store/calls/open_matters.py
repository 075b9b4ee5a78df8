"""Calls whose matter is open, and which retention must therefore leave alone."""

from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, or_, select

from hotline.rules.enums import CallbackState
from hotline.store.base import meets
from hotline.store.outbound import Callback
from hotline.store.tickets.tables import UNFINISHED, Ticket

OWED = (CallbackState.WAITING, CallbackState.DIALLING)


def has_open_matter(call_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Returns the condition that a call has a ticket that is not finished, or that its caller is owed a callback."""
    owed = select(Callback.call_id).where(Callback.state.in_(OWED), Callback.call_id.is_not(None))
    return or_(exists().where(Ticket.call_id == call_id, meets("tickets", UNFINISHED)), call_id.in_(owed))
