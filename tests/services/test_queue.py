"""The queue: the longest-waiting caller gets the longest-idle desk, and neither is matched twice."""

import pytest
from sqlalchemy import select, update

from hotline import events
from hotline.rules.calls.states import QueueJoin
from hotline.rules.enums import CallState, OfferState, PresenceState
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import lifecycle
from hotline.services.queueing import offers
from hotline.services.queueing.places import QueuePlace, place_in_queue
from hotline.services.queueing.queue import join_queue, leave_queue
from hotline.store.calls.tables import Call, Offer
from hotline.store.people.tables import OperatorSkill, Presence
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator
from tests.stopped_clock import StoppedClock


def join(application: Application, call_id: int) -> QueueJoin:
    with application.unit_of_work(Machine.CALLER) as work:
        return join_queue(work, call_id)


def state_of(application: Application, call_id: int) -> CallState:
    with application.read_session() as session:
        return session.scalars(select(Call.state).where(Call.id == call_id)).one()


def desk_of(application: Application, person: Person) -> Presence:
    with application.read_session() as session:
        return session.get_one(Presence, person.id)


def offers_of(application: Application, call_id: int) -> list[Offer]:
    with application.read_session() as session:
        return list(session.scalars(select(Offer).where(Offer.call_id == call_id).order_by(Offer.id)))


def accept(application: Application, offer_id: int, leg: str = "CAleg") -> int | None:
    with application.unit_of_work(Machine.CARRIER) as work:
        return offers.accept_offer(work, offer_id, leg)


def test_a_caller_who_joins_is_offered_at_once_to_the_desk_that_idled_longest(
    application: Application, clock: StoppedClock
) -> None:
    longest = make_operator(application)
    clock.advance(10)
    make_operator(application)
    call = make_call(application)

    assert join(application, call.id) is QueueJoin.JOINED

    assert state_of(application, call.id) is CallState.OFFERED
    assert [offer.operator_id for offer in offers_of(application, call.id)] == [longest.id]
    assert desk_of(application, longest).state is PresenceState.RINGING


def test_a_caller_waits_while_no_desk_is_ready_and_is_offered_when_one_is(application: Application) -> None:
    call = make_call(application)
    join(application, call.id)
    assert state_of(application, call.id) is CallState.QUEUED

    make_operator(application)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert offers.offer_waiting(work) == 1
        assert offers.offer_waiting(work) == 0


def test_a_desk_without_a_sign_of_life_is_not_rung(application: Application, clock: StoppedClock) -> None:
    make_operator(application)
    clock.advance(application.policies.queue.presence_timeout + 1)
    call = make_call(application)
    join(application, call.id)
    assert state_of(application, call.id) is CallState.QUEUED


def test_joining_twice_is_joining_once(application: Application, announced: list[events.Event]) -> None:
    call = make_call(application)
    assert [join(application, call.id), join(application, call.id)] == [QueueJoin.JOINED, QueueJoin.JOINED]
    assert announced.count(events.CallQueued(call.id)) == 1


def test_a_call_that_has_ended_cannot_join(application: Application) -> None:
    call = make_call(application, state=CallState.ENDED)
    assert join(application, call.id) is QueueJoin.TOO_LATE
    assert state_of(application, call.id) is CallState.ENDED


def test_a_full_queue_says_so(application: Application) -> None:
    for _ in range(application.policies.queue.max_size):
        make_call(application, state=CallState.QUEUED, place_since=application.clock())
    assert join(application, make_call(application).id) is QueueJoin.FULL


def test_the_first_to_accept_wins_and_the_same_leg_may_ask_again(application: Application) -> None:
    operator = make_operator(application)
    call = make_call(application)
    join(application, call.id)
    offer = offers_of(application, call.id)[0]

    assert accept(application, offer.id, "CA1") == call.id
    assert accept(application, offer.id, "CA1") == call.id
    assert accept(application, offer.id, "CA2") is None
    assert state_of(application, call.id) is CallState.CONNECTING
    assert desk_of(application, operator).state is PresenceState.TALKING


def test_a_missed_ring_goes_to_the_next_desk_and_the_caller_keeps_their_place(
    application: Application, clock: StoppedClock
) -> None:
    sleepy = make_operator(application)
    clock.advance(1)
    awake = make_operator(application)
    call = make_call(application)
    join(application, call.id)
    place = offers_of(application, call.id)[0]
    clock.advance(15)

    with application.unit_of_work(Machine.CARRIER) as work:
        offers.settle_offer(work, place.id, OfferState.MISSED)
        offers.settle_offer(work, place.id, OfferState.MISSED)

    assert [(o.operator_id, o.state) for o in offers_of(application, call.id)] == [
        (sleepy.id, OfferState.MISSED),
        (awake.id, OfferState.PENDING),
    ]
    desk = desk_of(application, sleepy)
    assert (desk.state, desk.reason) == (PresenceState.NOT_READY, "missed_call")
    with application.read_session() as session:
        kept = session.get_one(Call, call.id)
    assert kept.place_since == kept.queued_at == clock.at.replace(second=1)


def test_an_operator_who_vanishes_before_the_caller_joined_gives_the_caller_back(
    application: Application,
) -> None:
    operator = make_operator(application)
    call = make_call(application)
    join(application, call.id)
    offer = offers_of(application, call.id)[0]
    accept(application, offer.id)

    with application.unit_of_work(Machine.CARRIER) as work:
        offers.settle_offer(work, offer.id, OfferState.MISSED)

    assert state_of(application, call.id) is CallState.QUEUED
    assert desk_of(application, operator).state is PresenceState.NOT_READY


