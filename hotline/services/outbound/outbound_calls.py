"""Follows dial attempts from placing to end. An attempt is found by the reference in its callback URLs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, literal, select, update
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.calls.dial_schedule import RING_GRACE, Tried, may_ring
from hotline.rules.enums import CallbackState, CallPurpose, DialState
from hotline.rules.errors import NoSuchDial
from hotline.rules.policies import DialPolicy
from hotline.services.outbound import callbacks, follow_ups
from hotline.store.base import UtcDateTime
from hotline.store.calls.callees import is_callee_in_call
from hotline.store.outbound import Callback, Dial, FollowUp
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

# An attempt that waited longer for a worker is not placed; its callback or follow-up is tried again later.
STALE_AFTER = timedelta(minutes=10)
# Outcomes of our own beside the carrier's. DROPPED: the carrier was never called. LOST: the end was never
# reported. ENGAGED: the carrier was never called because the person was in a call with us.
DROPPED, LOST, ENGAGED = "dropped", "lost", "engaged"


@dataclass(frozen=True, slots=True)
class DialView:
    """A dial attempt as adapters and reactions see it."""

    id: int
    ref: str
    purpose: CallPurpose
    language: str
    number: str
    state: DialState
    sid: str | None
    planned_at: datetime
    placing_at: datetime | None
    callback_id: int | None
    follow_up_id: int | None

    @property
    def outcome_unknown(self) -> bool:
        """Returns whether the carrier was called and its response was lost."""
        return self.state in {DialState.PLACING, DialState.UNKNOWN}


def lock_dial(work: UnitOfWork, ref: str) -> DialView:
    """Returns the attempt and locks its row until the unit of work ends. Raises NoSuchDial."""
    # Lock order: the attempt before its call or callback, so that an answer and a hang-up that arrive
    # together are processed one after the other.
    return _lock(work, Dial.ref == ref, ref)


def get_dial(work: UnitOfWork, dial_id: int) -> DialView:
    """Returns the current state of the attempt. Raises NoSuchDial."""
    return _view(work, work.session.get(Dial, dial_id, populate_existing=True), str(dial_id))


def begin_placing(work: UnitOfWork, dial_id: int) -> DialView | None:
    """Records that the carrier is being called; returns the attempt as it was before, or None if it must not ring.

    It must not ring if it is placed or over, is stale, falls into the quiet hours, if its callback or
    follow-up is settled, or if the person is in a call with us; then it is dropped and does not count as an attempt.
    """
    dial = _lock(work, Dial.id == dial_id, str(dial_id))
    if dial.state is DialState.PLANNED:
        unwanted = None if _is_wanted(work, dial) else DROPPED
        if unwanted is None and is_callee_in_call(work.session, work.policies, dial_id):
            unwanted = ENGAGED
        if unwanted is not None:
            end_dial(work, dial.ref, outcome=unwanted)
            return None
    if dial.state in {DialState.PLACED, DialState.ENDED} or _is_stale(work, dial):
        return None
    # The type makes the moment UTC, which SQLite otherwise stores in the clock's zone.
    # A repeated attempt keeps the first moment: the search for a call that may exist begins there.
    first = func.coalesce(Dial.placing_at, literal(work.at, UtcDateTime))
    ring_over = work.at + timedelta(seconds=_policy(work, dial).ring_seconds) + RING_GRACE
    step = update(Dial).where(Dial.id == dial_id)
    updated_one(work.session, step.values(state=DialState.PLACING, placing_at=first, check_at=ring_over))
    return dial


def belongs_to_another_dial(session: Session, dial_id: int, sid: str) -> bool:
    """Returns whether the carrier's call `sid` is recorded for another attempt."""
    return session.scalar(select(Dial.id).where(Dial.sid == sid, Dial.id != dial_id)) is not None


