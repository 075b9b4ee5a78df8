"""From the queue into a conference of two: the way every call of the hotline goes."""

from collections.abc import Callable

import pytest
from twilio.base.exceptions import TwilioRestException

from hotline.gateways.exchange.clients import Softphone, Telephone
from tests.exchange.application import Application
from tests.exchange.line import Line

ROOM = (
    '<Dial action="/after"><Conference startConferenceOnEnter="{start}" endConferenceOnExit="{end}" waitUrl=""'
    ' statusCallback="/room" statusCallbackEvent="start end join leave mute hold modify" participantLabel="caller"'
    ' record="{record}" recordingStatusCallback="/taped">room-1</Conference></Dial><Say>之后</Say>'
)
Talk = tuple[Telephone, Softphone]


@pytest.fixture
def talk(line: Line, application: Application) -> Callable[..., Talk]:
    """A citizen taken out of the queue, talking with operator 7."""

    def start(*, end: str = "false", record: str = "do-not-record", agent_leaves_last: bool = False) -> Talk:
        application.on("/voice", '<Enqueue waitUrl="/wait">q</Enqueue>')
        application.on("/wait", "<Say>请稍候</Say><Pause length='5'/>")
        application.on("/join", ROOM.format(start="true", end=end, record=record))
        application.on("/after", "<Say>请评价</Say>")
        telephone, agent = line.calling(), line.softphone()
        telephone.hear("请稍候")
        queue = line.client.queues.list()[0]
        line.client.queues(queue.sid).members("Front").update(url=application.url("/join"))
        application.wait_for("/room", lambda event: event["StatusCallbackEvent"] == "participant-join")
        line.client.conferences("room-1").participants.create(
            to="client:agent_7?case=42",
            from_=line.settings.number,
            label="agent",
            end_conference_on_exit=agent_leaves_last,
            status_callback=application.url("/leg"),
            status_callback_event=["initiated", "ringing", "answered", "completed"],
        )
        assert agent.wait_incoming() == {"case": "42"}
        agent.accept()
        assert agent.wait_connected() == ["caller"]
        assert telephone.wait_connected() == ["agent"]
        return telephone, agent

    return start


def events(application: Application, count: int) -> list[str]:
    received = application.wait_for("/room", count=count)
    return [
        event["StatusCallbackEvent"]
        for event in sorted(received, key=lambda event: int(event["SequenceNumber"]))
    ]


