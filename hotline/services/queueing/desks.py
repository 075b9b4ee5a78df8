"""Moves the desk of an operator along with the call it takes: ring, talk, wrap up, ready again.

Presence changes only here, by conditional update.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, exists, select, update

from hotline import events
from hotline.rules.enums import CallState, NotReadyReason, PresenceState
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Presence, User
from hotline.store.tickets.tables import Ticket
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork


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
    """Sets a desk to `target` if it is in one of `sources` (and busy with `only_call`); returns whether it was set.

    `idle` restarts the clock that decides which operator has been idle longest. The desk of a disabled user becomes not ready
    in place of ready, so that it gets no further call.
    """
    if target is PresenceState.READY and not is_active(work, user_id):
        target = PresenceState.NOT_READY
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


def is_active(work: UnitOfWork, user_id: int) -> bool:
    return bool(work.session.scalar(select(User.active).where(User.id == user_id)))


def set_ringing(work: UnitOfWork, user_id: int, call_id: int) -> bool:
    return set_presence(work, user_id, (PresenceState.READY,), PresenceState.RINGING, call_id=call_id)


def set_talking(work: UnitOfWork, user_id: int, call_id: int) -> bool:
    return set_presence(
        work, user_id, (PresenceState.RINGING,), PresenceState.TALKING, call_id=call_id, only_call=call_id
    )


def stop_ringing(work: UnitOfWork, user_id: int, call_id: int, reason: NotReadyReason | None) -> None:
    """Ends the ring or failed connection of a desk: ready again, or not ready with `reason`."""
    busy = (PresenceState.RINGING, PresenceState.TALKING)
    if reason is None:
        set_presence(work, user_id, busy, PresenceState.READY, only_call=call_id)
    else:
        set_presence(work, user_id, busy, PresenceState.NOT_READY, reason=reason.value, only_call=call_id)


def lose_talk(work: UnitOfWork, user_id: int, call_id: int, reason: NotReadyReason) -> None:
    """Sets a desk whose caller went back to the queue to not ready.

    The operator becomes ready by hand, because the device may be gone.
    """
    busy, target = (PresenceState.TALKING, PresenceState.WRAP_UP), PresenceState.NOT_READY
    if not set_presence(work, user_id, busy, target, reason=reason.value, only_call=call_id):
        # The record was completed in the moment before the loss was noticed, which made the desk ready.
        set_presence(work, user_id, (PresenceState.READY,), target, reason=reason.value)


def begin_wrap_up(work: UnitOfWork, user_id: int | None, call_id: int) -> None:
    """Begins the wrap-up when the operator's leg has ended."""
    # Also with a complete record: the desk is ready again only when it is known that its device was not lost.
    if user_id is not None:
        set_presence(
            work, user_id, (PresenceState.TALKING,), PresenceState.WRAP_UP, call_id=call_id, only_call=call_id
        )


def end_talk(work: UnitOfWork, user_id: int | None, call_id: int) -> None:
    """Begins the wrap-up, or makes the desk ready at once if the record is complete."""
    begin_wrap_up(work, user_id, call_id)
    if user_id is not None and is_record_complete(work, call_id):
        set_presence(
            work, user_id, (PresenceState.WRAP_UP,), PresenceState.READY, only_call=call_id, idle=True
        )


def release_after_call(work: UnitOfWork, user_id: int | None, call_id: int, *, was: CallState) -> None:
    """Releases the desk at the end of the whole call; a desk that accepted but never spoke is ready again."""
    if user_id is None:
        return
    if was is CallState.CONNECTING:
        set_presence(work, user_id, (PresenceState.TALKING,), PresenceState.READY, only_call=call_id)
    else:
        end_talk(work, user_id, call_id)


def complete_record(work: UnitOfWork, call_id: int, *, ticket_id: int | None) -> None:
    """Records that the call's record is complete and ends the wrap-up of its operator."""
    operator_id = work.session.scalar(select(Call.operator_id).where(Call.id == call_id))
    if operator_id is None:
        return
    work.record(events.CallFinished(call_id, operator_id, ticket_id))
    set_presence(
        work, operator_id, (PresenceState.WRAP_UP,), PresenceState.READY, only_call=call_id, idle=True
    )


def is_record_complete(work: UnitOfWork, call_id: int) -> bool:
    return work.session.scalar(select(Call.finished_at).where(Call.id == call_id)) is not None


def unfinished_call(work: UnitOfWork, user_id: int) -> int | None:
    """Returns a call this operator answered that is over and has no complete record, or None."""
    return work.session.scalar(_unfinished(user_id).limit(1))


def unfinished_calls(work: UnitOfWork, user_id: int) -> Sequence[int]:
    """Returns all calls of which `unfinished_call` returns one, and locks them."""
    return work.session.scalars(_unfinished(user_id).with_for_update()).all()


def _unfinished(user_id: int) -> Select[int]:
    over = (CallState.AFTER, CallState.ENDED)
    handed_over = exists().where(Ticket.call_id == Call.id, Ticket.author_id != user_id)
    return (
        select(Call.id)
        .where(
            Call.operator_id == user_id,
            Call.answered_at.is_not(None),
            Call.finished_at.is_(None),
            Call.state.in_(over),
            ~handed_over,
        )
        .order_by(Call.id)
    )


def mark_overtime(work: UnitOfWork, user_id: int, call_id: int | None) -> bool:
    """Marks a wrap-up as beyond its limit without restarting its clock; returns whether it was marked now."""
    marked = updated_one(
        work.session,
        update(Presence)
        .where(
            Presence.user_id == user_id,
            Presence.state == PresenceState.WRAP_UP,
            Presence.call_id == call_id,
            Presence.reason.is_(None),
        )
        .values(reason="overtime"),
    )
    if marked:
        work.record(events.PresenceChanged(user_id, PresenceState.WRAP_UP, "overtime"))
    return marked
