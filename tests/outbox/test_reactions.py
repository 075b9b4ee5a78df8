"""Reactions against a carrier whose responses get lost: no call is placed twice and none stays open."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from hotline import events
from hotline.gateways.addresses import VoiceRoute
from hotline.gateways.carrier import CarrierOutcomeUnknown, CarrierRefused, CarrierUnavailable
from hotline.reactions.context import ReactionContext, RetryLater
from hotline.reactions.registry import REACTION_BY_NAME, begin
from hotline.rules.enums import CallbackReason, CallbackState, CallEnd, CallState, DialState, OfferState
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import lifecycle
from hotline.services.outbound import callback_dials, callbacks, outbound_calls
from hotline.services.queueing import offers
from hotline.services.queueing.queue import join_queue
from hotline.store.calls.tables import Call, Offer
from hotline.store.outbound import Callback, Dial
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator
from tests.fakes import FakeCarrier
from tests.stopped_clock import StoppedClock

QUEUE = "hotline"


def run(tools: ReactionContext, event: events.Event, reaction: str) -> None:
    with tools.application.unit_of_work(Machine.WORKER) as work:
        request = begin(REACTION_BY_NAME[reaction], tools, work, event)
    if request is not None:
        request()


def offered(application: Application, carrier: FakeCarrier) -> tuple[events.CallOffered, Person]:
    """Puts a caller into the carrier's queue and offers the call to a desk."""
    operator = make_operator(application)
    call = make_call(application, sid=carrier.dial_in(QUEUE))
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        offer_id = work.session.scalars(select(Offer.id).where(Offer.call_id == call.id)).one()
    return events.CallOffered(call.id, offer_id, operator.id), operator


def accepted(application: Application, carrier: FakeCarrier) -> events.CallAccepted:
    offer, operator = offered(application, carrier)
    with application.unit_of_work(Machine.CARRIER) as work:
        offers.accept_offer(work, offer.offer_id, "CAleg")
    return events.CallAccepted(offer.call_id, offer.offer_id, operator.id)


def settle(application: Application, offer_id: int, how: OfferState = OfferState.MISSED) -> None:
    with application.unit_of_work(Machine.CARRIER) as work:
        offers.settle_offer(work, offer_id, how)


def leg(application: Application, offer_id: int) -> str | None:
    with application.read_session() as session:
        return session.scalars(select(Offer.leg_sid).where(Offer.id == offer_id)).one()


def call_row(application: Application, call_id: int) -> Call:
    with application.read_session() as session:
        return session.get_one(Call, call_id)


def test_a_desk_is_rung_once_with_our_ids_in_every_address(
    application: Application, tools: ReactionContext, carrier: FakeCarrier
) -> None:
    offer, operator = offered(application, carrier)
    run(tools, offer, "ring_operator")
    run(tools, offer, "ring_operator")
    order = carrier.orders[0]
    assert len(carrier.orders) == 1
    assert order.to == f"client:op_{operator.id}?offer={offer.offer_id}&call={offer.call_id}"
    assert order.answer_url == f"https://hotline.example/voice/desk/{offer.offer_id}"
    assert order.status_url == f"https://hotline.example/voice/desk/{offer.offer_id}/status"
    assert order.ring_seconds == application.policies.queue.ring_seconds
    assert leg(application, offer.offer_id) in carrier.calls


def test_a_ring_whose_answer_was_lost_is_found_not_repeated(
    application: Application, tools: ReactionContext, carrier: FakeCarrier, clock: StoppedClock
) -> None:
    offer, _ = offered(application, carrier)
    carrier.fail_next("place", CarrierOutcomeUnknown("no answer in time"), after=True)
    with pytest.raises(CarrierOutcomeUnknown):
        run(tools, offer, "ring_operator")
    clock.advance(1)
    run(tools, offer, "ring_operator")
    assert len(carrier.orders) == 1
    assert leg(application, offer.offer_id) in carrier.calls


def test_a_ring_that_never_happened_is_made_though_the_desk_was_rung_for_another_before(
    application: Application, tools: ReactionContext, carrier: FakeCarrier, clock: StoppedClock
) -> None:
    first, operator = offered(application, carrier)
    run(tools, first, "ring_operator")
    earlier = leg(application, first.offer_id)
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=call_row(application, first.call_id).sid, status="completed")
    second, again = offered_to(application, carrier, operator)
    carrier.fail_next("place", CarrierUnavailable("429"))
    with pytest.raises(CarrierUnavailable):
        run(tools, second, "ring_operator")
    clock.advance(1)
    run(tools, second, "ring_operator")
    assert again == operator
    assert leg(application, second.offer_id) not in {None, earlier}


