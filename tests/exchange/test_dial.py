"""Dial to telephones and softphones: ringing together or in turn, whispers, and the action's parameters."""

import pytest

from tests.exchange.application import Application
from tests.exchange.line import Line


def dial(inside: str, attributes: str = "") -> str:
    return f'<Dial action="/done" timeout="20" {attributes}>{inside}</Dial>'


def test_the_operator_accepts_and_both_talk_until_one_leaves(line: Line, application: Application) -> None:
    client = (
        '<Client statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed">'
        '<Identity>agent_7</Identity><Parameter name="case" value="17"/></Client>'
    )
    application.on("/voice", dial(client))
    application.on("/done", "<Say>请评价</Say>")
    agent = line.softphone()
    telephone = line.calling()
    assert agent.wait_incoming() == {"case": "17"}
    assert agent.caller == "+8613800001234"
    agent.accept()
    agent.wait_connected()
    agent.say("您好")
    telephone.hear("client:agent_7: 您好")
    agent.hang_up()
    telephone.hear("请评价")
    done = application.wait_for("/done")[0]
    assert (done["DialCallStatus"], done["DialBridged"], done["DialCallSid"]) == (
        "completed",
        "true",
        agent.call_sid,
    )
    assert int(done["DialCallDuration"]) >= 0
    told = sorted(application.wait_for("/leg", count=4), key=lambda event: int(event["SequenceNumber"]))
    assert [event["CallStatus"] for event in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert {event["ParentCallSid"] for event in told} == {telephone.call_sid}
    assert {event["Direction"] for event in told} == {"outbound-dial"}


def test_a_refusing_operator_is_busy(line: Line, application: Application) -> None:
    application.on("/voice", dial("<Client>agent_7</Client>"))
    agent = line.softphone()
    line.calling()
    agent.wait_incoming()
    agent.reject()
    done = application.wait_for("/done")[0]
    assert (done["DialCallStatus"], done["DialBridged"]) == ("busy", "false")


@pytest.mark.parametrize(
    ("inside", "status"),
    [
        ("<Client>nobody</Client>", "no-answer"),
        ("<Number>+8613700009999</Number>", "no-answer"),
        ("<Number>12345</Number>", "failed"),
    ],
)
def test_whoever_cannot_be_reached_is_told_as_such(
    line: Line, application: Application, inside: str, status: str
) -> None:
    application.on("/voice", dial(inside))
    line.calling()
    assert application.wait_for("/done")[0]["DialCallStatus"] == status


def test_a_telephone_in_a_call_is_busy(line: Line, application: Application) -> None:
    application.on(
        "/voice",
        "<Pause length='1'/><Say>占线</Say><Pause length='600'/>",
        dial("<Number>+8613900005678</Number>"),
    )
    line.calling("13900005678").hear("占线")
    line.calling()
    assert application.wait_for("/done")[0]["DialCallStatus"] == "busy"


def test_all_ring_and_the_first_to_answer_wins(line: Line, application: Application) -> None:
    application.on("/voice", dial("<Client>agent_7</Client><Client>agent_8</Client>"))
    seven, eight = line.softphone("agent_7"), line.softphone("agent_8")
    line.calling()
    seven.wait_incoming()
    eight.wait_incoming()
    eight.accept()
    eight.wait_connected()
    assert seven.wait_ended() == "canceled"


def test_in_sequence_the_second_rings_when_the_first_refuses(line: Line, application: Application) -> None:
    application.on("/voice", dial("<Client>agent_7</Client><Client>agent_8</Client>", 'sequential="true"'))
    seven, eight = line.softphone("agent_7"), line.softphone("agent_8")
    line.calling()
    seven.wait_incoming()
    assert eight.state == "idle"
    seven.reject()
    eight.wait_incoming()
    eight.accept()
    eight.wait_connected()


def test_when_the_caller_leaves_the_operator_s_telephone_stops_ringing(
    line: Line, application: Application
) -> None:
    application.on("/voice", dial("<Client>agent_7</Client>"))
    agent = line.softphone()
    telephone = line.calling()
    agent.wait_incoming()
    telephone.hang_up()
    assert agent.wait_ended() == "canceled"
    done = application.wait_for("/done")[0]
    assert (done["CallStatus"], done["DialCallStatus"]) == ("completed", "canceled")


def test_the_whisper_may_refuse_the_caller(line: Line, application: Application) -> None:
    application.on("/voice", dial('<Client url="/screen">agent_7</Client>'))
    application.on("/screen", '<Gather numDigits="1" action="/screened"><Say>按1接听</Say></Gather><Hangup/>')
    application.on("/screened", "<Hangup/>")
    agent = line.softphone()
    telephone = line.calling()
    agent.wait_incoming()
    agent.accept()
    agent.hear("按1接听")
    agent.press("2")
    done = application.wait_for("/done")[0]
    assert (done["DialCallStatus"], done["DialBridged"]) == ("no-answer", "false")
    assert application.wait_for("/screen")[0]["ParentCallSid"] == telephone.call_sid
    agent.wait_ended()


def test_moving_the_operator_s_leg_lets_the_caller_go_on(line: Line, application: Application) -> None:
    application.on("/voice", dial("<Client>agent_7</Client>"))
    application.on("/done", "<Say>之后</Say>")
    application.on("/elsewhere", "<Say>别处</Say><Pause length='60'/>")
    agent = line.softphone()
    telephone = line.calling()
    agent.wait_incoming()
    agent.accept()
    agent.wait_connected()
    line.client.calls(agent.call_sid).update(url=application.url("/elsewhere"))
    telephone.hear("之后")
    agent.hear("别处")


def test_a_recorded_conversation_has_two_channels(line: Line, application: Application) -> None:
    attributes = 'record="record-from-answer-dual" recordingStatusCallback="/taped"'
    application.on("/voice", dial("<Client>agent_7</Client>", attributes))
    agent = line.softphone()
    telephone = line.calling()
    agent.wait_incoming()
    agent.accept()
    agent.wait_connected()
    telephone.hang_up()
    told = application.wait_for("/taped")[0]
    assert (told["CallSid"], told["RecordingSource"]) == (telephone.call_sid, "DialVerb")
    assert told["RecordingChannels"] == "2"
    done = application.wait_for("/done")[0]
    assert (done["RecordingUrl"], done["DialCallStatus"]) == (told["RecordingUrl"], "completed")
