"""Who answers: the longest-waiting caller meets the longest-idle desk, and nobody is ever in two places."""

from sqlalchemy import select, update

from hotline import events
from hotline.rules.calls.states import QueueJoin
from hotline.rules.enums import CallState, OfferState, PresenceState
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import lifecycle
from hotline.services.queueing import offers
from hotline.store.calls.tables import Call, Offer
from hotline.store.people.tables import Presence
from hotline.unit_of_work import Hall
from tests.builders import make_call, make_operator
from tests.stopped_clock import StoppedClock


def join(hall: Hall, call_id: int) -> QueueJoin:
    with hall.open_work(Machine.CALLER) as work:
        return lifecycle.join_queue(work, call_id)


def state_of(hall: Hall, call_id: int) -> CallState:
    with hall.look() as session:
        return session.scalars(select(Call.state).where(Call.id == call_id)).one()


def desk_of(hall: Hall, person: Person) -> Presence:
    with hall.look() as session:
        return session.get_one(Presence, person.id)


def offers_of(hall: Hall, call_id: int) -> list[Offer]:
    with hall.look() as session:
        return list(session.scalars(select(Offer).where(Offer.call_id == call_id).order_by(Offer.id)))


def accept(hall: Hall, offer_id: int, leg: str = "CAleg") -> int | None:
    with hall.open_work(Machine.CARRIER) as work:
        return offers.accept_offer(work, offer_id, leg)


def test_a_caller_who_joins_is_offered_at_once_to_the_desk_that_idled_longest(
    hall: Hall, clock: StoppedClock
) -> None:
    longest = make_operator(hall)
    clock.advance(10)
    make_operator(hall)
    call = make_call(hall)

    assert join(hall, call.id) is QueueJoin.JOINED

    assert state_of(hall, call.id) is CallState.OFFERED
    assert [offer.operator_id for offer in offers_of(hall, call.id)] == [longest.id]
    assert desk_of(hall, longest).state is PresenceState.RINGING


def test_a_caller_waits_while_no_desk_is_ready_and_is_offered_when_one_is(hall: Hall) -> None:
    call = make_call(hall)
    join(hall, call.id)
    assert state_of(hall, call.id) is CallState.QUEUED

    make_operator(hall)
    with hall.open_work(Machine.CLOCK) as work:
        assert offers.offer_waiting(work) == 1
        assert offers.offer_waiting(work) == 0


def test_a_desk_without_a_sign_of_life_is_not_rung(hall: Hall, clock: StoppedClock) -> None:
    make_operator(hall)
    clock.advance(hall.policies.queue.presence_timeout + 1)
    call = make_call(hall)
    join(hall, call.id)
    assert state_of(hall, call.id) is CallState.QUEUED


def test_joining_twice_is_joining_once(hall: Hall, announced: list[events.Event]) -> None:
    call = make_call(hall)
    assert [join(hall, call.id), join(hall, call.id)] == [QueueJoin.JOINED, QueueJoin.JOINED]
    assert announced.count(events.CallQueued(call.id)) == 1


def test_a_call_that_has_ended_cannot_join(hall: Hall) -> None:
    call = make_call(hall, state=CallState.ENDED)
    assert join(hall, call.id) is QueueJoin.TOO_LATE
    assert state_of(hall, call.id) is CallState.ENDED


def test_a_full_queue_says_so(hall: Hall) -> None:
    for _ in range(hall.policies.queue.max_size):
        make_call(hall, state=CallState.QUEUED, place_since=hall.clock())
    assert join(hall, make_call(hall).id) is QueueJoin.FULL


def test_the_first_to_accept_wins_and_the_same_leg_may_ask_again(hall: Hall) -> None:
    operator = make_operator(hall)
    call = make_call(hall)
    join(hall, call.id)
    offer = offers_of(hall, call.id)[0]

    assert accept(hall, offer.id, "CA1") == call.id
    assert accept(hall, offer.id, "CA1") == call.id
    assert accept(hall, offer.id, "CA2") is None
    assert state_of(hall, call.id) is CallState.CONNECTING
    assert desk_of(hall, operator).state is PresenceState.TALKING


def test_a_missed_ring_goes_to_the_next_desk_and_the_caller_keeps_their_place(
    hall: Hall, clock: StoppedClock
) -> None:
    sleepy = make_operator(hall)
    clock.advance(1)
    awake = make_operator(hall)
    call = make_call(hall)
    join(hall, call.id)
    place = offers_of(hall, call.id)[0]
    clock.advance(15)

    with hall.open_work(Machine.CARRIER) as work:
        offers.settle_offer(work, place.id, OfferState.MISSED)
        offers.settle_offer(work, place.id, OfferState.MISSED)

    assert [(o.operator_id, o.state) for o in offers_of(hall, call.id)] == [
        (sleepy.id, OfferState.MISSED),
        (awake.id, OfferState.PENDING),
    ]
    desk = desk_of(hall, sleepy)
    assert (desk.state, desk.reason) == (PresenceState.NOT_READY, "missed_call")
    with hall.look() as session:
        kept = session.get_one(Call, call.id)
    assert kept.place_since == kept.queued_at == clock.at.replace(second=1)


