"""Speaking events of a conference (statusCallbackEvent `speaker`)."""

from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime

import pytest

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.devices.callers import Caller
from hotline.exchange.twiml.validation import validate
from hotline.exchange.vocabulary.enums import DocumentContext
from tests.exchange.application import Application, ReceivedRequest
from tests.exchange.conversation import Conversation
from tests.exchange.line import Line
from tests.exchange.simulation import Rest, run_script, settings_for

ROOM = '<Dial><Conference waitUrl="" statusCallback="/room" statusCallbackEvent="{}">room</Conference></Dial>'
LONG = "路灯坏了" * 10
"""Takes 8.8 seconds to say."""
Deed = Callable[[Exchange, Caller, Caller], Awaitable[None]]


def told(
    application: Application, deed: Deed, events: str = "speaker leave mute hold"
) -> list[ReceivedRequest]:
    """Returns the events in order while two people are in a conference and `deed` is done."""
    application.on("/voice", ROOM.format(events))

    async def story(exchange: Exchange) -> None:
        one, other = Caller(exchange, "+8613800000001"), Caller(exchange, "+8613800000002")
        for caller in (one, other):
            caller.dial()
        await one.until(lambda: bool(one.party))
        await other.until(lambda: bool(other.party))
        await deed(exchange, one, other)
        await exchange.clock.sleep(60)
        for caller in (one, other):
            caller.hang_up()

    run_script(settings_for(application), story)
    return sorted(application.to("/room"), key=lambda event: int(event["SequenceNumber"]))


def kinds(events: list[ReceivedRequest]) -> list[str]:
    names = [event["StatusCallbackEvent"].removeprefix("participant-") for event in events]
    return [name for name in names if name != "leave"]


def test_speech_begins_with_the_words_and_stops_when_they_would_be_said(application: Application) -> None:
    async def one_speaks(_: Exchange, one: Caller, __: Caller) -> None:
        one.say(LONG)

    events = told(application, one_speaks)
    assert kinds(events) == ["speech-start", "speech-stop"]
    began, stopped = (parsedate_to_datetime(event["Timestamp"]) for event in events[:2])
    assert 8 <= (stopped - began).total_seconds() <= 9
    assert {event["CallSid"] for event in events[:2]} == {events[0]["CallSid"]}
    assert (events[0]["Muted"], events[0]["Hold"], events[0]["FriendlyName"]) == ("false", "false", "room")


def test_who_goes_on_speaking_begins_once_and_stops_once(application: Application) -> None:
    async def one_goes_on(exchange: Exchange, one: Caller, _: Caller) -> None:
        one.say(LONG)
        await exchange.clock.sleep(5)
        one.say(LONG)

    began, stopped = told(application, one_goes_on)[:2]
    seconds = parsedate_to_datetime(stopped["Timestamp"]) - parsedate_to_datetime(began["Timestamp"])
    assert 17 <= seconds.total_seconds() <= 18


def test_two_speak_at_the_same_time_each_for_themselves(application: Application) -> None:
    async def both_speak(exchange: Exchange, one: Caller, other: Caller) -> None:
        one.say(LONG)
        await exchange.clock.sleep(2)
        other.say("好")

    events = told(application, both_speak)
    assert kinds(events) == ["speech-start", "speech-start", "speech-stop", "speech-stop"]
    first, second, third, fourth = (event["CallSid"] for event in events[:4])
    assert (first, second) == (fourth, third)


def test_who_leaves_while_speaking_has_stopped_first(application: Application) -> None:
    async def one_leaves(exchange: Exchange, one: Caller, _: Caller) -> None:
        one.say(LONG)
        await exchange.clock.sleep(1)
        one.hang_up()

    events = told(application, one_leaves)
    names = [event["StatusCallbackEvent"] for event in events]
    assert names[:3] == ["participant-speech-start", "participant-speech-stop", "participant-leave"]


@pytest.mark.parametrize(("property_", "event"), [("Muted", "mute"), ("Hold", "hold")])
def test_who_is_silenced_while_speaking_has_stopped_and_cannot_begin(
    application: Application, property_: str, event: str
) -> None:
    async def one_is_silenced(exchange: Exchange, one: Caller, _: Caller) -> None:
        (room,) = exchange.registry.conferences.values()
        assert one.call is not None
        seat = f"/Conferences/{room.sid}/Participants/{one.call.sid}.json"
        one.say(LONG)
        await Rest(exchange).post(seat, **{property_: "true"})
        one.say(LONG)
        await exchange.clock.sleep(20)
        await Rest(exchange).post(seat, **{property_: "false"})
        one.say("喂")

    assert kinds(told(application, one_is_silenced)) == [
        "speech-start", "speech-stop", event, f"un{event}", "speech-start", "speech-stop",
    ]  # fmt: skip


def test_who_did_not_ask_is_not_told(application: Application) -> None:
    async def one_speaks(_: Exchange, one: Caller, __: Caller) -> None:
        one.say(LONG)

    assert kinds(told(application, one_speaks, "start end join leave mute hold modify announcement")) == [
        "join", "join", "conference-start", "conference-end",
    ]  # fmt: skip


def test_before_the_start_nobody_speaks(line: Line, application: Application) -> None:
    application.on("/voice", ROOM.format("speaker join start"))
    first = line.calling()
    application.wait_for("/room")
    first.say("有人吗")
    line.calling("13900005678").wait_connected()
    application.wait_for("/room", count=3)
    first.say("您好")
    application.wait_for("/room", lambda event: event["StatusCallbackEvent"] == "participant-speech-stop")
    spoken = [event for event in application.to("/room") if "speech" in event["StatusCallbackEvent"]]
    assert len(spoken) == 2


def test_a_document_and_a_rest_request_may_ask_for_speakers(
    line: Line, application: Application, talk: Callable[..., Conversation]
) -> None:
    assert validate(f"<Response>{ROOM.format('join speaker')}</Response>", DocumentContext.CALL) == []
    talk()
    line.client.conferences("room-3").participants.create(
        to="client:agent_9",
        from_=line.settings.number,
        conference_status_callback=application.url("/other"),
        conference_status_callback_event=["speaker"],
    )
