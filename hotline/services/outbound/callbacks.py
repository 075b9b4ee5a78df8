"""Promised callbacks: one open promise per number, with the caller's place kept and a bounded number of attempts.

A promise is dropped when the caller phones again.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, bindparam, func, or_, select, union, update

from hotline import events
from hotline.rules.calls import dial_schedule
from hotline.rules.calls.states import WAITING
from hotline.rules.enums import CallbackReason, CallbackState, CallPurpose, PresenceState
from hotline.rules.errors import BadNumber, LostRace, NoSuchCall, NoSuchCallback
from hotline.rules.phone_numbers import parse_number
from hotline.services.outbound.dial_attempts import has_active_dial, is_under_way, plan_dial
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from hotline.store.people.tables import Presence
from hotline.store.upsert import insert_if_absent, updated_one
from hotline.unit_of_work import UnitOfWork

OPEN = (CallbackState.WAITING, CallbackState.DIALLING)
# How often a promise is written again when another process settles the open one between our insert and our
# read.
MAX_CLAIM_ATTEMPTS = 3
_CALLBACKS = Callback.__table__
_CALLS = Call.__table__
_IS_OPEN = or_(*(_CALLBACKS.c.state == state for state in OPEN))
_CALLER = bindparam("caller", type_=String)
_BY_OWN_NUMBER = select(_CALLBACKS.c.id).where(_CALLBACKS.c.open_number == _CALLER)
# A caller who asked for a callback at another number is found by the number they phone from.
_BY_CALLING_NUMBER = select(_CALLBACKS.c.id).where(
    _IS_OPEN, _CALLBACKS.c.call_id.in_(select(_CALLS.c.id).where(_CALLS.c.number == _CALLER))
)
# Whether the number `caller` has an open callback; evaluated with the insert of every incoming call, and
# rarely true.
HAS_OPEN_CALLBACK = or_(_BY_OWN_NUMBER.exists(), _BY_CALLING_NUMBER.exists()).label("is_owed")
_OPEN_FOR_CALLER = union(_BY_OWN_NUMBER, _BY_CALLING_NUMBER)


def promise_callback(
    work: UnitOfWork,
    *,
    number: str,
    reason: CallbackReason,
    call_id: int | None = None,
    place_since: datetime | None = None,
    language: str = "zh-CN",
) -> Callback:
    """Promises to phone `number`; an open promise to the same number is returned instead of a second one.

    Raises BadNumber if the number cannot be called.
    """
    dialable = parse_number(number, work.policies.number)
    if dialable is None:
        raise BadNumber(reason.value)
    wanted = work.at + timedelta(seconds=work.policies.callbacks.delay_seconds)
    row = {
        "number": dialable,
        "open_number": dialable,
        "reason": reason,
        "state": CallbackState.WAITING,
        "call_id": call_id,
        "language": language,
        "promised_at": work.at,
        "place_since": place_since or work.at,
        "attempts": 0,
        "next_try_at": dial_schedule.next_allowed(wanted, work.policies.callbacks, work.zone),
    }
    return _insert_or_find(work, row)


def promise_for_call(work: UnitOfWork, call_id: int, typed: str = "") -> Callback | None:
    """Promises the caller on the line a callback with their place kept.

    The number is `typed`, or the one they phone from. Returns None if it cannot be called. A caller who
    names another number replaces the earlier promise.
    """
    call = _call(work, call_id)
    number = parse_number(typed, work.policies.number) if typed else call.number
    if number is None:
        return None
    _cancel_other_numbers(work, call_id, number)
    work.session.execute(update(Call).where(Call.id == call_id).values(callback_chosen=True))
    return _promise_from(work, call, CallbackReason.REQUESTED, number)


def _cancel_other_numbers(work: UnitOfWork, call_id: int, number: str) -> None:
    others = select(Callback.id).where(
        Callback.call_id == call_id, Callback.open_number.is_not(None), Callback.open_number != number
    )
    for callback_id in work.session.scalars(others).all():
        _settle(work, callback_id, CallbackState.CANCELLED)


def promise_abandoned(work: UnitOfWork, call_id: int) -> Callback | None:
    """Promises a callback to a caller who hung up in the queue.

    Returns None if the number is withheld, or if the caller has phoned again before the hang-up was
    reported.
    """
    call = _call(work, call_id)
    if call.number is None:
        return None
    again = select(Call.id).where(
        Call.number == call.number, Call.purpose == CallPurpose.INBOUND, Call.arrived_at > call.arrived_at
    )
    if work.session.scalar(again.limit(1)) is not None:
        return None
    return _promise_from(work, call, CallbackReason.ABANDONED, call.number)


def has_open_callback(work: UnitOfWork, call_id: int) -> bool:
    """Returns whether an open callback was promised during this call."""
    open_one = select(Callback.id).where(Callback.call_id == call_id, Callback.open_number.is_not(None))
    return work.session.scalar(open_one) is not None


def settle_phoned_again(work: UnitOfWork, number: str) -> None:
    """Settles the open callbacks of a caller who has phoned again."""
    for (callback_id,) in work.connection.execute(_OPEN_FOR_CALLER, {"caller": number}).all():
        _settle(work, callback_id, CallbackState.PHONED_AGAIN)


def confirm_person(work: UnitOfWork, call_id: int) -> None:
    """Settles the callback behind this call: a person, not a machine, answered."""
    settle_reached(work, call_id)


def settle_reached(work: UnitOfWork, call_id: int) -> None:
    """Settles the callback behind this call, if there is one."""
    behind = select(Dial.callback_id).join(Call, Call.dial_id == Dial.id).where(Call.id == call_id)
    callback_id = work.session.scalar(behind)
    if callback_id is not None:
        _settle(work, callback_id, CallbackState.REACHED)


def cancel_callback(work: UnitOfWork, callback_id: int) -> None:
    """Cancels a callback by hand. Raises NoSuchCallback, or LostRace if it is settled already."""
    if work.session.get(Callback, callback_id) is None:
        raise NoSuchCallback(str(callback_id))
    if not _settle(work, callback_id, CallbackState.CANCELLED):
        raise LostRace("the callback is settled already")


def plan_due_dials(work: UnitOfWork) -> int:
    """Plans the attempts that are due, oldest place first, as many as there are free operators. Returns their number."""
    # An attempt that fell due by day and waited for an operator into the quiet hours waits for the morning.
    if not dial_schedule.may_ring(work.at, work.policies.callbacks, work.zone):
        return 0
    free = _free_operators(work)
    due = (
        select(Callback.id, Callback.number, Callback.attempts)
        .where(
            Callback.state == CallbackState.WAITING,
            Callback.next_try_at <= work.at,
            ~has_active_dial(Callback.number),
        )
        .order_by(Callback.place_since, Callback.id)
        .limit(max(free, 0))
    )
    planned = 0
    for callback_id, number, attempts in work.session.execute(due).all():
        taken = updated_one(
            work.session,
            update(Callback)
            .where(Callback.id == callback_id, Callback.state == CallbackState.WAITING)
            .values(state=CallbackState.DIALLING, attempts=attempts + 1),
        )
        if taken:
            plan_dial(work, number=number, attempt=attempts + 1, callback_id=callback_id)
            planned += 1
    return planned


def reschedule(work: UnitOfWork, callback_id: int, *, tried: bool = True) -> None:
    """Schedules the next attempt after one that reached no person, or settles the callback as exhausted.

    An attempt that never reached the carrier (`tried` false) does not count.
    """
    callback = work.session.get(Callback, callback_id, populate_existing=True)
    if callback is None or callback.state is not CallbackState.DIALLING:
        return
    attempts = callback.attempts if tried else callback.attempts - 1
    again = dial_schedule.next_try(work.at, attempts, work.policies.callbacks, work.zone)
    if again is None:
        _settle(work, callback_id, CallbackState.EXHAUSTED)
        return
    work.session.execute(
        update(Callback)
        .where(Callback.id == callback_id, Callback.state == CallbackState.DIALLING)
        .values(state=CallbackState.WAITING, attempts=attempts, next_try_at=again),
    )


def _insert_or_find(work: UnitOfWork, row: dict[str, Any]) -> Callback:
    """Inserts the promise, or returns the open one. Raises LostRace if others settle theirs at each attempt."""
    for _ in range(MAX_CLAIM_ATTEMPTS):
        callback_id = insert_if_absent(work.session, Callback, Callback.id, row)
        if callback_id is not None:
            work.record(events.CallbackPromised(callback_id, row["reason"]))
        callback = work.session.scalar(select(Callback).where(Callback.open_number == row["open_number"]))
        if callback is not None:
            return callback
    raise LostRace("the callback was settled at the same moment")


def _free_operators(work: UnitOfWork) -> int:
    """Returns the number of ready operators, less the callers who wait or are being phoned."""
    fresh = work.at - timedelta(seconds=work.policies.queue.presence_timeout)
    ready = select(func.count()).where(Presence.state == PresenceState.READY, Presence.seen_at >= fresh)
    waiting = select(func.count()).where(Call.state.in_(WAITING))
    dialling = (
        select(func.count())
        .select_from(Callback)
        .join(Dial, Dial.callback_id == Callback.id)
        .where(Callback.state == CallbackState.DIALLING, is_under_way(work.at))
    )
    counts = [work.session.scalar(count) or 0 for count in (ready, waiting, dialling)]
    return counts[0] - counts[1] - counts[2]


def _settle(work: UnitOfWork, callback_id: int, state: CallbackState) -> bool:
    settled = updated_one(
        work.session,
        update(Callback)
        .where(Callback.id == callback_id, Callback.state.in_(OPEN))
        .values(state=state, open_number=None, settled_at=work.at),
    )
    if settled:
        work.record(events.CallbackSettled(callback_id, state))
    return settled


def _promise_from(work: UnitOfWork, call: Call, reason: CallbackReason, number: str) -> Callback:
    return promise_callback(
        work,
        number=number,
        reason=reason,
        call_id=call.id,
        place_since=call.place_since,
        language=call.language,
    )


def _call(work: UnitOfWork, call_id: int) -> Call:
    call = work.session.get(Call, call_id, populate_existing=True)
    if call is None:
        raise NoSuchCall(str(call_id))
    return call
