"""What a call does to the desk that takes it: ring, talk, wrap up, ready again. Presence changes only here, conditionally."""

from collections.abc import Iterable

from sqlalchemy import select, update

from hotline import events
from hotline.rules.enums import CallState, NotReadyReason, PresenceState
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Presence
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

P = PresenceState


def set_presence(
    work: UnitOfWork,
    user_id: int,
    sources: Iterable[PresenceState],
    target: PresenceState,
    *,
    reason: str | None = None,
    call_id: int | None = None,
    only_call: int | None = None,
    idle: bool = False,
) -> bool:
    """Move a desk to `target` if it is in one of `origins` (and busy with `only_call`); say whether it moved.

    `idle` restarts the clock that decides who has been idle longest.
    """
    values: dict[str, object] = {"state": target, "reason": reason, "since": work.at, "call_id": call_id}
    if idle:
        values["idle_since"] = work.at
    statement = update(Presence).where(Presence.user_id == user_id, Presence.state.in_(tuple(sources)))
    if only_call is not None:
        statement = statement.where(Presence.call_id == only_call)
    moved = updated_one(work.session, statement.values(**values))
    if moved:
        work.record(events.PresenceChanged(user_id, target, reason))
    return moved


def set_ringing(work: UnitOfWork, user_id: int, call_id: int) -> bool:
    return set_presence(work, user_id, (P.READY,), P.RINGING, call_id=call_id)


def set_talking(work: UnitOfWork, user_id: int, call_id: int) -> bool:
    return set_presence(work, user_id, (P.RINGING,), P.TALKING, call_id=call_id, only_call=call_id)


def stop_ringing(work: UnitOfWork, user_id: int, call_id: int, why: NotReadyReason | None) -> None:
    """Take the ring (or the connection that failed) off the desk: ready again, or not ready if it missed the call."""
    busy = (P.RINGING, P.TALKING)
    if why is None:
        set_presence(work, user_id, busy, P.READY, only_call=call_id)
    else:
        set_presence(work, user_id, busy, P.NOT_READY, reason=why.value, only_call=call_id)


def mark_missed_after_wrap_up(work: UnitOfWork, user_id: int, call_id: int) -> None:
    """Take a desk that lost its call before a word was said out of its wrap-up; whoever sits there says when they are back."""
    set_presence(
        work, user_id, (P.WRAP_UP,), P.NOT_READY, reason=NotReadyReason.MISSED_CALL.value, only_call=call_id
    )


def end_talk(work: UnitOfWork, user_id: int | None, call_id: int) -> None:
    """Begin wrap-up, or be ready at once if the record is already complete."""
    if user_id is None:
        return
    if is_record_complete(work, call_id):
        set_presence(work, user_id, (P.TALKING,), P.READY, only_call=call_id, idle=True)
    else:
        set_presence(work, user_id, (P.TALKING,), P.WRAP_UP, call_id=call_id, only_call=call_id)


def release_after_call(work: UnitOfWork, user_id: int | None, call_id: int, *, was: CallState) -> None:
    """Follow the end of the whole call. A desk that accepted but never spoke is simply ready again."""
    if user_id is None:
        return
    if was is CallState.CONNECTING:
        set_presence(work, user_id, (P.TALKING,), P.READY, only_call=call_id)
    else:
        end_talk(work, user_id, call_id)


def complete_record(work: UnitOfWork, call_id: int, *, ticket_id: int | None) -> None:
    """Tell that the call's record is complete and end the wrap-up of its operator."""
    operator_id = work.session.scalar(select(Call.operator_id).where(Call.id == call_id))
    if operator_id is None:
        return
    work.record(events.CallFinished(call_id, operator_id, ticket_id))
    set_presence(work, operator_id, (P.WRAP_UP,), P.READY, only_call=call_id, idle=True)


def is_record_complete(work: UnitOfWork, call_id: int) -> bool:
    return work.session.scalar(select(Call.finished_at).where(Call.id == call_id)) is not None


def unfinished_call(work: UnitOfWork, user_id: int) -> int | None:
    """Return a call this person answered, that is over, and whose record is not complete; None if there is none."""
    over = (CallState.AFTER, CallState.ENDED)
    found = (
        select(Call.id)
        .where(
            Call.operator_id == user_id,
            Call.answered_at.is_not(None),
            Call.finished_at.is_(None),
            Call.state.in_(over),
        )
        .order_by(Call.id)
        .limit(1)
    )
    return work.session.scalar(found)


def mark_overtime(work: UnitOfWork, user_id: int, call_id: int | None) -> bool:
    """Mark a wrap-up as beyond its limit without restarting its clock; say whether it was marked now."""
    marked = updated_one(
        work.session,
        update(Presence)
        .where(
            Presence.user_id == user_id,
            Presence.state == P.WRAP_UP,
            Presence.call_id == call_id,
            Presence.reason.is_(None),
        )
        .values(reason="overtime"),
    )
    if marked:
        work.record(events.PresenceChanged(user_id, P.WRAP_UP, "overtime"))
    return marked
