"""Two processes at the same moment, on both databases: no loss, no duplicate, no deadlock."""

from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import func, select

from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallPurpose,
    CallState,
    NotReadyReason,
    OfferState,
    PresenceState,
)
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import lifecycle
from hotline.services.calls.lifecycle import Arrival
from hotline.services.outbound import callback_dials, callbacks, outbound_calls
from hotline.services.queueing import offers, presence
from hotline.services.queueing.queue import join_queue
from hotline.services.tickets import actions
from hotline.store.calls.tables import Call, Offer
from hotline.store.outbound import Callback, Dial
from hotline.store.people.tables import Presence
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator
from tests.racing import at_once, meanwhile
from tests.stopped_clock import StoppedClock

ROUNDS = 12


def join(application: Application, call_id: int) -> None:
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call_id)


def end(application: Application, sid: str) -> None:
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=sid, status="completed")


def accept(application: Application, offer_id: int, leg: str) -> int | None:
    with application.unit_of_work(Machine.CARRIER) as work:
        return offers.accept_offer(work, offer_id, leg)


def settle(application: Application, offer_id: int, how: OfferState) -> None:
    with application.unit_of_work(Machine.CARRIER) as work:
        offers.settle_offer(work, offer_id, how)


def pending(application: Application, call_id: int) -> int:
    with application.read_session() as session:
        return session.scalars(
            select(Offer.id).where(Offer.call_id == call_id, Offer.state == OfferState.PENDING)
        ).one()


def state_of(application: Application, call_id: int) -> CallState:
    with application.read_session() as session:
        return session.scalars(select(Call.state).where(Call.id == call_id)).one()


def test_a_caller_who_hangs_up_while_being_offered_is_not_left_alive(application: Application) -> None:
    call = make_call(application)
    join(application, call.id)
    make_operator(application)
    with ExitStack() as until_both_ended:
        with application.unit_of_work(Machine.CLOCK) as work:
            assert offers.offer_waiting(work) == 1
            ending = until_both_ended.enter_context(
                meanwhile(application.engine, partial(end, application, call.sid))
            )
        ending.result()
    assert state_of(application, call.id) is CallState.ENDED
    with application.read_session() as session:
        assert session.scalars(select(Offer.state)).all() == [OfferState.WITHDRAWN]
        assert session.scalars(select(Presence.state)).all() == [PresenceState.READY]


ARRIVAL = Arrival(
    sid="CA" + "7" * 32,
    number_raw="+8613800001234",
    dialed="+865374412345",
    purpose=CallPurpose.INBOUND,
    flow="main",
    flow_version="v1",
    position="greeting:0",
)


def test_a_last_word_that_meets_the_first_webhook_is_not_lost(application: Application) -> None:
    def last_word() -> None:
        with application.unit_of_work(Machine.CARRIER) as work:
            lifecycle.end_call(work, sid=ARRIVAL.sid, status="completed", arrival=ARRIVAL)

    with ExitStack() as until_both_ended:
        with application.unit_of_work(Machine.CALLER) as work:
            call = lifecycle.receive_call(work, ARRIVAL)
            ending = until_both_ended.enter_context(meanwhile(application.engine, last_word))
        ending.result()
    assert state_of(application, call.id) is CallState.ENDED


def test_an_answer_and_a_hang_up_of_a_called_citizen_leave_no_call_alive(
    application: Application, clock: StoppedClock
) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        callbacks.promise_callback(work, number="+8613800001234", reason=CallbackReason.REQUESTED)
    clock.advance(60)
    make_operator(application)
    with application.unit_of_work(Machine.CLOCK) as work:
        callback_dials.plan_due_dials(work)
        ref = work.session.scalars(select(Dial.ref)).one()
        outbound_calls.begin_placing(work, 1)
    arrival = replace(ARRIVAL, purpose=CallPurpose.CALLBACK, dial_ref=ref)

    def last_word() -> None:
        with application.unit_of_work(Machine.CARRIER) as work:
            held = outbound_calls.lock_dial(work, ref)
            lifecycle.end_call(work, sid=arrival.sid, status="completed")
            outbound_calls.end_dial(work, held.ref, outcome="completed", sid=arrival.sid)

    with ExitStack() as until_both_ended:
        with application.unit_of_work(Machine.CARRIER) as work:
            outbound_calls.record_dial_sid(work, outbound_calls.lock_dial(work, ref).ref, arrival.sid)
            call = lifecycle.receive_call(work, arrival)
            ending = until_both_ended.enter_context(meanwhile(application.engine, last_word))
        ending.result()
    assert state_of(application, call.id) is CallState.ENDED
    with application.read_session() as session:
        assert session.scalars(select(Callback.state)).one() is CallbackState.WAITING


