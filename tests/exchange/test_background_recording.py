"""Recording in the background (Start, Stop), and transcriptions, which always fail here."""

import pytest

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.devices.callers import Caller
from hotline.exchange.twiml.validation import validate
from hotline.exchange.vocabulary.enums import DocumentContext
from tests.exchange.application import Application
from tests.exchange.simulation import run_script, settings_for

START = '<Start><Recording recordingStatusCallback="{url}" {more}/></Start>'


def call(application: Application) -> Exchange:
    """Runs one caller who listens until the hotline hangs up."""

    async def story(exchange: Exchange) -> None:
        caller = Caller(exchange, "+8613800001234")
        caller.dial()
        await caller.over_and_done()

    return run_script(settings_for(application), story)


def start(application: Application, more: str = "") -> str:
    return START.format(url=application.url("/taped"), more=more)


def test_a_recording_survives_the_documents_that_follow(application: Application) -> None:
    application.on("/voice", start(application) + "<Pause length='10'/><Redirect>/next</Redirect>")
    application.on("/next", "<Say>您好</Say><Pause length='20'/>")
    call(application)
    told = application.to("/taped")[0]
    assert (told["RecordingSource"], told["RecordingStatus"]) == ("StartCallRecordingTwiML", "completed")
    assert 30 <= int(told["RecordingDuration"]) <= 31


def test_stop_ends_it_and_the_call_goes_on(application: Application) -> None:
    more = 'channels="dual" track="inbound" recordingStatusCallbackEvent="in-progress completed"'
    stop = "<Stop><Recording/></Stop>"
    application.on(
        "/voice", f"{start(application, more)}<Pause length='10'/>{stop}<Pause length='20'/>{stop}"
    )
    call(application)
    told = {request["RecordingStatus"]: request for request in application.to("/taped")}
    assert set(told) == {"in-progress", "completed"}
    assert (told["completed"]["RecordingChannels"], told["completed"]["RecordingTrack"]) == ("2", "inbound")
    assert told["completed"]["RecordingDuration"] == "10"


def test_a_second_start_changes_nothing_and_is_shown(application: Application) -> None:
    application.on("/voice", start(application) + start(application) + "<Pause length='5'/>")
    exchange = call(application)
    assert [trouble.code for trouble in exchange.registry.log.alerts] == [16108]
    assert len(exchange.registry.recordings) == 1


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ('<Start><Recording recordingStatusCallback="/taped"/></Start>', "11100"),
        ("<Start/>", "12200"),
        ('<Start><Stream url="wss://x"/></Start>', "12200"),
        ("<Stop><Recording/><Recording/></Stop>", "12200"),
        ('<Start><Recording channels="three"/></Start>', "12200"),
    ],
)
def test_what_cannot_be_started_is_refused(inside: str, code: str) -> None:
    problems = validate(f"<Response>{inside}</Response>", DocumentContext.CALL)
    assert problems[0].partition(":")[0] == code


def test_a_transcription_is_told_as_failed(application: Application) -> None:
    application.on(
        "/voice", '<Record maxLength="30" transcribe="true" transcribeCallback="/written" action="/kept"/>'
    )
    application.on("/kept", "<Hangup/>")
    call(application)
    written = application.to("/written")[0]
    assert written["TranscriptionStatus"] == "failed"
    assert written["RecordingSid"] == application.to("/kept")[0]["RecordingSid"]


def test_the_ringing_of_the_country_asked_for_is_heard(application: Application) -> None:
    application.on("/voice", '<Dial ringTone="cn" timeout="5">+8613900000000</Dial><Say>完</Say>')
    heard: list[str] = []

    async def story(exchange: Exchange) -> None:
        caller = Caller(exchange, "+8613800001234")
        caller.dial()
        await caller.over_and_done()
        heard.extend(caller.transcript)

    run_script(settings_for(application), story)
    assert heard[0] == "♪ 回铃音 cn"
    assert heard[-1] == "完"


def test_the_ringing_of_no_country_is_refused() -> None:
    assert (
        validate('<Response><Dial ringTone="xx">+8613900000000</Dial></Response>', DocumentContext.CALL) != []
    )