def test_an_operator_who_vanishes_before_the_caller_joined_gives_the_caller_back(hall: Hall) -> None:
    operator = make_operator(hall)
    call = make_call(hall)
    join(hall, call.id)
    offer = offers_of(hall, call.id)[0]
    accept(hall, offer.id)

    with hall.open_work(Machine.CARRIER) as work:
        offers.settle_offer(work, offer.id, OfferState.MISSED)

    assert state_of(hall, call.id) is CallState.QUEUED
    assert desk_of(hall, operator).state is PresenceState.NOT_READY


def test_an_operator_who_hangs_up_while_talking_does_not_requeue_the_caller(hall: Hall) -> None:
    make_operator(hall)
    call = make_call(hall)
    join(hall, call.id)
    offer = offers_of(hall, call.id)[0]
    accept(hall, offer.id)
    with hall.open_work(Machine.CARRIER) as work:
        lifecycle.caller_joined(work, call.id)
        offers.settle_offer(work, offer.id, OfferState.MISSED)
    assert state_of(hall, call.id) is CallState.TALKING


def test_a_ring_whose_end_was_never_told_counts_as_missed_after_its_limit(
    hall: Hall, clock: StoppedClock
) -> None:
    make_operator(hall)
    call = make_call(hall)
    join(hall, call.id)
    with hall.open_work(Machine.WORKER) as work:
        offers.begin_ringing(work, offers_of(hall, call.id)[0].id)
    clock.advance(hall.policies.queue.ring_seconds + 11)
    with hall.open_work(Machine.CLOCK) as work:
        assert offers.settle_overdue_offers(work) == 1
    assert state_of(hall, call.id) is CallState.QUEUED


def test_an_accepted_caller_nobody_joined_gets_their_place_back(hall: Hall, clock: StoppedClock) -> None:
    make_operator(hall)
    call = make_call(hall)
    join(hall, call.id)
    accept(hall, offers_of(hall, call.id)[0].id)
    clock.advance(30)
    with hall.open_work(Machine.CLOCK) as work:
        assert offers.requeue_unconnected(work, work.at) == 1
    assert state_of(hall, call.id) is CallState.QUEUED


def test_leaving_the_queue_stops_the_ring_and_frees_the_desk(hall: Hall) -> None:
    operator = make_operator(hall)
    call = make_call(hall)
    join(hall, call.id)
    with hall.open_work(Machine.CALLER) as work:
        lifecycle.leave_queue(work, call.id, "leave")
    assert offers_of(hall, call.id)[0].state is OfferState.WITHDRAWN
    assert desk_of(hall, operator).state is PresenceState.READY


def test_position_counts_who_came_first_and_expected_wait_is_the_mean_of_the_last_answers(
    hall: Hall, clock: StoppedClock
) -> None:
    for wait in (10, 20):
        make_call(hall, state=CallState.ENDED, wait_seconds=wait)
    first, second = make_call(hall), make_call(hall)
    join(hall, first.id)
    clock.advance(5)
    join(hall, second.id)
    clock.advance(7)
    with hall.open_work(Machine.CALLER) as work:
        place = offers.place_in_queue(work, second.id)
    assert place == offers.QueuePlace(
        position=2, waited_seconds=7, since_joined=7, expected_seconds=15, size=2
    )


def test_a_ring_is_asked_of_the_carrier_once_and_its_first_moment_is_remembered(
    hall: Hall, clock: StoppedClock
) -> None:
    make_operator(hall)
    call = make_call(hall)
    join(hall, call.id)
    offer = offers_of(hall, call.id)[0]
    first = clock.at
    with hall.open_work(Machine.WORKER) as work:
        assert offers.begin_ringing(work, offer.id) == first
    clock.advance(3)
    with hall.open_work(Machine.WORKER) as work:
        assert offers.begin_ringing(work, offer.id) == first
        assert offers.note_leg(work, offer.id, "CAleg")
        assert offers.begin_ringing(work, offer.id) is None


def test_a_leg_that_comes_too_late_is_not_wanted(hall: Hall) -> None:
    make_operator(hall)
    call = make_call(hall)
    join(hall, call.id)
    offer = offers_of(hall, call.id)[0]
    with hall.open_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=call.sid, status="completed")
    with hall.open_work(Machine.WORKER) as work:
        assert offers.begin_ringing(work, offer.id) is None
        assert not offers.note_leg(work, offer.id, "CAleg")


def test_a_desk_that_is_not_ready_after_all_does_not_lose_the_caller(hall: Hall) -> None:
    operator = make_operator(hall, PresenceState.NOT_READY)
    call = make_call(hall)
    join(hall, call.id)
    with hall.open_work(Machine.CLOCK) as work:
        work.session.execute(
            update(Presence).where(Presence.user_id == operator.id).values(state=PresenceState.READY)
        )
        assert offers.offer_waiting(work) == 1
    assert state_of(hall, call.id) is CallState.OFFERED
