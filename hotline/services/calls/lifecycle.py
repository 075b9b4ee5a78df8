"""The life of a call, from its first webhook to the carrier's terminal status.

The terminal state is final; every other step is a conditional update, so a repeated or late webhook changes
nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, bindparam, func, literal, select, update

from hotline import events
from hotline.rules.calls import states as rules
from hotline.rules.enums import (
    CallEnd,
    CallPurpose,
    CallState,
    NoMatterReason,
    NotReadyReason,
    OfferState,
    RequestClass,
    Satisfied,
)
from hotline.rules.errors import NoSuchCall
from hotline.rules.phone_numbers import parse_number
from hotline.rules.text import SHORT_TEXT, to_storable
from hotline.services.calls.check_times import first_check
from hotline.services.calls.queries import (
    CallView,
    find_call,
    get_call,
    lock_call,
    require_own_call,
    require_own_record,
)
from hotline.services.outbound import callbacks
from hotline.services.queueing import desks, offers
from hotline.store.base import UtcDateTime
from hotline.store.calls.offers import last_talker, talk_of
from hotline.store.calls.recordings import has_message
from hotline.store.calls.tables import Call
from hotline.store.outbound import Dial
from hotline.store.upsert import insert_if_absent, updated_one
from hotline.unit_of_work import UnitOfWork

# The length of the columns for the carrier's texts; characters that no database can store are removed.
MAX_NUMBER_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call as the carrier first reported it. `dial_ref` names the dial attempt that placed it."""

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
    """Returns exits of a flow as stored text: one a line, so that more can be appended."""
    return "".join(f"{way}\n" for way in ways)


def receive_call(work: UnitOfWork, arrival: Arrival) -> CallView:
    """Records a call, or returns the one recorded under this sid, whatever its state."""
    row = _row(work, arrival) | {"check_at": first_check(work.at)}
    if arrival.dial_ref is not None:
        row["dial_id"] = work.session.scalar(select(Dial.id).where(Dial.ref == arrival.dial_ref))
    call_id = work.insert_and_record(Call, row, events.CallArrived)
    if call_id is None:
        known = find_call(work, arrival.sid, lock=True)
        if known is None:
            raise NoSuchCall(arrival.sid)
        return known
    row["id"] = call_id
    known_so_far: dict[str, Any] = {name: row.get(name) for name in CallView.__dataclass_fields__}
    return CallView(**known_so_far)


def record_arrival(work: UnitOfWork, arrival: Arrival, check_at: datetime) -> bool:
    """Records a call of a caller as the only write of `work`; returns False if this sid is recorded already."""
    row = _row(work, arrival) | {"check_at": check_at}
    return work.insert_and_record(Call, row, events.CallArrived) is not None


def record_ended_call(work: UnitOfWork, arrival: Arrival, status: str) -> bool:
    """Records a call whose terminal `status` is its first webhook; a later webhook then finds it ended.

    Returns False if its first webhook was recorded at the same moment: then the caller ends that call.
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
        "state": CallState.IN_FLOW,
        "purpose": arrival.purpose,
        "number": parse_number(number_raw, work.policies.number),
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


_BEFORE_OPERATOR = rules.WAITING | {CallState.IN_FLOW}
_TALK_COLUMNS = (
    "operator_id",
    "answered_at",
    "operator_left_at",
    "wait_seconds",
    "talk_seconds",
    "finished_at",
    "no_matter",
    "no_matter_note",
)
# The position of an ended call; it forgets digits the caller had typed and no step had used.
NO_POSITION = ""
_CALLS = Call.__table__
# Built once: every step of every call runs this statement.
_SAVE_POSITION = (
    update(Call)
    .where(_CALLS.c.id == bindparam("key"), _CALLS.c.state != CallState.ENDED)
    .values(
        position=bindparam("place"),
        language=bindparam("spoken"),
        path=_CALLS.c.path + bindparam("ways", type_=Text),
        pressed=func.coalesce(bindparam("class", type_=_CALLS.c.pressed.type), _CALLS.c.pressed),
    )
)


def save_position(
    work: UnitOfWork,
    call_id: int,
    *,
    position: str,
    language: str,
    path: tuple[str, ...] = (),
    pressed: RequestClass | None = None,
) -> None:
    """Saves the caller's position in the flow, the exits taken, the language, and the class pressed on the way, if any.

    Changes nothing once the call is over.
    """
    values = {
        "key": call_id,
        "place": position,
        "spoken": language,
        "ways": format_path(path),
        "class": pressed,
    }
    work.connection.execute(_SAVE_POSITION, values)


def position_changes(
    position: str, language: str, path: tuple[str, ...], pressed: RequestClass | None
) -> dict[str, Any]:
    """Returns the columns that `save_position` would change, for a `CallStep`."""
    changes = {"position": position, "language": language, "path": format_path(path)}
    return changes if pressed is None else changes | {"pressed": pressed}


def record_transfer(work: UnitOfWork, call_id: int, to: str, *, begins: bool) -> None:
    """Records that the caller is being connected to an outside number, or has come back from it."""
    here, there = CallState.IN_FLOW, CallState.TRANSFERRED
    step = update(Call).where(Call.id == call_id)
    if not begins:
        updated_one(work.session, step.where(Call.state == there).values(state=here))
    elif updated_one(work.session, step.where(Call.state == here).values(state=there, transferred_to=to)):
        work.record(events.CallTransferred(call_id, to))


def rate_talk(work: UnitOfWork, call_id: int, answer: Satisfied) -> None:
    """Records the caller's rating of the conversation that just ended; the first answer stands."""
    rated = update(Call).where(Call.id == call_id, Call.satisfied.is_(None)).values(satisfied=answer)
    if updated_one(work.session, rated):
        work.record(events.TalkRated(call_id, answer))


