"""A call from its first webhook to its last word. Terminal states are final; every other step is conditional."""

from sqlalchemy import Text, bindparam, update

from hotline import events
from hotline.rules.calls import states as rules
from hotline.rules.enums import CallEnd, CallState, NoMatterReason, RequestClass, Satisfied
from hotline.rules.text import SHORT_TEXT, to_storable
from hotline.services.calls import recordings
from hotline.services.calls.call_intake import Arrival, format_path, receive_call, record_ended_call
from hotline.services.calls.views import CallView, find_call, get_call, lock_call, require_own_call
from hotline.services.outbound import callbacks
from hotline.services.queueing import desks, offers
from hotline.services.queueing.queue_entry import join_queue, leave_queue
from hotline.store.calls.tables import Call
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

__all__ = [
    "Arrival",
    "CallView",
    "end_call",
    "find_call",
    "finish_without_ticket",
    "get_call",
    "join_queue",
    "leave_queue",
    "lock_call",
    "rate_talk",
    "receive_call",
    "record_connected",
    "record_operator_left",
    "record_request_class",
    "record_talk_left",
    "record_transfer",
    "request_hang_up",
    "require_own_call",
    "save_position",
]


_BEFORE_OPERATOR = rules.WAITING | {CallState.IN_FLOW}
_TALK_COLUMNS = (
    "operator_id",
    "answered_at",
    "operator_left_at",
    "wait_seconds",
    "finished_at",
    "no_matter",
    "no_matter_note",
)
NO_POSITION = ""
"""The position of a call that is over: what its caller had typed and nothing had used is forgotten with it."""
_CALLS = Call.__table__
_SAVE_POSITION = (
    update(Call)
    .where(_CALLS.c.id == bindparam("key"), _CALLS.c.state != CallState.ENDED)
    .values(
        position=bindparam("place"),
        language=bindparam("spoken"),
        path=_CALLS.c.path + bindparam("ways", type_=Text),
    )
)
"""Built once: every step of every call asks it."""


def save_position(
    work: UnitOfWork, call_id: int, *, position: str, language: str, path: tuple[str, ...] = ()
) -> None:
    """Remember where the caller stands in the flow, by which ways they came, and what language they hear.

    Changes nothing once the call is over.
    """
    values = {"key": call_id, "place": position, "spoken": language, "ways": format_path(path)}
    work.connection.execute(_SAVE_POSITION, values)


def record_request_class(work: UnitOfWork, call_id: int, request_class: RequestClass) -> None:
    work.session.execute(update(Call).where(Call.id == call_id).values(pressed=request_class))


def record_transfer(work: UnitOfWork, call_id: int, to: str, *, begins: bool) -> None:
    """The caller is being connected to somebody outside, or has come back from there."""
    here, there = CallState.IN_FLOW, CallState.TRANSFERRED
    step = update(Call).where(Call.id == call_id)
    if not begins:
        updated_one(work.session, step.where(Call.state == there).values(state=here))
    elif updated_one(work.session, step.where(Call.state == here).values(state=there, transferred_to=to)):
        work.record(events.CallTransferred(call_id, to))


def rate_talk(work: UnitOfWork, call_id: int, answer: Satisfied) -> None:
    """Keep the caller's own word on the talk they just had; the first one stands."""
    rated = update(Call).where(Call.id == call_id, Call.satisfied.is_(None)).values(satisfied=answer)
    if updated_one(work.session, rated):
        work.record(events.TalkRated(call_id, answer))


def record_connected(work: UnitOfWork, call_id: int) -> None:
    """Both sides hear each other: the wait is over and measured."""
    call = lock_call(work, call_id)
    since = call.queued_at or work.at
    joined = updated_one(
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
        work.record(events.CallConnected(call_id, call.operator_id))
        callbacks.settle_reached(work, call_id)


def record_operator_left(work: UnitOfWork, call_id: int) -> None:
    """Record that the operator left first while the caller is still on the line."""
    call = lock_call(work, call_id)
    if updated_one(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.state == CallState.TALKING)
        .values(state=CallState.AFTER, operator_left_at=work.at),
    ):
        desks.end_talk(work, call.operator_id, call_id)


