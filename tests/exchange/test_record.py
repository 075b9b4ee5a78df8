"""Record: messages, and the recordings that remain."""

import io
import wave
from collections.abc import Callable

import requests

from tests.exchange.application import Application
from tests.exchange.line import ACCOUNT, KEY, SECRET, TOKEN, Line

VOICEMAIL = (
    '<Say>请留言</Say><Record action="/left" maxLength="120" finishOnKey="#" timeout="5"'
    ' recordingStatusCallback="/recorded" recordingStatusCallbackEvent="in-progress completed absent"/><Say>没有留言</Say>'
)


def test_a_message_is_kept_and_told_twice(line: Line, application: Application) -> None:
    application.on("/voice", VOICEMAIL)
    application.on("/left", "<Say>已收到</Say>")
    telephone = line.calling()
    telephone.hear("beep")
    telephone.say("建设路的路灯坏了三天了，一直没有人来修")
    telephone.press("#")
    telephone.hear("已收到")
    action = application.wait_for("/left")[0]
    assert (action["Digits"], action["CallStatus"]) == ("#", "in-progress")
    assert int(action["RecordingDuration"]) >= 3
    told = application.wait_for("/recorded", lambda request: request["RecordingStatus"] == "completed")[0]
    expected = {
        "RecordingSid": action["RecordingSid"],
        "CallSid": action["CallSid"],
        "RecordingUrl": action["RecordingUrl"],
        "RecordingDuration": action["RecordingDuration"],
        "RecordingSource": "RecordVerb",
        "RecordingChannels": "1",
    }
    assert {name: told[name] for name in expected} == expected
    assert "From" not in told.form
    application.wait_for("/recorded", lambda request: request["RecordingStatus"] == "in-progress")


def test_the_sound_is_a_real_wav_of_that_length_behind_authentication(
    line: Line, application: Application
) -> None:
    application.on("/voice", VOICEMAIL)
    telephone = line.calling()
    telephone.hear("beep")
    telephone.say("你好" * 10)
    telephone.press("#")
    action = application.wait_for("/left")[0]
    url = action["RecordingUrl"]
    assert requests.get(url, timeout=5).status_code == 401
    for credentials in ((ACCOUNT, TOKEN), (KEY, SECRET)):
        answer = requests.get(url + ".wav", auth=credentials, timeout=5)
        assert answer.headers["Content-Type"] == "audio/x-wav"
        with wave.open(io.BytesIO(answer.content)) as sound:
            assert sound.getnframes() / sound.getframerate() == int(action["RecordingDuration"])
    assert requests.get(url + ".mp3", auth=(ACCOUNT, TOKEN), timeout=5).status_code == 404


def test_hanging_up_ends_the_message_and_still_tells_the_action(line: Line, application: Application) -> None:
    application.on("/voice", VOICEMAIL)
    telephone = line.calling()
    telephone.hear("beep")
    telephone.say("我想反映一个问题")
    telephone.hang_up()
    telephone.wait_ended()
    action = application.wait_for("/left")[0]
    assert (action["Digits"], action["CallStatus"]) == ("hangup", "completed")


def test_silence_after_speech_ends_the_message(line: Line, application: Application) -> None:
    application.on("/voice", VOICEMAIL)
    telephone = line.calling()
    telephone.hear("beep")
    telephone.say("完了")
    assert application.wait_for("/left")[0]["Digits"] == ""


def test_the_greatest_length_ends_the_message(line: Line, application: Application) -> None:
    application.on("/voice", '<Record action="/left" maxLength="2" playBeep="false"/>')
    line.calling()
    assert application.wait_for("/left")[0]["RecordingDuration"] == "2"


def test_an_empty_message_is_absent_and_the_next_verb_follows(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(pace=0.5)
    application.on("/voice", VOICEMAIL)
    telephone = line.calling()
    telephone.hear("beep")
    telephone.press("#")
    telephone.hear("没有留言")
    application.wait_for("/recorded", lambda request: request["RecordingStatus"] == "absent")
    assert application.to("/left") == []


def test_recordings_are_listed_fetched_and_deleted(line: Line, application: Application) -> None:
    application.on("/voice", VOICEMAIL)
    telephone = line.calling()
    telephone.hear("beep")
    telephone.say("你好")
    telephone.press("#")
    action = application.wait_for("/left")[0]
    sid = action["RecordingSid"]
    assert [tape.sid for tape in line.client.recordings.list(call_sid=action["CallSid"])] == [sid]
    assert [tape.sid for tape in line.client.calls(action["CallSid"]).recordings.list()] == [sid]
    tape = line.client.recordings(sid).fetch()
    assert (tape.status, tape.source, tape.duration) == (
        "completed",
        "RecordVerb",
        action["RecordingDuration"],
    )
    assert line.client.recordings(sid).delete()
    assert line.client.recordings.list() == []


def test_a_running_call_is_recorded_over_rest(line: Line, application: Application) -> None:
    application.on("/voice", '<Gather timeout="30"><Say>请按键</Say></Gather>')
    telephone = line.calling()
    telephone.hear("请按键")
    call = line.client.calls(telephone.call_sid)
    tape = call.recordings.create(
        recording_status_callback=application.url("/recorded"), recording_status_callback_event=["completed"]
    )
    assert tape.status == "in-progress"
    assert call.recordings("Twilio.CURRENT").update(status="paused").status == "paused"
    telephone.hang_up()
    told = application.wait_for("/recorded")[0]
    assert (told["RecordingSid"], told["RecordingSource"]) == (tape.sid, "StartCallRecordingAPI")
