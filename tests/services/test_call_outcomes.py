"""Every call ends in exactly one outcome, with its wait and its talk, as the services record them."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from hotline.rules.calls.flow_actions import JoinQueue
from hotline.rules.calls.states import QueueJoin
from hotline.rules.enums import CallOutcome, CallPurpose, PresenceState, RecordingKind
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle, recordings
from hotline.services.figures.reports import build_report
from hotline.services.outbound import callbacks
from hotline.services.queueing import offers
from hotline.services.queueing.places import place_in_queue
from hotline.services.queueing.queue import join_queue, leave_queue
from hotline.services.tickets import status
from hotline.store.calls.lists import CallFilter, list_calls
from hotline.store.calls.outcomes import outcome_of
from hotline.store.calls.tables import Call, Offer
from hotline.unit_of_work import Application, UnitOfWork
from tests.builders import make_call, make_colleague, make_operator
from tests.stopped_clock import StoppedClock

Step = Callable[[UnitOfWork, int], object]


def joins(work: UnitOfWork, call_id: int) -> QueueJoin:
    return join_queue(work, call_id)


def answered(work: UnitOfWork, call_id: int) -> None:
    offers.accept_offer(work, work.session.scalars(select(Offer.id)).one(), f"leg-{call_id}")
    lifecycle.record_connected(work, call_id)


def chooses_callback(work: UnitOfWork, call_id: int) -> None:
    assert callbacks.promise_for_call(work, call_id) is not None
    leave_queue(work, call_id, "leave")


def leaves_message(work: UnitOfWork, call_id: int) -> None:
    recordings.record_finished(work, call_id, f"RE{call_id}", 9, RecordingKind.MESSAGE)


def asks_status(work: UnitOfWork, call_id: int) -> None:
    status.look_up_number(work, call_id, "20261123000010", "1234")


def asks_own_status(work: UnitOfWork, call_id: int) -> None:
    status.look_up_caller(work, call_id, "1234")


def handed_to(name: str) -> Step:
    def step(work: UnitOfWork, call_id: int) -> None:
        lifecycle.record_transfer(work, call_id, name, begins=True)
        lifecycle.record_transfer(work, call_id, name, begins=False)

    return step


def leaves_queue(work: UnitOfWork, call_id: int) -> None:
    leave_queue(work, call_id, "leave")


END = CallOutcome
STORIES: list[tuple[tuple[Step, ...], CallOutcome]] = [
    ((), END.LEFT_IN_MENU),
    ((joins,), END.ABANDONED),
    ((joins, leaves_queue), END.ABANDONED),
    ((asks_status,), END.STATUS),
    ((asks_own_status,), END.STATUS),
    ((asks_status, joins), END.STATUS),
    ((leaves_message,), END.MESSAGE),
    ((asks_status, leaves_message), END.MESSAGE),
    ((joins, leaves_queue, leaves_message), END.MESSAGE),
    ((joins, chooses_callback), END.CALLBACK),
    ((joins, chooses_callback, leaves_message), END.CALLBACK),
    ((handed_to("water"),), END.TRANSFERRED),
    ((handed_to("fire"),), END.EMERGENCY),
    ((handed_to("ambulance"), joins), END.EMERGENCY),
    ((handed_to("police"), joins, answered), END.ANSWERED),
    ((asks_status, joins, answered), END.ANSWERED),
]


@pytest.mark.parametrize(("steps", "outcome"), STORIES)
def test_a_call_has_the_first_outcome_that_applies(
    application: Application, clock: StoppedClock, steps: tuple[Step, ...], outcome: CallOutcome
) -> None:
    make_operator(application)
    call = make_call(application)
    for step in steps:
        with application.unit_of_work(Machine.CALLER) as work:
            step(work, call.id)
        clock.advance(3)
    ended(application, call)
    seen(application, call, outcome)


def test_a_full_queue_comes_before_all_that_follows(application: Application) -> None:
    make_operator(application, PresenceState.NOT_READY)
    for _ in range(application.policies.queue.max_size):
        waiting = make_call(application)
        with application.unit_of_work(Machine.CALLER) as work:
            assert joins(work, waiting.id) is QueueJoin.JOINED
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        assert joins(work, call.id) is QueueJoin.FULL
        assert callbacks.promise_for_call(work, call.id) is not None
    ended(application, call)
    seen(application, call, CallOutcome.QUEUE_FULL)


def test_a_call_in_progress_is_counted_as_other_and_nobody_on_duty_is_no_full_queue(
    application: Application,
) -> None:
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        assert join_queue(work, call.id, JoinQueue(only_on_duty=True)) is QueueJoin.OFF_DUTY
    seen(application, call, CallOutcome.OTHER)


def test_a_callback_cancelled_later_leaves_the_outcome_as_it_was(application: Application) -> None:
    make_colleague(application)
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        promised = callbacks.promise_for_call(work, call.id)
        assert promised is not None
        callbacks.cancel_callback(work, promised.id)
    ended(application, call)
    seen(application, call, CallOutcome.CALLBACK)


def test_a_wait_in_vain_is_measured_to_the_hang_up(application: Application, clock: StoppedClock) -> None:
    make_colleague(application)
    call = make_call(application)
    clock.advance(20)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
    clock.advance(47)
    ended(application, call)
    assert (row(application, call).wait_seconds, row(application, call).talk_seconds) == (47, None)


def test_a_wait_ends_where_the_caller_leaves_the_queue_and_goes_on_when_they_return(
    application: Application, clock: StoppedClock
) -> None:
    make_colleague(application)
    stays, returns = make_call(application), make_call(application)
    for call in (stays, returns):
        with application.unit_of_work(Machine.CALLER) as work:
            join_queue(work, call.id)
    clock.advance(30)
    for call in (stays, returns):
        with application.unit_of_work(Machine.CALLER) as work:
            leave_queue(work, call.id, "leave")
    clock.advance(10)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, returns.id)
    clock.advance(5)
    for call in (stays, returns):
        ended(application, call)
    assert [row(application, call).wait_seconds for call in (stays, returns)] == [30, 45]


def test_a_talk_is_measured_without_the_rating_after_it(
    application: Application, clock: StoppedClock
) -> None:
    make_operator(application)
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        answered(work, call.id)
    clock.advance(61)
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_operator_left(work, call.id)
    clock.advance(12)
    ended(application, call)
    assert row(application, call).talk_seconds == 61


def test_a_talk_that_the_caller_ends_is_measured_to_the_hang_up(
    application: Application, clock: StoppedClock
) -> None:
    make_operator(application)
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        answered(work, call.id)
    clock.advance(33)
    ended(application, call)
    assert row(application, call).talk_seconds == 33


def test_waits_in_vain_do_not_shorten_the_announced_wait(
    application: Application, clock: StoppedClock
) -> None:
    """The expected wait is the mean of answered calls; a caller who gave up at once says nothing about it."""
    make_colleague(application)
    gone, waits = make_call(application), make_call(application)
    for call in (gone, waits):
        with application.unit_of_work(Machine.CALLER) as work:
            join_queue(work, call.id)
    ended(application, gone)
    clock.advance(1)
    with application.unit_of_work(Machine.CALLER) as work:
        assert place_in_queue(work, waits.id).expected_seconds is None


def test_the_report_counts_calls_that_never_asked_for_a_person(
    application: Application, clock: StoppedClock
) -> None:
    make_colleague(application)
    steps: list[tuple[Step, ...]] = [(), (joins,), (asks_status,), (handed_to("traffic"),), (leaves_message,)]
    for story in steps:
        call = make_call(application)
        for step in story:
            with application.unit_of_work(Machine.CALLER) as work:
                step(work, call.id)
        clock.advance(8)
        ended(application, call)
    make_call(application, purpose=CallPurpose.FOLLOW_UP)
    today = application.clock().astimezone(application.policies.zone).date()
    with application.read_session() as session:
        report = build_report(session, Period(today, today), at=clock.at, policies=application.policies)
    received = report.figures.received
    assert (received.rows, report.figures.calls.offered) == (5, 1)
    counts = {word: count for word, count in received.by_outcome().items() if count}
    assert counts == {"abandoned": 1, "status": 1, "emergency": 1, "message": 1, "left_in_menu": 1}
    assert (received.mean_wait_seconds, received.longest_wait_seconds) == (None, 8)
    assert [line for line in report.reconciliation if not line.ok] == []


def ended(application: Application, call: Call) -> None:
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=call.sid, status="completed")


def row(application: Application, call: Call) -> Call:
    with application.read_session() as session:
        return session.get_one(Call, call.id)


def seen(application: Application, call: Call, outcome: CallOutcome) -> None:
    """The loaded row and the database agree on the outcome."""
    assert outcome_of(row(application, call)) is outcome
    with application.read_session() as session:
        for word in CallOutcome:
            found = list_calls(session, CallFilter(outcomes=(word,)), limit=500).rows
            assert (call.id in [line.call.id for line in found]) is (word is outcome)
