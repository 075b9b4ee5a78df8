"""Every kind of webhook carries exactly its parameters, by the carrier's table."""

import asyncio
from collections.abc import Iterator

import pytest

from hotline.exchange.calls.origination import receive_client_call
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.devices.callers import Caller
from hotline.exchange.vocabulary.answer_modes import AnsweringMachine, StaffedDesk
from tests.exchange.application import Answer, Application, ReceivedRequest
from tests.exchange.line import ACCOUNT, HOTLINE, TOKEN
from tests.exchange.simulation import Rest, run_script, settings_for

PLACES = {
    f"{party}{place}"
    for party in ("From", "To", "Caller", "Called")
    for place in ("City", "State", "Zip", "Country")
}
STANDARD = PLACES | {
    "CallSid", "AccountSid", "From", "To", "Caller", "Called", "CallStatus", "ApiVersion", "Direction",
}  # fmt: skip
LEG = STANDARD | {"ParentCallSid"}
PROGRESS = {"Timestamp", "CallbackSource", "SequenceNumber"}
TAPE = {
    "AccountSid", "RecordingSid", "RecordingUrl", "RecordingStatus", "RecordingDuration", "RecordingChannels",
    "RecordingStartTime", "RecordingTrack", "RecordingSource",
}  # fmt: skip
KEPT = {"RecordingSid", "RecordingUrl", "RecordingDuration"}
DIALLED = STANDARD | {"DialCallStatus", "DialCallSid", "DialBridged"}
QUEUE = {"QueueSid", "QueueTime"}
WAITING = QUEUE | {"QueuePosition", "AvgQueueTime", "CurrentQueueSize", "MaxQueueSize"}
ROOM = {
    "AccountSid", "ConferenceSid", "FriendlyName", "SequenceNumber", "Timestamp", "StatusCallbackEvent",
}  # fmt: skip
SEAT = ROOM | {
    "CallSid", "Muted", "Hold", "Coaching", "EndConferenceOnExit", "StartConferenceOnEnter", "ParticipantLabel",
}  # fmt: skip

TABLE: dict[str, set[str]] = {
    "/voice": STANDARD,
    "/app": STANDARD | {"ApplicationSid", "case"},
    "/keys": STANDARD | {"Digits", "FinishedOnKey"},
    "/words": STANDARD | {"SpeechResult", "Confidence", "Language"},
    "/partly": STANDARD | {"StableSpeechResult", "UnstableSpeechResult", "SequenceNumber", "Language"},
    "/message": STANDARD | KEPT | {"RecordingUrl", "Digits"},
    "/message-taped": TAPE | {"CallSid"},
    "/written": STANDARD | {
        "TranscriptionSid", "TranscriptionText", "TranscriptionStatus", "TranscriptionUrl", "RecordingSid", "RecordingUrl",
    },
    "/dialled": DIALLED | {"DialCallDuration", "RecordingUrl"},
    "/dialled-taped": TAPE | {"CallSid"},
    "/not-dialled": DIALLED,
    "/whisper": LEG,
    "/leg initiated": LEG | PROGRESS,
    "/leg ringing": LEG | PROGRESS,
    "/leg in-progress": LEG | PROGRESS,
    "/leg completed": LEG | PROGRESS | {"CallDuration"} | KEPT,
    "/wait": STANDARD | WAITING,
    "/queued": STANDARD | QUEUE | {"QueueResult"},
    "/not-queued": STANDARD | {"QueueResult"},
    "/queue-whisper": STANDARD | QUEUE | {"DequeingCallSid"},
    "/dequeued": DIALLED | {
        "DialCallDuration", "QueueSid", "DequeueResult", "DequeuedCallSid", "DequeuedCallQueueTime", "DequeuedCallDuration",
    },
    "/confirmed": STANDARD | {"DialCallStatus"},
    "/room participant-join": SEAT,
    "/room conference-start": ROOM,
    "/room participant-speech-start": SEAT,
    "/room participant-speech-stop": SEAT,
    "/room participant-leave": SEAT | {"ParticipantCallStatus", "ReasonParticipantLeft"},
    "/room conference-end": ROOM | {
        "CallSidEndingConference", "ParticipantLabelEndingConference", "ReasonConferenceEnded", "Reason",
    },
    "/room-taped": TAPE | {"ConferenceSid"},
    "/status completed": STANDARD | PROGRESS | {"CallDuration", "Duration"},
    "/status no-answer": STANDARD | PROGRESS | {"CallDuration", "Duration", "ApplicationSid"},
    "/answered": STANDARD | {"AnsweredBy", "MachineDetectionDuration"},
    "/amd": {"CallSid", "AccountSid", "AnsweredBy", "MachineDetectionDuration"},
    "/placed initiated": STANDARD | PROGRESS,
    "/placed ringing": STANDARD | PROGRESS | {"StirStatus"},
    "/placed in-progress": STANDARD | PROGRESS | {"StirStatus"},
    "/placed completed": STANDARD | PROGRESS | {"CallDuration", "Duration", "SipResponseCode", "AnsweredBy"} | KEPT,
    "/unanswered no-answer": STANDARD | PROGRESS | {"CallDuration", "Duration", "SipResponseCode"},
    "/fallback": STANDARD | {"ErrorCode", "ErrorUrl"},
    "/hold.wav": set(),
}  # fmt: skip

