"""Presence: the operators' own changes, and what each state permits."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update

from hotline import events
from hotline.rules.enums import CallState, NotReadyReason, OfferState, PresenceState, Role
from hotline.rules.errors import LostRace, NotAllowed, UnfinishedCall
from hotline.rules.people.actors import Machine, Person
from hotline.services.queueing import offers, presence
from hotline.services.queueing.queue import join_queue
from hotline.store.calls.tables import Offer
from hotline.store.people.tables import Presence
from hotline.unit_of_work import Application, UnitOfWork
from tests.builders import make_call, make_operator, make_user, person_of
from tests.stopped_clock import StoppedClock

P = PresenceState
BUSY = (P.RINGING, P.TALKING, P.WRAP_UP)


def do(application: Application, person: Person, intention: Callable[[UnitOfWork], object]) -> None:
    with application.unit_of_work(person) as work:
        intention(work)


def not_ready(work: UnitOfWork) -> None:
    presence.set_not_ready(work, NotReadyReason.MEAL)


def desk(application: Application, person: Person) -> Presence:
    with application.read_session() as session:
        return presence.get_presence(session, person.id)


def newcomer(application: Application, role: Role = Role.OPERATOR) -> Person:
    return person_of(make_user(application, role))


def test_who_arrives_is_not_ready_and_alive(application: Application, clock: StoppedClock) -> None:
    person = newcomer(application)
    do(application, person, presence.open_desk)
    arrived = desk(application, person)
    assert (arrived.state, arrived.seen_at) == (P.NOT_READY, clock.at)


def test_a_second_tab_changes_nothing_but_the_sign_of_life(
    application: Application, clock: StoppedClock
) -> None:
    person = make_operator(application)
    since = clock.at
    clock.advance(30)
    do(application, person, presence.open_desk)
    kept = desk(application, person)
    assert (kept.state, kept.since, kept.seen_at) == (P.READY, since, clock.at)


def test_who_comes_back_is_not_ready(application: Application) -> None:
    person = make_operator(application, P.OFFLINE)
    do(application, person, presence.open_desk)
    assert desk(application, person).state is P.NOT_READY


def test_ready_restarts_the_idle_clock_and_takes_the_longest_waiting_at_once(
    application: Application, clock: StoppedClock
) -> None:
    call = make_call(application, state=CallState.QUEUED, place_since=clock.at)
    person = make_operator(application, P.NOT_READY)
    clock.advance(60)
    do(application, person, presence.set_ready)
    taken = desk(application, person)
    assert (taken.state, taken.call_id, taken.idle_since) == (P.RINGING, call.id, clock.at)


def test_ready_twice_is_ready_once_and_keeps_the_place_among_the_idle(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    person = newcomer(application)
    do(application, person, presence.set_ready)
    since = clock.at
    clock.advance(5)
    do(application, person, presence.set_ready)
    assert desk(application, person).idle_since == since
    assert announced.count(events.PresenceChanged(person.id, P.READY, None)) == 1


def test_a_break_has_its_reason(application: Application) -> None:
    person = make_operator(application)
    do(application, person, not_ready)
    gone = desk(application, person)
    assert (gone.state, gone.reason) == (P.NOT_READY, "meal")


@pytest.mark.parametrize("state", BUSY)
@pytest.mark.parametrize("intention", [presence.set_ready, not_ready, presence.close_desk])
def test_nothing_ends_a_call_but_the_call(
    application: Application, state: PresenceState, intention: Callable[[UnitOfWork], None]
) -> None:
    person = make_operator(application, state)
    call = make_call(application, state=CallState.TALKING, operator_id=person.id)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).values(call_id=call.id))
    allowed = state is P.WRAP_UP and intention is not not_ready
    if allowed:
        do(application, person, intention)
        return
    with pytest.raises(LostRace):
        do(application, person, intention)
    kept = desk(application, person)
    assert (kept.state, kept.call_id) == (state, call.id)


@pytest.mark.parametrize("intention", [presence.set_ready, presence.close_desk])
def test_the_record_of_the_last_call_comes_first(
    application: Application, intention: Callable[[UnitOfWork], None]
) -> None:
    person = make_operator(application, P.WRAP_UP)
    call = make_call(
        application, state=CallState.ENDED, operator_id=person.id, answered_at=application.clock()
    )
    with pytest.raises(UnfinishedCall) as refused:
        do(application, person, intention)
    assert refused.value.call_id == call.id


def test_who_leaves_is_offline_and_leaving_twice_is_leaving_once(application: Application) -> None:
    person = make_operator(application)
    for _ in range(2):
        do(application, person, presence.close_desk)
    assert desk(application, person).state is P.OFFLINE
    do(application, newcomer(application), presence.close_desk)


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.OPERATOR, Role.SHIFT_LEADER}])
def test_only_who_takes_calls_has_a_desk(application: Application, role: Role) -> None:
    person = newcomer(application, role) if role is not Role.HANDLER else Person(7, role, "water")
    for intention in (
        presence.open_desk,
        presence.set_ready,
        not_ready,
        presence.close_desk,
        presence.record_heartbeat,
    ):
        with pytest.raises(NotAllowed):
            do(application, person, intention)
    with pytest.raises(NotAllowed), application.unit_of_work(Machine.CLOCK) as work:
        presence.open_desk(work)
    with application.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Presence)) == 0
        with pytest.raises(NotAllowed):
            presence.get_presence(session, person.id)


def test_a_silent_desk_is_closed_unless_it_is_busy(application: Application, clock: StoppedClock) -> None:
    people = {state: make_operator(application, state) for state in P}
    alive = make_operator(application)
    clock.advance(application.policies.queue.presence_timeout + 1)
    do(application, alive, presence.record_heartbeat)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert presence.close_silent_desks(work) == 2
        assert presence.close_silent_desks(work) == 0
    states = {state: desk(application, person).state for state, person in people.items()}
    assert states == {state: P.OFFLINE if state in {P.READY, P.NOT_READY} else state for state in P}
    assert desk(application, alive).state is P.READY


def test_a_long_wrap_up_is_marked_once_and_goes_on(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    person = make_operator(application, P.WRAP_UP)
    call = make_call(application, state=CallState.ENDED, operator_id=person.id, answered_at=clock.at)
    since = clock.at
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).values(call_id=call.id))
    clock.advance(application.policies.queue.wrap_up_seconds)
    marked = []
    for _ in range(3):
        with application.unit_of_work(Machine.CLOCK) as work:
            marked.append(presence.flag_long_wrap_ups(work))
        clock.advance(1)
    late = desk(application, person)
    assert marked == [0, 1, 0]
    assert (late.state, late.reason, late.since) == (P.WRAP_UP, "overtime", since)
    assert announced.count(events.PresenceChanged(person.id, P.WRAP_UP, "overtime")) == 1


@pytest.mark.parametrize(
    ("how", "reason"), [(OfferState.MISSED, "missed_call"), (OfferState.DECLINED, "declined_call")]
)
def test_a_desk_that_did_not_take_a_ring_says_why_it_is_not_ready(
    application: Application, clock: StoppedClock, how: OfferState, reason: str
) -> None:
    person = make_operator(application)
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        offer = work.session.scalars(select(Offer)).one()
    assert offer.state is OfferState.PENDING
    clock.advance(60)
    with application.unit_of_work(Machine.CARRIER) as work:
        offers.settle_offer(work, offer.id, how)
    missed = desk(application, person)
    assert (missed.state, missed.reason, missed.call_id) == (P.NOT_READY, reason, None)


def test_a_ring_at_a_desk_that_is_left_goes_back_to_the_queue_and_is_not_called_missed(
    application: Application, clock: StoppedClock
) -> None:
    person = make_operator(application)
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
    clock.advance(5)
    colleague = make_operator(application)
    do(application, person, presence.leave_desk)
    left = desk(application, person)
    assert (left.state, left.reason, left.call_id) == (P.NOT_READY, "left_desk", None)
    with application.read_session() as session:
        rings = session.execute(select(Offer.operator_id, Offer.state).order_by(Offer.id)).all()
    assert rings == [(person.id, OfferState.WITHDRAWN), (colleague.id, OfferState.PENDING)]
    do(application, person, presence.leave_desk)
    assert desk(application, colleague).state is P.RINGING


@pytest.mark.parametrize("state", sorted(set(P) - {P.READY, P.RINGING}))
def test_leaving_the_desk_changes_nothing_but_for_who_is_offered_calls(
    application: Application, state: PresenceState
) -> None:
    person = make_operator(application, state)
    do(application, person, presence.leave_desk)
    assert (desk(application, person).state, desk(application, person).reason) == (state, None)


def test_a_desk_that_was_left_is_still_known_as_such_when_its_heartbeat_ends(
    application: Application, clock: StoppedClock
) -> None:
    left, silent = make_operator(application), make_operator(application)
    do(application, left, presence.leave_desk)
    clock.advance(application.policies.queue.presence_timeout + 1)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert presence.close_silent_desks(work) == 2
    assert [(row.state, row.reason) for row in (desk(application, left), desk(application, silent))] == [
        (P.OFFLINE, "left_desk"),
        (P.OFFLINE, None),
    ]