def test_accepting_and_hanging_up_at_once_ends_in_one_order_or_the_other(application: Application) -> None:
    for _ in range(ROUNDS):
        operator = make_operator(application)
        call = make_call(application)
        join(application, call.id)
        offer_id = pending(application, call.id)
        outcomes = at_once(
            partial(accept, application, offer_id, f"L{call.sid}"),
            partial(end, application, call.sid),
        )
        assert [one for one in outcomes if isinstance(one, Exception)] == []
        assert state_of(application, call.id) is CallState.ENDED
        assert free_again(application, operator)


def free_again(application: Application, operator: Person) -> bool:
    """Returns whether the desk is ready, and sends it on a break so that the next round has a desk of its own."""
    with application.unit_of_work(operator) as work:
        state = presence.get_presence(work.session, operator.id).state
        presence.set_not_ready(work, NotReadyReason.BREAK)
    return state is PresenceState.READY


def test_two_callers_who_hang_up_at_once_while_a_desk_is_free_do_not_wait_for_each_other(
    application: Application,
) -> None:
    for _ in range(ROUNDS):
        both = [make_call(application) for _ in range(2)]
        for call in both:
            join(application, call.id)
        operator = make_operator(application)
        outcomes = at_once(*(partial(end, application, call.sid) for call in both))
        assert outcomes == [None, None]
        assert {state_of(application, call.id) for call in both} == {CallState.ENDED}
        assert free_again(application, operator)


def test_two_legs_accept_and_one_wins(application: Application) -> None:
    make_operator(application)
    call = make_call(application)
    join(application, call.id)
    offer_id = pending(application, call.id)
    outcomes = at_once(*(partial(accept, application, offer_id, leg) for leg in ("CA1", "CA2")))
    assert sorted(outcomes, key=str) == sorted([call.id, None], key=str)


def test_the_same_leg_asking_twice_at_once_is_told_the_same(application: Application) -> None:
    make_operator(application)
    call = make_call(application)
    join(application, call.id)
    offer_id = pending(application, call.id)
    assert at_once(*(partial(accept, application, offer_id, "CA1") for _ in range(2))) == [call.id] * 2


def test_a_call_is_offered_to_one_desk_and_a_desk_rung_for_one_call_however_many_match(
    application: Application,
) -> None:
    waiting = [
        make_call(application, state=CallState.QUEUED, place_since=application.clock()) for _ in range(4)
    ]
    for _ in range(3):
        make_operator(application)

    def match() -> int:
        with application.unit_of_work(Machine.CLOCK) as work:
            return offers.offer_waiting(work)

    assert [one for one in at_once(match, match, match) if isinstance(one, Exception)] == []
    match()
    with application.read_session() as session:
        rings = session.execute(select(Offer.call_id, Offer.operator_id)).all()
    assert len({call for call, _ in rings}) == len({desk for _, desk in rings}) == len(rings) == 3
    assert {call for call, _ in rings} <= {call.id for call in waiting}


def test_a_call_has_one_draft_however_often_it_is_opened_at_once(application: Application) -> None:
    operator = make_operator(application, PresenceState.TALKING)
    call = make_call(application, state=CallState.TALKING, operator_id=operator.id)

    def open_one() -> int:
        with application.unit_of_work(operator) as work:
            return actions.open_draft(work, call_id=call.id).id

    opened = at_once(*[open_one] * 3)
    assert len(set(opened)) == 1
    with application.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1


@pytest.mark.parametrize("how", [OfferState.MISSED, OfferState.WITHDRAWN])
def test_a_missed_ring_and_a_hang_up_at_once(application: Application, how: OfferState) -> None:
    for _ in range(ROUNDS):
        make_operator(application)
        call = make_call(application)
        join(application, call.id)
        offer_id = pending(application, call.id)

        assert at_once(partial(settle, application, offer_id, how), partial(end, application, call.sid)) == [
            None,
            None,
        ]
        assert state_of(application, call.id) is CallState.ENDED
        with application.read_session() as session:
            busy = session.scalars(select(Presence.state)).all()
        assert PresenceState.RINGING not in busy
        retire_all(application)


def retire_all(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        for desk in work.session.scalars(select(Presence)):
            desk.state = PresenceState.OFFLINE