DESK, MACHINE, NOBODY = "+865372200001", "+865372200002", "+865372200003"
EVENTS = 'statusCallback="/{0}" statusCallbackEvent="{1}"'
PROGRESSED = "initiated ringing answered completed"
CHAIN = {
    "/voice": '<Play>/hold.wav</Play><Gather action="/keys" numDigits="1"><Say>键</Say></Gather>',
    "/keys": '<Gather input="speech" action="/words" partialResultCallback="/partly"><Say>话</Say></Gather>',
    "/words": '<Record action="/message" maxLength="5" transcribe="true" transcribeCallback="/written"'
    ' recordingStatusCallback="/message-taped"/>',
    "/message": f'<Dial action="/dialled" timeLimit="5" record="record-from-answer" recordingStatusCallback="/dialled-taped">'
    f'<Number url="/whisper" {EVENTS.format("leg", PROGRESSED)}>{DESK}</Number></Dial>',
    "/whisper": "<Say>来电</Say>",
    "/dialled": f'<Dial action="/not-dialled" timeout="5">{NOBODY}</Dial>',
    "/not-dialled": '<Enqueue action="/not-queued">full</Enqueue>',
    "/not-queued": '<Enqueue action="/queued" waitUrl="/wait">q</Enqueue>',
    "/wait": "<Say>请稍候</Say>",
    "/queued": f'<Dial action="/confirmed"><Conference endConferenceOnExit="true" participantLabel="caller" waitUrl=""'
    f' record="record-from-start" recordingStatusCallback="/room-taped" {EVENTS.format("room", "start end join leave speaker")}>'
    "room</Conference></Dial>",
    "/take": '<Dial action="/dequeued" timeLimit="5"><Queue url="/queue-whisper">q</Queue></Dial>',
    "/queue-whisper": "<Say>请讲</Say>",
    "/second": '<Dial><Conference participantLabel="second">room</Conference></Dial>',
    "/answered": "<Say>您好</Say>",
    "/app": "<Reject/>",
}