def offered_to(
    application: Application, carrier: FakeCarrier, operator: Person
) -> tuple[events.CallOffered, Person]:
    call = make_call(application, sid=carrier.dial_in(QUEUE))
    with application.unit_of_work(Machine.CALLER) as work:
        join_queue(work, call.id)
        offer = work.session.scalars(select(Offer).where(Offer.call_id == call.id)).one()
    assert offer.operator_id == operator.id
    return events.CallOffered(call.id, offer.id, operator.id), operator


def test_an_offer_that_is_over_rings_no_desk(
    application: Application, tools: ReactionContext, carrier: FakeCarrier
) -> None:
    offer, _ = offered(application, carrier)
    settle(application, offer.offer_id)
    run(tools, offer, "ring_operator")
    assert carrier.orders == []


class Withdrawing(FakeCarrier):
    """A carrier slow enough for the offer to be settled while it rings."""

    application: Application
    offer_id: int

    def place(self, order: object) -> str:
        sid = FakeCarrier.place(self, order)  # type: ignore[arg-type]  # handed on as it came
        settle(self.application, self.offer_id)
        return sid


def test_a_ring_that_comes_too_late_is_stopped_even_if_stopping_fails_at_first(
    application: Application, tools: ReactionContext, clock: StoppedClock
) -> None:
    slow = Withdrawing(clock)
    offer, _ = offered(application, slow)
    slow.application, slow.offer_id = application, offer.offer_id
    late = replace(tools, carrier=slow)
    slow.fail_next("hang_up", CarrierUnavailable("429"))
    with pytest.raises(CarrierUnavailable):
        run(late, offer, "ring_operator")
    run(late, offer, "ring_operator")
    ringing = [call for call in slow.calls.values() if call.outbound and call.status == "ringing"]
    assert ringing == []


def test_a_missed_ring_is_stopped(
    application: Application, tools: ReactionContext, carrier: FakeCarrier
) -> None:
    missed, operator = offered(application, carrier)
    run(tools, missed, "ring_operator")
    settle(application, missed.offer_id)
    told = events.OfferSettled(missed.call_id, missed.offer_id, operator.id, OfferState.MISSED)
    run(tools, told, "release_operator")
    run(tools, told, "release_operator")
    assert carrier.calls[leg(application, missed.offer_id) or ""].status == "no-answer"


def test_a_taken_ring_is_not_stopped(
    application: Application, tools: ReactionContext, carrier: FakeCarrier
) -> None:
    event = accepted(application, carrier)
    late = events.OfferSettled(event.call_id, event.offer_id, event.operator_id, OfferState.MISSED)
    run(tools, late, "release_operator")
    assert carrier.asked == []


def test_an_accepted_caller_is_moved_to_the_talk(
    application: Application, tools: ReactionContext, carrier: FakeCarrier
) -> None:
    event = accepted(application, carrier)
    run(tools, event, "connect_caller")
    caller = carrier.calls[call_row(application, event.call_id).sid]
    assert (caller.queue, caller.url) == (None, f"https://hotline.example/voice/talk/{event.call_id}")


def test_a_caller_not_yet_in_the_carriers_queue_is_tried_again_soon(
    application: Application, tools: ReactionContext, carrier: FakeCarrier
) -> None:
    event = accepted(application, carrier)
    caller = carrier.calls[call_row(application, event.call_id).sid]
    caller.queue = None
    with pytest.raises(RetryLater):
        run(tools, event, "connect_caller")
    caller.queue = QUEUE
    run(tools, event, "connect_caller")
    assert caller.queue is None


@pytest.mark.parametrize("known", [True, False])
def test_a_caller_whose_end_was_never_told_frees_the_desk_that_accepted_them(
    application: Application, tools: ReactionContext, carrier: FakeCarrier, known: bool
) -> None:
    event = accepted(application, carrier)
    sid = call_row(application, event.call_id).sid
    carrier.hang_up(sid)
    if not known:
        del carrier.calls[sid]
    run(tools, event, "connect_caller")
    ended = call_row(application, event.call_id)
    assert (ended.state, ended.end) == (CallState.ENDED, CallEnd.ABANDONED)


def test_a_caller_given_back_meanwhile_is_not_moved(
    application: Application, tools: ReactionContext, carrier: FakeCarrier
) -> None:
    event = accepted(application, carrier)
    settle(application, event.offer_id)
    run(tools, event, "connect_caller")
    assert carrier.calls[call_row(application, event.call_id).sid].queue == QUEUE


