"""Numbers that several people phone from: no limit of calls an hour, and a promise for each of them."""

from sqlalchemy import select

from hotline.rules.calls.flow_actions import CallerCondition
from hotline.rules.enums import CallbackReason, CallbackState, CallEnd, CallState
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.services.calls.callers import caller_matches
from hotline.services.calls.queries import get_call
from hotline.services.outbound import callback_dials, callbacks
from hotline.services.queueing.queue import join_queue
from hotline.services.queueing.situation import read_situation
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator
from tests.stopped_clock import StoppedClock

SWITCHBOARD, MOBILE = "+865374400000", "+8613800001234"
C = CallbackState


def gives_up(application: Application, clock: StoppedClock, number: str) -> Call:
    """Somebody at `number` waits and hangs up."""
    call = make_call(application, number=number)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
    clock.advance(20)
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=call.sid, status="completed")
    with application.read_session() as session:
        return session.get_one(Call, call.id)


def promises(application: Application) -> list[Callback]:
    with application.read_session() as session:
        return list(session.scalars(select(Callback).order_by(Callback.id)))


def test_a_shared_number_never_calls_too_often(application: Application) -> None:
    limit = application.policies.callers.calls_per_hour
    for number, often in ((SWITCHBOARD, False), (MOBILE, True)):
        calls = [make_call(application, number=number) for _ in range(limit + 1)]
        with application.unit_of_work(Machine.CALLER) as work:
            call = get_call(work, calls[-1].id)
            in_hour = read_situation(work, call.id).calls_in_hour
            assert in_hour == limit + 1
            assert caller_matches(work, call, CallerCondition.OFTEN, lambda count=in_hour: count) is often


def test_two_people_behind_one_switchboard_are_both_owed_a_call_at_their_own_places(
    application: Application, clock: StoppedClock
) -> None:
    calls = [gives_up(application, clock, SWITCHBOARD) for _ in range(2)]
    both = promises(application)
    assert [(one.state, one.call_id, one.number) for one in both] == [
        (C.WAITING, call.id, SWITCHBOARD) for call in calls
    ]
    assert [one.place_since for one in both] == [call.queued_at for call in calls]
    assert both[0].place_since < both[1].place_since


def test_a_promise_made_twice_in_one_call_is_one_and_ends_that_call(
    application: Application, clock: StoppedClock
) -> None:
    call = make_call(application, number=SWITCHBOARD)
    with application.unit_of_work(Machine.CALLER) as work:
        first = callbacks.promise_for_call(work, call.id)
        again = callbacks.promise_for_call(work, call.id, "0537-4400000")
        assert first is not None
        assert again is not None
        assert first.id == again.id
        lifecycle.end_call(work, sid=call.sid, status="completed")
    with application.read_session() as session:
        assert session.get_one(Call, call.id).end is CallEnd.LEFT_FOR_CALLBACK


def test_a_person_served_from_a_switchboard_leaves_the_others_owed(
    application: Application, clock: StoppedClock
) -> None:
    gives_up(application, clock, SWITCHBOARD)
    operator = make_operator(application)
    second = make_call(application, number=SWITCHBOARD, state=CallState.CONNECTING, operator_id=operator.id)
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_connected(work, second.id)
    assert [one.state for one in promises(application)] == [C.WAITING]


def test_both_are_phoned_one_after_the_other_and_reaching_one_leaves_the_other(
    application: Application, clock: StoppedClock
) -> None:
    for _ in range(2):
        gives_up(application, clock, SWITCHBOARD)
    clock.advance(120)
    operator = make_operator(application)
    make_operator(application)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert [callback_dials.plan_due_dials(work) for _ in range(2)] == [1, 0]
        dial = work.session.scalars(select(Dial)).one()
    talk = {"state": CallState.CONNECTING, "operator_id": operator.id, "dial_id": dial.id}
    call = make_call(application, number=SWITCHBOARD, **talk)
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_connected(work, call.id)
    assert [one.state for one in promises(application)] == [C.REACHED, C.WAITING]
    # The first conversation goes on, and the second desk is free.
    with application.unit_of_work(Machine.CLOCK) as work:
        assert callback_dials.plan_due_dials(work) == 1


def test_a_number_that_is_not_listed_has_one_promise(application: Application, clock: StoppedClock) -> None:
    gives_up(application, clock, MOBILE)
    gives_up(application, clock, MOBILE)
    assert [one.state for one in promises(application)] == [C.PHONED_AGAIN, C.WAITING]


def test_a_private_phone_that_asks_for_a_call_at_a_switchboard_is_known_again(
    application: Application, clock: StoppedClock
) -> None:
    call = make_call(application, number=MOBILE)
    with application.unit_of_work(Machine.CALLER) as work:
        assert callbacks.promise_for_call(work, call.id, SWITCHBOARD) is not None
    gives_up(application, clock, MOBILE)
    assert [(one.state, one.number) for one in promises(application)] == [
        (C.PHONED_AGAIN, SWITCHBOARD),
        (C.WAITING, MOBILE),
    ]


def test_an_operator_may_record_a_second_person_at_a_switchboard(application: Application) -> None:
    for number in (SWITCHBOARD, SWITCHBOARD, MOBILE, MOBILE):
        with application.unit_of_work(Machine.SYSTEM) as work:
            callbacks.promise_callback(work, number=number, reason=CallbackReason.MANUAL)
    assert [one.number for one in promises(application)] == [SWITCHBOARD, SWITCHBOARD, MOBILE]
