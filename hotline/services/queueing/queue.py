"""Puts callers into the waiting queue and takes them out."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, exists, func, select, update

from hotline import events
from hotline.rules.calls import states as rules
from hotline.rules.calls.flow_actions import JoinQueue
from hotline.rules.calls.states import QueueJoin, seconds_between
from hotline.rules.enums import CallState
from hotline.services.calls import callers
from hotline.services.calls.queries import CallView, get_call, lock_call
from hotline.services.outbound import callbacks
from hotline.services.queueing import matching, offers
from hotline.store.base import UtcDateTime, constants
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from hotline.store.people.tables import User
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

ANY_OPERATOR = JoinQueue()
_CALLS = Call.__table__
_IS_WAITING = _CALLS.c.state.in_(constants(rules.WAITING))
# Built once: every caller who joins runs these statements.
_SITUATION = select(
    callers.CALLS_SINCE.scalar_subquery().label("calls_in_hour"),
    exists().where(matching.IS_ON_DUTY).label("is_on_duty"),
    exists().where(matching.IS_READY_DESK).label("is_desk_ready"),
    select(func.count()).select_from(_CALLS).where(_IS_WAITING).scalar_subquery().label("waiting"),
    callbacks.KEPT_PLACE.scalar_subquery().label("kept_place"),
)
_JOIN = (
    update(Call)
    .where(_CALLS.c.id == bindparam("key"), _CALLS.c.state == CallState.IN_FLOW)
    .values(
        state=CallState.QUEUED,
        queued_at=bindparam("since", type_=UtcDateTime),
        place_since=bindparam("place", type_=UtcDateTime),
        joined_at=bindparam("now", type_=UtcDateTime),
        # After a lost talk the wait for the first answer stays the measured one.
        wait_seconds=case((_CALLS.c.answered_at.is_not(None), _CALLS.c.wait_seconds)),
        skill=bindparam("wanted_skill"),
        priority=bindparam("wanted_priority"),
        desk_id=bindparam("wanted_desk"),
    )
).execution_options(synchronize_session=False)


@dataclass(frozen=True, slots=True)
class QueueSituation:
    """The calls of a caller within the hour, the desks, the number of callers who wait, and the place kept for this one."""

    calls_in_hour: int
    is_on_duty: bool
    is_desk_ready: bool
    waiting: int
    kept_place: datetime | None


def join_queue(
    work: UnitOfWork, call_id: int, wish: JoinQueue = ANY_OPERATOR, *, desk: str = ""
) -> QueueJoin:
    """Puts the caller into the queue and offers the call at once if a desk is ready. `desk` is a work number.

    A caller who is owed a call keeps the place of that promise, and so does a person we phone back; a caller who
    left the queue for a choice in the flow keeps their own. A caller already waiting stays in place.
    """
    call = lock_call(work, call_id)
    return join_queue_in(work, call, read_situation(work, call), wish, desk=desk)


def read_situation(work: UnitOfWork, call: CallView) -> QueueSituation:
    """Returns what decides whether and how the caller of `call` joins the queue."""
    values = callers.hour_values(work, call) | callbacks.caller_values(work, call)
    row = work.connection.execute(_SITUATION, {"alive_since": matching.alive_since(work), **values}).one()
    return QueueSituation(*row)


def join_queue_in(
    work: UnitOfWork, call: CallView, found: QueueSituation, wish: JoinQueue, *, desk: str = ""
) -> QueueJoin:
    """Puts the caller of `call` into the queue, as `join_queue` does; this unit of work has locked and read the call."""
    if call.state in rules.WAITING:
        return QueueJoin.JOINED
    if wish.only_on_duty and not found.is_on_duty:
        # The person we phoned back may hang up at the news: what they were owed is owed again.
        callbacks.keep_promise(work, call.id)
        return QueueJoin.OFF_DUTY
    # A caller whose talk was lost is never turned away, and goes before everybody.
    is_lost = call.answered_at is not None
    if not is_lost and found.waiting >= work.policies.queue.max_size:
        work.session.execute(update(Call).where(Call.id == call.id).values(queue_full=True))
        return QueueJoin.FULL
    skill, priority = _inherited_wish(work, call)
    joined = work.connection.execute(
        _JOIN,
        {
            "key": call.id,
            "since": call.queued_at or work.at,
            "place": call.place_since or found.kept_place or work.at,
            "now": work.at,
            "wanted_skill": wish.skill or skill,
            "wanted_priority": rules.FRONT_OF_QUEUE if is_lost else max(wish.priority, priority),
            "wanted_desk": _operator_by_work_number(work, desk) if wish.to_desk else None,
        },
    )
    if joined.rowcount != 1:
        return QueueJoin.TOO_LATE
    work.record(events.CallQueued(call.id))
    # The scheduler matches again every second, so a desk that becomes ready at this moment is not forgotten.
    if found.is_desk_ready:
        offers.offer_waiting(work)
    return QueueJoin.JOINED


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
