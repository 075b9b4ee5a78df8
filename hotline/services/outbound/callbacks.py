"""Promised callbacks: one open promise per person, with the caller's place kept and a bounded number of attempts.

A promise is kept when the person has reached an operator, has left a message, or has been promised another call in its
stead. A new call that brings none of these leaves it open.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, false, func, or_, select, update

from hotline import events
from hotline.rules.calls import dial_schedule
from hotline.rules.calls.dial_schedule import Tried
from hotline.rules.calls.states import WAITING
from hotline.rules.enums import CallbackReason, CallbackState, CallEnd, CallPurpose, EscalationKind
from hotline.rules.errors import BadNumber, LostRace, NoSuchCall, NoSuchCallback
from hotline.rules.phone_numbers import parse_number
from hotline.store.base import constants
from hotline.store.calls.escalations import insert_escalation
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from hotline.store.upsert import insert_if_absent, updated_one
from hotline.unit_of_work import UnitOfWork

OPEN = (CallbackState.WAITING, CallbackState.DIALLING)
# How often a promise is written again when another process settles the open one between our insert and our
# read.
MAX_CLAIM_ATTEMPTS = 3


def _answers(dial: ColumnElement[Any]) -> ColumnElement[bool]:
    """Selects the callback that a call of ours keeps, open or settled."""
    kept = select(Dial.callback_id).where(Dial.id == dial).correlate_except(Dial)
    return Callback.id == kept.scalar_subquery()


def _is_owed_to(call: ColumnElement[Any], phoned_from: ColumnElement[Any]) -> ColumnElement[bool]:
    """Selects the open promises to a caller: made in the call, or found by the number they phone from."""
    # A caller who asked for a callback at another number is found by the number they phone from.
    earlier = select(Call.id).where(Call.number == phoned_from).correlate_except(Call)
    return and_(
        Callback.state.in_(constants(OPEN)),
        or_(Callback.call_id == call, Callback.open_number == phoned_from, Callback.call_id.in_(earlier)),
    )


def kept_place(
    call: ColumnElement[Any], dial: ColumnElement[Any], phoned_from: ColumnElement[Any]
) -> Select[Any]:
    """Selects the earliest place in the queue that is kept for a caller.

    `phoned_from` is null for a withheld number and for a shared one, which does not tell one person from another.
    """
    return select(func.min(Callback.place_since)).where(or_(_answers(dial), _is_owed_to(call, phoned_from)))


# Built once; `_caller_values` gives the parameters.
_CALL: BindParameter[Any] = bindparam("call")
_DIAL: BindParameter[Any] = bindparam("dial")
_PHONED_FROM: BindParameter[Any] = bindparam("phoned_from")
_IS_ANSWERED, _IS_OWED = _answers(_DIAL), _is_owed_to(_CALL, _PHONED_FROM)
_KEPT_PLACE = kept_place(_CALL, _DIAL, _PHONED_FROM)
_OWED = select(Callback.id, Callback.call_id).where(or_(_IS_ANSWERED, _IS_OWED)).order_by(Callback.id)


def _caller_values(work: UnitOfWork, call: Call) -> dict[str, Any]:
    """Returns the parameters of the statements about the caller of `call`."""
    # A shared number does not tell one person from another.
    is_known = call.number is not None and not _is_shared(work, call.number)
    return {"call": call.id, "dial": call.dial_id, "phoned_from": call.number if is_known else None}


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

    Several people share a number that the city lists as shared: there each promise is one of its own. Raises
    BadNumber if the number cannot be called.
    """
    dialable = parse_number(number, work.policies.number)
    if dialable is None:
        raise BadNumber(reason.value)
    wanted = work.at + timedelta(seconds=work.policies.callbacks.delay_seconds)
    row = {
        "number": dialable,
        "open_number": _open_key(work, dialable, call_id),
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

    The number is `typed`, or the one they phone from. Returns None if it cannot be called. The promise stands
    in for every earlier one to this caller.
    """
    call = _call(work, call_id)
    number = parse_number(typed, work.policies.number) if typed else call.number
    if number is None:
        return None
    work.session.execute(update(Call).where(Call.id == call_id).values(callback_chosen=True))
    return _promise_from(work, call, CallbackReason.REQUESTED, number)


def promise_abandoned(work: UnitOfWork, call_id: int) -> Callback | None:
    """Promises a callback to a caller who hung up in the queue.

    Returns None if the number is withheld, or if the caller has phoned again and was served before the hang-up
    was reported. A caller who has phoned again and waits gets the place of this call.
    """
    call = _call(work, call_id)
    if call.number is None or _was_served_since(work, call):
        return None
    if call.place_since is not None:
        waits = (_is_later_call(work, call), Call.state.in_(WAITING), Call.place_since > call.place_since)
        move = update(Call).where(*waits).values(place_since=call.place_since)
        work.session.execute(move, execution_options={"synchronize_session": False})
    return _promise_from(work, call, CallbackReason.ABANDONED, call.number)


def keep_promise(work: UnitOfWork, call_id: int) -> None:
    """Promises again the call of a person who answers our callback and finds no operator on duty.

    Changes nothing if this call answers no callback.
    """
    call = _call(work, call_id)
    if call.purpose is CallPurpose.CALLBACK and call.number is not None:
        _promise_from(work, call, CallbackReason.ABANDONED, call.number)


def has_open_callback(work: UnitOfWork, call_id: int) -> bool:
    """Returns whether an open callback was promised during this call."""
    open_one = select(Callback.id).where(Callback.call_id == call_id, Callback.open_number.is_not(None))
    return work.session.scalar(open_one) is not None


def confirm_person(work: UnitOfWork, call_id: int) -> None:
    """Settles the callback behind this call: a person, not a machine, answered."""
    call = _call(work, call_id)
    answered = select(Callback.id).where(_IS_ANSWERED)
    for callback_id in work.session.scalars(answered, {"dial": call.dial_id}).all():
        _settle(work, callback_id, CallbackState.REACHED)


def settle_served(work: UnitOfWork, call_id: int) -> None:
    """Settles what this caller is owed: they have reached an operator or left a message."""
    call = _call(work, call_id)
    confirm_person(work, call_id)
    _settle_owed(work, call)


def cancel_callback(work: UnitOfWork, callback_id: int) -> None:
    """Cancels a callback by hand. Raises NoSuchCallback, or LostRace if it is settled already."""
    if work.session.get(Callback, callback_id) is None:
        raise NoSuchCallback(str(callback_id))
    if not _settle(work, callback_id, CallbackState.CANCELLED):
        raise LostRace("the callback is settled already")


def reschedule(work: UnitOfWork, callback_id: int, tried: Tried = Tried.YES) -> None:
    """Schedules the next attempt after one that reached no person, or settles the callback as exhausted."""
    callback = work.session.get(Callback, callback_id, populate_existing=True)
    if callback is None or callback.state is not CallbackState.DIALLING:
        return
    attempts = callback.attempts if tried is Tried.YES else callback.attempts - 1
    again = dial_schedule.next_try(work.at, attempts, work.policies.callbacks, work.zone, tried)
    if again is None:
        if _settle(work, callback_id, CallbackState.EXHAUSTED):
            _escalate(work, callback_id)
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


def _escalate(work: UnitOfWork, callback_id: int) -> None:
    """Leaves a callback that reached nobody to the shift leader."""
    kind = EscalationKind.CALLBACK_EXHAUSTED
    escalation_id = insert_escalation(work.session, kind, callback_id, work.at)
    if escalation_id is not None:
        work.record(events.EscalationOpened(escalation_id, kind))


def _promise_from(work: UnitOfWork, call: Call, reason: CallbackReason, number: str) -> Callback:
    """Promises the caller of `call` a callback in place of every earlier promise, at the earliest of their places."""
    values = _caller_values(work, call)
    kept = work.session.scalar(_KEPT_PLACE, values)
    places = [place for place in (call.place_since, kept) if place is not None]
    place = min(places, default=work.at)
    # A promise made in this call, or in a later one whose hang-up was reported first, stays.
    promised = work.session.scalar(
        select(Callback).where(_IS_OWED, Callback.number == number, Callback.call_id >= call.id), values
    )
    if promised is None:
        _settle_owed(work, call)
        promised = promise_callback(
            work, number=number, reason=reason, call_id=call.id, place_since=place, language=call.language
        )
    # Another person may be owed a call at a number typed here: one promise serves both, at the earlier place.
    if promised.place_since > place:
        promised.place_since = place
        work.session.flush()
    return promised


def _settle_owed(work: UnitOfWork, call: Call) -> None:
    """Settles the open promises to the caller of `call`; one made in this very call is cancelled."""
    kept = CallbackState.PHONED_AGAIN if call.purpose is CallPurpose.INBOUND else CallbackState.REACHED
    for callback_id, made_in in work.session.execute(_OWED, _caller_values(work, call)).all():
        _settle(work, callback_id, CallbackState.CANCELLED if made_in == call.id else kept)


def _is_shared(work: UnitOfWork, number: str) -> bool:
    return number in work.policies.callers.shared_numbers


def _open_key(work: UnitOfWork, number: str, call_id: int | None) -> str:
    """Returns the value of `open_number`: the number, or for a shared number a key of the call or of its own."""
    if not _is_shared(work, number):
        return number
    return f"call {call_id}" if call_id is not None else secrets.token_hex(9)


def _was_served_since(work: UnitOfWork, call: Call) -> bool:
    """Returns whether the caller has reached an operator or left a message in a later call."""
    served = or_(Call.answered_at.is_not(None), Call.end == CallEnd.LEFT_MESSAGE)
    later = select(Call.id).where(_is_later_call(work, call), served)
    return work.session.scalar(later.limit(1)) is not None


def _is_later_call(work: UnitOfWork, call: Call) -> ColumnElement[bool]:
    """Selects the later calls of this caller; none for a withheld or shared number."""
    if call.number is None or _is_shared(work, call.number):
        return false()
    return and_(Call.number == call.number, Call.id > call.id)


def _call(work: UnitOfWork, call_id: int) -> Call:
    call = work.session.get(Call, call_id, populate_existing=True)
    if call is None:
        raise NoSuchCall(str(call_id))
    return call
