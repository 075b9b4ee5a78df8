"""Reads a call together with everything that decides whether and how its caller joins the queue, in one statement.

Nearly every key press asks for it: each statement is a round trip to PostgreSQL.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, case, exists, func, null, select

from hotline.rules.calls import states as rules
from hotline.rules.enums import CallPurpose
from hotline.rules.errors import NoSuchCall
from hotline.services.calls.queries import CallView
from hotline.services.outbound import callbacks
from hotline.services.queueing import matching
from hotline.store.base import UtcDateTime, constants
from hotline.store.calls.tables import Call
from hotline.unit_of_work import UnitOfWork

HOUR = timedelta(hours=1)
_CALLS = Call.__table__
_VIEW_SIZE = len(CallView.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class QueueSituation:
    """The calls of a caller within the hour, the desks, the number of callers who wait, and the place kept for this one."""

    calls_in_hour: int
    is_on_duty: bool
    is_desk_ready: bool
    waiting: int
    kept_place: datetime | None


def find_call_in_situation(work: UnitOfWork, sid: str) -> tuple[CallView, QueueSituation] | None:
    """Returns the call with this sid, which is not locked, and its situation; None for an unknown call."""
    row = _read(work, "sid", sid)
    return None if row is None else (CallView(*row[:_VIEW_SIZE]), QueueSituation(*row[_VIEW_SIZE:]))


def read_situation(work: UnitOfWork, call_id: int) -> QueueSituation:
    """Returns what decides whether and how the caller joins the queue. Raises NoSuchCall."""
    row = _read(work, "id", call_id)
    if row is None:
        raise NoSuchCall(str(call_id))
    return QueueSituation(*row[_VIEW_SIZE:])


def _read(work: UnitOfWork, name: str, key: str | int) -> Row[Any] | None:
    values = {"key": key, "since": work.at - HOUR, "alive_since": matching.alive_since(work)}
    return work.connection.execute(_query(work.policies.callers.shared_numbers, name), values).first()


@lru_cache(maxsize=8)
def _query(shared_numbers: frozenset[str], key: str) -> Select[Any]:
    """Returns the statement that reads a call by its column `key` and its situation."""
    me, other, earlier = _CALLS.alias("me"), _CALLS.alias("other"), _CALLS.alias("earlier")
    phoned_from = case(
        *((me.c.number == number, null()) for number in sorted(shared_numbers)), else_=me.c.number
    )
    calls_in_hour = select(func.count()).where(
        earlier.c.number == me.c.number,
        earlier.c.purpose == CallPurpose.INBOUND,
        earlier.c.arrived_at > bindparam("since", type_=UtcDateTime),
    )
    waiting = select(func.count()).where(other.c.state.in_(constants(rules.WAITING)))
    return select(
        *(me.c[name] for name in CallView.__dataclass_fields__),
        calls_in_hour.scalar_subquery().label("calls_in_hour"),
        exists().where(matching.IS_ON_DUTY).label("is_on_duty"),
        exists().where(matching.IS_READY_DESK).label("is_desk_ready"),
        waiting.scalar_subquery().label("waiting"),
        callbacks.kept_place(me.c.id, me.c.dial_id, phoned_from if shared_numbers else me.c.number)
        .scalar_subquery()
        .label("kept_place"),
    ).where(me.c[key] == bindparam("key", type_=me.c[key].type))
