"""A call from the first ring to the last callback."""

import threading
from collections.abc import Callable

from tests.exchange.application import Answer, Application
from tests.exchange.line import ACCOUNT, Line


def test_a_caller_hears_the_menu_presses_one_and_is_thanked(line: Line, application: Application) -> None:
    application.on("/voice", '<Gather action="/menu?step=1" numDigits="1"><Say>投诉请按1</Say></Gather>')
    application.on("/menu", "<Say>感谢来电</Say><Hangup/>")
    telephone = line.calling()
    telephone.hear("投诉请按1")
    telephone.press("1")
    telephone.hear("感谢来电")
    assert telephone.wait_ended() == "completed"
    gathered = application.wait_for("/menu")[0]
    assert (gathered["Digits"], gathered["FinishedOnKey"], gathered["CallStatus"]) == ("1", "", "in-progress")
    assert gathered.query == {"step": "1"}


def test_the_first_request_carries_the_standard_parameters(line: Line, application: Application) -> None:
    line.calling().wait_ended()
    request = application.wait_for("/voice")[0]
    assert request.form["CallSid"].startswith("CA")
    expected = {
        "AccountSid": ACCOUNT,
        "From": "+8613800001234",
        "Caller": "+8613800001234",
        "To": "+865374412345",
        "Called": "+865374412345",
        "CallStatus": "ringing",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        "FromCountry": "",
        "CalledZip": "",
    }
    assert {name: request.form[name] for name in expected} == expected
    assert request.headers["User-Agent"] == "TwilioProxy/1.1"
    assert len(request.headers["I-Twilio-Idempotency-Token"]) == 32


def test_the_number_is_told_once_that_the_call_is_over(line: Line, application: Application) -> None:
    application.on("/voice", "<Say>您好，这里是市民热线</Say><Pause length='2'/>")
    line.calling().wait_ended()
    last = application.wait_for("/status")[0]
    facts = {"CallStatus": "completed", "SequenceNumber": "0", "CallbackSource": "call-progress-events"}
    assert {name: last[name] for name in facts} == facts
    assert last["Duration"] == "1"
    assert int(last["CallDuration"]) >= 4
    assert last["Timestamp"].endswith("+0000")
    assert len(application.to("/status")) == 1


def test_whoever_hangs_up_before_the_answer_was_not_answered(line: Line, application: Application) -> None:
    gate = threading.Event()
    application.on("/voice", Answer("<Response><Say>太晚了</Say></Response>", wait_for=gate))
    telephone = line.calling()
    application.wait_for("/voice")
    telephone.hang_up()
    assert telephone.wait_ended() == "no-answer"
    gate.set()
    assert application.wait_for("/status")[0]["CallStatus"] == "no-answer"
    assert telephone.transcript == []


def test_hanging_up_during_speech_completes_the_call(line: Line, application: Application) -> None:
    application.on("/voice", "<Pause length='1'/><Say>" + "很长的一句话" * 40 + "</Say>")
    telephone = line.calling()
    telephone.hear("很长")
    telephone.hang_up()
    assert telephone.wait_ended() == "completed"


def test_a_rejected_caller_is_never_answered(line: Line, application: Application) -> None:
    application.on("/voice", '<Reject reason="busy"/>')
    assert line.calling().wait_ended() == "busy"
    final = application.wait_for("/status")[0]
    assert (final["CallStatus"], final["CallDuration"]) == ("busy", "0")


def test_redirect_leads_to_another_document_relative_to_the_present_one(
    line: Line, application: Application
) -> None:
    application.on("/voice", '<Redirect method="GET">next/step?n=2</Redirect><Say>never</Say>')
    application.on("/next/step", "<Say>第二页</Say>")
    telephone = line.calling()
    telephone.hear("第二页")
    request = application.wait_for("/next/step")[0]
    assert (request.method, request["n"], request["Direction"]) == ("GET", "2", "inbound")


def test_speech_is_read_as_many_times_as_asked(line: Line, application: Application) -> None:
    application.on("/voice", '<Say loop="2">请稍候</Say><Pause length="2"/><Say>完</Say>')
    telephone = line.calling()
    telephone.hear("完")
    assert telephone.transcript == ["请稍候", "请稍候", "完"]
    telephone.wait_ended()
    assert telephone.at >= 2.0


def test_a_sound_file_is_announced_and_a_missing_one_is_reported(
    line: Line, application: Application
) -> None:
    application.on("/missing.wav", Answer("no", status=404))
    application.on("/hold.wav", Answer(b"RIFF", content_type="audio/x-wav"))
    application.on("/voice", "<Play>/missing.wav</Play><Play>/hold.wav</Play><Say>完</Say>")
    telephone = line.calling()
    telephone.hear("完")
    assert telephone.transcript == ["♪ hold.wav", "完"]
    assert application.to("/hold.wav")[0].method == "GET"


def test_a_number_that_is_not_the_hotline_does_not_exist(line: Line) -> None:
    telephone = line.telephone()
    telephone.dial("8888888")
    assert telephone.wait_ended() == "failed"


def test_the_hotline_is_reached_locally_nationally_and_internationally(
    make_line: Callable[..., Line], application: Application
) -> None:
    application.on("/voice", "<Say>你好</Say>")
    telephone = make_line().telephone("05372210000")
    for dialled in ("4412345", "0537-4412345", "+865374412345", "0086 537 4412345"):
        telephone.dial(dialled)
        telephone.hear("你好")
        assert telephone.wait_ended() == "completed"
    assert {request["From"] for request in application.to("/voice")} == {"+865372210000"}
