"""The people whom follow-ups and running attempts phone, and whether they are on the line with us.

`live_calls` holds the definition. These queries read tickets too, which the queue's order does not need.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, select
from sqlalchemy.orm import Session

from hotline.rules.policies import Policies
from hotline.store.calls.live_calls import is_in_call, may_phone
from hotline.store.outbound import Callback, Dial, FollowUp
from hotline.store.tickets.tables import Ticket

# The call in which a follow-up's matter was reported.
_REPORTED_IN = (
    select(Ticket.call_id).where(Ticket.id == FollowUp.ticket_id).correlate(FollowUp).scalar_subquery()
)


def may_phone_follow_up(
    shared_numbers: frozenset[str], since: SQLColumnExpression[datetime]
) -> ColumnElement[bool]:
    """Selects the follow-ups whose person may be phoned."""
    return may_phone(shared_numbers, since, FollowUp.number, _REPORTED_IN)


def is_callee_in_call(
    session: Session, policies: Policies, dial_id: int, *, since: datetime | None = None
) -> bool:
    """Returns whether the person whom this attempt phones is in another call with us, or was at any time after `since`."""
    shared = policies.callers.shared_numbers
    callback = (
        select(Dial.id)
        .join(Callback, Callback.id == Dial.callback_id)
        .where(is_in_call(shared, Dial.number, Callback.call_id, since=since, besides=dial_id))
    )
    follow_up = (
        select(Dial.id)
        .join(FollowUp, FollowUp.id == Dial.follow_up_id)
        .where(is_in_call(shared, Dial.number, _REPORTED_IN, since=since, besides=dial_id))
    )
    found = (query.where(Dial.id == dial_id) for query in (callback, follow_up))
    return any(session.scalar(query) is not None for query in found)
