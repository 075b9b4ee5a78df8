"""The TwiML table: refused documents, valid documents, and documents built by the SDK."""

import pytest
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from hotline.exchange.twiml.schema import ALLOWED_VERBS, ELEMENTS
from hotline.exchange.twiml.validation import validate
from hotline.exchange.vocabulary.enums import DocumentContext

CLEAN: list[str] = []


def check(inside: str, context: DocumentContext = DocumentContext.CALL) -> list[str]:
    return validate(f"<Response>{inside}</Response>", context)


@pytest.mark.parametrize(
    ("inside", "complaint"),
    [
        ("<say>x</say>", "12200: unknown verb <say>"),
        ("<Say/>", "13520"),
        ("<Say voise='x'>x</Say>", 'no attribute "voise"'),
        ("<Say loop='many'>x</Say>", "value not allowed"),
        ("<Say>" + "字" * 600 + "</Say>", "13521"),
        ("<Say><b>x</b></Say>", "<b> is not allowed inside <Say>"),
        ("<Gather><Dial>1</Dial></Gather>", "13320"),
        ("<Gather finishOnKey='##'/>", "value not allowed"),
        ("<Gather numDigits='0'/>", "value not allowed"),
        ("<Gather input='voice'/>", "value not allowed"),
        ("<Gather>按1</Gather>", "takes no text"),
        ("<Dial/>", "13000"),
        ("<Dial><Conference>a</Conference><Number>+8613800001234</Number></Dial>", "stand alone"),
        ("<Dial>" + "<Client>a</Client>" * 11 + "</Dial>", "at most 10"),
        ("<Dial><Client><Parameter name='a' value='b'/></Client></Dial>", "without identity"),
        ("<Dial><Client statusCallbackEvent='started'>a</Client></Dial>", "value not allowed"),
        ("<Enqueue>" + "x" * 65 + "</Enqueue>", "longer than 64"),
        ("<Enqueue/>", "has no text"),
        ("<Leave/>", "not allowed in a call document"),
        ("<Say>x</Say><Reject/>", "first verb"),
        ("<Play/>", "without a URL"),
        ("<Redirect method='PUT'>/x</Redirect>", "value not allowed"),
        ("<Sms>x</Sms>", "unknown verb"),
    ],
)
def test_a_mistake_is_refused_with_a_sentence(inside: str, complaint: str) -> None:
    assert any(complaint in problem for problem in check(inside)), check(inside)


@pytest.mark.parametrize(
    ("context", "inside"),
    [
        (DocumentContext.WAIT, "<Enqueue>q</Enqueue>"),
        (DocumentContext.WAIT, "<Dial>+8613800001234</Dial>"),
        (DocumentContext.WAIT, "<Record/>"),
        (DocumentContext.LEG, "<Dial>+8613800001234</Dial>"),
        (DocumentContext.CONFERENCE, "<Gather/>"),
        (DocumentContext.CONFERENCE, "<Hangup/>"),
        (DocumentContext.QUEUE_WHISPER, "<Gather/>"),
    ],
)
def test_a_verb_in_the_wrong_kind_of_document_is_refused(context: DocumentContext, inside: str) -> None:
    assert len(check(inside, context)) == 1


@pytest.mark.parametrize("context", list(DocumentContext))
def test_what_every_document_may_say_is_fine(context: DocumentContext) -> None:
    inside = (
        "<Say voice='Polly.Zhiyu' language='cmn-CN'>请<break time='1s'/>稍候</Say><Play>/a.wav</Play><Pause/>"
    )
    assert check(inside + "<Redirect>/next</Redirect>", context) == CLEAN


def test_the_wait_document_may_leave_and_gather() -> None:
    assert check("<Gather><Say>按1</Say></Gather><Leave/>", DocumentContext.WAIT) == CLEAN


@pytest.mark.parametrize(
    "document", ["", "x", "<Response>", "<!DOCTYPE a><Response/>", "\n<?xml version='1.0'?><Response/>"]
)
def test_what_is_not_a_document_is_refused_once(document: str) -> None:
    problems = validate(document, DocumentContext.CALL)
    assert len(problems) == 1
    assert problems[0].startswith("12100")


def test_all_mistakes_are_told_in_document_order() -> None:
    assert [problem[:5] for problem in check("<Foo/><Say/><Gather timeout='x'/>")] == [
        "12200",
        "13520",
        "12200",
    ]


def test_every_verb_of_every_context_is_in_the_table() -> None:
    assert frozenset().union(*ALLOWED_VERBS.values()) <= set(ELEMENTS)
    assert all(rule.children <= set(ELEMENTS) for tag, rule in ELEMENTS.items() if tag != "Say")


def test_what_the_sdk_builds_with_every_attribute_we_use_passes() -> None:
    response = VoiceResponse()
    gather = Gather(
        input="dtmf speech", num_digits=1, timeout=5, action="/a", hints="一,二", action_on_empty_result=True
    )
    gather.say("请按1", voice="Polly.Zhiyu-Neural", language="cmn-CN")
    response.append(gather)
    response.record(
        action="/r", max_length=120, finish_on_key="#", play_beep=True, recording_status_callback="/s"
    )
    dial = Dial(action="/d", timeout=20, answer_on_bridge=True, record="record-from-answer-dual")
    client = dial.client(status_callback="/c", status_callback_event="initiated ringing")
    client.identity("agent_7")
    client.parameter(name="case", value="1")
    response.append(dial)
    room = Dial()
    room.conference(
        "r", start_conference_on_enter=True, beep="onEnter", wait_url="", participant_label="caller"
    )
    response.append(room)
    response.enqueue("q", action="/e", wait_url="/w", wait_url_method="POST")
    assert validate(str(response), DocumentContext.CALL) == CLEAN