def test_a_call_that_is_over_frees_the_operators_leg(
    application: Application, tools: ReactionContext, carrier: FakeCarrier
) -> None:
    offer, _ = offered(application, carrier)
    run(tools, offer, "ring_operator")
    with application.unit_of_work(Machine.CARRIER) as work:
        offers.accept_offer(work, offer.offer_id, leg(application, offer.offer_id) or "")
        lifecycle.end_call(work, sid=call_row(application, offer.call_id).sid, status="completed")
    run(tools, events.CallEnded(offer.call_id, CallEnd.ABANDONED), "release_operator_of_call")
    assert carrier.calls[leg(application, offer.offer_id) or ""].status == "no-answer"


def test_an_operator_can_hang_up_even_if_the_status_webhook_of_the_caller_was_lost(
    application: Application, tools: ReactionContext, carrier: FakeCarrier
) -> None:
    event = accepted(application, carrier)
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_connected(work, event.call_id)
    carrier.hang_up(call_row(application, event.call_id).sid)
    run(tools, events.CallHangUpAsked(event.call_id, event.operator_id), "hang_up_call")
    assert call_row(application, event.call_id).state is CallState.ENDED
    before = len(carrier.asked)
    run(tools, events.CallHangUpAsked(event.call_id, event.operator_id), "hang_up_call")
    assert len(carrier.asked) == before


def test_a_caller_left_alone_is_brought_back_unless_they_are_gone_or_back_already(
    application: Application, tools: ReactionContext, carrier: FakeCarrier
) -> None:
    call_id = accepted(application, carrier).call_id
    sid = call_row(application, call_id).sid
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_connected(work, call_id)
        lifecycle.record_operator_left(work, call_id)
    run(tools, events.CallLeftAlone(call_id), "take_back_caller")
    assert carrier.calls[sid].url == tools.addresses.url(VoiceRoute.LEFT_ALONE, call_id)
    carrier.hang_up(sid)
    run(tools, events.CallLeftAlone(call_id), "take_back_caller")
    assert call_row(application, call_id).state is CallState.ENDED
    before = len(carrier.asked)
    run(tools, events.CallLeftAlone(call_id), "take_back_caller")
    assert len(carrier.asked) == before


def test_a_silent_call_is_ended_if_and_only_if_the_carrier_says_so(
    application: Application, tools: ReactionContext, carrier: FakeCarrier
) -> None:
    call = make_call(application, sid=carrier.dial_in())
    run(tools, events.CallCheckRequested(call.id), "check_call")
    assert call_row(application, call.id).state is CallState.IN_FLOW
    carrier.hang_up(call.sid)
    run(tools, events.CallCheckRequested(call.id), "check_call")
    assert call_row(application, call.id).state is CallState.ENDED
    run(tools, events.CallCheckRequested(call.id), "check_call")
    assert carrier.asked.count("status_of") == 2


def planned(
    application: Application, clock: StoppedClock, number: str = "+8613800001234"
) -> events.DialPlanned:
    with application.unit_of_work(Machine.SYSTEM) as work:
        callbacks.promise_callback(work, number=number, reason=CallbackReason.REQUESTED)
    clock.advance(60)
    make_operator(application)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert callback_dials.plan_due_dials(work) == 1
        return events.DialPlanned(work.session.scalars(select(Dial.id).order_by(Dial.id.desc())).first() or 0)


def dial_row(application: Application, dial_id: int) -> Dial:
    with application.read_session() as session:
        return session.get_one(Dial, dial_id)


def test_a_citizen_is_phoned_once(
    application: Application, tools: ReactionContext, carrier: FakeCarrier, clock: StoppedClock
) -> None:
    event = planned(application, clock)
    run(tools, event, "place_dial")
    run(tools, event, "place_dial")
    placed, order = dial_row(application, event.dial_id), carrier.orders[0]
    assert len(carrier.orders) == 1
    assert (placed.state, placed.sid) == (DialState.PLACED, next(iter(carrier.calls)))
    assert (order.to, order.ring_seconds) == ("+8613800001234", application.policies.callbacks.ring_seconds)
    assert order.answer_url == f"https://hotline.example/voice/dial/{placed.ref}"
    assert order.status_url == f"{order.answer_url}/status"


def test_a_dial_whose_answer_was_lost_is_found_not_repeated_even_if_looking_fails_too(
    application: Application, tools: ReactionContext, carrier: FakeCarrier, clock: StoppedClock
) -> None:
    event = planned(application, clock)
    carrier.fail_next("place", CarrierOutcomeUnknown("no answer in time"), after=True)
    with pytest.raises(CarrierOutcomeUnknown):
        run(tools, event, "place_dial")
    assert dial_row(application, event.dial_id).state is DialState.UNKNOWN
    for _ in range(2):
        clock.advance(30)
        carrier.fail_next("find_placed", CarrierUnavailable("429"))
        with pytest.raises(CarrierUnavailable):
            run(tools, event, "place_dial")
    clock.advance(30)
    run(tools, event, "place_dial")
    assert len(carrier.orders) == 1
    assert dial_row(application, event.dial_id).state is DialState.PLACED


