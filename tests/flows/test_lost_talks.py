"""A talk whose operator was lost: the caller stays and goes to the front of the queue, with the draft."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hotline.gateways.addresses import VoiceAddresses
from hotline.rules.calls.states import FRONT_OF_QUEUE
from hotline.rules.enums import CallbackReason, CallEnd, CallState, OfferState, PresenceState, TicketState
from hotline.rules.errors import UnfinishedCall
from hotline.rules.people.actors import Person
from hotline.rules.tickets.fields import TicketFields
from hotline.services.calls import lifecycle
from hotline.services.queueing import presence
from hotline.services.tickets import actions
from hotline.store.people.tables import Presence
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from ivr_flows.webhooks.blueprint import voice_blueprint
from ivr_flows.webhooks.flow_registry import FlowRegistry
from tests.builders import make_operator
from tests.flows.conftest import LEG, PUBLIC, SID, TOKEN, Answer, Carrier, Ledger
from tests.stopped_clock import StoppedClock

RATE = "请您为本次服务评价"
LOST = "抱歉，坐席线路中断，请您不要挂机，正在为您优先转接。"
COMPLETED = {"CallSid": LEG, "CallStatus": "completed", "SequenceNumber": "3"}


@pytest.fixture
def operator(application: Application) -> Person:
    return make_operator(application)


def answer(carrier: Carrier, ledger: Ledger, sid: str = SID, leg: str = LEG) -> None:
    """Lets the operator who rings take the caller."""
    carrier.post(f"/voice/desk/{ledger.offer().id}", CallSid=leg, Direction="outbound-api")
    carrier.post(f"/voice/talk/{ledger.call(sid).id}", CallSid=sid)


def leg_ends(carrier: Carrier, ledger: Ledger, **fields: str) -> None:
    offer = ledger.offer().id
    carrier.post(f"/voice/desk/{offer}/status", **{**COMPLETED, **fields})
    carrier.post(f"/voice/desk/{offer}/left", **{**COMPLETED, **fields})


def talk_ends(carrier: Carrier, ledger: Ledger, sid: str = SID) -> Answer:
    """Follows the end of the caller's leg of the conference until something is said."""
    heard = carrier.post(f"/voice/talk/{ledger.call(sid).id}/ended", CallSid=sid, DialCallStatus="answered")
    while heard.verbs == ["Pause", "Redirect"]:
        heard = carrier.follow(heard, "Redirect", "", CallSid=sid)
    return heard


def talk(carrier: Carrier, ledger: Ledger, clock: StoppedClock) -> None:
    carrier.waits()
    clock.advance(7)
    answer(carrier, ledger)
    clock.advance(60)


def desk_of(ledger: Ledger, person: Person) -> Presence:
    with Session(ledger.engine) as session:
        return session.get_one(Presence, person.id)


def said_while_waiting(carrier: Carrier, document: Answer, sid: str = SID) -> str:
    assert document.verbs[-1] == "Enqueue"
    return carrier.follow(document, "Enqueue", "waitUrl", CallSid=sid).words


@pytest.mark.parametrize("order", ["leg first", "caller first", "leg unreported"])
def test_the_caller_stays_and_waits_at_the_front_with_their_place(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock, order: str
) -> None:
    talk(carrier, ledger, clock)
    before = ledger.call()
    if order == "leg first":
        leg_ends(carrier, ledger)
    document = talk_ends(carrier, ledger)
    if order == "caller first":
        leg_ends(carrier, ledger)
    assert said_while_waiting(carrier, document).startswith(LOST)
    call = ledger.call()
    assert (call.state, call.priority, call.operator_id) == (CallState.QUEUED, FRONT_OF_QUEUE, None)
    assert (call.place_since, call.queued_at) == (before.place_since, before.queued_at)
    assert (call.answered_at, call.wait_seconds) == (before.answered_at, 7)
    assert (ledger.offer().state, ledger.callbacks()) == (OfferState.LOST, [])
    desk = desk_of(ledger, operator)
    assert (desk.state, desk.reason, desk.call_id) == (PresenceState.NOT_READY, "connection_lost", None)


def test_a_repeated_end_of_the_talk_changes_nothing(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock
) -> None:
    talk(carrier, ledger, clock)
    talk_ends(carrier, ledger)
    joined = ledger.call().joined_at
    clock.advance(1)
    for _ in range(2):
        assert talk_ends(carrier, ledger).verbs[-1] == "Enqueue"
        leg_ends(carrier, ledger)
    assert (ledger.state(), ledger.call().joined_at) == (CallState.QUEUED, joined)


