"""Puts callers into the waiting queue, takes them out, and reports their place."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, func, or_, select, update

from hotline import events
from hotline.rules.calls import states as rules
from hotline.rules.calls.flow_actions import JoinQueue
from hotline.rules.calls.states import QueueJoin, seconds_between
from hotline.rules.enums import CallState, PresenceState
from hotline.rules.errors import NoSuchCall
from hotline.services.calls.queries import CallView, get_call, lock_call
from hotline.services.outbound import callbacks
from hotline.services.queueing import matching, offers
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from hotline.store.people.tables import Presence, User
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

ANY_OPERATOR = JoinQueue()
# The expected wait is the mean of this many last waits; it is no promise.
RECENT_ANSWERS = 20
# The waits are searched in this many last calls: every wait round of every caller runs the query, and a day
# has 50,000 calls.
MAX_CALLS_SEARCHED = 300


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """The place of a waiting caller: `position` 1 = next; people who are owed a call and come first are counted.

    Seconds waited so far, and since the last joining; average seconds of the last callers (None: no data
    yet, or no desk takes this caller's calls). `is_served`: a desk does.
    """

    position: int
    waited_seconds: int
    since_joined: int
    expected_seconds: int | None
    size: int
    is_served: bool = True


def place_in_queue(work: UnitOfWork, call_id: int) -> QueuePlace:
    """Returns the place of a waiting caller. Raises NoSuchCall."""
    query = select(
        Call.place_since, Call.queued_at, Call.joined_at, Call.priority, Call.skill, Call.desk_id
    ).where(Call.id == call_id)
    own = work.session.execute(query).first()
    if own is None:
        raise NoSuchCall(str(call_id))
    place, queued, joined = own[0] or work.at, own[1] or work.at, own[2] or work.at
    waiting = select(func.count()).select_from(Call).where(Call.state.in_(rules.WAITING))
    before = or_(Call.priority > own.priority, and_(Call.priority == own.priority, Call.place_since < place))
    ahead = work.session.scalar(waiting.where(before, Call.id != call_id)) or 0
    ahead += matching.owed_before(work, own.priority, place)
    size = work.session.scalar(waiting) or 0
    # Waits of an hour ago tell nothing about a queue that no desk serves now.
    is_served = matching.is_served(work, own.skill, own.desk_id, own.joined_at)
    waits = _recent_waits(work) if is_served else []
    return QueuePlace(
        position=ahead + 1,
        waited_seconds=int((work.at - queued).total_seconds()),
        since_joined=int((work.at - joined).total_seconds()),
        expected_seconds=round(sum(waits) / len(waits)) if waits else None,
        size=max(size, 1),
        is_served=is_served,
    )


def _recent_waits(work: UnitOfWork) -> list[int]:
    """Returns the seconds that the last answered callers of today had waited."""
    last = (
        select(Call.id, Call.arrived_on, Call.answered_at, Call.wait_seconds)
        .order_by(Call.id.desc())
        .limit(MAX_CALLS_SEARCHED)
    )
    calls = last.subquery()
    answered = select(calls.c.wait_seconds).where(
        calls.c.arrived_on == work.today, calls.c.answered_at.is_not(None), calls.c.wait_seconds.is_not(None)
    )
    newest = answered.order_by(calls.c.id.desc()).limit(RECENT_ANSWERS)
    return list(work.session.scalars(newest))


def join_queue(
    work: UnitOfWork, call_id: int, wish: JoinQueue = ANY_OPERATOR, *, desk: str = ""
) -> QueueJoin:
    """Puts the caller into the queue and offers the call at once if a desk is ready. `desk` is a work number.

    A caller who is owed a call keeps the place of that promise, and so does a person we phone back; a caller who
    left the queue for a choice in the flow keeps their own. A caller already waiting stays in place.
    """
    call = lock_call(work, call_id)
    if call.state in rules.WAITING:
        return QueueJoin.JOINED
    if wish.only_on_duty and not is_any_operator_on_duty(work):
        # The person we phoned back may hang up at the news: what they were owed is owed again.
        callbacks.keep_promise(work, call_id)
        return QueueJoin.OFF_DUTY
    waiting = select(func.count()).select_from(Call).where(Call.state.in_(rules.WAITING))
    # A caller whose talk was lost is never turned away, and goes before everybody.
    is_lost = call.answered_at is not None
    if not is_lost and (work.session.scalar(waiting) or 0) >= work.policies.queue.max_size:
        work.session.execute(update(Call).where(Call.id == call_id).values(queue_full=True))
        return QueueJoin.FULL
    skill, priority = _inherited_wish(work, call)
    joined = updated_one(
        work.session,
        update(Call)
        .where(Call.id == call_id, Call.state == CallState.IN_FLOW)
        .values(
            state=CallState.QUEUED,
            queued_at=call.queued_at or work.at,
            place_since=call.place_since or callbacks.kept_place(work, call_id) or work.at,
            joined_at=work.at,
            wait_seconds=Call.wait_seconds if is_lost else None,
            skill=wish.skill or skill,
            priority=rules.FRONT_OF_QUEUE if is_lost else max(wish.priority, priority),
            desk_id=_operator_by_work_number(work, desk) if wish.to_desk else None,
        ),
    )
    if not joined:
        return QueueJoin.TOO_LATE
    work.record(events.CallQueued(call_id))
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


def is_any_operator_on_duty(work: UnitOfWork) -> bool:
    """Returns whether any desk is open and alive, ready or not."""
    fresh = work.at - timedelta(seconds=work.policies.queue.presence_timeout)
    alive = select(Presence.user_id).where(Presence.state != PresenceState.OFFLINE, Presence.seen_at >= fresh)
    return work.session.scalar(alive.limit(1)) is not None


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
