"""An operator's own words, and what a desk may be in which state."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update

from hotline import events
from hotline.rules.enums import CallState, NotReadyReason, OfferState, PresenceState, Role
from hotline.rules.errors import LostRace, NotAllowed, UnfinishedCall
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import lifecycle
from hotline.services.queueing import offers, presence
from hotline.store.calls.tables import Offer
from hotline.store.people.tables import Presence
from hotline.unit_of_work import Hall, Work
from tests.builders import make_call, make_operator, make_user, person_of
from tests.stopped_clock import StoppedClock

P = PresenceState
BUSY = (P.RINGING, P.TALKING, P.WRAP_UP)


def do(hall: Hall, person: Person, intention: Callable[[Work], object]) -> None:
    with hall.open_work(person) as work:
        intention(work)


def not_ready(work: Work) -> None:
    presence.become_not_ready(work, NotReadyReason.MEAL)


def desk(hall: Hall, person: Person) -> Presence:
    with hall.look() as session:
        return presence.desk_state(session, person.id)


def newcomer(hall: Hall, role: Role = Role.OPERATOR) -> Person:
    return person_of(make_user(hall, role))


def test_who_arrives_is_not_ready_and_alive(hall: Hall, clock: StoppedClock) -> None:
    person = newcomer(hall)
    do(hall, person, presence.arrive)
    arrived = desk(hall, person)
    assert (arrived.state, arrived.seen_at) == (P.NOT_READY, clock.at)


def test_a_second_tab_changes_nothing_but_the_sign_of_life(hall: Hall, clock: StoppedClock) -> None:
    person = make_operator(hall)
    since = clock.at
    clock.advance(30)
    do(hall, person, presence.arrive)
    kept = desk(hall, person)
    assert (kept.state, kept.since, kept.seen_at) == (P.READY, since, clock.at)


def test_who_comes_back_is_not_ready(hall: Hall) -> None:
    person = make_operator(hall, P.OFFLINE)
    do(hall, person, presence.arrive)
    assert desk(hall, person).state is P.NOT_READY


def test_ready_restarts_the_idle_clock_and_takes_the_longest_waiting_at_once(
    hall: Hall, clock: StoppedClock
) -> None:
    call = make_call(hall, state=CallState.QUEUED, place_since=clock.at)
    person = make_operator(hall, P.NOT_READY)
    clock.advance(60)
    do(hall, person, presence.become_ready)
    taken = desk(hall, person)
    assert (taken.state, taken.call_id, taken.idle_since) == (P.RINGING, call.id, clock.at)


def test_ready_twice_is_ready_once_and_keeps_the_place_among_the_idle(
    hall: Hall, clock: StoppedClock, announced: list[events.Event]
) -> None:
    person = newcomer(hall)
    do(hall, person, presence.become_ready)
    since = clock.at
    clock.advance(5)
    do(hall, person, presence.become_ready)
    assert desk(hall, person).idle_since == since
    assert announced.count(events.PresenceChanged(person.id, P.READY, None)) == 1


def test_a_break_has_its_reason(hall: Hall) -> None:
    person = make_operator(hall)
    do(hall, person, not_ready)
    gone = desk(hall, person)
    assert (gone.state, gone.reason) == (P.NOT_READY, "meal")


@pytest.mark.parametrize("state", BUSY)
@pytest.mark.parametrize("intention", [presence.become_ready, not_ready, presence.leave])
def test_nothing_ends_a_call_but_the_call(
    hall: Hall, state: PresenceState, intention: Callable[[Work], None]
) -> None:
    person = make_operator(hall, state)
    call = make_call(hall, state=CallState.TALKING, operator_id=person.id)
    with hall.open_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).values(call_id=call.id))
    allowed = state is P.WRAP_UP and intention is not not_ready
    if allowed:
        do(hall, person, intention)
        return
    with pytest.raises(LostRace):
        do(hall, person, intention)
    kept = desk(hall, person)
    assert (kept.state, kept.call_id) == (state, call.id)


@pytest.mark.parametrize("intention", [presence.become_ready, presence.leave])
def test_the_record_of_the_last_call_comes_first(hall: Hall, intention: Callable[[Work], None]) -> None:
    person = make_operator(hall, P.WRAP_UP)
    call = make_call(hall, state=CallState.ENDED, operator_id=person.id, answered_at=hall.clock())
    with pytest.raises(UnfinishedCall) as refused:
        do(hall, person, intention)
    assert refused.value.call_id == call.id


def test_who_leaves_is_offline_and_leaving_twice_is_leaving_once(hall: Hall) -> None:
    person = make_operator(hall)
    for _ in range(2):
        do(hall, person, presence.leave)
    assert desk(hall, person).state is P.OFFLINE
    do(hall, newcomer(hall), presence.leave)


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.OPERATOR, Role.SHIFT_LEADER}])
def test_only_who_takes_calls_has_a_desk(hall: Hall, role: Role) -> None:
    person = newcomer(hall, role) if role is not Role.HANDLER else Person(7, role, "water")
    for intention in (presence.arrive, presence.become_ready, not_ready, presence.leave, presence.beat):
        with pytest.raises(NotAllowed):
            do(hall, person, intention)
    with pytest.raises(NotAllowed), hall.open_work(Machine.CLOCK) as work:
        presence.arrive(work)
    with hall.look() as session:
        assert session.scalar(select(func.count()).select_from(Presence)) == 0
        with pytest.raises(NotAllowed):
            presence.desk_state(session, person.id)


def test_a_silent_desk_is_closed_unless_it_is_busy(hall: Hall, clock: StoppedClock) -> None:
    people = {state: make_operator(hall, state) for state in P}
    alive = make_operator(hall)
    clock.advance(hall.policies.queue.presence_timeout + 1)
    do(hall, alive, presence.beat)
    with hall.open_work(Machine.CLOCK) as work:
        assert presence.close_silent_desks(work) == 2
        assert presence.close_silent_desks(work) == 0
    states = {state: desk(hall, person).state for state, person in people.items()}
    assert states == {state: P.OFFLINE if state in {P.READY, P.NOT_READY} else state for state in P}
    assert desk(hall, alive).state is P.READY


def test_a_long_wrap_up_is_marked_once_and_goes_on(
    hall: Hall, clock: StoppedClock, announced: list[events.Event]
) -> None:
    person = make_operator(hall, P.WRAP_UP)
    call = make_call(hall, state=CallState.ENDED, operator_id=person.id, answered_at=clock.at)
    since = clock.at
    with hall.open_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).values(call_id=call.id))
    clock.advance(hall.policies.queue.wrap_up_seconds)
    marked = []
    for _ in range(3):
        with hall.open_work(Machine.CLOCK) as work:
            marked.append(presence.flag_long_wrap_ups(work))
        clock.advance(1)
    late = desk(hall, person)
    assert marked == [0, 1, 0]
    assert (late.state, late.reason, late.since) == (P.WRAP_UP, "overtime", since)
    assert announced.count(events.PresenceChanged(person.id, P.WRAP_UP, "overtime")) == 1


def test_a_desk_that_misses_a_ring_says_why_it_is_not_ready(hall: Hall, clock: StoppedClock) -> None:
    person = make_operator(hall)
    call = make_call(hall)
    with hall.open_work(Machine.CALLER) as work:
        lifecycle.join_queue(work, call.id)
        offer = work.session.scalars(select(Offer)).one()
    assert offer.state is OfferState.PENDING
    clock.advance(60)
    with hall.open_work(Machine.CARRIER) as work:
        offers.settle_offer(work, offer.id, OfferState.MISSED)
    missed = desk(hall, person)
    assert (missed.state, missed.reason, missed.call_id) == (P.NOT_READY, "missed_call", None)
