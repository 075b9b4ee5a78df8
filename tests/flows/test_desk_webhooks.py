"""Operators accept, miss and decline calls, meet the caller in the conference, and leave in either order."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from hotline.rules.enums import CallEnd, CallState, OfferState, PresenceState, Satisfied
from hotline.rules.people.actors import Person
from hotline.services.calls import lifecycle
from hotline.store.people.tables import Presence
from hotline.unit_of_work import Application
from tests.builders import make_operator
from tests.flows.conftest import LEG, PUBLIC, SID, Carrier, Ledger
from tests.stopped_clock import StoppedClock


@pytest.fixture
def operator(application: Application) -> Person:
    return make_operator(application)


@pytest.fixture
def hang_up(application: Application, ledger: Ledger, operator: Person) -> Callable[[], None]:
    """Lets the operator press the desk's hang-up key."""

    def press() -> None:
        with application.unit_of_work(operator) as work:
            lifecycle.request_hang_up(work, ledger.call().id)

    return press


RATE = "请您为本次服务评价，满意请按1，不满意请按2。"


def presence(ledger: Ledger, operator: Person) -> object:
    return ledger.one(select(Presence.state).where(Presence.user_id == operator.id))


def accept(carrier: Carrier, ledger: Ledger):
    return carrier.post(f"/voice/desk/{ledger.offer().id}", CallSid=LEG, Direction="outbound-api")


def talk(carrier: Carrier, ledger: Ledger) -> None:
    """Brings a caller and the operator into their conference."""
    carrier.waits()
    accept(carrier, ledger)
    carrier.post(f"/voice/talk/{ledger.call().id}")


def test_an_accepted_call_meets_in_a_conference_and_its_wait_is_measured(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock
) -> None:
    carrier.waits()
    clock.advance(9)
    desk = accept(carrier, ledger)
    assert (ledger.state(), ledger.call().operator_id) == (CallState.CONNECTING, operator.id)
    caller = carrier.post(f"/voice/talk/{ledger.call().id}")
    assert (
        desk.find("Dial/Conference").text == caller.find("Dial/Conference").text == f"call-{ledger.call().id}"
    )
    assert (ledger.state(), ledger.call().wait_seconds) == (CallState.TALKING, 9)
    assert presence(ledger, operator) is PresenceState.TALKING


@pytest.mark.parametrize(
    ("status", "how"),
    [
        ("no-answer", OfferState.MISSED),
        ("failed", OfferState.MISSED),
        ("completed", OfferState.MISSED),
        ("busy", OfferState.DECLINED),
    ],
)
def test_a_ring_that_is_not_taken_gives_the_call_back_and_rests_the_desk(
    carrier: Carrier, ledger: Ledger, operator: Person, status: str, how: OfferState
) -> None:
    carrier.waits()
    offer = ledger.offer()
    assert carrier.post(f"/voice/desk/{offer.id}/status", CallSid=LEG, CallStatus=status).status == 204
    assert (ledger.offer().state, ledger.state()) == (how, CallState.QUEUED)
    assert presence(ledger, operator) is PresenceState.NOT_READY
    assert accept(carrier, ledger).words == "来电人已挂机，或已由其他坐席接听。"


def test_a_missed_ring_goes_to_the_next_desk(
    carrier: Carrier, application: Application, ledger: Ledger, operator: Person
) -> None:
    carrier.waits()
    missed = ledger.offer()
    second = make_operator(application)
    carrier.post(f"/voice/desk/{missed.id}/status", CallSid=LEG, CallStatus="no-answer")
    assert (ledger.offer().operator_id, ledger.state()) == (second.id, CallState.OFFERED)


def test_a_leg_that_rings_or_is_answered_is_no_news(
    carrier: Carrier, ledger: Ledger, operator: Person
) -> None:
    carrier.waits()
    for status in "initiated", "ringing", "in-progress":
        carrier.post(f"/voice/desk/{ledger.offer().id}/status", CallSid=LEG, CallStatus=status)
    assert ledger.offer().state is OfferState.PENDING


def test_an_operator_who_accepts_a_caller_who_has_hung_up_hears_so(
    carrier: Carrier, ledger: Ledger, operator: Person
) -> None:
    carrier.waits()
    offer = ledger.offer()
    carrier.hangs_up()
    answer = carrier.post(f"/voice/desk/{offer.id}", CallSid=LEG)
    assert (answer.verbs, answer.words) == (["Say", "Hangup"], "来电人已挂机，或已由其他坐席接听。")
    assert presence(ledger, operator) is PresenceState.READY


def test_an_offer_nobody_made_is_answered_kindly(carrier: Carrier) -> None:
    assert carrier.post("/voice/desk/999", CallSid=LEG).verbs == ["Say", "Hangup"]
    assert carrier.post("/voice/desk/999/status", CallSid=LEG, CallStatus="completed").status == 204
    assert carrier.post("/voice/desk/999/left", CallSid=LEG).verbs == []


