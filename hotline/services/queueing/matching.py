"""Matches everybody who wants an operator with the ready desks, in one order of places.

Callers who wait and people who are owed a call are in the same order (`hotline.rules.calls.queue_order`). A desk that
falls to a person who is owed a call is kept for them while they are phoned.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from hotline.rules.calls.dial_schedule import RING_GRACE, may_ring
from hotline.rules.calls.queue_order import QueueEntry, ReadyDesk, Standing, assign_desks, needed_skill
from hotline.rules.enums import CallbackState, CallState, DialState, PresenceState
from hotline.store.base import UtcDateTime, constants
from hotline.store.calls.live_calls import may_phone_callback, peace_since
from hotline.store.calls.offers import last_talker
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from hotline.store.people.tables import OperatorSkill, Presence
from hotline.unit_of_work import UnitOfWork

# Only this many of the due promises, the earliest places first, are considered in one search.
MAX_OWED_CONSIDERED = 100
# A desk is kept while a phone rings and for this long in addition: placing the call, the greeting, the key. An attempt
# whose end was never reported keeps no desk after that.
ANSWER_ALLOWANCE = timedelta(seconds=45)
_TAKING_CALLS = (
    PresenceState.READY,
    PresenceState.RINGING,
    PresenceState.TALKING,
    PresenceState.WRAP_UP,
)
# Priority of a promise: that of the call it was made in.
promised_priority: ColumnElement[int] = func.coalesce(Call.priority, 0)
# Conditions of statements that are built once; `alive_since` is the parameter of both.
_IS_ALIVE = Presence.seen_at >= bindparam("alive_since", type_=UtcDateTime)
IS_READY_DESK = and_(Presence.state == constants([PresenceState.READY])[0], _IS_ALIVE)
IS_ON_DUTY = and_(Presence.state != constants([PresenceState.OFFLINE])[0], _IS_ALIVE)
IS_TAKING_CALLS = and_(Presence.state.in_(constants(_TAKING_CALLS)), _IS_ALIVE)
_READY_DESKS = select(Presence.user_id).where(IS_READY_DESK).order_by(Presence.idle_since, Presence.user_id)


def match_desks(work: UnitOfWork) -> list[tuple[QueueEntry, int]]:
    """Returns pairs of an entry and the ready desk that it gets now, in order. Nothing is locked."""
    # On a busy day no desk is ready; the queries of the entries are then skipped.
    ready = _ready_desks(work)
    if not ready:
        return []
    skills = _skills_on_duty(work)
    on_duty = _all_skills(skills)
    desks = [ReadyDesk(desk, skills[desk]) for desk in ready]
    return assign_desks([*_waiting(work, on_duty), *_owed(work, on_duty)], desks)


def lock_pair(work: UnitOfWork, call_id: int, desk: int) -> bool:
    """Locks a waiting call and a ready desk; returns whether both are still free."""
    # A locked row is skipped, never waited for: matching therefore cannot be part of a deadlock.
    ready = select(Presence.user_id).where(
        Presence.user_id == desk, Presence.state == PresenceState.READY, Presence.seen_at >= alive_since(work)
    )
    queued = select(Call.id).where(Call.id == call_id, Call.state == CallState.QUEUED)
    locks = (query.with_for_update(skip_locked=True) for query in (ready, queued))
    return all(work.session.scalar(lock) is not None for lock in locks)


def serves_wish(work: UnitOfWork, skill: str, desk_id: int | None, joined_at: datetime) -> bool:
    """Returns whether a desk that may take a caller who wants this skill or desk is taking calls: ready, or busy."""
    taking = select(Presence.user_id).where(IS_TAKING_CALLS)
    desks = work.session.scalars(taking, {"alive_since": alive_since(work)}).all()
    skills = _skills_on_duty(work)
    needed = _needed_skill(work, skill, joined_at, _all_skills(skills))
    entry = QueueEntry(Standing.WAITING, 0, 0, work.at, needed, desk_id)
    return bool(assign_desks([entry], [ReadyDesk(desk, skills[desk]) for desk in desks]))


def count_owed_before(
    shared_numbers: frozenset[str], priority: ColumnElement[int], place: ColumnElement[datetime]
) -> ColumnElement[int]:
    """Returns the number of people who are owed a call and come before a caller with this priority and place.

    `owed_moments` gives the parameters.
    """
    earlier = and_(promised_priority == priority, Callback.place_since < place)
    before = or_(promised_priority > priority, earlier)
    return (
        select(func.count())
        .select_from(Callback)
        .outerjoin(Call, Call.id == Callback.call_id)
        .where(_is_owed(shared_numbers), before)
        .scalar_subquery()
    )


def _waiting(work: UnitOfWork, on_duty: frozenset[str]) -> Iterator[QueueEntry]:
    # Not limited: the queue has a size of its own, and a limit would hide callers behind those with special needs.
    waiting = select(
        Call.id,
        Call.skill,
        Call.desk_id,
        Call.joined_at,
        Call.priority,
        Call.place_since,
        Call.answered_at,
    ).where(Call.state == CallState.QUEUED)
    for row in work.session.execute(waiting).all():
        skill = _needed_skill(work, row.skill, row.joined_at or work.at, on_duty)
        place = row.place_since or work.at
        known = None if row.answered_at is None else last_talker(work.session, row.id)
        yield QueueEntry(Standing.WAITING, row.id, row.priority, place, skill, row.desk_id, known)


def _owed(work: UnitOfWork, on_duty: frozenset[str]) -> Iterator[QueueEntry]:
    owed = _owed_query(work.policies.callers.shared_numbers)
    for row in work.connection.execute(owed, owed_moments(work, work.at)).all():
        skill = _needed_skill(work, row.skill, row.next_try_at, on_duty)
        standing = Standing.OWED if row.state is CallbackState.WAITING else Standing.DIALLED
        yield QueueEntry(standing, row.id, row.priority, row.place_since, skill)


def _needed_skill(work: UnitOfWork, skill: str, since: datetime, on_duty: frozenset[str]) -> str:
    patience = timedelta(seconds=work.policies.callers.skill_patience)
    return needed_skill(skill, since, work.at, patience, on_duty)


def _all_skills(skills: dict[int, frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*skills.values())


@lru_cache(maxsize=8)
def _owed_query(shared_numbers: frozenset[str]) -> Select[int, CallbackState, datetime, datetime, int, str]:
    return (
        select(
            Callback.id,
            Callback.state,
            Callback.next_try_at,
            Callback.place_since,
            promised_priority.label("priority"),
            func.coalesce(Call.skill, "").label("skill"),
        )
        .outerjoin(Call, Call.id == Callback.call_id)
        .where(_is_owed(shared_numbers))
        .order_by(promised_priority.desc(), Callback.place_since, Callback.id)
        .limit(MAX_OWED_CONSIDERED)
    )


def owed_moments(work: UnitOfWork, due: datetime) -> dict[str, datetime | None]:
    """Returns the parameters of the statements about people who are owed a call that is due at `due`."""
    policy = work.policies.callbacks
    ring = timedelta(seconds=policy.ring_seconds)
    return {
        # An attempt that fell due by day and waited for an operator into the quiet hours waits for the morning.
        "due_until": due if may_ring(due, policy, work.zone) else None,
        "peace_since": peace_since(work.at, policy),
        "planned_since": work.at - ring - ANSWER_ALLOWANCE,
        # A ring that must be over keeps no desk, even if its end was never reported.
        "placed_since": work.at - ring - RING_GRACE,
    }


def _is_owed(shared_numbers: frozenset[str]) -> ColumnElement[bool]:
    """Selects the promises that may be phoned (none in the quiet hours), and those whose person is being phoned or hears our greeting."""
    is_due = and_(
        Callback.state == constants([CallbackState.WAITING])[0],
        Callback.next_try_at <= bindparam("due_until", type_=UtcDateTime),
        may_phone_callback(shared_numbers, bindparam("peace_since", type_=UtcDateTime)),
    )
    dial, answer = aliased(Dial), aliased(Call)
    still_rings = or_(
        dial.placing_at.is_(None), dial.placing_at > bindparam("placed_since", type_=UtcDateTime)
    )
    is_greeted = exists().where(answer.dial_id == dial.id, answer.state == CallState.IN_FLOW)
    is_past_greeting = exists().where(answer.dial_id == dial.id, answer.state != CallState.IN_FLOW)
    under_way = exists().where(
        dial.callback_id == Callback.id,
        dial.state != DialState.ENDED,
        dial.planned_at > bindparam("planned_since", type_=UtcDateTime),
        or_(still_rings, is_greeted),
        ~is_past_greeting,
    )
    return or_(is_due, and_(Callback.state == constants([CallbackState.DIALLING])[0], under_way))


def _ready_desks(work: UnitOfWork) -> list[int]:
    return list(work.connection.scalars(_READY_DESKS, {"alive_since": alive_since(work)}))


def _skills_on_duty(work: UnitOfWork) -> dict[int, frozenset[str]]:
    """Returns the skills of every operator on duty, ready or not."""
    on_duty = (
        select(OperatorSkill.user_id, OperatorSkill.skill)
        .join(Presence, Presence.user_id == OperatorSkill.user_id)
        .where(IS_ON_DUTY)
    )
    found: defaultdict[int, frozenset[str]] = defaultdict(frozenset)
    for user_id, skill in work.session.execute(on_duty, {"alive_since": alive_since(work)}).all():
        found[user_id] |= {skill}
    return found


def alive_since(work: UnitOfWork) -> datetime:
    """Returns the moment since which a desk must have been seen to be there."""
    return work.at - timedelta(seconds=work.policies.queue.presence_timeout)
