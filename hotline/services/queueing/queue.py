"""Puts callers into the waiting queue and takes them out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from hotline import events
from hotline.rules.calls import states as rules
from hotline.rules.calls.flow_actions import JoinQueue
from hotline.rules.calls.states import QueueJoin, seconds_between
from hotline.rules.enums import CallState
from hotline.services.calls.queries import CallView, get_call, lock_call
from hotline.services.outbound import callbacks
from hotline.services.queueing import offers
from hotline.services.queueing.situation import QueueSituation, read_situation
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from hotline.store.people.tables import User
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

ANY_OPERATOR = JoinQueue()


@dataclass(frozen=True, slots=True)
class JoinDecision:
    """The result of joining the queue, and the columns of the call that change by it."""

    result: QueueJoin
    changes: Mapping[str, Any] = field(default_factory=dict)


def join_queue(
    work: UnitOfWork, call_id: int, wish: JoinQueue = ANY_OPERATOR, *, desk: str = ""
) -> QueueJoin:
    """Puts the caller into the queue and offers the call at once if a desk is ready. `desk` is a work number.

    A caller who is owed a call keeps the place of that promise, and so does a person we phone back; a caller who
    left the queue for a choice in the flow keeps their own. A caller already waiting stays in place.
    """
    call = lock_call(work, call_id)
    return join_queue_in(work, call, read_situation(work, call.id), wish, desk=desk)


def join_queue_in(
    work: UnitOfWork, call: CallView, found: QueueSituation, wish: JoinQueue, *, desk: str = ""
) -> QueueJoin:
    """Puts the caller of `call` into the queue, as `join_queue` does; this unit of work has locked and read the call."""
    decision = decide_join(work, call, found, wish, desk=desk)
    if decision.result is QueueJoin.OFF_DUTY:
        # The person we phoned back may hang up at the news: what they were owed is owed again.
        callbacks.keep_promise(work, call.id)
    if not decision.changes:
        return decision.result
    here = update(Call).where(Call.id == call.id, Call.state == call.state)
    if not updated_one(work.session, here.values(**decision.changes)):
        return QueueJoin.TOO_LATE
    if decision.result is QueueJoin.JOINED:
        work.record(events.CallQueued(call.id))
        # The scheduler matches again every second, so a desk that becomes ready at this moment is not forgotten.
        if found.is_desk_ready:
            offers.offer_waiting(work)
    return decision.result


def decide_join(
    work: UnitOfWork, call: CallView, found: QueueSituation, wish: JoinQueue, *, desk: str = ""
) -> JoinDecision:
    """Returns whether the caller of `call` joins the queue, and the columns that change; writes nothing."""
    if call.state in rules.WAITING:
        return JoinDecision(QueueJoin.JOINED)
    if wish.only_on_duty and not found.is_on_duty:
        return JoinDecision(QueueJoin.OFF_DUTY)
    # A caller whose talk was lost is never turned away, and goes before everybody.
    is_lost = call.answered_at is not None
    if not is_lost and found.waiting >= work.policies.queue.max_size:
        return JoinDecision(QueueJoin.FULL, {"queue_full": True})
    if call.state is not CallState.IN_FLOW:
        return JoinDecision(QueueJoin.TOO_LATE)
    skill, priority = _inherited_wish(work, call)
    changes = {
        "state": CallState.QUEUED,
        "queued_at": call.queued_at or work.at,
        "place_since": call.place_since or found.kept_place or work.at,
        "joined_at": work.at,
        "skill": wish.skill or skill,
        "priority": rules.FRONT_OF_QUEUE if is_lost else max(wish.priority, priority),
        "desk_id": _operator_by_work_number(work, desk) if wish.to_desk else None,
    }
    # After a lost talk the wait for the first answer stays the measured one.
    return JoinDecision(QueueJoin.JOINED, changes if is_lost else {**changes, "wait_seconds": None})


def leave_queue(work: UnitOfWork, call_id: int, result: str) -> None:
    """Records the carrier's QueueResult. Only `leave` changes the call: the caller is back in the flow."""
    if result != "leave":
        return
    call = get_call(work, call_id)
    # After a lost talk the wait for the first answer stays the measured one.
    waited = Call.wait_seconds if call.answered_at is not None else seconds_between(call.queued_at, work.at)
    left = updated_one(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.state.in_((CallState.QUEUED, CallState.OFFERED)))
        .values(state=CallState.IN_FLOW, wait_seconds=waited),
    )
    if left:
        offers.withdraw_offers(work, call_id)


def _operator_by_work_number(work: UnitOfWork, work_number: str) -> int | None:
    """Returns the operator with this work number; None if there is none: then any operator may answer."""
    return work.session.scalar(select(User.id).where(User.work_number == work_number, User.active))


def _inherited_wish(work: UnitOfWork, call: CallView) -> tuple[str, int]:
    """Returns the skill and the priority of the call that this callback answers."""
    if call.dial_id is None:
        return "", 0
    query = (
        select(Call.skill, Call.priority)
        .join(Callback, Callback.call_id == Call.id)
        .join(Dial, Dial.callback_id == Callback.id)
        .where(Dial.id == call.dial_id)
    )
    row = work.session.execute(query).first()
    return ("", 0) if row is None else (row[0], row[1])
