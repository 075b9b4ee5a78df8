"""With a self-hosted TwiML engine callers wait, hear their place, and reach an operator at a SIP telephone."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.exchange.twiml.validation import validate
from hotline.exchange.vocabulary.enums import DocumentContext
from hotline.gateways.addresses import VoiceAddresses
from hotline.rules.enums import CallEnd, CallState, OfferState, PresenceState, Satisfied
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import lifecycle
from hotline.services.queueing import offers
from hotline.store.calls.recordings import Recording
from hotline.store.people.tables import Presence
from hotline.unit_of_work import Application
from ivr_flows.webhooks.blueprint import voice_blueprint
from ivr_flows.webhooks.flow_registry import FlowRegistry
from tests.builders import make_operator
from tests.flows.conftest import CALLER, PUBLIC, TOKEN, Answer, Carrier, Ledger
from tests.stopped_clock import StoppedClock


@pytest.fixture
def app(application: Application, registry: FlowRegistry) -> Flask:
    app = Flask("voice")
    app.register_blueprint(
        voice_blueprint(application, registry, TOKEN, VoiceAddresses(PUBLIC, "pbx.example"), narrow=True)
    )
    return app


class NarrowCarrier(Carrier):
    """Runs only documents that a narrow carrier accepts, wait documents included."""

    def _check(self, path: str, answer: Answer) -> None:
        assert answer.status in {200, 204}, path
        assert answer.status == 204 or validate(answer.text, DocumentContext.CALL, narrow=True) == [], (
            answer.text
        )


@pytest.fixture
def carrier(app: Flask, colleague: Person) -> Carrier:
    return NarrowCarrier(app.test_client())


def reports_answer(application: Application, operator: Person, ledger: Ledger) -> None:
    """The operator's desk reports that the telephone has answered."""
    call_id = ledger.call().id
    with application.unit_of_work(operator) as work:
        assert offers.accept_at_desk(work, call_id)
        lifecycle.record_connected(work, call_id)


def presence(ledger: Ledger, operator: Person) -> object:
    return ledger.one(select(Presence.state).where(Presence.user_id == operator.id))


def begin_waiting(carrier: Carrier) -> Answer:
    queued = carrier.waits()
    assert queued.verbs == ["Say", "Redirect"]
    return carrier.follow(queued, "Redirect", "")


def test_waiting_is_a_short_circle_that_tells_the_place(carrier: Carrier, ledger: Ledger) -> None:
    waiting = begin_waiting(carrier)
    assert waiting.words.startswith("您是下一位，请不要挂机。")
    assert waiting.verbs == ["Say", "Say", "Gather", "Redirect"]
    assert waiting.find("Gather").get("timeout") == "5"
    assert carrier.follow(waiting, "Redirect", "") == waiting
    assert ledger.state() is CallState.QUEUED


def ringing(carrier: Carrier, application: Application, ledger: Ledger) -> tuple[Person, Answer]:
    """Lets an operator become ready and the caller's own document ring them."""
    operator = make_operator(application)
    begin_waiting(carrier)
    at_the_desk = carrier.follow(carrier.post("/voice/wait"), "Redirect", "")
    assert ledger.state() is CallState.OFFERED
    assert at_the_desk.find("Dial/Sip").text == f"sip:op_{operator.id}@pbx.example"
    return operator, at_the_desk


def test_a_ready_desk_is_rung_and_both_are_connected(
    carrier: Carrier, application: Application, ledger: Ledger, clock: StoppedClock
) -> None:
    operator, _rings = ringing(carrier, application, ledger)
    clock.advance(4)
    reports_answer(application, operator, ledger)
    assert (ledger.state(), presence(ledger, operator)) == (CallState.TALKING, PresenceState.TALKING)
    assert ledger.call().wait_seconds == 4


def test_after_the_talk_the_caller_rates_it_and_the_desk_wraps_up(
    carrier: Carrier, application: Application, ledger: Ledger
) -> None:
    operator, rings = ringing(carrier, application, ledger)
    reports_answer(application, operator, ledger)
    asked = carrier.follow(rings, "Dial", "action", DialCallStatus="completed", DialCallDuration="5")
    assert asked.words.startswith("请您为本次服务评价")
    carrier.presses(asked, "1")
    carrier.hangs_up()
    assert (ledger.call().satisfied, ledger.call().end) == (Satisfied.YES, CallEnd.COMPLETED)
    assert presence(ledger, operator) is PresenceState.WRAP_UP


