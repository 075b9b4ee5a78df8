"""A call from its first webhook to its last word. Terminal states are final; every other step is conditional."""

from datetime import datetime

from sqlalchemy import func, select, update

from hotline import events
from hotline.rules import calls as rules
from hotline.rules.calls import QueueJoin
from hotline.rules.facts import SHORT, storable
from hotline.rules.words import CallEnd, CallState, NoMatterReason, RequestClass
from hotline.services import callbacks, desks, queue
from hotline.services.arrivals import Arrival, receive_call, remember_ended
from hotline.services.call_views import CallView, find_call, get_call, hold_call, own_call
from hotline.store.callbacks import Callback, Dial
from hotline.store.calls import Call
from hotline.store.insert import changed
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
    "hold_call",
    "join_queue",
    "keep_position",
    "leave_queue",
    "note_pressed",
    "own_call",
    "receive_call",
    "talk_ended",
]


_BEFORE_A_PERSON = rules.WAITING | {CallState.IN_FLOW}


def keep_position(work: Work, call_id: int, *, position: str, language: str) -> None:
    """Remember where the caller stands in the flow and what language they hear."""
    work.session.execute(update(Call).where(Call.id == call_id).values(position=position, language=language))


def note_pressed(work: Work, call_id: int, klass: RequestClass) -> None:
    work.session.execute(update(Call).where(Call.id == call_id).values(pressed=klass))


def join_queue(work: Work, call_id: int) -> QueueJoin:
    """Let the caller wait for a person; offer the call at once if a desk is ready.

    A callback keeps the place of the call it answers. A caller already waiting stays where they are.
    """
    call = hold_call(work, call_id)
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
    call = hold_call(work, call_id)
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
    call = hold_call(work, call_id)
    if changed(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.state == CallState.TALKING)
        .values(state=CallState.AFTER, parted_at=work.at),
    ):
        desks.talk_over(work, call.operator_id, call_id)


def end_call(work: Work, *, sid: str, status: str, arrival: Arrival | None = None) -> None:
    """Record the carrier's terminal `status`; final and idempotent.

    A terminal word about a call never heard of is remembered if `arrival` tells enough, so that its late
    first webhook cannot bring it to life.
    """
    call = find_call(work, sid, hold=True)
    if call is None and arrival is not None and not remember_ended(work, arrival, status):
        call = find_call(work, sid, hold=True)
    if call is None or call.state is CallState.ENDED:
        return
    end = rules.how_it_ended(call.state, call.purpose, status)
    if call.state in _BEFORE_A_PERSON and callbacks.owed_for_call(work, call.id):
        end = CallEnd.LEFT_FOR_CALLBACK
    work.session.execute(
        update(Call).where(Call.id == call.id).values(state=CallState.ENDED, ended_at=work.at, end=end)
    )
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
        .values(finished_at=work.at, no_matter=reason, no_matter_note=storable(note, SHORT)),
    )
    if finished:
        desks.record_finished(work, call_id, ticket_id=None)
        queue.offer_waiting(work)


def ask_hang_up(work: Work, call_id: int) -> None:
    """Let the operator end the call even if their own phone is gone. Raises NotAllowed unless it is their call."""
    call, person = own_call(work, call_id)
    if call.state in {CallState.TALKING, CallState.CONNECTING}:
        work.tell(events.CallHangUpAsked(call_id, person.id))


def _kept_place(work: Work, call: CallView) -> datetime | None:
    if call.dial_id is None:
        return None
    found = (
        select(Callback.place_since)
        .join(Dial, Dial.callback_id == Callback.id)
        .where(Dial.id == call.dial_id)
    )
    return work.session.scalar(found)
