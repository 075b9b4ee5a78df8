"""What doors may know of a call, and finding it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Executable, bindparam, select

from hotline.rules.enums import CallPurpose, CallState, RequestClass
from hotline.rules.errors import NoSuchCall, NotAllowed
from hotline.rules.people.actors import Person
from hotline.store.calls.tables import Call
from hotline.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class CallView:
    """What doors may know of a call. `number` is E.164 or None; `number_raw` what the carrier said."""

    id: int
    sid: str
    purpose: CallPurpose
    state: CallState
    language: str
    flow: str
    flow_version: str
    position: str
    number: str | None
    number_raw: str
    dialed: str
    pressed: RequestClass | None
    dial_id: int | None
    operator_id: int | None
    queued_at: datetime | None
    answered_at: datetime | None
    place_since: datetime | None


_CALLS = Call.__table__
_VIEW = select(*(_CALLS.c[name] for name in CallView.__dataclass_fields__))
_BY_ID = _VIEW.where(_CALLS.c.id == bindparam("key"))
_BY_SID = _VIEW.where(_CALLS.c.sid == bindparam("key"))
_HELD_BY_ID, _HELD_BY_SID = _BY_ID.with_for_update(), _BY_SID.with_for_update()
"""Built once: every webhook asks one of these."""


def find_call(work: UnitOfWork, sid: str, *, lock: bool = False) -> CallView | None:
    """Return the call with this sid; with `lock`, see `lock_call`."""
    return _view(work, _HELD_BY_SID if lock else _BY_SID, sid)


def get_call(work: UnitOfWork, call_id: int) -> CallView:
    """Return the call. Raises NoSuchCall."""
    return _require(_view(work, _BY_ID, call_id), call_id)


def lock_call(work: UnitOfWork, call_id: int) -> CallView:
    """Return the call as it is now and keep other Works from moving it until this one ends. Raises NoSuchCall.

    Who changes a call and then its offers, desk or promise holds the call first: always this order, so that two Works
    never wait for each other.
    """
    return _require(_view(work, _HELD_BY_ID, call_id), call_id)


def require_own_call(work: UnitOfWork, call_id: int) -> tuple[CallView, Person]:
    """Return the call and the acting person. Raises NoSuchCall, or NotAllowed if somebody else answered it."""
    call = get_call(work, call_id)
    if not isinstance(work.actor, Person) or call.operator_id != work.actor.id:
        raise NotAllowed("not your call")
    return call, work.actor


def _view(work: UnitOfWork, found: Executable, key: str | int) -> CallView | None:
    row = work.connection.execute(found, {"key": key}).first()
    return None if row is None else CallView(**row._mapping)  # noqa: SLF001 - the public name of a Row's columns


def _require(call: CallView | None, call_id: int) -> CallView:
    if call is None:
        raise NoSuchCall(str(call_id))
    return call
