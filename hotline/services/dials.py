"""Attempts on their way: what the carrier said of a call we placed, found again by the reference that rides in its URLs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from hotline import events
from hotline.rules.refusals import NoSuchDial
from hotline.rules.words import CallPurpose, DialState
from hotline.services import callbacks, follow_ups
from hotline.store.callbacks import Callback, Dial, FollowUp
from hotline.store.insert import changed
from hotline.work import Work

D = DialState


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
    placing_at: datetime | None
    callback_id: int | None
    follow_up_id: int | None

    @property
    def doubtful(self) -> bool:
        return self.state in {D.PLACING, D.UNKNOWN}


def dial_by_ref(work: Work, ref: str) -> DialView:
    """Return the attempt. Raises NoSuchDial."""
    return _view(work, work.session.scalar(select(Dial).where(Dial.ref == ref)), ref)


def dial_by_id(work: Work, dial_id: int) -> DialView:
    """Return the attempt. Raises NoSuchDial."""
    return _view(work, work.session.get(Dial, dial_id, populate_existing=True), str(dial_id))


def begin_placing(work: Work, dial_id: int) -> bool:
    """Write down that the carrier is being asked now; False if the attempt is already placed or over."""
    return changed(
        work.session,
        update(Dial)
        .where(Dial.id == dial_id, Dial.state.in_((D.PLANNED, D.PLACING, D.UNKNOWN)))
        .values(state=D.PLACING, placing_at=work.at),
    )


def note_doubt(work: Work, dial_id: int) -> None:
    """The carrier's answer was lost: look before asking again."""
    work.session.execute(
        update(Dial).where(Dial.id == dial_id, Dial.state == D.PLACING).values(state=D.UNKNOWN)
    )


def note_dial_sid(work: Work, ref: str, sid: str) -> None:
    """Remember the carrier's name for the call, whoever learns it first. Raises NoSuchDial."""
    dial = dial_by_ref(work, ref)
    work.session.execute(
        update(Dial)
        .where(Dial.id == dial.id, Dial.state.in_((D.PLANNED, D.PLACING, D.UNKNOWN)))
        .values(state=D.PLACED, sid=sid)
    )


def end_dial(
    work: Work, ref: str, *, outcome: str, sid: str | None = None, detail: str | None = None
) -> None:
    """Record the attempt's end once; what it was for goes on from there. Raises NoSuchDial."""
    dial = dial_by_ref(work, ref)
    values: dict[str, object] = {"state": D.ENDED, "ended_at": work.at, "outcome": outcome, "detail": detail}
    if sid is not None:
        values["sid"] = sid
    if not changed(
        work.session, update(Dial).where(Dial.id == dial.id, Dial.state != D.ENDED).values(**values)
    ):
        return
    work.tell(events.DialEnded(dial.id, outcome))
    if dial.callback_id is not None:
        callbacks.after_dial(work, dial.callback_id)
    if dial.follow_up_id is not None:
        follow_ups.after_dial(work, dial.follow_up_id)


def _view(work: Work, dial: Dial | None, asked: str) -> DialView:
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
        placing_at=dial.placing_at,
        callback_id=dial.callback_id,
        follow_up_id=dial.follow_up_id,
    )
