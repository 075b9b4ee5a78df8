"""Attempts on their way: what the carrier said of a call we placed, found again by the reference that rides in its URLs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.calls.callbacks import may_ring
from hotline.rules.enums import CallbackState, CallPurpose, DialState, FollowUpState
from hotline.rules.errors import NoSuchDial
from hotline.services.outbound import callbacks, follow_ups
from hotline.store.outbound import Callback, Dial, FollowUp
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

D = DialState
STALE_AFTER = timedelta(minutes=10)
"""An attempt that could not be placed for so long is not placed any more; what it was for tries again later."""
DROPPED, LOST = "dropped", "lost"
"""Outcomes of our own beside the carrier's: never asked of the carrier; asked, but its end was never told."""


@dataclass(frozen=True, slots=True)
class DialView:
    """What doors and reactions need to know of an attempt. `doubtful`: the carrier was asked and its answer lost."""

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
        return self.state in {D.PLACING, D.UNKNOWN}


def lock_dial(work: UnitOfWork, ref: str) -> DialView:
    """Return the attempt and hold it until this Work ends. Raises NoSuchDial.

    Who moves an attempt and then its call or promise holds the attempt first: an answer and a hang-up that come at once
    are taken one after the other.
    """
    return _lock(work, Dial.ref == ref, ref)


def get_dial(work: UnitOfWork, dial_id: int) -> DialView:
    """Return the attempt as it is now. Raises NoSuchDial."""
    return _view(work, work.session.get(Dial, dial_id, populate_existing=True), str(dial_id))


def begin_placing(work: UnitOfWork, dial_id: int) -> DialView | None:
    """Write down that the carrier is being asked and return the attempt as it was before; None if it must not ring.

    It must not if it is placed or over, and if it waited so long for a worker that it is stale, that the quiet hours
    have begun, or that nobody is owed the call any more: then it is dropped and does not count as an attempt.
    """
    dial = _lock(work, Dial.id == dial_id, str(dial_id))
    if dial.state is D.PLANNED and not _is_wanted(work, dial):
        end_dial(work, dial.ref, outcome=DROPPED)
        return None
    if dial.state in {D.PLACED, D.ENDED} or _is_stale(work, dial):
        return None
    first = func.coalesce(Dial.placing_at, work.at)
    step = update(Dial).where(Dial.id == dial_id)
    updated_one(work.session, step.values(state=D.PLACING, placing_at=first))
    return dial


def belongs_to_another_dial(session: Session, dial_id: int, sid: str) -> bool:
    """Say whether the carrier's call `sid` is known to belong to another attempt."""
    return session.scalar(select(Dial.id).where(Dial.sid == sid, Dial.id != dial_id)) is not None


def record_unknown_outcome(work: UnitOfWork, dial_id: int) -> None:
    """The carrier's answer was lost: look before asking again."""
    work.session.execute(
        update(Dial).where(Dial.id == dial_id, Dial.state == D.PLACING).values(state=D.UNKNOWN)
    )


def record_dial_sid(work: UnitOfWork, ref: str, sid: str) -> None:
    """Remember the carrier's name for the call, whoever learns it first. Raises NoSuchDial."""
    dial = lock_dial(work, ref)
    if dial.state in {D.PLANNED, D.PLACING, D.UNKNOWN}:
        updated_one(work.session, update(Dial).where(Dial.id == dial.id).values(state=D.PLACED, sid=sid))


def end_dial(
    work: UnitOfWork, ref: str, *, outcome: str, sid: str | None = None, detail: str | None = None
) -> None:
    """Record the attempt's end once; what it was for goes on from there. Raises NoSuchDial."""
    dial = lock_dial(work, ref)
    if dial.state is D.ENDED:
        return
    values: dict[str, object] = {"state": D.ENDED, "ended_at": work.at, "outcome": outcome, "detail": detail}
    if sid is not None:
        values["sid"] = sid
    updated_one(work.session, update(Dial).where(Dial.id == dial.id).values(**values))
    work.record(events.DialEnded(dial.id, outcome))
    tried = dial.state is not D.PLANNED
    if dial.callback_id is not None:
        callbacks.reschedule(work, dial.callback_id, tried=tried)
    if dial.follow_up_id is not None:
        follow_ups.reschedule(work, dial.follow_up_id, tried=tried)


def _is_stale(work: UnitOfWork, dial: DialView) -> bool:
    return dial.planned_at < work.at - STALE_AFTER


def _is_wanted(work: UnitOfWork, dial: DialView) -> bool:
    if dial.callback_id is not None:
        state: object = work.session.scalar(select(Callback.state).where(Callback.id == dial.callback_id))
        policy, owed = work.policies.callbacks, state is CallbackState.DIALLING
    else:
        state = work.session.scalar(select(FollowUp.state).where(FollowUp.id == dial.follow_up_id))
        policy, owed = work.policies.follow_ups, state is FollowUpState.DIALLING
    return owed and may_ring(work.at, policy, work.zone) and not _is_stale(work, dial)


def _lock(work: UnitOfWork, which: ColumnElement[bool], asked: str) -> DialView:
    held = select(Dial).where(which).with_for_update()
    return _view(work, work.session.scalar(held.execution_options(populate_existing=True)), asked)


def _view(work: UnitOfWork, dial: Dial | None, asked: str) -> DialView:
    if dial is None:
        raise NoSuchDial(asked)
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
