"""With a carrier without Enqueue, Leave and Conference, callers wait, hear their place, and reach an operator."""

import pytest
from flask import Flask
from sqlalchemy import select

from hotline.exchange.twiml.validation import validate
from hotline.exchange.vocabulary.enums import DocumentContext
from hotline.gateways.addresses import VoiceAddresses
from hotline.rules.enums import CallEnd, CallState, OfferState, PresenceState, Satisfied
from hotline.rules.people.actors import Person
from hotline.store.people.tables import Presence
from hotline.unit_of_work import Application
from ivr_flows.webhooks.blueprint import voice_blueprint
from ivr_flows.webhooks.flow_registry import FlowRegistry
from tests.builders import make_operator
from tests.flows.conftest import CALLER, LEG, PUBLIC, TOKEN, Answer, Carrier, Ledger
from tests.stopped_clock import StoppedClock


@pytest.fixture
def app(application: Application, registry: FlowRegistry) -> Flask:
    app = Flask("voice")
    app.register_blueprint(voice_blueprint(application, registry, TOKEN, VoiceAddresses(PUBLIC), narrow=True))
    return app


class NarrowCarrier(Carrier):
    """Runs only documents that a narrow carrier accepts, wait documents included."""

    def _check(self, path: str, answer: Answer) -> None:
        context = DocumentContext.LEG if path.endswith("/whisper") else DocumentContext.CALL
        assert answer.status in {200, 204}
        assert answer.status == 204 or validate(answer.text, context, narrow=True) == [], answer.text


@pytest.fixture
def carrier(app: Flask, colleague: Person) -> Carrier:
    return NarrowCarrier(app.test_client())


def presence(ledger: Ledger, operator: Person) -> object:
    return ledger.one(select(Presence.state).where(Presence.user_id == operator.id))


def begin_waiting(carrier: Carrier) -> Answer:
    queued = carrier.waits()
    assert queued.verbs == ["Say", "Redirect"]
    return carrier.follow(queued, "Redirect", "")


def test_waiting_is_a_short_circle_that_tells_the_place(carrier: Carrier, ledger: Ledger) -> None:
    waiting = begin_waiting(carrier)
    assert waiting.words.startswith("您是下一位，请不要挂机。")
    assert waiting.verbs == ["Say", "Say", "Pause", "Redirect"]
    assert waiting.find("Pause").get("length") == "5"
    assert carrier.follow(waiting, "Redirect", "") == waiting
    assert ledger.state() is CallState.QUEUED


def ringing(carrier: Carrier, application: Application, ledger: Ledger) -> tuple[Person, Answer]:
    """Lets an operator become ready and the caller's own document ring them."""
    operator = make_operator(application)
    begin_waiting(carrier)
    at_the_desk = carrier.follow(carrier.post("/voice/wait"), "Redirect", "")
    assert ledger.state() is CallState.OFFERED
    client = at_the_desk.find("Dial/Client")
    assert client.findtext("Identity") == f"op_{operator.id}"
    assert [p.get("name") for p in client.iter("Parameter")] == ["offer", "call"]
    return operator, at_the_desk


def test_a_ready_desk_is_rung_and_both_are_connected(
    carrier: Carrier, application: Application, ledger: Ledger, clock: StoppedClock
) -> None:
    operator, rings = ringing(carrier, application, ledger)
    clock.advance(4)
    assert carrier.follow(rings, "Dial/Client", "url", CallSid=LEG).verbs == []
    assert (ledger.state(), presence(ledger, operator)) == (CallState.TALKING, PresenceState.TALKING)
    assert ledger.call().wait_seconds == 4


def test_after_the_talk_the_caller_rates_it_and_the_desk_wraps_up(
    carrier: Carrier, application: Application, ledger: Ledger
) -> None:
    operator, rings = ringing(carrier, application, ledger)
    carrier.follow(rings, "Dial/Client", "url", CallSid=LEG)
    asked = carrier.follow(rings, "Dial", "action", DialCallStatus="completed")
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


def test_an_operator_who_answers_too_late_hears_nothing_and_is_free(
    carrier: Carrier, application: Application, ledger: Ledger
) -> None:
    operator, rings = ringing(carrier, application, ledger)
    carrier.hangs_up()
    assert carrier.follow(rings, "Dial/Client", "url", CallSid=LEG).verbs == ["Hangup"]
    assert presence(ledger, operator) is PresenceState.READY


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