@pytest.mark.parametrize(
    ("outcome", "how"), [("no-answer", OfferState.MISSED), ("busy", OfferState.DECLINED)]
)
def test_a_desk_that_does_not_answer_gives_the_caller_back_to_their_place(
    carrier: Carrier, application: Application, ledger: Ledger, outcome: str, how: OfferState
) -> None:
    operator, rings = ringing(carrier, application, ledger)
    since = ledger.call().place_since
    again = carrier.follow(rings, "Dial", "action", DialCallStatus=outcome)
    assert carrier.follow(again, "Redirect", "").words.startswith("您是下一位")
    assert (ledger.state(), ledger.call().place_since, ledger.offer().state) == (
        CallState.QUEUED,
        since,
        how,
    )
    assert presence(ledger, operator) is PresenceState.NOT_READY


def test_an_operator_who_answers_too_late_is_free(
    carrier: Carrier, application: Application, ledger: Ledger
) -> None:
    operator, _rings = ringing(carrier, application, ledger)
    carrier.hangs_up()
    call_id = ledger.call().id
    with application.unit_of_work(operator) as work:
        assert not offers.accept_at_desk(work, call_id)
    assert presence(ledger, operator) is PresenceState.READY


def test_another_operator_cannot_report_the_answer(
    carrier: Carrier, application: Application, ledger: Ledger
) -> None:
    ringing(carrier, application, ledger)
    call_id, other = ledger.call().id, make_operator(application)
    with application.unit_of_work(other) as work:
        assert not offers.accept_at_desk(work, call_id)
    assert ledger.state() is CallState.OFFERED


def test_a_talk_that_the_desk_did_not_report_is_recorded_when_it_is_over(
    carrier: Carrier, application: Application, ledger: Ledger, clock: StoppedClock
) -> None:
    operator, rings = ringing(carrier, application, ledger)
    clock.advance(65)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert offers.settle_overdue_offers(work) == 1
    asked = carrier.follow(rings, "Dial", "action", DialCallStatus="completed", DialCallDuration="60")
    assert asked.words.startswith("请您为本次服务评价")
    call = ledger.call()
    assert (call.operator_id, call.wait_seconds, ledger.offer().state) == (
        operator.id,
        5,
        OfferState.ACCEPTED,
    )
    assert presence(ledger, operator) is PresenceState.WRAP_UP


def test_an_answer_that_the_engine_does_not_confirm_gives_the_caller_back_to_their_place(
    carrier: Carrier, application: Application, ledger: Ledger
) -> None:
    operator, rings = ringing(carrier, application, ledger)
    since = ledger.call().place_since
    reports_answer(application, operator, ledger)
    again = carrier.follow(rings, "Dial", "action", DialCallStatus="no-answer")
    carrier.follow(again, "Redirect", "")
    assert (ledger.state(), ledger.call().place_since) == (CallState.QUEUED, since)


def test_a_message_without_the_recordings_sid_is_one_message_with_its_callback(
    carrier: Carrier, application: Application, ledger: Ledger
) -> None:
    asked = carrier.arrives()
    call_id = ledger.call().id
    for number in (1, 2):
        for _ in range(2):
            carrier.post(
                "/voice/recorded", RecordingUrl=f"https://pbx.example/{number}.wav", RecordingDuration="8"
            )
        for _ in range(2):
            carrier.post(
                f"/voice/recording/message/{call_id}",
                RecordingSid=f"0f8fad5b-d9cb-469f-a165-{number:012d}",
                RecordingStatus="completed",
                RecordingDuration="8",
            )
    assert asked.verbs
    with Session(ledger.engine) as session:
        sids = session.scalars(select(Recording.sid).order_by(Recording.id)).all()
    assert sids == [f"0f8fad5b-d9cb-469f-a165-{number:012d}" for number in (1, 2)]


def test_an_offer_withdrawn_meanwhile_is_not_rung(
    carrier: Carrier, application: Application, ledger: Ledger
) -> None:
    make_operator(application)
    begin_waiting(carrier)
    offer_id = ledger.offer().id
    carrier.hangs_up()
    again = carrier.post(f"/voice/ring/{offer_id}")
    assert again.find("Redirect").text == f"{PUBLIC}/voice/wait"


def test_keys_lead_out_of_the_waiting(carrier: Carrier, ledger: Ledger, clock: StoppedClock) -> None:
    begin_waiting(carrier)
    clock.advance(130)
    leaving = carrier.presses(carrier.post("/voice/wait"), "1")
    confirm = carrier.follow(leaving, "Redirect", "")
    assert confirm.words.startswith("用您现在的号码回电请按1")
    carrier.presses(confirm, "1")
    carrier.hangs_up()
    assert [callback.number for callback in ledger.callbacks()] == [CALLER]
