"""Promised callbacks: one promise per number, the place kept, attempts bounded by desks, hours and the policy."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from hotline import events
from hotline.rules.enums import CallbackReason, CallbackState, CallPurpose, CallState, PresenceState
from hotline.rules.errors import BadNumber, LostRace, NoSuchCall, NoSuchCallback
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.services.calls.lifecycle import Arrival
from hotline.services.calls.queries import get_call
from hotline.services.outbound import callback_dials, callbacks, outbound_calls
from hotline.services.queueing.queue import join_queue
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from hotline.unit_of_work import Application, UnitOfWork
from tests.builders import make_call, make_operator
from tests.racing import at_once
from tests.stopped_clock import StoppedClock

R, C = CallbackReason, CallbackState
NUMBER = "+8613800001234"


def promise(application: Application, number: str = NUMBER, place_since: datetime | None = None) -> Callback:
    with application.unit_of_work(Machine.SYSTEM) as work:
        return callbacks.promise_callback(work, number=number, reason=R.REQUESTED, place_since=place_since)


def plan(application: Application) -> int:
    with application.unit_of_work(Machine.CLOCK) as work:
        return callback_dials.plan_due_dials(work)


def state_of(application: Application, callback_id: int) -> CallbackState:
    with application.read_session() as session:
        return session.get_one(Callback, callback_id).state


def newest_dial(application: Application) -> Dial:
    with application.read_session() as session:
        return session.scalars(select(Dial).order_by(Dial.id.desc()).limit(1)).one()


def attempt(application: Application, clock: StoppedClock, outcome: str = "no-answer") -> Dial:
    """Makes the next attempt fall due with one desk free, places it and ends it."""
    make_operator(application)
    assert plan(application) == 1
    dial = newest_dial(application)
    with application.unit_of_work(Machine.WORKER) as work:
        assert outbound_calls.begin_placing(work, dial.id) is not None
        outbound_calls.end_dial(work, dial.ref, outcome=outcome, sid=f"CA{dial.id}")
    return dial


def answer(application: Application, dial: Dial) -> Call:
    """The person we phone answers."""
    with application.unit_of_work(Machine.CARRIER) as work:
        arrival = Arrival(
            sid=f"CA{dial.ref}",
            number_raw=dial.number,
            dialed=application.policies.number,
            purpose=CallPurpose.CALLBACK,
            flow="callback",
            flow_version="v1",
            position="greeting:0",
            dial_ref=dial.ref,
        )
        call = lifecycle.receive_call(work, arrival)
    with application.read_session() as session:
        return session.get_one(Call, call.id)


def test_one_open_promise_a_number_in_any_spelling(
    application: Application, announced: list[events.Event]
) -> None:
    first = promise(application, "13800001234")
    second = promise(application, "+86 138 0000 1234")
    assert (first.id, first.number, first.open_number) == (second.id, NUMBER, NUMBER)
    assert announced == [events.CallbackPromised(first.id, R.REQUESTED)]


def test_promises_made_at_once_are_one(application: Application) -> None:
    outcomes = at_once(*[partial(promise, application)] * 3)
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    with application.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Callback)) == 1


@pytest.mark.parametrize("number", ["anonymous", "110", "", "请勿打扰"])
def test_a_number_that_cannot_be_phoned_is_refused(application: Application, number: str) -> None:
    with pytest.raises(BadNumber):
        promise(application, number)


def test_the_first_attempt_waits_a_moment_and_for_the_morning(
    application: Application, clock: StoppedClock
) -> None:
    assert promise(application).next_try_at == clock.at + timedelta(seconds=60)
    clock.at = clock.at.replace(hour=15)  # 23:00 in the city
    assert promise(application, "+8613800005678").next_try_at == clock.at.replace(day=24, hour=0)


def test_a_promise_keeps_the_place_of_the_call_it_was_made_in(
    application: Application, clock: StoppedClock
) -> None:
    call = make_call(
        application, state=CallState.QUEUED, place_since=clock.at - timedelta(minutes=7), language="en"
    )
    with application.unit_of_work(Machine.CALLER) as work:
        owed = callbacks.promise_for_call(work, call.id)
        assert callbacks.has_open_callback(work, call.id)
        assert not callbacks.has_open_callback(work, call.id + 1)
    assert owed is not None
    assert (owed.place_since, owed.language, owed.reason) == (call.place_since, "en", R.REQUESTED)


def test_who_withholds_their_number_cannot_be_promised_anything(application: Application) -> None:
    call = make_call(application, number=None, number_raw="anonymous")
    with application.unit_of_work(Machine.CALLER) as work:
        assert callbacks.promise_for_call(work, call.id) is None
        assert callbacks.promise_abandoned(work, call.id) is None


def test_an_unknown_call_is_refused(application: Application) -> None:
    for ask in (callbacks.promise_for_call, callbacks.promise_abandoned):
        with pytest.raises(NoSuchCall), application.unit_of_work(Machine.CALLER) as work:
            ask(work, 404)


def test_a_person_phoned_back_keeps_their_place_in_the_queue(
    application: Application, clock: StoppedClock
) -> None:
    earlier = clock.at - timedelta(minutes=9)
    promise(application, place_since=earlier)
    clock.advance(60)
    make_operator(application)
    plan(application)
    call = answer(application, newest_dial(application))
    with application.unit_of_work(Machine.CALLER) as work:
        callbacks.confirm_person(work, call.id)
        join_queue(work, call.id)
        kept = get_call(work, call.id)
    assert (kept.place_since, kept.queued_at) == (earlier, clock.at)


def test_no_more_are_phoned_than_there_are_desks_free(application: Application, clock: StoppedClock) -> None:
    for last in range(5):
        promise(application, f"+861380000123{last}")
    clock.advance(60)
    assert plan(application) == 0
    for _ in range(3):
        make_operator(application)
    make_operator(application, PresenceState.NOT_READY)
    make_call(application, state=CallState.QUEUED, place_since=clock.at)
    early = clock.at - timedelta(hours=1)
    make_call(application, state=CallState.QUEUED, place_since=early)
    assert [plan(application), plan(application)] == [2, 0]


def test_a_silent_desk_is_no_free_desk(application: Application, clock: StoppedClock) -> None:
    promise(application)
    make_operator(application)
    clock.advance(60)
    assert plan(application) == 0


def test_the_oldest_place_is_phoned_first(application: Application, clock: StoppedClock) -> None:
    promise(application, "+8613800005678")
    oldest = promise(application, place_since=clock.at - timedelta(hours=1))
    clock.advance(60)
    make_operator(application)
    assert plan(application) == 1
    assert newest_dial(application).callback_id == oldest.id


def test_what_fell_due_by_day_and_waited_for_a_desk_into_the_night_waits_for_the_morning(
    application: Application, clock: StoppedClock
) -> None:
    promise(application)
    clock.at = clock.at.replace(hour=13)  # 21:00 in the city
    make_operator(application)
    assert plan(application) == 0
    clock.at = clock.at.replace(day=24, hour=0)
    make_operator(application)
    assert plan(application) == 1


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed", "canceled", "completed", "refused"])
def test_another_attempt_follows_one_that_was_not_answered(
    application: Application, clock: StoppedClock, outcome: str
) -> None:
    owed = promise(application)
    clock.advance(60)
    attempt(application, clock, outcome)
    with application.read_session() as session:
        kept = session.get_one(Callback, owed.id)
    assert (kept.state, kept.attempts) == (C.WAITING, 1)
    assert kept.next_try_at == clock.at + timedelta(seconds=1800)
    assert kept.open_number == NUMBER


def test_after_the_last_attempt_the_promise_is_given_up_and_the_number_is_free(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    owed = promise(application)
    clock.advance(60)
    for number in (1, 2, 3):
        assert attempt(application, clock).attempt == number
        clock.advance(1800)
    assert state_of(application, owed.id) is C.EXHAUSTED
    assert events.CallbackSettled(owed.id, C.EXHAUSTED) in announced
    assert promise(application).id != owed.id


@pytest.mark.parametrize("reach", [callbacks.confirm_person, callbacks.settle_served])
def test_a_person_on_the_line_settles_the_promise_for_good(
    application: Application, clock: StoppedClock, reach: Callable[[UnitOfWork, int], None]
) -> None:
    owed = promise(application)
    clock.advance(60)
    make_operator(application)
    plan(application)
    dial = newest_dial(application)
    call = answer(application, dial)
    with application.unit_of_work(Machine.CALLER) as work:
        reach(work, call.id)
        reach(work, call.id)
    with application.unit_of_work(Machine.CARRIER) as work:
        outbound_calls.end_dial(work, dial.ref, outcome="completed")
    assert state_of(application, owed.id) is C.REACHED


def test_a_person_on_a_call_that_is_no_callback_settles_nothing(application: Application) -> None:
    owed = promise(application)
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        callbacks.confirm_person(work, call.id)
    assert state_of(application, owed.id) is C.WAITING


def test_a_promise_is_cancelled_once(application: Application) -> None:
    owed = promise(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        callbacks.cancel_callback(work, owed.id)
    assert state_of(application, owed.id) is C.CANCELLED
    with pytest.raises(LostRace), application.unit_of_work(Machine.SYSTEM) as work:
        callbacks.cancel_callback(work, owed.id)
    with pytest.raises(NoSuchCallback), application.unit_of_work(Machine.SYSTEM) as work:
        callbacks.cancel_callback(work, 404)


def test_planning_in_parallel_phones_no_number_twice(application: Application, clock: StoppedClock) -> None:
    promise(application)
    clock.advance(60)
    for _ in range(3):
        make_operator(application)
    assert sorted(map(str, at_once(*[partial(plan, application)] * 3))) == ["0", "0", "1"]