def test_a_dial_that_never_happened_is_made_though_that_number_was_phoned_a_moment_before(
    application: Application, tools: ReactionContext, carrier: FakeCarrier, clock: StoppedClock
) -> None:
    first = planned(application, clock)
    run(tools, first, "place_dial")
    with application.unit_of_work(Machine.CARRIER) as work:
        outbound_calls.end_dial(work, dial_row(application, first.dial_id).ref, outcome="busy")
        work.session.execute(update(Callback).values(next_try_at=clock.at))
    with application.unit_of_work(Machine.CLOCK) as work:
        assert callback_dials.plan_due_dials(work) == 1
    second = events.DialPlanned(first.dial_id + 1)
    carrier.fail_next("place", CarrierUnavailable("429"))
    with pytest.raises(CarrierUnavailable):
        run(tools, second, "place_dial")
    run(tools, second, "place_dial")
    assert len(carrier.orders) == 2
    assert dial_row(application, second.dial_id).sid != dial_row(application, first.dial_id).sid


def test_a_number_the_carrier_refuses_ends_the_attempt_and_counts(
    application: Application, tools: ReactionContext, carrier: FakeCarrier, clock: StoppedClock
) -> None:
    event = planned(application, clock)
    carrier.fail_next("place", CarrierRefused(21216, "blocked"))
    run(tools, event, "place_dial")
    refused = dial_row(application, event.dial_id)
    assert (refused.state, refused.outcome, refused.detail) == (DialState.ENDED, "refused", "21216")
    with application.read_session() as session:
        owed = session.scalars(select(Callback)).one()
    assert (owed.state, owed.attempts) == (CallbackState.WAITING, 1)


def test_a_dial_whose_promise_is_settled_is_not_placed(
    application: Application, tools: ReactionContext, carrier: FakeCarrier, clock: StoppedClock
) -> None:
    event = planned(application, clock)
    with application.unit_of_work(Machine.CALLER) as work:
        callbacks.cancel_callback(work, work.session.scalars(select(Callback.id)).one())
    run(tools, event, "place_dial")
    assert carrier.orders == []
    assert dial_row(application, event.dial_id).outcome == outbound_calls.DROPPED


@pytest.mark.parametrize("status", ["busy", "completed", "in-progress", None])
def test_an_attempt_without_an_end_is_asked_after(
    tools: ReactionContext, carrier: FakeCarrier, clock: StoppedClock, status: str | None
) -> None:
    event = planned(tools.application, clock)
    run(tools, event, "place_dial")
    sid = dial_row(tools.application, event.dial_id).sid or ""
    if status is None:
        del carrier.calls[sid]
    else:
        carrier.calls[sid].status = status
    for _ in range(2):
        run(tools, events.DialCheckRequested(event.dial_id), "check_dial")
    outcome = {"in-progress": None, None: outbound_calls.LOST}.get(status, status)
    assert dial_row(tools.application, event.dial_id).outcome == outcome


def test_an_attempt_the_carrier_never_heard_of_is_lost(
    application: Application, tools: ReactionContext, clock: StoppedClock
) -> None:
    event = planned(application, clock)
    with application.unit_of_work(Machine.WORKER) as work:
        outbound_calls.begin_placing(work, event.dial_id)
    run(tools, events.DialCheckRequested(event.dial_id), "check_dial")
    assert dial_row(application, event.dial_id).outcome == outbound_calls.LOST


def test_an_attempt_in_doubt_is_looked_for_when_asked_after(
    application: Application, tools: ReactionContext, carrier: FakeCarrier, clock: StoppedClock
) -> None:
    event = planned(application, clock)
    carrier.fail_next("place", CarrierOutcomeUnknown("no answer in time"), after=True)
    with pytest.raises(CarrierOutcomeUnknown):
        run(tools, event, "place_dial")
    sid = next(iter(carrier.calls))
    carrier.calls[sid].status = "no-answer"
    run(tools, events.DialCheckRequested(event.dial_id), "check_dial")
    ended = dial_row(application, event.dial_id)
    assert (ended.outcome, ended.sid) == ("no-answer", sid)


def test_an_attempt_whose_call_is_alive_in_our_rows_too_ends_with_it(
    application: Application, tools: ReactionContext, carrier: FakeCarrier, clock: StoppedClock
) -> None:
    event = planned(application, clock)
    run(tools, event, "place_dial")
    sid = dial_row(application, event.dial_id).sid or ""
    call = make_call(application, sid=sid, dial_id=event.dial_id)
    carrier.calls[sid].status = "completed"
    run(tools, events.DialCheckRequested(event.dial_id), "check_dial")
    assert call_row(application, call.id).state is CallState.ENDED
