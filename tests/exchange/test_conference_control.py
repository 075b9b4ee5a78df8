"""Changes of a running conference over REST."""

from collections.abc import Callable

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.exchange.application import Application
from tests.exchange.conversation import Conversation
from tests.exchange.line import Line


def test_who_is_on_hold_hears_the_hold_document_and_nobody_hears_them(
    line: Line, application: Application, talk: Callable[..., Conversation]
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


def test_a_muted_participant_is_not_heard(line: Line, talk: Callable[..., Conversation]) -> None:
    telephone, agent = talk()
    room = line.client.conferences.list()[0].sid
    assert line.client.conferences(room).participants(telephone.call_sid).update(muted=True).muted is True
    telephone.say("听不见")
    line.client.conferences(room).participants("caller").update(muted=False)
    telephone.say("听得见")
    agent.hear("听得见")
    assert agent.transcript == ["caller: 听得见"]


def test_a_coach_is_heard_by_the_coached_only(line: Line, talk: Callable[..., Conversation]) -> None:
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
    line: Line, application: Application, talk: Callable[..., Conversation]
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
    line: Line, application: Application, talk: Callable[..., Conversation]
) -> None:
    telephone, agent = talk()
    room = line.client.conferences.list(friendly_name="room-1", status="in-progress")[0].sid
    ended = line.client.conferences(room).update(status="completed")
    assert (ended.status, ended.reason_conference_ended) == ("completed", "conference-ended-via-api")
    telephone.hear("请评价")
    agent.wait_ended()


def test_an_announcement_is_heard_by_all(
    line: Line, application: Application, talk: Callable[..., Conversation]
) -> None:
    telephone, agent = talk()
    application.on("/announce", "<Say>本次通话将被录音</Say>")
    room = line.client.conferences.list()[0].sid
    line.client.conferences(room).update(announce_url=application.url("/announce"))
    telephone.hear("录音")
    agent.hear("line: 本次通话将被录音")


def test_the_conference_is_recorded_from_its_start(
    line: Line, application: Application, talk: Callable[..., Conversation]
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
