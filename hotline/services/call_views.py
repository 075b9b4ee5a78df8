"""What doors may know of a call, and finding it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from hotline.rules.actors import Person
from hotline.rules.refusals import NoSuchCall, NotAllowed
from hotline.rules.words import CallPurpose, CallState, RequestClass
from hotline.store.calls import Call
from hotline.work import Work


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
    pressed: RequestClass | None
    dial_id: int | None
    operator_id: int | None
    queued_at: datetime | None
    place_since: datetime | None


_VIEW = (
    Call.id,
    Call.sid,
    Call.purpose,
    Call.state,
    Call.language,
    Call.flow,
    Call.flow_version,
    Call.position,
    Call.number,
    Call.number_raw,
    Call.pressed,
    Call.dial_id,
    Call.operator_id,
    Call.queued_at,
    Call.place_since,
)


def find_call(work: Work, sid: str) -> CallView | None:
    return _view(work, Call.sid == sid)


def get_call(work: Work, call_id: int) -> CallView:
    """Return the call. Raises NoSuchCall."""
    found = _view(work, Call.id == call_id)
    if found is None:
        raise NoSuchCall(str(call_id))
    return found


def own_call(work: Work, call_id: int) -> tuple[CallView, Person]:
    """Return the call and the acting person. Raises NoSuchCall, or NotAllowed if somebody else answered it."""
    call = get_call(work, call_id)
    if not isinstance(work.actor, Person) or call.operator_id != work.actor.id:
        raise NotAllowed("not your call")
    return call, work.actor


def _view(work: Work, which: ColumnElement[bool]) -> CallView | None:
    row = work.session.execute(select(*_VIEW).where(which)).first()
    return None if row is None else CallView(**row._mapping)  # noqa: SLF001 - the public name of a Row's columns
