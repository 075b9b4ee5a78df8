"""Who answers is decided here: the caller who has waited longest, and among ready desks that can, the longest idle.

Higher priority goes first. A caller who needs a skill is for those who have it, until they have waited long or nobody
on duty has it; one who asked for a certain desk is for that desk. Nobody who waits for somebody special holds up others.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select

from hotline.rules.enums import CallState, PresenceState
from hotline.store.calls.tables import Call
from hotline.store.people.tables import OperatorSkill, Presence
from hotline.unit_of_work import UnitOfWork

MAX_CALLERS_CONSIDERED = 100
"""So many of the longest-waiting callers are looked at; behind them nobody has a claim yet."""


def next_match(work: UnitOfWork) -> tuple[int, int] | None:
    """Return the next (call, operator) to be brought together, both held until this Work ends; None if there is none.

    On a busy day nobody is ready: then the callers, each with needs of their own, are not even looked at.
    """
    if not _is_any_desk_ready(work):
        return None
    waiting = (
        select(Call.id, Call.skill, Call.desk_id, Call.joined_at)
        .where(Call.state == CallState.QUEUED)
        .order_by(Call.priority.desc(), Call.place_since, Call.id)
        .limit(MAX_CALLERS_CONSIDERED)
    )
    for caller in work.session.execute(waiting).all():
        needs = _needs(work, caller.skill, caller.desk_id, caller.joined_at)
        operator_id = _ready_desk(work, needs)
        if operator_id is None and needs is None:
            return None
        if operator_id is not None and _lock_call(work, caller.id):
            return caller.id, operator_id
    return None


def _needs(
    work: UnitOfWork, skill: str, desk_id: int | None, joined_at: datetime | None
) -> ColumnElement[bool] | None:
    """Return what a desk must be for this caller; None: any desk will do."""
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


def _ready_desk(work: UnitOfWork, needs: ColumnElement[bool] | None) -> int | None:
    idlest = (
        select(Presence.user_id)
        .where(Presence.state == PresenceState.READY, _is_alive(work))
        .order_by(Presence.idle_since, Presence.user_id)
        .limit(1)
    )
    fitting = idlest if needs is None else idlest.where(needs)
    return work.session.scalar(fitting.with_for_update(skip_locked=True))


def _is_alive(work: UnitOfWork) -> ColumnElement[bool]:
    return Presence.seen_at >= work.at - timedelta(seconds=work.policies.queue.presence_timeout)


def _lock_call(work: UnitOfWork, call_id: int) -> bool:
    still = select(Call.id).where(Call.id == call_id, Call.state == CallState.QUEUED)
    return work.session.scalar(still.with_for_update(skip_locked=True)) is not None
