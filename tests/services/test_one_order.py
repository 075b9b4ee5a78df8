"""Owed and waiting callers form one order by place: who gets a free desk, what is announced, and what holds nobody up."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from hotline.rules.calls.flow_actions import JoinQueue
from hotline.rules.enums import CallbackReason, CallbackState, CallPurpose, CallState, PresenceState
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import lifecycle
from hotline.services.outbound import callback_dials, callbacks, outbound_calls
from hotline.services.queueing import offers, presence
from hotline.services.queueing.places import place_in_queue
from hotline.services.queueing.queue import join_queue
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from hotline.store.people.tables import OperatorSkill, Presence
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator
from tests.stopped_clock import StoppedClock

OWED, OTHER = "+8613800001234", "+8613900005678"
C = CallbackState


def owe(application: Application, number: str = OWED, place: datetime | None = None, **call: object) -> int:
    """Promises a call to somebody who hung up in the queue; returns the callback's id."""
    first = make_call(application, number=number, state=CallState.ENDED, **call)
    with application.unit_of_work(Machine.SYSTEM) as work:
        promised = callbacks.promise_callback(
            work, number=number, reason=CallbackReason.ABANDONED, call_id=first.id, place_since=place
        )
        return promised.id


def waits(application: Application, wish: JoinQueue = JoinQueue()) -> Call:  # noqa: B008 - frozen
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id, wish)
    return call


def run_clock(application: Application) -> None:
    """Runs one second of the scheduler's light jobs; every open desk has just given a sign of life."""
    with application.unit_of_work(Machine.CLOCK) as work:
        work.session.execute(update(Presence).values(seen_at=work.at))
    with application.unit_of_work(Machine.CLOCK) as work:
        offers.offer_waiting(work)
    with application.unit_of_work(Machine.CLOCK) as work:
        callback_dials.plan_due_dials(work)


def state_of(application: Application, call: Call) -> CallState:
    with application.read_session() as session:
        return session.get_one(Call, call.id).state


def callback_of(application: Application, callback_id: int) -> CallbackState:
    with application.read_session() as session:
        return session.get_one(Callback, callback_id).state


def position(application: Application, call: Call) -> int:
    with application.unit_of_work(Machine.CALLER) as work:
        return place_in_queue(work, call.id).position


def place_newest(application: Application) -> Dial:
    with application.unit_of_work(Machine.WORKER) as work:
        dial = work.session.scalars(select(Dial).order_by(Dial.id.desc()).limit(1)).one()
        assert outbound_calls.begin_placing(work, dial.id) is not None
        outbound_calls.record_dial_sid(work, dial.ref, f"CA{dial.id}")
    return dial


def able(application: Application, person: Person, skill: str = "dialect") -> Person:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(OperatorSkill(user_id=person.id, skill=skill))
    return person


def test_a_desk_that_becomes_ready_is_kept_for_the_owed_caller_with_the_earlier_place(
    application: Application, clock: StoppedClock
) -> None:
    owed = owe(application)
    clock.advance(61)
    later = waits(application)
    operator = make_operator(application, PresenceState.NOT_READY)
    with application.unit_of_work(operator) as work:
        presence.set_ready(work)
    assert state_of(application, later) is CallState.QUEUED
    run_clock(application)
    assert (callback_of(application, owed), state_of(application, later)) == (C.DIALLING, CallState.QUEUED)


def test_a_caller_with_the_earlier_place_is_offered_before_the_owed_one_is_phoned(
    application: Application, clock: StoppedClock
) -> None:
    first = waits(application)
    clock.advance(5)
    owed = owe(application)
    clock.advance(61)
    make_operator(application)
    run_clock(application)
    assert (callback_of(application, owed), state_of(application, first)) == (C.WAITING, CallState.OFFERED)


def test_with_two_desks_both_are_served_at_once(application: Application, clock: StoppedClock) -> None:
    owed = owe(application)
    clock.advance(61)
    later = waits(application)
    make_operator(application)
    make_operator(application)
    run_clock(application)
    assert (callback_of(application, owed), state_of(application, later)) == (C.DIALLING, CallState.OFFERED)


def test_the_person_who_answers_gets_the_desk_that_was_kept(
    application: Application, clock: StoppedClock
) -> None:
    owe(application)
    clock.advance(61)
    later = waits(application)
    make_operator(application)
    run_clock(application)
    dial = place_newest(application)
    clock.advance(20)
    call = make_call(application, number=OWED, purpose=CallPurpose.CALLBACK, dial_id=dial.id)
    run_clock(application)
    with application.unit_of_work(Machine.CALLER) as work:
        callbacks.confirm_person(work, call.id)
        join_queue(work, call.id)
    assert (state_of(application, call), state_of(application, later)) == (
        CallState.OFFERED,
        CallState.QUEUED,
    )


@pytest.mark.parametrize("outcome", ["no-answer", "busy", "completed", "refused"])
def test_an_attempt_without_an_answer_gives_the_desk_to_the_next_caller(
    application: Application, clock: StoppedClock, outcome: str
) -> None:
    owe(application)
    clock.advance(61)
    later = waits(application)
    make_operator(application)
    run_clock(application)
    dial = place_newest(application)
    clock.advance(30)
    with application.unit_of_work(Machine.CARRIER) as work:
        outbound_calls.end_dial(work, dial.ref, outcome=outcome)
    run_clock(application)
    assert (state_of(application, later), position(application, later)) == (CallState.OFFERED, 1)


