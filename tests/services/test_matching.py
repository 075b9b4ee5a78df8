"""Matching: skills for callers who need them, priority first, a requested desk, and no caller blocks another."""

import pytest

from hotline.rules.calls.flow_actions import JoinQueue
from hotline.rules.calls.states import QueueJoin
from hotline.rules.enums import CallState, PresenceState
from hotline.rules.people.actors import Machine, Person
from hotline.services.queueing import offers
from hotline.services.queueing.places import place_in_queue
from hotline.services.queueing.queue import join_queue, leave_queue
from hotline.store.calls.tables import Call, Offer
from hotline.store.people.tables import OperatorSkill
from hotline.unit_of_work import Application
from tests.builders import make_call, make_colleague, make_operator
from tests.stopped_clock import StoppedClock

DIALECT = JoinQueue(skill="dialect")


def able(application: Application, person: Person, skill: str = "dialect") -> Person:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(OperatorSkill(user_id=person.id, skill=skill))
    return person


def join(application: Application, call: Call, wish: JoinQueue = JoinQueue(), desk: str = "") -> QueueJoin:  # noqa: B008 - frozen
    with application.unit_of_work(Machine.CALLER) as work:
        return join_queue(work, call.id, wish, desk=desk)


def offered_to(application: Application, call: Call) -> int | None:
    with application.read_session() as session:
        found = session.query(Offer.operator_id).filter(Offer.call_id == call.id).order_by(Offer.id.desc())
        return session.execute(found.statement).scalar()


def look_again(application: Application) -> None:
    with application.unit_of_work(Machine.CLOCK) as work:
        offers.offer_waiting(work)


def test_a_caller_who_needs_a_skill_is_for_those_who_have_it(application: Application) -> None:
    make_operator(application)
    speaker = able(application, make_operator(application))
    call = make_call(application)
    join(application, call, DIALECT)
    assert offered_to(application, call) == speaker.id


def test_who_waits_for_a_skill_does_not_hold_up_the_others(application: Application) -> None:
    able(application, make_operator(application, PresenceState.TALKING))
    plain = make_operator(application)
    special, ordinary = make_call(application), make_call(application)
    join(application, special, DIALECT)
    join(application, ordinary)
    assert (offered_to(application, special), offered_to(application, ordinary)) == (None, plain.id)


def test_after_long_waiting_anybody_may_answer(application: Application, clock: StoppedClock) -> None:
    able(application, make_operator(application, PresenceState.TALKING))
    call = make_call(application)
    join(application, call, DIALECT)
    clock.advance(application.policies.callers.skill_patience)
    able(application, make_operator(application, PresenceState.TALKING))
    plain = make_operator(application)
    look_again(application)
    assert offered_to(application, call) == plain.id


def test_a_skill_that_no_operator_on_duty_has_is_not_waited_for(application: Application) -> None:
    able(application, make_operator(application, PresenceState.OFFLINE))
    plain = make_operator(application)
    call = make_call(application)
    join(application, call, DIALECT)
    assert offered_to(application, call) == plain.id


def test_higher_priority_goes_before_an_earlier_caller(application: Application, clock: StoppedClock) -> None:
    first, urgent = make_call(application), make_call(application)
    join(application, first)
    clock.advance(60)
    join(application, urgent, JoinQueue(priority=9))
    with application.unit_of_work(Machine.CALLER) as work:
        places = [place_in_queue(work, call.id).position for call in (urgent, first)]
    assert places == [1, 2]
    make_operator(application)
    look_again(application)
    assert (offered_to(application, urgent) is None, offered_to(application, first)) == (False, None)


def test_a_desk_asked_for_by_work_number_is_waited_for(application: Application) -> None:
    make_operator(application)
    asked = make_operator(application, PresenceState.TALKING, work_number="017")
    call = make_call(application)
    join(application, call, JoinQueue(to_desk=True), desk="017")
    assert offered_to(application, call) is None
    with application.read_session() as session:
        assert session.get_one(Call, call.id).desk_id == asked.id


def test_an_unknown_work_number_means_any_operator(application: Application) -> None:
    plain = make_operator(application)
    call = make_call(application)
    join(application, call, JoinQueue(to_desk=True), desk="999")
    assert offered_to(application, call) == plain.id


@pytest.mark.parametrize(("staffed", "answer"), [(True, QueueJoin.JOINED), (False, QueueJoin.OFF_DUTY)])
def test_off_duty_is_a_result_only_where_the_flow_asks_for_it(
    application: Application, staffed: bool, answer: QueueJoin
) -> None:
    if staffed:
        make_colleague(application)
    assert join(application, make_call(application), JoinQueue(only_on_duty=True)) is answer
    assert join(application, make_call(application)) is QueueJoin.JOINED


def test_a_desk_without_a_heartbeat_is_not_on_duty(application: Application, clock: StoppedClock) -> None:
    make_operator(application)
    clock.advance(application.policies.queue.presence_timeout + 1)
    assert join(application, make_call(application), JoinQueue(only_on_duty=True)) is QueueJoin.OFF_DUTY


def test_who_comes_back_to_the_queue_has_the_old_place_and_a_new_patience(
    application: Application, clock: StoppedClock
) -> None:
    call = make_call(application)
    join(application, call)
    began = clock()
    clock.advance(100)
    with application.unit_of_work(Machine.CALLER) as work:
        leave_queue(work, call.id, "leave")
    join(application, call)
    with application.read_session() as session:
        row = session.get_one(Call, call.id)
        assert (row.state, row.place_since, row.queued_at, row.joined_at) == (
            CallState.QUEUED,
            began,
            began,
            clock(),
        )
