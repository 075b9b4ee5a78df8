"""Calls begun in the browser: a softphone calls the TwiML application of its token."""

from collections.abc import Callable

import pytest
import requests

from hotline.exchange.board.transcript_file import BadTranscriptError, read_transcript
from hotline.exchange.clients.telephone import LineError, Softphone
from hotline.exchange.devices.softphones import LONGEST_PARAMS
from tests.exchange.application import Answer, Application
from tests.exchange.line import APP, Line

GREETING = '<Gather action="/heard" numDigits="2" timeout="600"><Say>请拨分机</Say></Gather>'


def connected(line: Line, application: Application, **params: str) -> Softphone:
    """Returns a softphone whose own call has reached the application's first document."""
    application.on("/voice", GREETING)
    agent = line.softphone()
    agent.connect(params)
    agent.hear("请拨分机")
    return agent


def test_the_application_is_asked_as_for_an_inbound_call_from_the_client(
    line: Line, application: Application
) -> None:
    agent = connected(line, application, To="+8613800001234", case="42", 备注="路灯 & 井盖")
    asked = application.wait_for("/voice")[0]
    for party, value in (("From", "client:agent_7"), ("To", "+8613800001234")):
        assert asked[party] == asked[{"From": "Caller", "To": "Called"}[party]] == value
    assert (asked["Direction"], asked["CallStatus"], asked["ApplicationSid"]) == ("inbound", "ringing", APP)
    assert (asked["case"], asked["备注"]) == ("42", "路灯 & 井盖")
    assert (asked["CallSid"], agent.state) == (agent.call_sid, "talking")


def test_a_softphone_call_may_leave_out_the_called_number(line: Line, application: Application) -> None:
    agent = connected(line, application)
    asked = application.wait_for("/voice")[0]
    assert (asked["To"], asked["Called"]) == ("", "")
    call = line.client.calls(agent.call_sid).fetch()
    assert (call._from, call.to, call.direction, call.status) == (
        "client:agent_7",
        "",
        "inbound",
        "in-progress",
    )


def test_keys_lead_on_and_only_the_first_request_carries_the_parameters(
    line: Line, application: Application
) -> None:
    application.on("/heard", "<Say>正在转接</Say><Hangup/>")
    agent = connected(line, application, case="42")
    agent.press("17")
    agent.hear("正在转接")
    assert agent.wait_ended() == "ended"
    heard = application.wait_for("/heard")[0]
    assert (heard["Digits"], heard["ApplicationSid"]) == ("17", APP)
    assert "case" not in heard.form


def test_the_end_of_the_call_is_told_as_that_of_any_other(line: Line, application: Application) -> None:
    agent = connected(line, application)
    agent.hang_up()
    agent.wait_ended()
    (told,) = application.wait_for("/status")
    assert (told["CallSid"], told["CallStatus"], told["SequenceNumber"]) == (
        agent.call_sid,
        "completed",
        "0",
    )
    assert told["ApplicationSid"] == APP
    assert told["CallDuration"] == told["Duration"] == "0"


def test_closing_the_tab_ends_the_call_it_made(line: Line, application: Application) -> None:
    connected(line, application).close()
    assert application.wait_for("/status")[0]["CallStatus"] == "completed"


def test_two_people_are_connected_by_a_call_from_the_browser(line: Line, application: Application) -> None:
    application.on(
        "/voice", "<Dial answerOnBridge='true' timeout='600'><Number>+8613800001234</Number></Dial>"
    )
    telephone, agent = line.telephone(), line.softphone()
    agent.connect({"To": "+8613800001234"})
    telephone.wait_for_ring()
    assert agent.state == "dialling"
    telephone.answer()
    agent.wait_connected()
    agent.say("您好，这里是市民热线")
    telephone.hear("client:agent_7: 您好")
    telephone.say("你好")
    agent.hear("+8613800001234: 你好")


@pytest.mark.parametrize(
    "name", ["From", "Caller", "CallSid", "AccountSid", "Direction", "ApplicationSid", "Called", "CallToken"]
)
def test_nobody_can_say_what_only_the_carrier_says(line: Line, application: Application, name: str) -> None:
    connected(line, application, **{name: "+8613999999999"})
    assert application.wait_for("/voice")[0].form.get(name) != "+8613999999999"


