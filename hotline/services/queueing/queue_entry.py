"""Into the queue and out of it: whom a caller waits for, what place they have, and when there is nobody to wait for."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from hotline import events
from hotline.rules.calls import states as rules
from hotline.rules.calls.flow_actions import JoinQueue
from hotline.rules.calls.states import QueueJoin
from hotline.rules.enums import CallState, PresenceState
from hotline.services.calls.views import CallView, lock_call
from hotline.services.queueing import offers
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from hotline.store.people.tables import Presence, User
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

ANY_OPERATOR = JoinQueue()


def join_queue(
    work: UnitOfWork, call_id: int, wish: JoinQueue = ANY_OPERATOR, *, desk: str = ""
) -> QueueJoin:
    """Let the caller wait for a person; offer the call at once if a desk is ready. `desk` is a work number.

    A callback keeps the place of the call it answers; whoever left the queue to decide something keeps their own. A
    caller already waiting stays where they are.
    """
    call = lock_call(work, call_id)
    if call.state in rules.WAITING:
        return QueueJoin.JOINED
    if wish.only_on_duty and not is_any_operator_on_duty(work):
        return QueueJoin.OFF_DUTY
    waiting = select(func.count()).select_from(Call).where(Call.state.in_(rules.WAITING))
    if (work.session.scalar(waiting) or 0) >= work.policies.queue.max_size:
        return QueueJoin.FULL
    place, skill = _inherited_place(work, call)
    joined = updated_one(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.state == CallState.IN_FLOW)
        .values(
            state=CallState.QUEUED,
            queued_at=call.queued_at or work.at,
            place_since=call.place_since or place or work.at,
            joined_at=work.at,
            skill=wish.skill or skill,
            priority=wish.priority,
            desk_id=_operator_by_work_number(work, desk) if wish.to_desk else None,
        ),
    )
    if not joined:
        return QueueJoin.TOO_LATE
    work.record(events.CallQueued(call_id))
    offers.offer_waiting(work)
    return QueueJoin.JOINED


def leave_queue(work: UnitOfWork, call_id: int, result: str) -> None:
    """Note the carrier's QueueResult. Only `leave` needs a hand: the caller is back in the flow."""
    if result != "leave":
        return
    left = updated_one(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.state.in_((CallState.QUEUED, CallState.OFFERED)))
        .values(state=CallState.IN_FLOW),
    )
    if left:
        offers.withdraw_offers(work, call_id)


def is_any_operator_on_duty(work: UnitOfWork) -> bool:
    """Say whether any desk is open and alive, ready or not: somebody who may answer sooner or later."""
    fresh = work.at - timedelta(seconds=work.policies.queue.presence_timeout)
    alive = select(Presence.user_id).where(Presence.state != PresenceState.OFFLINE, Presence.seen_at >= fresh)
    return work.session.scalar(alive.limit(1)) is not None


def _operator_by_work_number(work: UnitOfWork, work_number: str) -> int | None:
    """Return whose work number that is; None for nobody's: then anybody may answer."""
    return work.session.scalar(select(User.id).where(User.work_number == work_number, User.active))


def _inherited_place(work: UnitOfWork, call: CallView) -> tuple[datetime | None, str]:
    """Return the place and the skill of the call that this one answers, if we phoned somebody back."""
    if call.dial_id is None:
        return None, ""
    found = (
        select(Callback.place_since, Call.skill)
        .join(Dial, Dial.callback_id == Callback.id)
        .outerjoin(Call, Call.id == Callback.call_id)
        .where(Dial.id == call.dial_id)
    )
    row = work.session.execute(found).first()
    return (None, "") if row is None else (row[0], row[1] or "")
