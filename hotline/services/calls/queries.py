"""Reads calls as immutable views, and locks a call before it is changed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Executable, bindparam, select

from hotline.rules.enums import CallPurpose, CallState, RequestClass
from hotline.rules.errors import NoSuchCall, NotAllowed
from hotline.rules.people.actors import Person, Right
from hotline.store.calls.tables import Call
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class CallView:
    """A call as adapters and services see it. `number` is E.164 or None; `number_raw` is the carrier's text."""

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
    arrived_at: datetime
    queued_at: datetime | None
    answered_at: datetime | None
    operator_left_at: datetime | None
    place_since: datetime | None
    check_at: datetime | None


_CALLS = Call.__table__
VIEW_COLUMNS = tuple(_CALLS.c[name] for name in CallView.__dataclass_fields__)
_VIEW = select(*VIEW_COLUMNS)
_BY_ID = _VIEW.where(_CALLS.c.id == bindparam("key"))
_BY_SID = _VIEW.where(_CALLS.c.sid == bindparam("key"))
# Built once: every webhook runs one of these statements, and building one costs more than running it.
_LOCKED_BY_ID, _LOCKED_BY_SID = _BY_ID.with_for_update(), _BY_SID.with_for_update()


def find_call(work: UnitOfWork, sid: str, *, lock: bool = False) -> CallView | None:
    """Returns the call with this sid, or None; `lock` locks it as `lock_call` does."""
    return _view(work, _LOCKED_BY_SID if lock else _BY_SID, sid)


def get_call(work: UnitOfWork, call_id: int) -> CallView:
    """Returns the call. Raises NoSuchCall."""
    return _require(_view(work, _BY_ID, call_id), call_id)


def lock_call(work: UnitOfWork, call_id: int) -> CallView:
    """Returns the current state of the call and locks its row until the unit of work ends. Raises NoSuchCall."""
    # Lock order: a unit of work that changes a call and then its offers, desk or callback locks the call
    # first. With one order for all, two units of work never wait for each other.
    return _require(_view(work, _LOCKED_BY_ID, call_id), call_id)


def require_own_call(work: UnitOfWork, call_id: int) -> tuple[CallView, Person]:
    """Returns the call and the acting person. Raises NoSuchCall, or NotAllowed if another operator answered it."""
    call = get_call(work, call_id)
    if not isinstance(work.actor, Person) or call.operator_id != work.actor.id:
        raise NotAllowed("another operator answered this call")
    return call, work.actor


def require_own_record(work: UnitOfWork, call_id: int) -> None:
    """Raises NotAllowed unless the actor completes the record of this call.

    That is its operator, or the author of its draft if the draft was handed over; one without an author (a voice message, a
    draft of a leaver) belongs to everybody who writes tickets.
    """
    actor = work.actor
    if isinstance(actor, Person) and actor.may(Right.WRITE_TICKETS):
        authors = work.session.scalars(select(Ticket.author_id).where(Ticket.call_id == call_id))
        if any(author in (None, actor.id) for author in authors):
            return
    require_own_call(work, call_id)


def _view(work: UnitOfWork, query: Executable, key: str | int) -> CallView | None:
    row = work.connection.execute(query, {"key": key}).first()
    return None if row is None else CallView(*row)


def _require(call: CallView | None, call_id: int) -> CallView:
    if call is None:
        raise NoSuchCall(str(call_id))
    return call
