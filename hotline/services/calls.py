"""A call from its first webhook to its last word. Terminal states are final; every other step is conditional."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from hotline import events
from hotline.rules import calls as rules
from hotline.rules.calls import QueueJoin
from hotline.rules.numbers import parse_number
from hotline.rules.refusals import NoSuchCall
from hotline.rules.words import CallEnd, CallPurpose, CallState, NoMatterReason, RequestClass
from hotline.services import callbacks, desks, queue
from hotline.services.call_views import CallView, find_call, get_call, own_call
from hotline.store.callbacks import Callback, Dial
from hotline.store.calls import Call
from hotline.store.insert import changed, claim_row
from hotline.work import Work

__all__ = [
    "Arrival",
    "CallView",
    "ask_hang_up",
    "caller_joined",
    "end_call",
    "find_call",
    "finish_without_ticket",
    "get_call",
    "join_queue",
    "keep_position",
    "leave_queue",
    "note_pressed",
    "own_call",
    "receive_call",
    "talk_ended",
]


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


_BEFORE_A_PERSON = rules.WAITING | {CallState.IN_FLOW}


def receive_call(work: Work, arrival: Arrival) -> CallView:
    """Record a call, or return the one already recorded under this sid, whatever its state.

    Somebody we owe a call and who phones again is no longer owed one.
    """
    number = parse_number(arrival.number_raw)
    dial_id = None
    if arrival.dial_ref is not None:
        dial_id = work.session.scalar(select(Dial.id).where(Dial.ref == arrival.dial_ref))
    call_id = claim_row(
        work.session, Call, Call.id, _new_row(work, arrival, number, dial_id, CallState.IN_FLOW)
    )
    if call_id is None:
        known = find_call(work, arrival.sid)
        if known is None:
            raise NoSuchCall(arrival.sid)
        return known
    work.tell(events.CallArrived(call_id))
    if arrival.purpose is CallPurpose.INBOUND and number is not None:
        callbacks.note_phoned_again(work, number)
    return CallView(
        id=call_id,
        sid=arrival.sid,
        purpose=arrival.purpose,
        state=CallState.IN_FLOW,
        language=arrival.language,
        flow=arrival.flow,
        flow_version=arrival.flow_version,
        position=arrival.position,
        number=number,
        number_raw=arrival.number_raw,
        pressed=None,
        dial_id=dial_id,
        operator_id=None,
        queued_at=None,
        place_since=None,
    )


def keep_position(work: Work, call_id: int, *, position: str, language: str) -> None:
    """Remember where the caller stands in the flow and what language they hear."""
    work.session.execute(update(Call).where(Call.id == call_id).values(position=position, language=language))


def note_pressed(work: Work, call_id: int, klass: RequestClass) -> None:
    work.session.execute(update(Call).where(Call.id == call_id).values(pressed=klass))


def join_queue(work: Work, call_id: int) -> QueueJoin:
    """Let the caller wait for a person; offer the call at once if a desk is ready.

    A callback keeps the place of the call it answers. A caller already waiting stays where they are.
    """
    call = get_call(work, call_id)
    if call.state in rules.WAITING:
        return QueueJoin.JOINED
    waiting = select(func.count()).select_from(Call).where(Call.state.in_(rules.WAITING))
    if (work.session.scalar(waiting) or 0) >= work.policies.queue.max_size:
        return QueueJoin.FULL
    joined = changed(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.state == CallState.IN_FLOW)
        .values(state=CallState.QUEUED, queued_at=work.at, place_since=_kept_place(work, call) or work.at),
    )
    if not joined:
        return QueueJoin.TOO_LATE
    work.tell(events.CallQueued(call_id))
    queue.offer_waiting(work)
    return QueueJoin.JOINED


def leave_queue(work: Work, call_id: int, result: str) -> None:
    """Note the carrier's QueueResult. Only `leave` needs a hand: the caller is back in the flow."""
    if result != "leave":
        return
    left = changed(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.state.in_((CallState.QUEUED, CallState.OFFERED)))
        .values(state=CallState.IN_FLOW),
    )
    if left:
        queue.withdraw_offers(work, call_id)