@pytest.mark.parametrize("is_placed", [False, True])
def test_an_attempt_whose_end_is_never_reported_keeps_no_desk_after_the_ring(
    application: Application, clock: StoppedClock, is_placed: bool
) -> None:
    owe(application)
    clock.advance(61)
    later, next_owed = waits(application), owe(application, OTHER)
    make_operator(application)
    run_clock(application)
    if is_placed:
        place_newest(application)
    # A ring lasts 30 s and is reported within 10 s; an attempt that was not placed may still wait for a worker.
    clock.advance(39 if is_placed else 74)
    run_clock(application)
    assert state_of(application, later) is CallState.QUEUED
    clock.advance(2)
    run_clock(application)
    assert state_of(application, later) is CallState.OFFERED
    # The first attempt follows a minute after the promise.
    clock.advance(20)
    make_operator(application)
    run_clock(application)
    assert callback_of(application, next_owed) is C.DIALLING


def test_the_announced_place_counts_the_owed_callers_before(
    application: Application, clock: StoppedClock
) -> None:
    owe(application)
    clock.advance(1)
    call = waits(application)
    # Not due for another 59 s, and counted, so that the announced place does not get worse when it is.
    assert position(application, call) == 2
    clock.advance(60)
    assert position(application, call) == 2
    owe(application, OTHER)
    assert position(application, call) == 2
    make_operator(application)
    run_clock(application)
    assert position(application, call) == 2


def test_a_promise_that_waits_for_its_next_attempt_or_the_morning_holds_up_nobody(
    application: Application, clock: StoppedClock
) -> None:
    for number, moment in ((OWED, clock.at + timedelta(minutes=25)), (OTHER, clock.at + timedelta(days=1))):
        callback_id = owe(application, number)
        with application.unit_of_work(Machine.SYSTEM) as work:
            work.session.get_one(Callback, callback_id).next_try_at = moment
    clock.advance(61)
    call = waits(application)
    assert position(application, call) == 1
    make_operator(application)
    run_clock(application)
    assert state_of(application, call) is CallState.OFFERED


def test_in_the_quiet_hours_nobody_owed_is_counted_or_phoned(
    application: Application, clock: StoppedClock
) -> None:
    owed = owe(application)
    clock.at = clock.at.replace(hour=13)  # 21:00 in the city
    call = waits(application)
    assert position(application, call) == 1
    make_operator(application)
    run_clock(application)
    assert (callback_of(application, owed), state_of(application, call)) == (C.WAITING, CallState.OFFERED)


def test_an_owed_caller_who_phones_again_is_counted_once_and_keeps_the_place(
    application: Application, clock: StoppedClock
) -> None:
    owe(application)
    clock.advance(61)
    later = waits(application)
    again = make_call(application, number=OWED)
    assert position(application, later) == 1
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, again.id)
    assert (position(application, again), position(application, later)) == (1, 2)
    make_operator(application)
    run_clock(application)
    assert (state_of(application, again), state_of(application, later)) == (
        CallState.OFFERED,
        CallState.QUEUED,
    )


def test_who_needs_a_dialect_and_is_owed_a_call_holds_up_nobody_and_is_phoned_after_their_patience(
    application: Application, clock: StoppedClock
) -> None:
    owed = owe(application, skill="dialect")
    able(application, make_operator(application, PresenceState.TALKING))
    clock.advance(60)
    make_operator(application)
    call = waits(application)
    run_clock(application)
    assert (callback_of(application, owed), state_of(application, call)) == (C.WAITING, CallState.OFFERED)
    clock.advance(application.policies.callers.skill_patience)
    make_operator(application)
    run_clock(application)
    assert callback_of(application, owed) is C.DIALLING


def test_who_hung_up_on_an_urgent_call_is_phoned_before_earlier_callers_and_stays_urgent(
    application: Application, clock: StoppedClock
) -> None:
    earlier = waits(application)
    owed = owe(application, priority=9)
    clock.advance(61)
    assert position(application, earlier) == 2
    make_operator(application)
    run_clock(application)
    assert (callback_of(application, owed), state_of(application, earlier)) == (C.DIALLING, CallState.QUEUED)
    call = make_call(
        application, number=OWED, dial_id=place_newest(application).id, purpose=CallPurpose.CALLBACK
    )
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
    assert state_of(application, call) is CallState.OFFERED


def test_hanging_up_again_and_again_never_loses_the_place_to_a_later_caller(
    application: Application, clock: StoppedClock
) -> None:
    began = clock.at
    rival: Call | None = None
    for _ in range(4):
        call = make_call(application, number=OWED)
        with application.unit_of_work(Machine.CALLER) as work:
            join_queue(work, call.id)
        clock.advance(30)
        rival = rival or waits(application)
        with application.unit_of_work(Machine.CARRIER) as work:
            lifecycle.end_call(work, sid=call.sid, status="completed")
    clock.advance(61)
    make_operator(application)
    run_clock(application)
    with application.read_session() as session:
        still_open = session.scalars(select(Callback).where(Callback.open_number.is_not(None))).one()
    assert (still_open.state, still_open.place_since) == (C.DIALLING, began)
    assert rival is not None
    assert state_of(application, rival) is CallState.QUEUED
