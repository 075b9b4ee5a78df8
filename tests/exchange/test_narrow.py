"""The narrow profile: a self-hosted TwiML engine without queues and conferences."""

from collections.abc import Callable

import pytest
import requests

from hotline.exchange.twiml.validation import validate
from hotline.exchange.vocabulary.enums import DocumentContext
from tests.exchange.application import Application
from tests.exchange.line import ACCOUNT, TOKEN, Line

LACKING = [
    "<Enqueue>q</Enqueue>",
    "<Dial><Conference>room</Conference></Dial>",
    "<Dial><Queue>q</Queue></Dial>",
    "<Dial><Client>agent_7</Client></Dial>",
    '<Pause length="5"/>',
    '<Gather action="/key"><Say>请按键</Say><Pause/></Gather>',
    '<Gather input="dtmf speech" action="/key"/>',
    '<Dial record="record-from-answer"><Sip>sip:op_7@pbx.example</Sip></Dial>',
    '<Dial><Sip url="/whisper">sip:op_7@pbx.example</Sip></Dial>',
    '<Dial><Number statusCallback="/status">+865374412399</Number></Dial>',
    '<Record recordingStatusCallbackEvent="completed" action="/done"/>',
    "<Say>请<break/>稍候</Say>",
    "<Redirect/>",
]


@pytest.fixture
def narrow(make_line: Callable[..., Line]) -> Line:
    return make_line(narrow=True)


@pytest.mark.parametrize("inside", LACKING)
def test_a_verb_outside_the_profile_is_unknown(inside: str) -> None:
    document = f"<Response>{inside}</Response>"
    assert validate(document, DocumentContext.CALL) == []
    assert {problem[:5] for problem in validate(document, DocumentContext.CALL, narrow=True)} == {"12200"}


def test_leave_is_unknown_too() -> None:
    assert validate("<Response><Leave/></Response>", DocumentContext.WAIT) == []
    assert validate("<Response><Leave/></Response>", DocumentContext.WAIT, narrow=True) != []


@pytest.mark.parametrize("inside", LACKING)
def test_a_caller_hears_an_application_error_and_the_board_names_the_verb(
    narrow: Line, application: Application, inside: str
) -> None:
    application.on("/voice", inside)
    narrow.calling().hear("应用程序出错")
    assert "12200" in narrow.page("/board.json")


@pytest.mark.parametrize("path", ["Queues.json", "Conferences.json", "Conferences/room/Participants.json"])
def test_its_api_has_no_queues_and_no_conferences(narrow: Line, path: str) -> None:
    answer = requests.get(
        f"{narrow.url}/2010-04-01/Accounts/{ACCOUNT}/{path}", auth=(ACCOUNT, TOKEN), timeout=5
    )
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_callers_wait_in_a_loop_and_are_connected_by_a_sip_telephone(
    narrow: Line, application: Application
) -> None:
    application.on(
        "/voice",
        '<Gather numDigits="1" timeout="1" action="/key"><Say>请稍候</Say></Gather><Redirect>/voice</Redirect>',
    )
    application.on("/talk", "<Dial><Sip>sip:agent_7@pbx.example</Sip></Dial>")
    agent, telephone = narrow.softphone(), narrow.calling()
    telephone.hear("请稍候")
    telephone.hear("请稍候")
    narrow.client.calls(telephone.call_sid).update(url=application.url("/talk"))
    agent.wait_incoming()
    agent.accept()
    telephone.wait_connected()
    agent.say("您好")
    telephone.hear("您好")


def test_a_message_is_reported_without_its_sid_until_its_own_callback(
    narrow: Line, application: Application
) -> None:
    application.on("/voice", '<Record action="/done" timeout="1" recordingStatusCallback="/recorded"/>')
    application.on("/done", "<Hangup/>")
    telephone = narrow.calling()
    telephone.hear("♪ beep")
    telephone.say("路灯不亮了")
    [done] = application.wait_for("/done")
    assert "RecordingSid" not in done.form
    assert (done["RecordingUrl"][:4], int(done["RecordingDuration"]) > 0) == ("http", True)
    [recorded] = application.wait_for("/recorded")
    assert recorded["RecordingSid"].startswith("RE")