def record_unknown_outcome(work: UnitOfWork, dial_id: int) -> None:
    """Records that the carrier's response was lost; the next attempt searches for the call before it places one."""
    work.session.execute(
        update(Dial)
        .where(Dial.id == dial_id, Dial.state == DialState.PLACING)
        .values(state=DialState.UNKNOWN)
    )


def record_dial_sid(work: UnitOfWork, ref: str, sid: str) -> None:
    """Records the carrier's sid of the call; the first report counts. Raises NoSuchDial."""
    dial = lock_dial(work, ref)
    if dial.state in {DialState.PLANNED, DialState.PLACING, DialState.UNKNOWN}:
        updated_one(
            work.session, update(Dial).where(Dial.id == dial.id).values(state=DialState.PLACED, sid=sid)
        )


def end_dial(
    work: UnitOfWork, ref: str, *, outcome: str, sid: str | None = None, detail: str | None = None
) -> None:
    """Records the end of the attempt once and reschedules its callback or follow-up. Raises NoSuchDial."""
    dial = lock_dial(work, ref)
    if dial.state is DialState.ENDED:
        return
    values: dict[str, object] = {
        "state": DialState.ENDED,
        "ended_at": work.at,
        "outcome": outcome,
        "detail": detail,
    }
    if sid is not None:
        values["sid"] = sid
    updated_one(work.session, update(Dial).where(Dial.id == dial.id).values(**values))
    work.record(events.DialEnded(dial.id, outcome))
    tried = _was_tried(work, dial, outcome)
    if dial.callback_id is not None:
        callbacks.reschedule(work, dial.callback_id, tried)
    if dial.follow_up_id is not None:
        follow_ups.reschedule(work, dial.follow_up_id, tried)


def _was_tried(work: UnitOfWork, dial: DialView, outcome: str) -> Tried:
    if dial.state is DialState.PLANNED:
        return Tried.ENGAGED if outcome == ENGAGED else Tried.NEVER_PLACED
    # A person who phoned us while we were placing the call was engaged by us, whatever the carrier reports.
    since = dial.placing_at or dial.planned_at
    return (
        Tried.ENGAGED if is_callee_in_call(work.session, work.policies, dial.id, since=since) else Tried.YES
    )


def _is_stale(work: UnitOfWork, dial: DialView) -> bool:
    return dial.planned_at < work.at - STALE_AFTER


def _is_wanted(work: UnitOfWork, dial: DialView) -> bool:
    if dial.callback_id is not None:
        state = work.session.scalar(select(Callback.state).where(Callback.id == dial.callback_id))
        owed = state is CallbackState.DIALLING
    else:
        owed = dial.follow_up_id is not None and follow_ups.may_dial(work, dial.follow_up_id)
    return owed and may_ring(work.at, _policy(work, dial), work.zone) and not _is_stale(work, dial)


def _policy(work: UnitOfWork, dial: DialView) -> DialPolicy:
    return work.policies.callbacks if dial.follow_up_id is None else work.policies.follow_ups


def _lock(work: UnitOfWork, which: ColumnElement[bool], key: str) -> DialView:
    held = select(Dial).where(which).with_for_update()
    return _view(work, work.session.scalar(held.execution_options(populate_existing=True)), key)


def _view(work: UnitOfWork, dial: Dial | None, key: str) -> DialView:
    if dial is None:
        raise NoSuchDial(key)
    language = work.session.scalar(
        select(Callback.language).where(Callback.id == dial.callback_id)
        if dial.callback_id is not None
        else select(FollowUp.language).where(FollowUp.id == dial.follow_up_id)
    )
    return DialView(
        id=dial.id,
        ref=dial.ref,
        purpose=dial.purpose,
        language=language or "zh-CN",
        number=dial.number,
        state=dial.state,
        sid=dial.sid,
        planned_at=dial.planned_at,
        placing_at=dial.placing_at,
        callback_id=dial.callback_id,
        follow_up_id=dial.follow_up_id,
    )
