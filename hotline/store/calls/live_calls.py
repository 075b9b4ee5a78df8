"""Selects people who are on the line with us, so that they are not phoned at the same time.

A person is known by the number to be phoned and by the number they phoned from when the promise was made. Withheld
numbers match no call. Shared numbers (switchboards) match no call either, because another person may be talking there.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, or_
from sqlalchemy.orm import aliased

from hotline.rules.enums import CallState, DialState
from hotline.rules.policies import DialPolicy
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial

# A person whose call with us has just ended is left in peace for this long, or for the delay of a first attempt if
# that is shorter.
PEACE_AFTER_CALL = timedelta(seconds=60)


def may_phone(
    shared_numbers: frozenset[str],
    since: SQLColumnExpression[datetime],
    number: SQLColumnExpression[Any],
    call_id: SQLColumnExpression[Any],
) -> ColumnElement[bool]:
    """Selects rows whose person may be phoned: not on the line with us, nor a moment ago, and no phone of theirs rings.

    `since` see `peace_since`. `number` is the column with the number to be phoned, `call_id` the column with the call behind
    the promise.
    """
    return ~or_(is_in_call(shared_numbers, number, call_id, since=since), _is_ringing(number))


def peace_since(at: datetime, policy: DialPolicy) -> datetime:
    """Returns the moment since which a person whose call has ended is still left in peace at `at`."""
    return at - min(PEACE_AFTER_CALL, timedelta(seconds=policy.delay_seconds))


def may_phone_callback(
    shared_numbers: frozenset[str], since: SQLColumnExpression[datetime]
) -> ColumnElement[bool]:
    """Selects the promises whose person may be phoned."""
    return may_phone(shared_numbers, since, Callback.number, Callback.call_id)


def is_in_call(
    shared_numbers: frozenset[str],
    number: SQLColumnExpression[Any],
    call_id: SQLColumnExpression[Any],
    *,
    since: datetime | SQLColumnExpression[datetime] | None = None,
    besides: int | None = None,
) -> ColumnElement[bool]:
    live, first = aliased(Call), aliased(Call)
    going_on: ColumnElement[bool] = live.state != CallState.ENDED
    if since is not None:
        going_on = or_(going_on, live.ended_at >= since)
    # Stated one by one: a list is expanded anew whenever the statement is executed.
    conditions = [going_on, live.number.is_not(None), *(live.number != one for one in sorted(shared_numbers))]
    if besides is not None:
        conditions.append(or_(live.dial_id.is_(None), live.dial_id != besides))
    return or_(
        exists().where(live.number == number, *conditions),
        exists().where(first.id == call_id, live.number == first.number, *conditions),
    )


def _is_ringing(number: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Selects numbers with an attempt under way that was not answered, so that no phone is rung twice at once."""
    other, answered = aliased(Dial), aliased(Call)
    return exists().where(
        other.number == number, other.state != DialState.ENDED, ~exists().where(answered.dial_id == other.id)
    )