def record_connected(work: UnitOfWork, call_id: int, *, seconds_ago: int = 0) -> None:
    """Records that caller and operator hear each other; the wait is over and measured.

    `seconds_ago`: the carrier reported it so late.
    """
    call = lock_call(work, call_id)
    since = call.queued_at or work.at
    joined_at = max(work.at - timedelta(seconds=seconds_ago), since)
    joined = updated_one(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.state == CallState.CONNECTING)
        .values(
            state=CallState.TALKING,
            # The first answer counts: after a lost talk the caller is connected again. The type makes the moment UTC.
            answered_at=func.coalesce(Call.answered_at, literal(joined_at, UtcDateTime)),
            wait_seconds=func.coalesce(Call.wait_seconds, rules.seconds_between(since, joined_at)),
        ),
    )
    if joined and call.operator_id is not None:
        work.record(events.CallConnected(call_id, call.operator_id))
        callbacks.settle_served(work, call_id)


def record_operator_left(work: UnitOfWork, call_id: int) -> None:
    """Records that the operator left first while the caller is still on the line."""
    call = lock_call(work, call_id)
    if updated_one(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.state == CallState.TALKING)
        .values(
            state=CallState.AFTER,
            operator_left_at=work.at,
            talk_seconds=_talk_seconds(work, call),
        ),
    ):
        desks.begin_wrap_up(work, call.operator_id, call_id)


def _talk_seconds(work: UnitOfWork, call: CallView) -> Any:
    """Returns the column value of `talk_seconds` when a talk ends now: the lengths of all talks of the call."""
    began = call.answered_at
    if (
        last_talker(work.session, call.id) is not None
        and (talk := talk_of(work.session, call.id)) is not None
    ):
        began = talk.settled_at
    seconds = rules.seconds_between(began, work.at)
    return None if seconds is None else func.coalesce(Call.talk_seconds, 0) + seconds


def record_talk_left(work: UnitOfWork, call_id: int) -> None:
    """Records that the operator has hung up and the caller has left too; from here on the flow controls the call."""
    record_operator_left(work, call_id)
    desks.end_talk(work, get_call(work, call_id).operator_id, call_id)
    out = update(Call).where(Call.id == call_id, Call.state == CallState.AFTER).values(operator_left_at=None)
    work.session.execute(out)


def return_to_queue(work: UnitOfWork, call_id: int, *, was_confirmed: bool = True) -> bool:
    """Returns a caller whose operator's leg ended without a hang-up to the flow, to rejoin the queue at its front.

    Returns False if the talk goes on or is over. If caller and operator had not spoken, the wait goes on as
    if there had been no answer, also if the carrier does not confirm the answer (`was_confirmed` false). Otherwise the answer stays counted, and the draft waits for the next operator.
    """
    record_operator_left(work, call_id)
    call = lock_call(work, call_id)
    spoke = was_confirmed and rules.was_a_talk(call.answered_at, call.operator_left_at or work.at)
    changed: dict[str, object] = {"priority": rules.FRONT_OF_QUEUE} if spoke else dict.fromkeys(_TALK_COLUMNS)
    alone = update(Call).where(
        Call.id == call_id, Call.state == CallState.AFTER, Call.operator_left_at.is_not(None)
    )
    back = {**changed, "state": CallState.IN_FLOW, "operator_id": None, "operator_left_at": None}
    if not updated_one(work.session, alone.values(back)):
        return False
    offers.end_accepted(work, call_id, OfferState.LOST if spoke else OfferState.MISSED)
    if call.operator_id is not None:
        reason = NotReadyReason.CONNECTION_LOST if spoke else NotReadyReason.MISSED_CALL
        desks.lose_talk(work, call.operator_id, call_id, reason)
    return True