async def one_of_everything(exchange: Exchange, application: Application) -> None:
    """Runs a caller through every verb, a second caller who fetches the first, and two calls placed over REST."""
    rest = Rest(exchange)
    await rest.post("/Queues.json", FriendlyName="full", MaxSize="1")
    full = Caller(exchange, "+8613800000009")
    application.on("/voice", '<Enqueue waitUrl="">full</Enqueue>')
    full.dial()
    await exchange.clock.sleep(5)
    for path, inside in CHAIN.items():
        application.on(path, inside)
    caller = Caller(exchange, "+8613800000001")
    caller.dial()
    await caller.press("1")
    await caller.listen_for("话")
    caller.say("路灯坏了")
    await caller.listen_for("请稍候")
    application.on("/voice", CHAIN["/take"])
    Caller(exchange, "+8613800000002").dial()
    await caller.listen_for("请讲")
    await asyncio.to_thread(application.wait_for, "/room")
    application.on("/voice", CHAIN["/second"])
    other = Caller(exchange, "+8613800000003")
    other.dial()
    await other.until(lambda: bool(other.party))
    caller.say("您好")
    caller.hang_up()
    full.hang_up()
    colleague = Caller(exchange, "client:agent_7")
    colleague.call = receive_client_call(exchange, colleague, "agent_7", {"case": "42", "CallSid": "CA42"})
    await colleague.over_and_done()
    await _placed(rest, application)


async def _placed(rest: "Rest", application: Application) -> None:
    """Places calls over REST: one answered by a machine, one detected in the background, one that is not answered."""
    common = {"From": HOTLINE, "Url": application.url("/answered"), "StatusCallbackEvent": PROGRESSED}
    machine = {"To": MACHINE, "MachineDetection": "Enable", **common}
    await rest.post("/Calls.json", **machine, Record="true", StatusCallback=application.url("/placed"))
    asked = {"AsyncAmd": "true", "AsyncAmdStatusCallback": application.url("/amd")}
    await rest.post("/Calls.json", **(machine | asked | {"Url": application.url("/later")}))
    await rest.post("/Calls.json", To=NOBODY, **common, StatusCallback=application.url("/unanswered"))
    broken = {"To": DESK, "From": HOTLINE, "Url": application.url("/broken")}
    await rest.post("/Calls.json", **broken, FallbackUrl=application.url("/fallback"))


@pytest.fixture(scope="module")
def sent() -> Iterator[list[ReceivedRequest]]:
    """All webhooks of one run that uses every verb."""
    with Application(TOKEN) as application:
        application.on("/hold.wav", Answer(b"RIFF", content_type="audio/x-wav"))
        application.on("/later", "<Pause length='20'/>")
        application.on("/broken", Answer("no", status=500))
        answers = {DESK: StaffedDesk("值班"), MACHINE: AnsweringMachine()}
        settings = settings_for(application, answers=answers, app_voice_url=application.url("/app"))
        run_script(settings, lambda exchange: one_of_everything(exchange, application))
        assert application.badly_signed == []
        yield list(application.received)


def kind_of(request: ReceivedRequest) -> set[str]:
    """Returns the names under which a request stands in the table."""
    form = request.form
    event = form.get("StatusCallbackEvent", form.get("CallStatus", ""))
    return {request.path, f"{request.path} {event}"} & TABLE.keys()


@pytest.mark.parametrize("kind", TABLE)
def test_a_webhook_carries_exactly_its_parameters(sent: list[ReceivedRequest], kind: str) -> None:
    found = [request for request in sent if kind in kind_of(request)]
    assert found, f"nothing was sent to {kind}; sent: {sorted({request.path for request in sent})}"
    assert {frozenset(request.form) for request in found} == {frozenset(TABLE[kind])}


def test_nothing_is_sent_that_the_table_does_not_know(sent: list[ReceivedRequest]) -> None:
    told = {path.partition(" ")[0] for path in TABLE}
    plumbing = {"/later", "/broken", "/take", "/second"}
    assert {request.path for request in sent if request.path not in told} <= plumbing
    unlisted = {request.path for request in sent if request.path in told and not kind_of(request)}
    assert unlisted <= {"/unanswered", "/status"}


def test_the_account_is_always_told(sent: list[ReceivedRequest]) -> None:
    assert {request.form["AccountSid"] for request in sent if request.form} == {ACCOUNT}
