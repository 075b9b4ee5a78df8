"""A call becomes known to us: by its first webhook, or by its last word if that comes first."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from hotline import events
from hotline.rules.calls import states as rules
from hotline.rules.enums import CallPurpose, CallState
from hotline.rules.errors import NoSuchCall
from hotline.rules.phone_numbers import parse_number
from hotline.rules.text import to_storable
from hotline.services.calls.views import CallView, find_call
from hotline.services.outbound import callbacks
from hotline.store.calls.tables import Call
from hotline.store.outbound import Dial
from hotline.store.upsert import insert_if_absent, insert_if_absent_returning
from hotline.unit_of_work import UnitOfWork

_CLAIMED = (Call.__table__.c.id, callbacks.HAS_OPEN_CALLBACK)
MAX_NUMBER_LENGTH = 80
"""As long as the columns that hold what the carrier said; what no database can hold is left out."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call as the carrier first told of it. `dial_ref` names the attempt of ours that made it."""

    sid: str
    number_raw: str
    dialed: str
    purpose: CallPurpose
    flow: str
    flow_version: str
    position: str
    language: str = "zh-CN"
    dial_ref: str | None = None
    path: tuple[str, ...] = ()


def format_path(ways: tuple[str, ...]) -> str:
    """Return ways through a flow as they are kept: one a line, so that more can be added at the end."""
    return "".join(f"{way}\n" for way in ways)


def receive_call(work: UnitOfWork, arrival: Arrival) -> CallView:
    """Record a call, or return the one already recorded under this sid, whatever its state.

    Somebody we owe a call and who phones again is no longer owed one.
    """
    dial_id = None
    if arrival.dial_ref is not None:
        dial_id = work.session.scalar(select(Dial.id).where(Dial.ref == arrival.dial_ref))
    row = {**_row(work, arrival), "state": CallState.IN_FLOW, "dial_id": dial_id}
    claimed = insert_if_absent_returning(work.connection, Call, _CLAIMED, {**row, "caller": row["number"]})
    if claimed is None:
        known = find_call(work, arrival.sid)
        if known is None:
            raise NoSuchCall(arrival.sid)
        return known
    call_id, is_owed = claimed
    work.record(events.CallArrived(call_id))
    if is_owed and arrival.purpose is CallPurpose.INBOUND:
        callbacks.settle_phoned_again(work, row["number"])
    blank = dict.fromkeys(CallView.__dataclass_fields__)
    known_so_far = {name: row[name] for name in blank if name in row}
    return CallView(**{**blank, **known_so_far, "id": call_id})


def record_ended_call(work: UnitOfWork, arrival: Arrival, status: str) -> bool:
    """Record a call whose terminal `status` is the first we hear of it, so that nothing later brings it to life.

    Returns False if its first webhook was recorded at this very moment: then there is a call to be ended.
    """
    end = rules.end_of_call(CallState.IN_FLOW, arrival.purpose, status)
    row = {**_row(work, arrival), "state": CallState.ENDED, "ended_at": work.at, "end": end}
    call_id = insert_if_absent(work.connection, Call, Call.id, row)
    if call_id is None:
        return False
    work.record(events.CallEnded(call_id, end))
    return True


def _row(work: UnitOfWork, arrival: Arrival) -> dict[str, Any]:
    number_raw = to_storable(arrival.number_raw, MAX_NUMBER_LENGTH)
    return {
        "sid": arrival.sid,
        "purpose": arrival.purpose,
        "number": parse_number(number_raw),
        "number_raw": number_raw,
        "dialed": to_storable(arrival.dialed, MAX_NUMBER_LENGTH),
        "language": arrival.language,
        "flow": arrival.flow,
        "flow_version": arrival.flow_version,
        "position": arrival.position,
        "path": format_path(arrival.path),
        "arrived_at": work.at,
        "arrived_on": work.today,
    }