def test_a_late_report_of_the_lost_leg_does_not_end_the_next_talk(
    application: Application, carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock
) -> None:
    talk(carrier, ledger, clock)
    lost = ledger.offer().id
    talk_ends(carrier, ledger)
    with application.unit_of_work(make_operator(application, PresenceState.NOT_READY)) as work:
        presence.set_ready(work)
    answer(carrier, ledger, leg="CA" + "7" * 32)
    carrier.post(f"/voice/desk/{lost}/status", **COMPLETED, SipResponseCode="200")
    carrier.post(f"/voice/desk/{lost}/left", **COMPLETED)
    assert (ledger.state(), ledger.offer().state, ledger.offer().hung_up_at) == (
        CallState.TALKING,
        OfferState.ACCEPTED,
        None,
    )


def test_a_hang_up_that_is_reported_a_moment_later_still_counts(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock, application: Application
) -> None:
    talk(carrier, ledger, clock)
    leg_ends(carrier, ledger)
    pause = carrier.post(f"/voice/talk/{ledger.call().id}/ended", DialCallStatus="answered")
    with application.unit_of_work(operator) as work:
        lifecycle.request_hang_up(work, ledger.call().id)
    assert carrier.follow(pause, "Redirect", "").words.startswith(RATE)
    assert desk_of(ledger, operator).state is PresenceState.WRAP_UP


@pytest.mark.usefixtures("colleague")
@pytest.mark.parametrize("reported_first", ["status", "left"])
@pytest.mark.parametrize(("code", "lost"), [("200", False), ("408", True)])
def test_a_carrier_that_reports_lost_devices_is_believed(
    application: Application,
    registry: FlowRegistry,
    ledger: Ledger,
    operator: Person,
    clock: StoppedClock,
    *,
    code: str,
    lost: bool,
    reported_first: str,
) -> None:
    app = Flask("voice")
    addresses = VoiceAddresses(PUBLIC)
    app.register_blueprint(
        voice_blueprint(application, registry, TOKEN, addresses, reports_lost_devices=True)
    )
    with app.test_client() as client:
        carrier = Carrier(client)
        talk(carrier, ledger, clock)
        if reported_first == "left":
            carrier.post(f"/voice/desk/{ledger.offer().id}/left", **COMPLETED)
        leg_ends(carrier, ledger, SipResponseCode=code)
        document = talk_ends(carrier, ledger)
        assert document.verbs[-1] == ("Enqueue" if lost else "Gather")


def test_the_next_operator_gets_caller_and_draft_and_a_second_loss_is_the_same(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock, application: Application
) -> None:
    talk(carrier, ledger, clock)
    first = ledger.call()
    with application.unit_of_work(operator) as work:
        draft = actions.open_draft(work, call_id=first.id, stated=TicketFields(title="路灯不亮"))
    carrier.arrives(CallSid="CA" + "2" * 32, From="+8613900000002")
    carrier.post("/voice/heard", CallSid="CA" + "2" * 32, From="+8613900000002")
    talk_ends(carrier, ledger)
    people = [make_operator(application, PresenceState.NOT_READY) for _ in range(2)]
    for number, person in enumerate(people):
        with application.unit_of_work(person) as work:
            presence.set_ready(work)
        assert (ledger.offer().call_id, ledger.offer().operator_id) == (first.id, person.id)
        answer(carrier, ledger, leg=f"CA{number:032d}")
        clock.advance(30)
        with Session(ledger.engine) as session:
            taken = session.get_one(Ticket, draft.id)
        assert (taken.author_id, taken.title, taken.state) == (person.id, "路灯不亮", TicketState.DRAFT)
        document = talk_ends(carrier, ledger)
        assert said_while_waiting(carrier, document).startswith(LOST)
    assert (ledger.call().answered_at, ledger.call().wait_seconds) == (first.answered_at, 7)


def test_the_same_operator_is_preferred_once_they_are_ready_again(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock, application: Application
) -> None:
    talk(carrier, ledger, clock)
    leg_ends(carrier, ledger)
    talk_ends(carrier, ledger)
    clock.advance(10)
    idle = make_operator(application, PresenceState.NOT_READY)
    with Session(ledger.engine) as session:
        session.execute(update(Presence).values(seen_at=clock.at))
        ready = Presence.user_id.in_((operator.id, idle.id))
        session.execute(update(Presence).where(ready).values(state=PresenceState.READY))
        session.commit()
    carrier.arrives(CallSid="CA" + "3" * 32, From="+8613900000003")
    carrier.post("/voice/heard", CallSid="CA" + "3" * 32, From="+8613900000003")
    with Session(ledger.engine) as session:
        ringing = session.scalar(select(Presence.call_id).where(Presence.user_id == operator.id))
    assert ringing == ledger.call().id