def test_the_operator_leaves_first_and_the_caller_rates_the_talk(
    carrier: Carrier, ledger: Ledger, operator: Person, hang_up: Callable[[], None]
) -> None:
    talk(carrier, ledger)
    hang_up()
    asked = carrier.post(f"/voice/talk/{ledger.call().id}/ended", DialCallStatus="answered")
    assert (asked.words, asked.verbs) == (RATE, ["Gather"])
    assert (ledger.state(), presence(ledger, operator)) == (CallState.AFTER, PresenceState.WRAP_UP)
    goodbye = carrier.presses(asked, "2")
    assert (goodbye.words, goodbye.verbs[-1]) == ("感谢您的来电，再见。", "Hangup")
    carrier.hangs_up()
    assert (ledger.call().end, ledger.call().satisfied) == (CallEnd.COMPLETED, Satisfied.NO)


def test_the_first_rating_stands_and_silence_rates_nothing(
    carrier: Carrier, ledger: Ledger, operator: Person, hang_up: Callable[[], None]
) -> None:
    talk(carrier, ledger)
    hang_up()
    asked = carrier.post(f"/voice/talk/{ledger.call().id}/ended", DialCallStatus="answered")
    carrier.presses(asked, "1")
    carrier.presses(asked, "2")
    assert ledger.call().satisfied is Satisfied.YES


def test_whoever_says_nothing_after_the_talk_is_thanked(
    carrier: Carrier, ledger: Ledger, operator: Person, hang_up: Callable[[], None]
) -> None:
    talk(carrier, ledger)
    hang_up()
    asked = carrier.post(f"/voice/talk/{ledger.call().id}/ended", DialCallStatus="answered")
    assert carrier.presses(asked, "").words == "感谢您的来电，再见。"
    assert ledger.call().satisfied is None


def test_the_caller_hangs_up_first(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock
) -> None:
    talk(carrier, ledger)
    clock.advance(30)
    assert carrier.post(f"/voice/talk/{ledger.call().id}/ended", CallStatus="completed").verbs == []
    assert (ledger.state(), presence(ledger, operator)) == (CallState.ENDED, PresenceState.WRAP_UP)
    carrier.hangs_up()
    assert (ledger.state(), presence(ledger, operator)) == (CallState.ENDED, PresenceState.WRAP_UP)


def test_the_operators_leg_is_lost_before_the_caller_joins_and_the_caller_goes_back(
    carrier: Carrier, ledger: Ledger, operator: Person
) -> None:
    carrier.waits()
    accept(carrier, ledger)
    carrier.post(f"/voice/desk/{ledger.offer().id}/status", CallSid=LEG, CallStatus="completed")
    assert (ledger.state(), ledger.call().operator_id) == (CallState.QUEUED, None)
    back = carrier.post(f"/voice/talk/{ledger.call().id}")
    assert back.verbs == ["Enqueue"]
    assert carrier.follow(back, "Enqueue", "waitUrl").words.startswith("抱歉，通话中断了，正在为您重新转接。")


def test_the_operators_leg_leaving_ends_the_talk_even_if_the_callers_webhook_is_lost(
    carrier: Carrier, ledger: Ledger, operator: Person, hang_up: Callable[[], None]
) -> None:
    talk(carrier, ledger)
    hang_up()
    assert (
        carrier.post(f"/voice/desk/{ledger.offer().id}/left", CallSid=LEG, CallStatus="completed").verbs == []
    )
    assert (ledger.state(), presence(ledger, operator)) == (CallState.AFTER, PresenceState.WRAP_UP)
    assert carrier.post(f"/voice/talk/{ledger.call().id}/ended").words == RATE


def test_a_caller_who_never_got_into_the_conference_is_owed_a_call(
    carrier: Carrier, ledger: Ledger, operator: Person
) -> None:
    talk(carrier, ledger)
    answer = carrier.post(f"/voice/talk/{ledger.call().id}/ended", DialCallStatus="failed")
    assert answer.words.startswith("抱歉，没有接通人工坐席，我们会尽快给您回电")
    assert len(ledger.callbacks()) == 1


def test_a_caller_without_a_number_who_never_got_in_is_asked_to_call_again(
    carrier: Carrier, ledger: Ledger, operator: Person
) -> None:
    carrier.presses(carrier.arrives(From="anonymous"), "0")
    accept(carrier, ledger)
    carrier.post(f"/voice/talk/{ledger.call().id}")
    answer = carrier.post(f"/voice/talk/{ledger.call().id}/ended", DialCallStatus="failed")
    assert "零五三七四四幺二三四五" in answer.words


def test_only_the_callers_own_joining_is_news_of_the_conference(
    carrier: Carrier, ledger: Ledger, operator: Person
) -> None:
    carrier.waits()
    accept(carrier, ledger)
    news = f"/voice/conference/{ledger.call().id}"
    for event, sid in [("conference-start", SID), ("participant-join", LEG), ("participant-leave", SID)]:
        carrier.post(news, StatusCallbackEvent=event, CallSid=sid, ConferenceSid="CF1", SequenceNumber="1")
    assert ledger.state() is CallState.CONNECTING
    joined = {"StatusCallbackEvent": "participant-join", "ConferenceSid": "CF1", "SequenceNumber": "3"}
    assert carrier.post(news, **joined).status == 204
    assert ledger.state() is CallState.TALKING
    assert carrier.post("/voice/conference/999", **joined).status == 204


