"""Gather: barge-in, finish keys, time-outs, words."""

from tests.exchange.application import Application
from tests.exchange.line import Line

LONG = "这是一段很长的提示语" * 30


def test_the_first_key_stops_the_prompt(line: Line, application: Application) -> None:
    application.on(
        "/voice", f'<Gather action="/menu" numDigits="1"><Say>{LONG}</Say><Say>第二句</Say></Gather>'
    )
    application.on("/menu", "<Say>好</Say>")
    telephone = line.calling()
    telephone.hear("很长")
    telephone.press("3")
    telephone.hear("好")
    assert "第二句" not in telephone.transcript
    assert telephone.at < 60  # the prompt alone would have taken 66 exchange seconds


def test_the_finish_key_ends_the_entry_and_is_told_apart(line: Line, application: Application) -> None:
    application.on("/voice", '<Gather action="/number"><Say>请输入工单号，按#结束</Say></Gather>')
    application.on("/number", "<Say>好</Say>")
    telephone = line.calling()
    telephone.hear("工单号")
    telephone.press("20261123#")
    telephone.hear("好")
    request = application.wait_for("/number")[0]
    assert (request["Digits"], request["FinishedOnKey"]) == ("20261123", "#")


def test_with_another_finish_key_the_hash_is_an_ordinary_digit(line: Line, application: Application) -> None:
    application.on("/voice", '<Gather action="/number" finishOnKey="*"><Say>请输入</Say></Gather>')
    telephone = line.calling()
    telephone.hear("请输入")
    telephone.press("12#*")
    assert application.wait_for("/number")[0]["Digits"] == "12#"


def test_silence_after_the_prompt_leads_to_the_next_verb(line: Line, application: Application) -> None:
    application.on(
        "/voice", '<Gather action="/menu" timeout="3"><Say>请按键</Say></Gather><Say>没有收到</Say>'
    )
    telephone = line.calling()
    telephone.hear("没有收到")
    telephone.wait_ended()
    assert application.to("/menu") == []
    assert telephone.at >= 3.0


def test_a_lone_finish_key_counts_as_nothing_entered(line: Line, application: Application) -> None:
    application.on("/voice", '<Gather action="/menu"><Say>请按键</Say></Gather><Say>没有收到</Say>')
    telephone = line.calling()
    telephone.hear("请按键")
    telephone.press("#")
    telephone.hear("没有收到")
    assert application.to("/menu") == []


def test_nothing_entered_is_told_when_asked_for(line: Line, application: Application) -> None:
    application.on("/voice", '<Gather action="/menu" timeout="1" actionOnEmptyResult="true"/>')
    line.calling()
    request = application.wait_for("/menu")[0]
    assert (request["Digits"], request["FinishedOnKey"]) == ("", "")


def test_an_entry_without_finish_key_is_complete_after_the_time_out(
    line: Line, application: Application
) -> None:
    application.on("/voice", '<Gather action="/menu" timeout="2"><Say>请按键</Say></Gather>')
    telephone = line.calling()
    telephone.hear("请按键")
    telephone.press("42")
    assert application.wait_for("/menu")[0]["Digits"] == "42"


def test_words_are_heard_where_speech_is_asked_for(line: Line, application: Application) -> None:
    application.on(
        "/voice", '<Gather input="dtmf speech" language="cmn-Hans-CN" action="/said"><Say>请说</Say></Gather>'
    )
    application.on("/said", "<Say>好</Say>")
    telephone = line.calling()
    telephone.hear("请说")
    telephone.say("路灯坏了")
    telephone.hear("好")
    request = application.wait_for("/said")[0]
    assert (request["SpeechResult"], request["Language"]) == ("路灯坏了", "cmn-Hans-CN")
    assert 0 < float(request["Confidence"]) <= 1
    assert "Digits" not in request.form


def test_words_mean_nothing_where_only_keys_are_asked_for(line: Line, application: Application) -> None:
    application.on(
        "/voice", '<Gather action="/menu" timeout="3"><Say>请按键</Say></Gather><Say>没有收到</Say>'
    )
    telephone = line.calling()
    telephone.hear("请按键")
    telephone.say("一")
    telephone.hear("没有收到")
    assert application.to("/menu") == []


def test_without_action_the_same_address_is_asked_again(line: Line, application: Application) -> None:
    application.on("/voice", '<Gather numDigits="1"><Say>请按键</Say></Gather>', "<Say>第二次</Say>")
    telephone = line.calling()
    telephone.hear("请按键")
    telephone.press("9")
    telephone.hear("第二次")
    assert application.wait_for("/voice", count=2)[1]["Digits"] == "9"


def test_hanging_up_during_gather_asks_for_nothing_more(line: Line, application: Application) -> None:
    application.on("/voice", '<Gather action="/menu"><Say>请按键</Say></Gather>')
    telephone = line.calling()
    telephone.hear("请按键")
    telephone.hang_up()
    assert telephone.wait_ended() == "completed"
    application.wait_for("/status")
    assert application.to("/menu") == []
