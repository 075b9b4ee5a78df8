"""Reads the place of a waiting caller and the wait that may be expected, in one statement.

Every caller asks once in each round of waiting, so that a full queue asks several times a second.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, exists, func, or_, select

from hotline.rules.calls import states as rules
from hotline.rules.errors import NoSuchCall
from hotline.services.calls.queries import CallView
from hotline.services.queueing import matching
from hotline.store.base import UtcDateTime, constants
from hotline.store.calls.tables import Call
from hotline.unit_of_work import UnitOfWork

# The expected wait is the mean of this many last waits; it is no promise.
RECENT_ANSWERS = 20
# The waits are searched in this many last calls: every wait round of every caller runs the query, and a day
# has 50,000 calls.
MAX_CALLS_SEARCHED = 300
_CALLS = Call.__table__
_VIEW_SIZE = len(CallView.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """The place of a waiting caller: `position` 1 = next; people who are owed a call and come first are counted.

    Seconds waited so far, and since the last joining; average seconds of the last callers (None: no data
    yet, or no desk takes this caller's calls). `is_served`: a desk does.
    """

    position: int
    waited_seconds: int
    since_joined: int
    expected_seconds: int | None
    size: int
    is_served: bool = True


@lru_cache(maxsize=8)
def _query(shared_numbers: frozenset[str], key: str) -> Select[Any]:
    """Returns the statement that reads a call by its column `key` and its place."""
    me, other, last = _CALLS.alias("me"), _CALLS.alias("other"), _CALLS.alias("last")
    place = func.coalesce(me.c.place_since, bindparam("now", type_=UtcDateTime))
    waiting = select(func.count()).select_from(other).where(other.c.state.in_(constants(rules.WAITING)))
    earlier = and_(other.c.priority == me.c.priority, other.c.place_since < place)
    before = or_(other.c.priority > me.c.priority, earlier)
    calls = (
        select(last.c.id, last.c.arrived_on, last.c.answered_at, last.c.wait_seconds)
        .order_by(last.c.id.desc())
        .limit(MAX_CALLS_SEARCHED)
        .subquery()
    )
    answered = (
        select(calls.c.wait_seconds)
        .where(
            calls.c.arrived_on == bindparam("today"),
            calls.c.answered_at.is_not(None),
            calls.c.wait_seconds.is_not(None),
        )
        .order_by(calls.c.id.desc())
        .limit(RECENT_ANSWERS)
        .subquery()
    )
    return select(
        *(me.c[name] for name in CallView.__dataclass_fields__),
        me.c.joined_at,
        me.c.skill,
        me.c.desk_id,
        waiting.scalar_subquery().label("size"),
        waiting.where(before, other.c.id != me.c.id).scalar_subquery().label("ahead"),
        matching.count_owed_before(shared_numbers, me.c.priority, place).label("owed"),
        exists().where(matching.IS_TAKING_CALLS).label("is_served"),
        select(func.avg(answered.c.wait_seconds)).scalar_subquery().label("expected"),
    ).where(me.c[key] == bindparam("key"))


def find_waiting(work: UnitOfWork, sid: str) -> tuple[CallView, QueuePlace] | None:
    """Returns the call with this sid and its place, or None; the place means nothing for a call that does not wait."""
    row = _read(work, "sid", sid)
    return None if row is None else (CallView(*row[:_VIEW_SIZE]), _place(work, row))


def place_in_queue(work: UnitOfWork, call_id: int) -> QueuePlace:
    """Returns the place of a waiting caller. Raises NoSuchCall."""
    row = _read(work, "id", call_id)
    if row is None:
        raise NoSuchCall(str(call_id))
    return _place(work, row)


def _read(work: UnitOfWork, name: str, key: str | int) -> Row[Any] | None:
    # Promises that fall due within the pause before a first attempt count, too: otherwise the announced place of a
    # caller would get worse when somebody ahead of them hangs up and is phoned back a minute later.
    soon = work.at + timedelta(seconds=work.policies.callbacks.delay_seconds)
    values = {
        "key": key,
        "now": work.at,
        "today": work.today,
        "alive_since": matching.alive_since(work),
        **matching.owed_moments(work, soon),
    }
    return work.connection.execute(_query(work.policies.callers.shared_numbers, name), values).first()


def _place(work: UnitOfWork, row: Row[Any]) -> QueuePlace:
    is_served = bool(row.is_served)
    if is_served and (row.skill or row.desk_id is not None):
        is_served = matching.serves_wish(work, row.skill, row.desk_id, row.joined_at or work.at)
    # Waits of an hour ago tell nothing about a queue that no desk serves now.
    expected = row.expected if is_served else None
    return QueuePlace(
        position=row.ahead + row.owed + 1,
        waited_seconds=int((work.at - (row.queued_at or work.at)).total_seconds()),
        since_joined=int((work.at - (row.joined_at or work.at)).total_seconds()),
        expected_seconds=None if expected is None else round(expected),
        size=max(row.size, 1),
        is_served=is_served,
    )