def test_both_hear_each_other_and_the_caller_goes_on_when_the_operator_leaves(
    application: Application, talk: Callable[..., Talk]
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
    assert telephone.party == []
    assert application.to("/after") == []


def test_the_operator_s_leaving_may_end_it_for_the_caller_too(
    line: Line, application: Application, talk: Callable[..., Talk]
) -> None:
    telephone, agent = talk(agent_leaves_last=True)
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
    application: Application, talk: Callable[..., Talk]
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
    line: Line, application: Application, talk: Callable[..., Talk]
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
    application: Application, talk: Callable[..., Talk]
) -> None:
    _, agent = talk()
    agent.hang_up()
    told = sorted(application.wait_for("/leg", count=4), key=lambda event: int(event["SequenceNumber"]))
    assert [event["CallStatus"] for event in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [event["SequenceNumber"] for event in told] == ["0", "1", "2", "3"]
    assert {event["Direction"] for event in told} == {"outbound-api"}


def test_who_is_on_hold_hears_the_hold_document_and_nobody_hears_them(
    line: Line, application: Application, talk: Callable[..., Talk]
) -> None:
    telephone, agent = talk()
    application.on("/hold", "<Say>请不要挂机</Say>")
    caller = line.client.conferences(line.client.conferences.list()[0].sid).participants("caller")
    assert caller.update(hold=True, hold_url=application.url("/hold")).hold is True
    telephone.hear("请不要挂机")
    agent.say("听得见吗")
    telephone.say("喂")
    assert caller.update(hold=False).hold is False
    telephone.say("现在呢")
    agent.hear("caller: 现在呢")
    assert "caller: 喂" not in agent.transcript
    assert "agent: 听得见吗" not in telephone.transcript
    kinds = {event["StatusCallbackEvent"] for event in application.wait_for("/room", count=5)}
    assert {"participant-hold", "participant-unhold"} <= kinds


def test_a_muted_participant_is_not_heard(line: Line, talk: Callable[..., Talk]) -> None:
    telephone, agent = talk()
    room = line.client.conferences.list()[0].sid
    assert line.client.conferences(room).participants(telephone.call_sid).update(muted=True).muted is True
    telephone.say("听不见")
    line.client.conferences(room).participants("caller").update(muted=False)
    telephone.say("听得见")
    agent.hear("听得见")
    assert agent.transcript == ["caller: 听得见"]


def test_a_coach_is_heard_by_the_coached_only(line: Line, talk: Callable[..., Talk]) -> None:
    telephone, agent = talk()
    coach = line.softphone("leader_1")
    line.client.conferences("room-1").participants.create(
        to="client:leader_1",
        from_=line.settings.number,
        label="leader",
        coaching=True,
        call_sid_to_coach=agent.call_sid,
    )
    coach.wait_incoming()
    coach.accept()
    coach.wait_connected(others=2)
    coach.say("请他留电话")
    agent.hear("leader: 请他留电话")
    agent.say("请留下电话")
    telephone.hear("agent: 请留下电话")
    assert not any("leader" in heard for heard in telephone.transcript)


def test_taking_the_caller_out_leads_to_the_action(
    line: Line, application: Application, talk: Callable[..., Talk]
) -> None:
    telephone, agent = talk()
    room = line.client.conferences.list()[0].sid
    assert line.client.conferences(room).participants("caller").delete()
    telephone.hear("请评价")
    agent.wait_connected(others=0)
    with pytest.raises(TwilioRestException) as gone:
        line.client.conferences(room).participants("caller").fetch()
    assert gone.value.code == 20404


def test_ending_over_rest_releases_everybody(
    line: Line, application: Application, talk: Callable[..., Talk]
) -> None:
    telephone, agent = talk()
    room = line.client.conferences.list(friendly_name="room-1", status="in-progress")[0].sid
    ended = line.client.conferences(room).update(status="completed")
    assert (ended.status, ended.reason_conference_ended) == ("completed", "conference-ended-via-api")
    telephone.hear("请评价")
    agent.wait_ended()


def test_an_announcement_is_heard_by_all(
    line: Line, application: Application, talk: Callable[..., Talk]
) -> None:
    telephone, agent = talk()
    application.on("/announce", "<Say>本次通话将被录音</Say>")
    room = line.client.conferences.list()[0].sid
    line.client.conferences(room).update(announce_url=application.url("/announce"))
    telephone.hear("录音")
    agent.hear("line: 本次通话将被录音")


def test_the_conference_is_recorded_from_its_start(
    line: Line, application: Application, talk: Callable[..., Talk]
) -> None:
    telephone, agent = talk(record="record-from-start")
    agent.hang_up()
    agent.wait_ended()
    telephone.hang_up()
    told = application.wait_for("/taped")[0]
    room = line.client.conferences.list()[0].sid
    assert (told["ConferenceSid"], told["RecordingSource"]) == (room, "Conference")
    assert "CallSid" not in told.form
    assert [tape.sid for tape in line.client.conferences(room).recordings.list()] == [told["RecordingSid"]]


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
    line: Line, application: Application, talk: Callable[..., Talk]
) -> None:
    telephone, agent = talk()
    application.on("/survey", "<Say>请为我们打分</Say>")
    line.client.calls(telephone.call_sid).update(url=application.url("/survey"))
    telephone.hear("打分")
    left = application.wait_for("/room", lambda event: event["StatusCallbackEvent"] == "participant-leave")[0]
    assert left["ReasonParticipantLeft"] == "participant_updated_via_api"
    assert application.to("/after") == []
    assert agent.state == "talking"