def test_the_application_may_have_a_voice_url_of_its_own(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(app_voice_url=application.url("/app"))
    application.on("/app", "<Say>内线</Say>")
    application.on("/voice", "<Say>外线</Say>")
    agent = line.softphone()
    agent.connect({})
    agent.hear("内线")
    line.calling().hear("外线")


def test_a_document_that_cannot_be_fetched_leads_to_the_fallback(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(fallback_url=application.url("/fallback"))
    application.on("/voice", Answer(status=500))
    application.on("/fallback", "<Say>请稍后再拨</Say>")
    agent = line.softphone()
    agent.connect({"case": "42"})
    agent.hear("请稍后再拨")
    assert application.wait_for("/fallback")[0]["ErrorCode"] == "11200"


@pytest.mark.parametrize(
    ("grant", "code"), [(None, "20106"), ("AP" + "f" * 32, "31001")], ids=["no grant", "unknown application"]
)
def test_a_token_for_no_or_another_application_cannot_call(line: Line, grant: str | None, code: str) -> None:
    agent = line.softphone(application=grant)
    with pytest.raises(LineError, match=f"^{code}: "):
        agent.connect({})
    assert line.client.calls.list() == []


def test_an_exchange_without_an_application_has_none_to_call(make_line: Callable[..., Line]) -> None:
    agent = make_line(app_sid=None).softphone()
    with pytest.raises(LineError, match=r"^31001: "):
        agent.connect({})


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ("To", 31100),
        (["To"], 31100),
        ({"To": 5}, 31100),
        ({"case": {"number": "42"}}, 31100),
        ({"": "42"}, 31100),
        ({"case": "\ud800"}, 31100),
        ({"case": "4" * LONGEST_PARAMS}, 31103),
        ({"case": "路" * (LONGEST_PARAMS // 9 + 1)}, 31103),
    ],
)
def test_parameters_that_are_none_are_refused_and_nothing_is_begun(
    line: Line, application: Application, params: object, code: int
) -> None:
    agent = line.softphone()
    with pytest.raises(LineError, match=f"^{code}: "):
        agent.connect(params)
    assert line.client.calls.list() == []
    agent = connected(line, application)
    assert agent.is_in_call


def test_who_is_in_a_call_hangs_up_before_the_next(line: Line, application: Application) -> None:
    agent = connected(line, application)
    with pytest.raises(LineError, match="hang up first"):
        agent.connect({})
    agent.hang_up()
    agent.wait_ended()
    agent.connect({})
    agent.hear("请拨分机")


def test_who_calls_is_not_rung_meanwhile(line: Line, application: Application) -> None:
    agent = connected(line, application)
    line.client.calls.create(
        to="client:agent_7",
        from_=line.settings.number,
        twiml="<Response/>",
        timeout=5,
        status_callback=application.url("/leg"),
    )
    assert application.wait_for("/leg")[0]["CallStatus"] == "no-answer"
    assert agent.is_in_call


def test_one_call_more_than_the_account_may_have_comes_to_nothing(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(concurrent_calls=1)
    application.on("/voice", "<Say>您好</Say><Pause length='600'/>")
    line.calling().hear("您好")
    agent = line.softphone()
    agent.connect({})
    agent.wait_ended()
    assert line.client.calls(agent.call_sid).fetch().status == "busy"
    assert len(application.to("/voice")) == 1


def test_the_board_shows_who_calls_the_application(line: Line, application: Application) -> None:
    connected(line, application)
    (leg,) = requests.get(line.url + "/board.json", timeout=5).json()["calls"]
    assert (leg["from"], leg["to"], leg["act"]["what"]) == ("client:agent_7", "应用 app", "Gather")


def test_a_call_from_the_browser_is_kept_but_is_no_telephone_s_to_replay(
    line: Line, application: Application
) -> None:
    agent = connected(line, application)
    agent.hang_up()
    application.wait_for("/status")
    kept = line.page(f"/calls/{agent.call_sid}/transcript")
    assert "请拨分机" in kept
    with pytest.raises(BadTranscriptError, match="telephone dialled"):
        read_transcript(kept)