def test_a_telephone_that_is_soon_back_gets_its_caller_back(
    application: Application, carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock
) -> None:
    talk(carrier, ledger, clock)
    leg_ends(carrier, ledger)
    beat(application, operator)
    assert desk_of(ledger, operator).state is PresenceState.WRAP_UP
    talk_ends(carrier, ledger)
    clock.advance(61)
    beat(application, operator)
    assert ledger.state() is CallState.QUEUED
    clock.advance(-41)
    beat(application, operator)
    assert (ledger.state(), ledger.offer().operator_id) == (CallState.OFFERED, operator.id)


def test_the_heartbeat_goes_on_when_the_lost_caller_has_hung_up(
    application: Application, carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock
) -> None:
    talk(carrier, ledger, clock)
    talk_ends(carrier, ledger)
    carrier.hangs_up()
    clock.advance(20)
    beat(application, operator)
    assert (desk_of(ledger, operator).state, desk_of(ledger, operator).seen_at) == (
        PresenceState.NOT_READY,
        clock.at,
    )


def beat(application: Application, operator: Person) -> None:
    """Sends the heartbeat of a desk whose telephone is on."""
    with application.unit_of_work(operator) as work:
        presence.open_desk(work)
        presence.report_telephone(work, is_on=True)


def test_a_caller_whom_nobody_takes_is_owed_a_call_and_the_first_operator_completes_the_record(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock, application: Application
) -> None:
    talk(carrier, ledger, clock)
    leg_ends(carrier, ledger)
    talk_ends(carrier, ledger)
    clock.advance(40)
    carrier.post("/voice/queue-left", QueueResult="hangup", CallStatus="completed")
    call = ledger.call()
    assert (call.state, call.end, call.operator_id) == (CallState.ENDED, CallEnd.ABANDONED, operator.id)
    assert call.answered_at is not None
    owed = ledger.callbacks()
    assert [(one.reason, one.place_since) for one in owed] == [(CallbackReason.ABANDONED, call.place_since)]
    with application.unit_of_work(operator) as work, pytest.raises(UnfinishedCall):
        presence.set_ready(work)


def test_a_lost_caller_is_not_turned_away_by_a_full_queue(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock, application: Application
) -> None:
    talk(carrier, ledger, clock)
    for number in range(application.policies.queue.max_size):
        carrier.arrives(CallSid=f"CA{number:032d}", From=f"+86139{number:08d}")
        carrier.post("/voice/heard", CallSid=f"CA{number:032d}", From=f"+86139{number:08d}")
    assert talk_ends(carrier, ledger).verbs[-1] == "Enqueue"
    assert ledger.state() is CallState.QUEUED


def test_without_any_operator_the_caller_may_choose_and_is_owed_a_call_at_a_hang_up(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock
) -> None:
    talk(carrier, ledger, clock)
    with Session(ledger.engine) as session:
        session.execute(update(Presence).values(seen_at=clock.at - timedelta(hours=1)))
        session.commit()
    choice = talk_ends(carrier, ledger)
    assert choice.words.startswith(LOST)
    assert choice.verbs == ["Gather"]
    carrier.hangs_up()
    assert [owed.reason for owed in ledger.callbacks()] == [CallbackReason.ABANDONED]


def test_the_caller_who_hangs_up_in_the_same_moment_is_not_called_back(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock
) -> None:
    talk(carrier, ledger, clock)
    leg_ends(carrier, ledger)
    carrier.post(f"/voice/talk/{ledger.call().id}/ended", DialCallStatus="answered", CallStatus="completed")
    assert (ledger.state(), ledger.call().end, ledger.callbacks()) == (
        CallState.ENDED,
        CallEnd.COMPLETED,
        [],
    )
    assert desk_of(ledger, operator).state is PresenceState.WRAP_UP


def test_the_caller_of_a_language_keeps_language_and_queue(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock
) -> None:
    carrier.listens(carrier.presses(carrier.arrives(), "9"))
    clock.advance(7)
    answer(carrier, ledger)
    clock.advance(60)
    words = said_while_waiting(carrier, talk_ends(carrier, ledger))
    assert words.startswith("We are sorry, the operator's line was cut off.")
    assert (ledger.call().skill, ledger.call().language) == ("english", "en")


def test_a_finished_record_does_not_make_a_lost_desk_ready(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock
) -> None:
    talk(carrier, ledger, clock)
    with Session(ledger.engine) as session:
        session.execute(update(type(ledger.call())).values(finished_at=clock.at))
        session.commit()
    leg_ends(carrier, ledger)
    assert desk_of(ledger, operator).state is PresenceState.WRAP_UP
    talk_ends(carrier, ledger)
    assert desk_of(ledger, operator).state is PresenceState.NOT_READY
