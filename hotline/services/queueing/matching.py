"""Matches waiting callers with ready desks: the longest-waiting caller goes to the longest-idle desk that fits.

Higher priority goes first. A caller who needs a skill is matched with operators who have it, until the
caller has waited long or no operator on duty has it. A caller who asked for a certain desk waits for that
desk. A caller with special needs does not hold up the callers behind.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, exists, select

from hotline.rules.enums import CallState, PresenceState
from hotline.store.calls.offers import last_talker
from hotline.store.calls.tables import Call
from hotline.store.people.tables import OperatorSkill, Presence
from hotline.unit_of_work import UnitOfWork

# Only this many of the longest-waiting callers are considered in one search.
MAX_CALLERS_CONSIDERED = 100
_TAKING_CALLS = (
    PresenceState.READY,
    PresenceState.RINGING,
    PresenceState.TALKING,
    PresenceState.WRAP_UP,
)


def next_match(work: UnitOfWork) -> tuple[int, int] | None:
    """Returns the next (call, operator) to connect, both locked until the unit of work ends; None if there is none."""
    # On a busy day no desk is ready; the query of the callers, each with needs of its own, is then skipped.
    if not _is_any_desk_ready(work):
        return None
    waiting = (
        select(Call.id, Call.skill, Call.desk_id, Call.joined_at, Call.answered_at)
        .where(Call.state == CallState.QUEUED)
        .order_by(Call.priority.desc(), Call.place_since, Call.id)
        .limit(MAX_CALLERS_CONSIDERED)
    )
    for caller in work.session.execute(waiting).all():
        needs = _needs(work, caller.skill, caller.desk_id, caller.joined_at)
        # After a lost talk the same operator is preferred: they know the matter.
        known = None if caller.answered_at is None else last_talker(work.session, caller.id)
        operator_id = _ready_desk(work, needs, known)
        if operator_id is None and needs is None:
            return None
        if operator_id is not None and _lock_call(work, caller.id):
            return caller.id, operator_id
    return None


def is_served(work: UnitOfWork, skill: str, desk_id: int | None, joined_at: datetime | None) -> bool:
    """Returns whether a desk that may take this caller is taking calls: ready, or busy with a call or its record."""
    taking = select(Presence.user_id).where(Presence.state.in_(_TAKING_CALLS), _is_alive(work))
    needs = _needs(work, skill, desk_id, joined_at)
    return work.session.scalar((taking if needs is None else taking.where(needs)).limit(1)) is not None


def _needs(
    work: UnitOfWork, skill: str, desk_id: int | None, joined_at: datetime | None
) -> ColumnElement[bool] | None:
    """Returns the condition a desk must meet for this caller; None: any desk."""
    if desk_id is not None:
        return Presence.user_id == desk_id
    patience = timedelta(seconds=work.policies.callers.skill_patience)
    if not skill or (joined_at or work.at) <= work.at - patience:
        return None
    able = exists().where(OperatorSkill.user_id == Presence.user_id, OperatorSkill.skill == skill)
    on_duty = select(Presence.user_id).where(able, Presence.state != PresenceState.OFFLINE, _is_alive(work))
    return able if work.session.scalar(on_duty.limit(1)) is not None else None


def _is_any_desk_ready(work: UnitOfWork) -> bool:
    ready = select(Presence.user_id).where(Presence.state == PresenceState.READY, _is_alive(work))
    return work.session.scalar(ready.limit(1)) is not None


def _ready_desk(work: UnitOfWork, needs: ColumnElement[bool] | None, preferred: int | None) -> int | None:
    idlest = (
        select(Presence.user_id)
        .where(Presence.state == PresenceState.READY, _is_alive(work))
        .order_by(case((Presence.user_id == preferred, 0), else_=1), Presence.idle_since, Presence.user_id)
        .limit(1)
    )
    fitting = idlest if needs is None else idlest.where(needs)
    # A locked row is skipped, never waited for: matching therefore cannot be part of a deadlock.
    return work.session.scalar(fitting.with_for_update(skip_locked=True))


def _is_alive(work: UnitOfWork) -> ColumnElement[bool]:
    return Presence.seen_at >= work.at - timedelta(seconds=work.policies.queue.presence_timeout)


def _lock_call(work: UnitOfWork, call_id: int) -> bool:
    still = select(Call.id).where(Call.id == call_id, Call.state == CallState.QUEUED)
    return work.session.scalar(still.with_for_update(skip_locked=True)) is not None