def test_a_conference_event_needs_no_call(carrier: Carrier, ledger: Ledger) -> None:
    carrier.arrives()
    event = {"StatusCallbackEvent": "conference-end", "ConferenceSid": "CF1"}
    assert carrier.post(f"/voice/conference/{ledger.call().id}", CallSid="", **event).status == 204


def test_the_talk_of_a_call_nobody_knows_still_connects(carrier: Carrier) -> None:
    assert carrier.post("/voice/talk/999").find("Dial/Conference").text == "call-999"
    assert carrier.post("/voice/talk/999/ended").verbs == ["Say", "Pause", "Redirect"]


def test_a_call_in_talk_hears_its_conference_again_and_after_it_the_last_question(
    carrier: Carrier, ledger: Ledger, operator: Person, hang_up: Callable[[], None]
) -> None:
    talk(carrier, ledger)
    fallen = carrier.post("/voice/fallback", ErrorCode="11200", ErrorUrl=f"{PUBLIC}/voice/talk/1")
    assert fallen.find("Dial/Conference").text == f"call-{ledger.call().id}"
    hang_up()
    carrier.post(f"/voice/talk/{ledger.call().id}/ended", DialCallStatus="answered")
    assert carrier.post("/voice/fallback", ErrorCode="12100").words == RATE
    assert carrier.post("/voice/wait").verbs == ["Leave"]


def test_an_operator_whose_first_document_was_lost_gets_it_at_the_fallback(
    carrier: Carrier, ledger: Ledger, operator: Person
) -> None:
    carrier.waits()
    first = accept(carrier, ledger)
    again = carrier.post(f"/voice/desk/{ledger.offer().id}", CallSid=LEG, ErrorCode="11200", ErrorUrl="x")
    assert again.text == first.text
    assert ledger.state() is CallState.CONNECTING


def test_a_caller_whom_nobody_joined_goes_back_to_the_queue_and_their_wait_goes_on(
    carrier: Carrier, ledger: Ledger, operator: Person, clock: StoppedClock
) -> None:
    talk(carrier, ledger)
    first, offer = ledger.call(), ledger.offer().id
    clock.advance(1)
    carrier.post(f"/voice/desk/{offer}/status", CallSid=LEG, CallStatus="completed", SequenceNumber="2")
    clock.advance(40)
    for _ in range(2):
        back = carrier.post(f"/voice/talk/{first.id}/alone?waited=2")
        assert back.verbs[-1] == "Enqueue"
    call = ledger.call()
    assert (call.state, call.queued_at, call.answered_at) == (CallState.QUEUED, first.queued_at, None)
    assert (call.operator_id, call.wait_seconds, call.operator_left_at) == (None, None, None)
    assert (presence(ledger, operator), ledger.offer().state) == (PresenceState.NOT_READY, OfferState.MISSED)
    carrier.hangs_up()
    assert (ledger.call().end, len(ledger.callbacks())) == (CallEnd.ABANDONED, 1)


def test_who_came_out_of_their_talk_was_not_alone_in_it(
    carrier: Carrier, ledger: Ledger, operator: Person, hang_up: Callable[[], None], clock: StoppedClock
) -> None:
    talk(carrier, ledger)
    call_id, offer = ledger.call().id, ledger.offer().id
    clock.advance(60)
    hang_up()
    carrier.post(f"/voice/desk/{offer}/status", CallSid=LEG, CallStatus="completed", SequenceNumber="2")
    rated = carrier.post(f"/voice/talk/{call_id}/ended", DialCallStatus="answered")
    assert rated.words == RATE
    assert carrier.post(f"/voice/talk/{call_id}/alone").words == RATE
    assert (ledger.state(), ledger.call().operator_id) == (CallState.AFTER, operator.id)


@pytest.mark.parametrize("told_first", [True, False], ids=["operator gone first", "caller told first"])
def test_who_lost_the_document_after_their_talk_is_not_led_back_into_it(
    carrier: Carrier,
    ledger: Ledger,
    hang_up: Callable[[], None],
    clock: StoppedClock,
    told_first: bool,
) -> None:
    talk(carrier, ledger)
    clock.advance(60)
    hang_up()
    left = f"/voice/desk/{ledger.offer().id}/left"
    lost = {"ErrorCode": "11205", "ErrorUrl": f"{PUBLIC}/voice/talk/{ledger.call().id}/ended"}
    if told_first:
        carrier.post(left, CallSid=LEG)
    assert carrier.post("/voice/fallback", **lost).words == RATE
    carrier.post(left, CallSid=LEG)
    assert (ledger.state(), ledger.call().operator_left_at) == (CallState.AFTER, None)
