"""Lost webhooks: which calls are checked, which are ended, and which desks are freed."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from hotline import events
from hotline.rules.calls import dial_schedule
from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallEnd,
    CallState,
    DialState,
    OfferState,
    PresenceState,
)
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import check_times, lifecycle, lost_webhooks
from hotline.services.outbound import callback_dials, callbacks, outbound_calls
from hotline.services.queueing import offers
from hotline.services.queueing.queue import join_queue
from hotline.store.calls.tables import Call, Offer
from hotline.store.outbound import Callback, Dial
from hotline.store.people.tables import Presence
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator
from tests.stopped_clock import StoppedClock

P, S = PresenceState, CallState


def sweep_calls(application: Application) -> int:
    with application.unit_of_work(Machine.CLOCK) as work:
        return lost_webhooks.check_silent_calls(work)


def sweep_dials(application: Application) -> int:
    with application.unit_of_work(Machine.CLOCK) as work:
        return lost_webhooks.check_silent_dials(work)


def free_desks(application: Application) -> int:
    with application.unit_of_work(Machine.CLOCK) as work:
        return lost_webhooks.free_stuck_desks(work)


def part(application: Application) -> int:
    with application.unit_of_work(Machine.CLOCK) as work:
        return lost_webhooks.return_stranded_callers(work)


def desk(application: Application, person: Person) -> Presence:
    with application.read_session() as session:
        return session.get_one(Presence, person.id)


def sit(application: Application, person: Person, call_id: int) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).where(Presence.user_id == person.id).values(call_id=call_id))


def due(application: Application, clock: StoppedClock, **columns: object) -> Call:
    """Writes a call whose next webhook is due in a second."""
    return make_call(application, check_at=clock.at + timedelta(seconds=1), **columns)


def test_a_call_without_its_next_webhook_is_checked_once_and_later_again(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    silent = due(application, clock, state=S.QUEUED)
    make_call(application, state=S.IN_FLOW, check_at=clock.at + timedelta(hours=1))
    due(application, clock, state=S.ENDED)
    assert sweep_calls(application) == 0
    clock.advance(1)
    assert [sweep_calls(application), sweep_calls(application)] == [1, 0]
    assert announced == [events.CallCheckRequested(silent.id)]
    clock.advance(lost_webhooks.SHORTEST_PAUSE.total_seconds())
    assert sweep_calls(application) == 1


def test_the_checks_of_a_talk_become_rarer_with_its_length(
    application: Application, clock: StoppedClock
) -> None:
    due(application, clock, state=S.TALKING, answered_at=clock.at)
    checked = []
    for second in range(1, 3600):
        clock.advance(1)
        if sweep_calls(application):
            checked.append(second)
    assert checked == [1, 31, 62, 124, 248, 496, 992, 1592, 2192, 2792, 3392]


def test_an_outage_of_all_webhooks_does_not_flood_the_carrier(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    for _ in range(lost_webhooks.MAX_CHECKS + 3):
        due(application, clock, state=S.QUEUED)
    clock.advance(1)
    assert [sweep_calls(application) for _ in range(3)] == [lost_webhooks.MAX_CHECKS, 3, 0]
    assert len(set(announced)) == lost_webhooks.MAX_CHECKS + 3


def test_each_webhook_of_a_live_call_moves_its_check_and_none_revives_an_ended_one(
    application: Application, clock: StoppedClock
) -> None:
    alive, over = due(application, clock), make_call(application, state=S.ENDED)
    with application.unit_of_work(Machine.CALLER) as work:
        check_times.expect_webhook(work, alive.sid, 20)
        check_times.expect_webhook(work, over.sid, 20)
    with application.read_session() as session:
        moments = [session.get_one(Call, call.id).check_at for call in (alive, over)]
    assert moments == [clock.at + timedelta(seconds=20) + check_times.MARGIN + check_times.GRACE, None]


@pytest.mark.parametrize(
    ("state", "end"),
    [
        (S.IN_FLOW, CallEnd.LEFT_IN_FLOW),
        (S.QUEUED, CallEnd.ABANDONED),
        (S.TALKING, CallEnd.COMPLETED),
        (S.AFTER, CallEnd.COMPLETED),
    ],
)
def test_a_call_longer_than_any_can_be_is_over(
    application: Application, clock: StoppedClock, state: CallState, end: CallEnd
) -> None:
    call = make_call(application, state=state, check_at=clock.at)
    clock.advance(lost_webhooks.MAX_CALL_DURATION.total_seconds() + 1)
    assert [sweep_calls(application), sweep_calls(application)] == [1, 0]
    with application.read_session() as session:
        over = session.get_one(Call, call.id)
    assert (over.state, over.end, over.ended_at) == (S.ENDED, end, clock.at)


def planned(application: Application, clock: StoppedClock) -> Dial:
    with application.unit_of_work(Machine.SYSTEM) as work:
        callbacks.promise_callback(work, number="+8613800001234", reason=CallbackReason.REQUESTED)
    clock.advance(60)
    make_operator(application)
    with application.unit_of_work(Machine.CLOCK) as work:
        callback_dials.plan_due_dials(work)
        return work.session.scalars(select(Dial)).one()


def test_an_attempt_that_was_never_placed_is_dropped_and_the_promise_waits_on(
    application: Application, clock: StoppedClock
) -> None:
    planned(application, clock)
    clock.advance(outbound_calls.STALE_AFTER.total_seconds())
    assert sweep_dials(application) == 0
    clock.advance(1)
    assert [sweep_dials(application), sweep_dials(application)] == [1, 0]
    with application.read_session() as session:
        owed, dial = session.scalars(select(Callback)).one(), session.scalars(select(Dial)).one()
    assert (owed.state, owed.attempts, dial.outcome) == (CallbackState.WAITING, 0, outbound_calls.DROPPED)


@pytest.mark.parametrize("state", [DialState.PLACING, DialState.UNKNOWN, DialState.PLACED])
def test_an_attempt_without_an_end_is_checked_as_soon_as_its_ring_must_be_over(
    application: Application, clock: StoppedClock, announced: list[events.Event], state: DialState
) -> None:
    dial = placed(application, clock, state)
    clock.advance(ring_over(application) - 1)
    assert sweep_dials(application) == 0
    clock.advance(1)
    assert [sweep_dials(application), sweep_dials(application)] == [1, 0]
    assert announced[-1] == events.DialCheckRequested(dial.id)
    clock.advance(lost_webhooks.SHORTEST_PAUSE.total_seconds())
    assert sweep_dials(application) == 1


def placed(application: Application, clock: StoppedClock, state: DialState) -> Dial:
    dial = planned(application, clock)
    with application.unit_of_work(Machine.WORKER) as work:
        outbound_calls.begin_placing(work, dial.id)
        work.session.execute(update(Dial).values(state=state, sid="CA1"))
    return dial


def ring_over(application: Application) -> float:
    grace = dial_schedule.RING_GRACE.total_seconds()
    return application.policies.callbacks.ring_seconds + grace


def test_one_lost_status_callback_does_not_keep_the_others_from_being_phoned(
    application: Application, clock: StoppedClock
) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        callbacks.promise_callback(work, number="+8613800005678", reason=CallbackReason.ABANDONED)
    placed(application, clock, DialState.PLACED)
    clock.advance(ring_over(application) - 1)
    heartbeat(application)
    assert plan(application) == 0
    clock.advance(1)
    heartbeat(application)
    assert sweep_dials(application) == 1
    assert plan(application) == 1


def heartbeat(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).values(seen_at=work.at))


def plan(application: Application) -> int:
    with application.unit_of_work(Machine.CLOCK) as work:
        return callback_dials.plan_due_dials(work)


@pytest.mark.parametrize("state", P)
def test_a_desk_that_is_busy_with_nothing_is_freed(application: Application, state: PresenceState) -> None:
    person = make_operator(application, state)
    sit(application, person, make_call(application, state=S.TALKING).id)
    stuck = state in {P.RINGING, P.TALKING, P.WRAP_UP}
    assert free_desks(application) == int(stuck)
    freed = desk(application, person)
    assert freed.state is (P.READY if stuck else state)
    assert (freed.call_id is None) == stuck
    assert free_desks(application) == 0


def test_a_desk_whose_talk_is_over_wraps_up_and_one_whose_record_is_complete_is_ready(
    application: Application, clock: StoppedClock
) -> None:
    open_record, complete = make_operator(application, P.TALKING), make_operator(application, P.WRAP_UP)
    over = {"state": S.ENDED, "answered_at": clock.at}
    first = make_call(application, operator_id=open_record.id, **over)
    second = make_call(application, operator_id=complete.id, finished_at=clock.at, **over)
    sit(application, open_record, first.id)
    sit(application, complete, second.id)
    assert free_desks(application) == 2
    assert (desk(application, open_record).state, desk(application, open_record).call_id) == (
        P.WRAP_UP,
        first.id,
    )
    assert desk(application, complete).state is P.READY
    assert free_desks(application) == 0


def test_a_desk_that_rings_talks_or_wraps_up_in_earnest_is_left_alone(
    application: Application, clock: StoppedClock
) -> None:
    person = make_operator(application)
    call = make_call(application)
    seen: list[tuple[PresenceState, int]] = []

    def look() -> None:
        seen.append((desk(application, person).state, free_desks(application)))

    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        offer_id = work.session.scalars(select(Offer.id)).one()
    look()
    with application.unit_of_work(Machine.CARRIER) as work:
        offers.accept_offer(work, offer_id, "CAleg")
    look()
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_connected(work, call.id)
    look()
    clock.advance(30)
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=call.sid, status="completed")
    look()
    assert seen == [(P.RINGING, 0), (P.TALKING, 0), (P.TALKING, 0), (P.WRAP_UP, 0)]


@pytest.mark.parametrize("rang", [True, False])
def test_an_unsettled_ring_is_a_miss_only_if_the_desk_ever_rang(
    application: Application, clock: StoppedClock, rang: bool
) -> None:
    person = make_operator(application)
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        offer_id = work.session.scalars(select(Offer.id)).one()
        if rang:
            offers.begin_ringing(work, offer_id)
    clock.advance(application.policies.queue.ring_seconds + 11)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert offers.settle_overdue_offers(work) == 1
    with application.read_session() as session:
        settled = session.get_one(Offer, offer_id).state
        waits = session.get_one(Call, call.id).state
    assert settled is (OfferState.MISSED if rang else OfferState.WITHDRAWN)
    assert (desk(application, person).state, waits) == (
        (P.NOT_READY, S.QUEUED) if rang else (P.RINGING, S.OFFERED)
    )


def test_a_caller_whose_operator_never_joined_them_is_asked_back_until_they_are(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    person = make_operator(application, P.TALKING)
    call = make_call(application, state=S.TALKING, operator_id=person.id)
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_operator_left(work, call.id)
    announced.clear()
    clock.advance(lost_webhooks.STRANDED_AFTER.total_seconds())
    assert part(application) == 0
    clock.advance(1)
    assert (part(application), part(application)) == (1, 1)
    assert announced == [events.CallLeftAlone(call.id)] * 2


def test_who_has_hung_up_or_still_talks_is_left_in_peace(
    application: Application, clock: StoppedClock
) -> None:
    person = make_operator(application, P.TALKING)
    over, rating, _ = (make_call(application, state=S.TALKING, operator_id=person.id) for _ in range(3))
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_operator_left(work, over.id)
        lifecycle.end_call(work, sid=over.sid, status="completed")
        lifecycle.record_operator_left(work, rating.id)
        lifecycle.record_talk_left(work, rating.id)
    clock.advance(lost_webhooks.STRANDED_AFTER.total_seconds() + 1)
    assert part(application) == 0