def record_talk_left(work: UnitOfWork, call_id: int) -> None:
    """Record that the talk is over for the caller too, by their own leg's word: from here the flow has the word."""
    record_operator_left(work, call_id)
    out = update(Call).where(Call.id == call_id, Call.state == CallState.AFTER).values(operator_left_at=None)
    work.session.execute(out)


def return_to_queue(work: UnitOfWork, call_id: int) -> bool:
    """Let a caller with whom nobody ever was go on to the queue, at their place; say whether they were such a one.

    Their wait goes on, and whatever the desk noted about a talk that was none counts no more.
    """
    call = lock_call(work, call_id)
    operator_id = call.operator_id
    blank = dict.fromkeys(_TALK_COLUMNS)
    alone = update(Call).where(
        Call.id == call_id, Call.state == CallState.AFTER, Call.operator_left_at.is_not(None)
    )
    if not updated_one(work.session, alone.values(state=CallState.IN_FLOW, **blank)):
        return False
    offers.mark_accepted_missed(work, call_id)
    if operator_id is not None:
        desks.mark_missed_after_wrap_up(work, operator_id, call_id)
    return True


def end_call(work: UnitOfWork, *, sid: str, status: str, arrival: Arrival | None = None) -> None:
    """Record the carrier's terminal `status`; final and idempotent.

    A terminal word about a call never heard of is remembered if `arrival` tells enough, so that its late
    first webhook cannot bring it to life.
    """
    call = find_call(work, sid, lock=True)
    if call is None and arrival is not None and not record_ended_call(work, arrival, status):
        call = find_call(work, sid, lock=True)
    if call is None or call.state is CallState.ENDED:
        return
    was = rules.state_at_end(call.state, call.answered_at, work.at)
    end = rules.end_of_call(was, call.purpose, status, waited=call.queued_at is not None)
    values: dict[str, object] = {"state": CallState.ENDED, "ended_at": work.at, "position": NO_POSITION}
    if was in _BEFORE_OPERATOR:
        end = _end_before_operator(work, call.id, end)
    if was is not call.state:
        values |= {"answered_at": None, "wait_seconds": None}
    work.session.execute(update(Call).where(Call.id == call.id).values(**values, end=end))
    offers.withdraw_offers(work, call.id)
    desks.release_after_call(work, call.operator_id, call.id, was=was)
    if end is CallEnd.ABANDONED:
        callbacks.promise_abandoned(work, call.id)
    work.record(events.CallEnded(call.id, end))
    offers.offer_waiting(work)


def _end_before_operator(work: UnitOfWork, call_id: int, end: CallEnd) -> CallEnd:
    """Return how a call ended that no person had answered: with a message, with a promise, or as it looks."""
    if recordings.has_message(work, call_id):
        return CallEnd.LEFT_MESSAGE
    return CallEnd.LEFT_FOR_CALLBACK if callbacks.has_open_callback(work, call_id) else end


def finish_without_ticket(work: UnitOfWork, call_id: int, reason: NoMatterReason, note: str = "") -> None:
    """Close the record of a call that brought no matter.

    Raises NotAllowed unless it is the actor's own call, or nobody's: a message that brought nothing.
    """
    is_a_message = get_call(work, call_id).operator_id is None and recordings.has_message(work, call_id)
    if not is_a_message:
        require_own_call(work, call_id)
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
    """Let the operator end the call even if their own phone is gone. Raises NotAllowed unless it is their call."""
    call, person = require_own_call(work, call_id)
    if call.state in {CallState.TALKING, CallState.CONNECTING}:
        work.record(events.CallHangUpAsked(call_id, person.id))