def test_an_operator_who_hangs_up_while_talking_does_not_requeue_the_caller(application: Application) -> None:
    make_operator(application)
    call = make_call(application)
    join(application, call.id)
    offer = offers_of(application, call.id)[0]
    accept(application, offer.id)
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_connected(work, call.id)
        offers.settle_offer(work, offer.id, OfferState.MISSED)
    assert state_of(application, call.id) is CallState.TALKING


def test_a_ring_whose_end_was_never_told_counts_as_missed_after_its_limit(
    application: Application, clock: StoppedClock
) -> None:
    make_operator(application)
    call = make_call(application)
    join(application, call.id)
    with application.unit_of_work(Machine.WORKER) as work:
        offers.begin_ringing(work, offers_of(application, call.id)[0].id)
    clock.advance(application.policies.queue.ring_seconds + 11)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert offers.settle_overdue_offers(work) == 1
    assert state_of(application, call.id) is CallState.QUEUED


def test_an_accepted_caller_whose_operator_never_joined_gets_their_place_back(
    application: Application, clock: StoppedClock
) -> None:
    make_operator(application)
    call = make_call(application)
    join(application, call.id)
    accept(application, offers_of(application, call.id)[0].id)
    clock.advance(30)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert offers.requeue_unconnected(work, work.at) == 1
    assert state_of(application, call.id) is CallState.QUEUED


def test_leaving_the_queue_stops_the_ring_and_frees_the_desk(application: Application) -> None:
    operator = make_operator(application)
    call = make_call(application)
    join(application, call.id)
    with application.unit_of_work(Machine.CALLER) as work:
        leave_queue(work, call.id, "leave")
    assert offers_of(application, call.id)[0].state is OfferState.WITHDRAWN
    assert desk_of(application, operator).state is PresenceState.READY


def test_position_counts_who_came_first_and_expected_wait_is_the_mean_of_the_last_answers(
    application: Application, clock: StoppedClock
) -> None:
    for wait in (10, 20):
        make_call(application, state=CallState.ENDED, wait_seconds=wait, answered_at=clock.at)
    make_operator(application, PresenceState.TALKING)
    first, second = make_call(application), make_call(application)
    join(application, first.id)
    clock.advance(5)
    join(application, second.id)
    clock.advance(7)
    with application.unit_of_work(Machine.CALLER) as work:
        place = place_in_queue(work, second.id)
    assert place == QueuePlace(position=2, waited_seconds=7, since_joined=7, expected_seconds=15, size=2)


@pytest.mark.parametrize(
    ("state", "skill", "silent", "expected"),
    [
        (PresenceState.READY, "", False, 15),
        (PresenceState.TALKING, "", False, 15),
        (PresenceState.WRAP_UP, "", False, 15),
        (PresenceState.NOT_READY, "", False, None),
        (PresenceState.OFFLINE, "", False, None),
        (PresenceState.TALKING, "", True, None),
        (PresenceState.TALKING, "english", False, None),
    ],
)
def test_a_wait_is_expected_only_while_a_desk_that_may_answer_takes_calls(  # noqa: PLR0917 - fixtures and cases
    application: Application,
    clock: StoppedClock,
    state: PresenceState,
    skill: str,
    silent: bool,
    expected: int | None,
) -> None:
    make_call(application, state=CallState.ENDED, wait_seconds=15, answered_at=clock.at)
    make_operator(application, state)
    english = make_operator(application, PresenceState.NOT_READY)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(OperatorSkill(user_id=english.id, skill="english"))
    caller = make_call(application, state=CallState.QUEUED, skill=skill, joined_at=clock.at)
    if silent:
        clock.advance(application.policies.queue.presence_timeout + 1)
    with application.unit_of_work(Machine.CALLER) as work:
        place = place_in_queue(work, caller.id)
    assert (place.expected_seconds, place.is_served) == (expected, expected is not None)


def test_a_ring_is_asked_of_the_carrier_once_and_its_first_moment_is_remembered(
    application: Application, clock: StoppedClock
) -> None:
    make_operator(application)
    call = make_call(application)
    join(application, call.id)
    offer = offers_of(application, call.id)[0]
    first = clock.at
    with application.unit_of_work(Machine.WORKER) as work:
        assert offers.begin_ringing(work, offer.id) == first
    clock.advance(3)
    with application.unit_of_work(Machine.WORKER) as work:
        assert offers.begin_ringing(work, offer.id) == first
        assert offers.record_leg(work, offer.id, "CAleg") is None
        assert offers.begin_ringing(work, offer.id) is None


def test_a_leg_that_comes_too_late_is_not_wanted(application: Application) -> None:
    make_operator(application)
    call = make_call(application)
    join(application, call.id)
    offer = offers_of(application, call.id)[0]
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=call.sid, status="completed")
    with application.unit_of_work(Machine.WORKER) as work:
        assert offers.begin_ringing(work, offer.id) is None
        assert offers.record_leg(work, offer.id, "CAleg") == "CAleg"


def test_a_desk_that_is_not_ready_after_all_does_not_lose_the_caller(application: Application) -> None:
    operator = make_operator(application, PresenceState.NOT_READY)
    call = make_call(application)
    join(application, call.id)
    with application.unit_of_work(Machine.CLOCK) as work:
        work.session.execute(
            update(Presence).where(Presence.user_id == operator.id).values(state=PresenceState.READY)
        )
        assert offers.offer_waiting(work) == 1
    assert state_of(application, call.id) is CallState.OFFERED
