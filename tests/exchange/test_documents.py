"""Fetching documents: fallback, content types, redirects, retries, cookies, addresses."""

import socket
from collections.abc import Callable

import pytest

from hotline.exchange.core.webhook import with_query
from hotline.exchange.core.webhook_client import retry_policy_of
from tests.exchange.application import Answer, Application
from tests.exchange.line import Line
from tests.ports import free_port

OK = "<Response><Say>正常</Say></Response>"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(status=500), "11200"),
        (Answer(status=404), "11200"),
        (Answer("not xml at all <"), "12100"),
        (Answer("<Reply/>"), "12100"),
        (Answer(" <?xml version='1.0'?><Response/>"), "12100"),
        (Answer("<Response><say>小写</say></Response>"), "12200"),
        (Answer("<Response><Say>" + "x" * 70_000 + "</Say></Response>"), "11750"),
        (Answer("{}", content_type="application/json"), "12300"),
        (Answer(status=302, headers={"Location": "/elsewhere"}), "11200"),
    ],
    ids=[
        "500",
        "404",
        "not xml",
        "wrong root",
        "leading blank",
        "unknown verb",
        "too long",
        "json",
        "redirected post",
    ],
)
def test_the_fallback_takes_over_and_is_told_why(
    make_line: Callable[..., Line], application: Application, answer: Answer, code: str
) -> None:
    line = make_line(fallback_url=application.url("/fallback"))
    application.on("/voice", answer)
    application.on("/fallback", "<Say>系统忙，请稍后再拨</Say>")
    telephone = line.calling()
    telephone.hear("请稍后再拨")
    request = application.wait_for("/fallback")[0]
    assert (request["ErrorCode"], request["ErrorUrl"]) == (code, application.url("/voice"))
    assert request["CallSid"] == telephone.call_sid
    assert application.to("/elsewhere") == []


def test_the_fallback_also_takes_over_in_the_middle_of_a_call(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(fallback_url=application.url("/fallback"))
    application.on("/voice", "<Say>你好</Say><Redirect>/broken</Redirect>")
    application.on("/broken", Answer(status=503))
    application.on("/fallback", "<Say>抱歉</Say>")
    line.calling().hear("抱歉")
    assert application.wait_for("/fallback")[0]["ErrorUrl"] == application.url("/broken")


def test_without_fallback_the_caller_hears_of_an_application_error(
    line: Line, application: Application
) -> None:
    application.on("/voice", Answer(status=500))
    telephone = line.calling()
    telephone.hear("application error")
    assert telephone.wait_ended() == "completed"
    assert application.wait_for("/status")[0]["CallStatus"] == "completed"


def test_a_fallback_that_fails_too_ends_the_call_with_an_application_error(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(fallback_url=application.url("/fallback"))
    application.on("/voice", Answer(status=500))
    application.on("/fallback", Answer(status=500))
    line.calling().hear("application error")


def test_an_application_that_is_down_is_tried_twice_then_given_up(
    make_line: Callable[..., Line], application: Application
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/voice"
    line = make_line(voice_url=nobody, fallback_url=application.url("/fallback"))
    application.on("/fallback", "<Say>抱歉</Say>")
    line.calling().hear("抱歉")
    request = application.wait_for("/fallback")[0]
    assert (request["ErrorCode"], request["ErrorUrl"]) == ("11205", nobody)


def test_an_application_that_answers_too_late_is_given_up(
    make_line: Callable[..., Line], application: Application
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        silent = f"http://127.0.0.1:{mute.getsockname()[1]}/voice#rt=200"
        line = make_line(voice_url=silent, fallback_url=application.url("/fallback"))
        application.on("/fallback", "<Say>抱歉</Say>")
        line.calling().hear("抱歉")
        request = application.wait_for("/fallback")[0]
    assert (request["ErrorCode"], request["ErrorUrl"]) == ("11200", silent)


def test_a_server_error_is_tried_again_when_the_address_asks_for_it(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(voice_url=application.url("/voice?a=1#rc=3&rp=5xx"))
    application.on("/voice", Answer(status=500), Answer(status=502), Answer(OK))
    line.calling().hear("正常")
    tokens = {
        request.headers["I-Twilio-Idempotency-Token"] for request in application.wait_for("/voice", count=3)
    }
    assert len(tokens) == 1


def test_a_redirect_that_keeps_the_method_is_followed_with_its_fields(
    line: Line, application: Application
) -> None:
    application.on("/voice", Answer(status=307, headers={"Location": "/moved?b=2"}))
    application.on("/moved", "<Say>正常</Say>")
    line.calling().hear("正常")
    moved = application.wait_for("/moved")[0]
    assert (moved.method, moved["CallStatus"]) == ("POST", "ringing")


def test_plain_text_is_read_aloud_and_sound_is_played(line: Line, application: Application) -> None:
    application.on("/voice", Answer("请稍后再拨", content_type="text/plain"))
    assert line.calling().hear("请稍后") == "请稍后再拨"
    application.on("/voice", Answer(b"...", content_type="audio/mpeg"))
    line.calling("13900005678").hear("♪ voice")


def test_cookies_are_kept_for_the_length_of_a_call(line: Line, application: Application) -> None:
    cookie = Answer(
        "<Response><Redirect>/next</Redirect></Response>", headers={"Set-Cookie": "visit=7; Path=/"}
    )
    application.on("/voice", cookie)
    application.on("/next", "<Say>完</Say>")
    line.calling().hear("完")
    assert application.wait_for("/next")[0].cookies == {"visit": "7"}
    line.calling("13900005678").hear("完")
    assert application.wait_for("/voice", count=2)[1].cookies == {}


def test_a_document_given_over_rest_needs_absolute_addresses(line: Line, application: Application) -> None:
    telephone = line.telephone()
    document = "<Response><Say>你好</Say><Redirect>/next</Redirect></Response>"
    line.client.calls.create(to="+8613800001234", from_=line.settings.number, twiml=document)
    telephone.wait_for_ring()
    telephone.answer()
    telephone.hear("application error")
    assert application.to("/next") == []


def test_overrides_stand_in_the_fragment_and_are_bounded() -> None:
    patience = retry_policy_of("http://a/b?c=1#ct=50&rt=99999&tt=2000&rc=9&rp=4xx,rt")
    assert (patience.connect, patience.read, patience.total, patience.retries) == (0.1, 15.0, 2.0, 5)
    assert patience.retry_on == {"4xx", "rt"}
    assert retry_policy_of("http://a/#rc=x&zz=1").retries == 1


def test_a_get_webhook_appends_to_the_query_already_there() -> None:
    assert with_query("http://a/b?c=%20#ct=1", {"d": "e f"}) == "http://a/b?c=%20&d=e+f"
    assert with_query("http://a/b", {"d": "+86"}) == "http://a/b?d=%2B86"
