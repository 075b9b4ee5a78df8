"""The usual course of a hotline call: from the queue into a conference of two."""

from collections.abc import Callable

from tests.exchange.application import Application
from tests.exchange.conversation import ROOM, Conversation
from tests.exchange.line import Line


def events(application: Application, count: int) -> list[str]:
    received = application.wait_for("/room", count=count)
    return [
        event["StatusCallbackEvent"]
        for event in sorted(received, key=lambda event: int(event["SequenceNumber"]))
    ]


def test_both_hear_each_other_and_the_caller_goes_on_when_the_operator_leaves(
    application: Application, talk: Callable[..., Conversation]
) -> None:
    telephone, agent = talk()
    agent.say("您好，工号017为您服务")
    telephone.hear("agent: 您好")
    telephone.say("路灯坏了")
    agent.hear("caller: 路灯坏了")
    agent.hang_up()
    agent.wait_ended()
    assert events(application, 4) == [
        "participant-join",
        "participant-join",
        "conference-start",
        "participant-leave",
    ]
    left = application.wait_for("/room", lambda event: event["StatusCallbackEvent"] == "participant-leave")[0]
    assert (left["ParticipantLabel"], left["ReasonParticipantLeft"]) == ("agent", "participant_hung_up")
    assert left["ParticipantCallStatus"] == "completed"
    telephone.wait_connected(others=0)
    assert application.to("/after") == []


def test_the_operator_s_leaving_may_end_it_for_the_caller_too(
    line: Line, application: Application, talk: Callable[..., Conversation]
) -> None:
    telephone, agent = talk(agent_ends=True)
    agent.hang_up()
    telephone.hear("请评价")
    after = application.wait_for("/after")[0]
    assert (after["DialCallStatus"], after["CallStatus"]) == ("answered", "in-progress")
    assert "DialCallSid" not in after.form
    end = application.wait_for("/room", lambda event: event["StatusCallbackEvent"] == "conference-end")[0]
    assert end["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-left"
    assert (end["CallSidEndingConference"], end["ParticipantLabelEndingConference"]) == (
        agent.call_sid,
        "agent",
    )
    conference = line.client.conferences(end["ConferenceSid"]).fetch()
    assert (conference.status, conference.call_sid_ending_conference) == ("completed", agent.call_sid)


def test_the_caller_s_hanging_up_leaves_the_operator_alone_and_tells_the_action(
    application: Application, talk: Callable[..., Conversation]
) -> None:
    telephone, agent = talk()
    telephone.hang_up()
    after = application.wait_for("/after")[0]
    assert (after["DialCallStatus"], after["CallStatus"]) == ("answered", "completed")
    agent.wait_connected(others=0)
    agent.hang_up()
    end = application.wait_for("/room", lambda event: event["StatusCallbackEvent"] == "conference-end")[0]
    assert end["ReasonConferenceEnded"] == "last-participant-left"


def test_the_first_participant_alone_says_where_events_go(
    line: Line, application: Application, talk: Callable[..., Conversation]
) -> None:
    talk()
    application.on(
        "/voice", ROOM.format(start="true", end="false", record="do-not-record").replace("/room", "/other")
    )
    third = line.calling("13900005678")
    third.wait_connected(others=2)
    application.wait_for("/room", lambda event: event["StatusCallbackEvent"] == "participant-join", count=3)
    assert application.to("/other") == []


def test_the_operator_s_leg_tells_its_progress_in_order(
    application: Application, talk: Callable[..., Conversation]
) -> None:
    _, agent = talk()
    agent.hang_up()
    told = sorted(application.wait_for("/leg", count=4), key=lambda event: int(event["SequenceNumber"]))
    assert [event["CallStatus"] for event in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [event["SequenceNumber"] for event in told] == ["0", "1", "2", "3"]
    assert {event["Direction"] for event in told} == {"outbound-api"}


def test_waiting_for_the_start_one_hears_the_wait_document_once(line: Line, application: Application) -> None:
    room = '<Dial><Conference startConferenceOnEnter="false" waitUrl="/music">room-2</Conference></Dial>'
    application.on("/voice", room)
    application.on("/music", "<Say>请等候主持人</Say>")
    line.calling().hear("主持人")
    assert line.client.conferences.list(friendly_name="room-2")[0].status == "init"


def test_a_wait_document_that_fails_leads_on(line: Line, application: Application) -> None:
    application.on("/voice", '<Dial><Conference waitUrl="/music">room-2</Conference></Dial><Say>之后</Say>')
    application.on("/music", '<Gather action="/x"/>')
    line.calling().hear("之后")


def test_a_caller_moved_out_of_the_conference_runs_the_new_document(
    line: Line, application: Application, talk: Callable[..., Conversation]
) -> None:
    telephone, agent = talk()
    application.on("/survey", "<Say>请为我们打分</Say>")
    line.client.calls(telephone.call_sid).update(url=application.url("/survey"))
    telephone.hear("打分")
    left = application.wait_for("/room", lambda event: event["StatusCallbackEvent"] == "participant-leave")[0]
    assert left["ReasonParticipantLeft"] == "participant_updated_via_api"
    assert application.to("/after") == []
    assert agent.state == "talking"