def caller_joined(work: Work, call_id: int) -> None:
    """Both sides hear each other: the wait is over and measured."""
    call = get_call(work, call_id)
    since = call.queued_at or work.at
    joined = changed(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.state == CallState.CONNECTING)
        .values(
            state=CallState.TALKING,
            answered_at=work.at,
            wait_seconds=max(int((work.at - since).total_seconds()), 0),
        ),
    )
    if joined and call.operator_id is not None:
        work.tell(events.CallConnected(call_id, call.operator_id))
        callbacks.note_reached(work, call_id)


def talk_ended(work: Work, call_id: int) -> None:
    """Record that the operator left first while the caller is still on the line."""
    call = get_call(work, call_id)
    if changed(
        work.session,
        update(Call).where(Call.id == call_id, Call.state == CallState.TALKING).values(state=CallState.AFTER),
    ):
        desks.talk_over(work, call.operator_id, call_id)


def end_call(work: Work, *, sid: str, status: str, arrival: Arrival | None = None) -> None:
    """Record the carrier's terminal `status`; final and idempotent.

    A terminal word about a call never heard of is remembered if `arrival` tells enough, so that its late
    first webhook cannot bring it to life.
    """
    call = find_call(work, sid)
    if call is None:
        if arrival is not None:
            _remember_ended(work, arrival, status)
        return
    end = rules.how_it_ended(call.state, call.purpose, status)
    if call.state in _BEFORE_A_PERSON and callbacks.owed_for_call(work, call.id):
        end = CallEnd.LEFT_FOR_CALLBACK
    ended = changed(
        work.session,
        update(Call)
        .where(Call.id == call.id, Call.state == call.state)
        .values(state=CallState.ENDED, ended_at=work.at, end=end),
    )
    if not ended or call.state is CallState.ENDED:
        return
    queue.withdraw_offers(work, call.id)
    desks.call_over(work, call.operator_id, call.id, was=call.state)
    if end is CallEnd.ABANDONED:
        callbacks.owe_abandoned(work, call.id)
    work.tell(events.CallEnded(call.id, end))
    queue.offer_waiting(work)


def finish_without_ticket(work: Work, call_id: int, reason: NoMatterReason, note: str = "") -> None:
    """Close the record of a call that brought no matter. Raises NotAllowed unless it is the actor's own call."""
    own_call(work, call_id)
    finished = changed(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.finished_at.is_(None))
        .values(finished_at=work.at, no_matter=reason, no_matter_note=note[:200]),
    )
    if finished:
        desks.record_finished(work, call_id, ticket_id=None)
        queue.offer_waiting(work)


def ask_hang_up(work: Work, call_id: int) -> None:
    """Let the operator end the call even if their own phone is gone. Raises NotAllowed unless it is their call."""
    call, person = own_call(work, call_id)
    if call.state in {CallState.TALKING, CallState.CONNECTING}:
        work.tell(events.CallHangUpAsked(call_id, person.id))


def _new_row(
    work: Work, arrival: Arrival, number: str | None, dial_id: int | None, state: CallState
) -> dict[str, object]:
    return {
        "sid": arrival.sid,
        "purpose": arrival.purpose,
        "number": number,
        "number_raw": arrival.number_raw[:80],
        "dialed": arrival.dialed[:80],
        "state": state,
        "language": arrival.language,
        "flow": arrival.flow,
        "flow_version": arrival.flow_version,
        "position": arrival.position,
        "dial_id": dial_id,
        "arrived_at": work.at,
        "arrived_on": work.today,
    }


def _remember_ended(work: Work, arrival: Arrival, status: str) -> None:
    end = rules.how_it_ended(CallState.IN_FLOW, arrival.purpose, status)
    row = _new_row(work, arrival, parse_number(arrival.number_raw), None, CallState.ENDED)
    call_id = claim_row(work.session, Call, Call.id, {**row, "ended_at": work.at, "end": end})
    if call_id is not None:
        work.tell(events.CallEnded(call_id, end))


def _kept_place(work: Work, call: CallView) -> datetime | None:
    if call.dial_id is None:
        return None
    found = (
        select(Callback.place_since)
        .join(Dial, Dial.callback_id == Callback.id)
        .where(Dial.id == call.dial_id)
    )
    return work.session.scalar(found)