def end_call(work: UnitOfWork, *, sid: str, status: str, arrival: Arrival | None = None) -> None:
    """Records the carrier's terminal `status`; final and idempotent.

    An unknown call is recorded as ended if `arrival` is given.
    """
    call = find_call(work, sid, lock=True)
    # The terminal status may arrive before the first webhook; a recorded end keeps the late webhook from
    # reviving the call. If the first webhook is recorded at the same moment, the insert fails and the call
    # is read again.
    if call is None and arrival is not None and not record_ended_call(work, arrival, status):
        call = find_call(work, sid, lock=True)
    if call is None or call.state is CallState.ENDED:
        return
    was = rules.state_at_end(call.state, call.answered_at, work.at)
    end = rules.end_of_call(was, call.purpose, status, waited=call.queued_at is not None)
    values: dict[str, object] = {"state": CallState.ENDED, "ended_at": work.at, "position": NO_POSITION}
    if was in _BEFORE_OPERATOR:
        end = _end_before_operator(work, call.id, end)
        # A caller who waited for the next operator after a lost talk: the record is the first operator's again.
        if (talker := last_talker(work.session, call.id)) is not None:
            values["operator_id"] = talker
    values |= _measures_at_end(work, call, was, end)
    work.session.execute(update(Call).where(Call.id == call.id).values(**values, end=end))
    offers.withdraw_offers(work, call.id)
    desks.release_after_call(work, call.operator_id, call.id, was=was)
    if end is CallEnd.ABANDONED:
        callbacks.promise_abandoned(work, call.id)
    work.record(events.CallEnded(call.id, end))
    offers.offer_waiting(work)


def _measures_at_end(work: UnitOfWork, call: CallView, was: CallState, end: CallEnd) -> dict[str, object]:
    """Returns the wait and the talk of a call that ends in the effective state `was`, as column values."""
    waited = rules.seconds_between(call.queued_at, work.at)
    if was is not call.state:
        return {"answered_at": None, "wait_seconds": waited}
    if was is CallState.TALKING:
        return {"talk_seconds": _talk_seconds(work, call)}
    if call.purpose is CallPurpose.FOLLOW_UP and end is CallEnd.COMPLETED:
        return {"talk_seconds": rules.seconds_between(call.arrived_at, work.at)}
    if call.answered_at is None:
        # A caller who left the queue for a choice in the flow has waited until then.
        return {"wait_seconds": func.coalesce(Call.wait_seconds, waited)}
    return {}


def _end_before_operator(work: UnitOfWork, call_id: int, end: CallEnd) -> CallEnd:
    """Returns the end of a call that no operator answered: a message, a promised callback, or `end`."""
    if has_message(work.session, call_id):
        return CallEnd.LEFT_MESSAGE
    return CallEnd.LEFT_FOR_CALLBACK if callbacks.has_open_callback(work, call_id) else end


def finish_without_ticket(work: UnitOfWork, call_id: int, reason: NoMatterReason, note: str = "") -> None:
    """Completes the record of a call that brought no matter.

    Raises NotAllowed unless the actor completes its record (`queries.require_own_record`), or it is an unanswered call with a
    voice message.
    """
    is_a_message = get_call(work, call_id).operator_id is None and has_message(work.session, call_id)
    if not is_a_message:
        require_own_record(work, call_id)
    finished = updated_one(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.finished_at.is_(None))
        .values(finished_at=work.at, no_matter=reason, no_matter_note=to_storable(note, SHORT_TEXT)),
    )
    if finished:
        desks.complete_record(work, call_id, ticket_id=None)
        offers.offer_waiting(work)


def request_hang_up(work: UnitOfWork, call_id: int) -> None:
    """Records that the operator hangs up, and requests the end of their leg; the caller may then rate the talk.

    Raises NotAllowed unless the operator answered the call.
    """
    call, person = require_own_call(work, call_id)
    if call.state in {CallState.TALKING, CallState.CONNECTING, CallState.AFTER}:
        if (talk := talk_of(work.session, call_id)) is not None:
            offers.record_hang_up(work, talk.id)
        work.record(events.CallHangUpAsked(call_id, person.id))
