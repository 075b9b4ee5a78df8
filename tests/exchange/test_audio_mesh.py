"""The connections between people in sound, as the exchange decides them; tested without a browser."""

import asyncio
import io
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
import requests

from hotline.exchange.clients.websocket_client import Message
from hotline.exchange.core.audio_mesh import AudioMesh
from hotline.exchange.state.calls import Call
from hotline.exchange.verbs.legs import Bridge
from hotline.exchange.vocabulary.enums import Direction
from tests.exchange.application import Application
from tests.exchange.audio_devices import AudioLine, AudioSoftphone, AudioTelephone
from tests.exchange.conversation import start_conversation
from tests.exchange.line import ACCOUNT, TOKEN

Conversation = tuple[AudioTelephone, AudioSoftphone]
BOTH, SPEAKS, HEARS = (True, True), (True, False), (False, True)
OFFER = {"type": "offer", "sdp": "v=0\r\n"}
SECOND = b"\x00\x20" * 8000
"""A second of sound."""


@pytest.fixture
def line(application: Application) -> Iterator[AudioLine]:
    with ExitStack() as stack:
        yield AudioLine(application, stack)


@pytest.fixture
def talk(line: AudioLine, application: Application) -> Callable[..., Conversation]:
    """A caller and an operator in a conference, both with sound."""

    def begin(**facts: object) -> Conversation:
        telephone, agent = start_conversation(line, application, **facts)  # type: ignore[arg-type]
        assert isinstance(telephone, AudioTelephone)
        assert isinstance(agent, AudioSoftphone)
        telephone.speak_up()
        agent.speak_up()
        return telephone, agent

    return begin


def third(line: AudioLine, **facts: object) -> AudioSoftphone:
    """Returns a third device with sound, called into the conference."""
    leader = line.softphone("leader_1")
    line.client.conferences("room-1").participants.create(
        to="client:leader_1",
        from_=line.settings.number,
        label="leader",
        **facts,
    )
    leader.wait_incoming()
    leader.accept()
    leader.wait_connected(others=2)
    leader.speak_up()
    return leader


def test_two_on_the_line_share_one_link_and_one_of_them_begins(talk: Callable[..., Conversation]) -> None:
    telephone, agent = talk()
    telephone.wait_ways(BOTH)
    agent.wait_ways(BOTH)
    assert telephone.links == agent.links
    assert sorted(end.told["links"][0]["offers"] for end in (telephone, agent)) == [False, True]


def test_an_offer_an_answer_and_a_candidate_reach_the_other_end(talk: Callable[..., Conversation]) -> None:
    telephone, agent = talk()
    telephone.wait_ways(BOTH)
    agent.wait_ways(BOTH)
    (link,) = telephone.links
    candidate = {
        "candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host",
        "sdpMid": "0",
        "sdpMLineIndex": 0,
        "usernameFragment": "x",
    }
    telephone.signal(link, description=OFFER)
    telephone.signal(link, candidate=candidate)
    agent.signal(link, description={"type": "answer", "sdp": "v=0\r\n"})
    assert agent.wait_signal()["description"] == OFFER
    assert agent.wait_signal()["candidate"] == {
        key: candidate[key] for key in ("candidate", "sdpMid", "sdpMLineIndex")
    }
    heard = telephone.wait_signal()
    assert (heard["description"]["type"], heard["link"], heard["callSid"]) == (
        "answer",
        link,
        telephone.call_sid,
    )


def test_nothing_is_passed_on_over_a_link_of_others_and_nonsense_is_refused(
    line: AudioLine, application: Application, talk: Callable[..., Conversation]
) -> None:
    telephone, agent = talk()
    telephone.wait_ways(BOTH)
    application.on("/voice", "<Pause length='600'/>")
    stranger = line.calling("13900005678")
    stranger.wait_for(lambda: bool(stranger.call_sid), 5, "no call")
    stranger.speak_up()
    stranger.signal(telephone.links[0], description=OFFER)
    stranger.signal(telephone.links[0], description={"type": "rollback", "sdp": ""})
    stranger.signal(telephone.links[0], description={"type": "offer", "sdp": "v" * 12_001})
    stranger.play(b"odd")
    stranger.wait_for(lambda: len(stranger.errors) == 3, 5, lambda: str(stranger.errors))
    assert stranger.ways == []
    telephone.signal(telephone.links[0], description=OFFER)
    assert agent.wait_signal()["description"] == OFFER
    assert (agent.signals, telephone.signals) == ([], [])


def test_a_signal_to_somebody_who_has_left_this_very_moment_goes_nowhere() -> None:
    told: dict[str, list[Message]] = {"CA1": [], "CA2": []}
    one, other = (
        Call(sid, "+8613800001234", "+865374412345", Direction.INBOUND, datetime(2026, 11, 26, tzinfo=UTC))
        for sid in told
    )
    voices = AudioMesh()

    async def leave_and_signal() -> None:
        Bridge(one, other).connect()
        for call in (one, other):
            voices.handle(
                call, told[call.sid].append, {"type": "voice", "callSid": call.sid, "microphone": True}
            )
        await asyncio.sleep(0)
        (link,) = voices.links.values()
        voices.leave(other.sid)
        voices.handle(one, _nobody, {"type": "signal", "callSid": "CA1", "link": link, "description": OFFER})
        await asyncio.sleep(0)

    asyncio.run(leave_and_signal())
    assert [message["type"] for message in told["CA2"]] == ["voice"]
    assert [len(message["links"]) for message in told["CA1"]] == [1, 0]


def _nobody(message: Message) -> None:
    raise AssertionError(message)


def test_programs_without_sound_get_no_link_and_who_has_no_microphone_only_hears(
    line: AudioLine, application: Application
) -> None:
    telephone, agent = start_conversation(line, application)
    assert isinstance(telephone, AudioTelephone)
    assert isinstance(agent, AudioSoftphone)
    agent.speak_up()
    assert (agent.ways, agent.told["typed"], telephone.told) == ([], True, {})
    telephone.speak_up(microphone=False)
    telephone.wait_ways(HEARS)
    agent.wait_ways(SPEAKS)
    assert agent.told["typed"] is False
    telephone.speak_up()
    telephone.wait_ways(BOTH)


def test_a_muted_person_speaks_to_nobody_but_hears(
    line: AudioLine, talk: Callable[..., Conversation]
) -> None:
    telephone, agent = talk()
    telephone.wait_ways(BOTH)
    (link,) = telephone.links
    agent.mute(muted=True)
    agent.wait_ways(HEARS)
    telephone.wait_ways(SPEAKS)
    agent.mute(muted=False)
    agent.wait_ways(BOTH)
    line.client.conferences(line.client.conferences.list()[0].sid).participants("caller").update(muted=True)
    telephone.wait_ways(HEARS)
    assert telephone.links == [link], "muting does not tear the connection down"


def test_who_is_on_hold_has_no_link_until_taken_back(
    line: AudioLine, talk: Callable[..., Conversation]
) -> None:
    telephone, agent = talk()
    telephone.wait_ways(BOTH)
    before = telephone.links
    caller = line.client.conferences(line.client.conferences.list()[0].sid).participants("caller")
    caller.update(hold=True)
    telephone.wait_ways()
    agent.wait_ways()
    agent.signal(before[0], description=OFFER)
    caller.update(hold=False)
    telephone.wait_ways(BOTH)
    assert telephone.links != before
    assert telephone.signals == []


def test_three_are_a_mesh_and_a_coach_is_heard_by_one_only(
    line: AudioLine, talk: Callable[..., Conversation]
) -> None:
    telephone, agent = talk()
    coach = third(line, coaching=True, call_sid_to_coach=agent.call_sid)
    coach.wait_ways(BOTH, HEARS)
    agent.wait_ways(BOTH, BOTH)
    telephone.wait_ways(BOTH, SPEAKS)
    room = line.client.conferences.list()[0].sid
    line.client.conferences(room).participants("leader").update(coaching=False)
    coach.wait_ways(BOTH, BOTH)
    assert len({*telephone.links, *agent.links, *coach.links}) == 3


def test_who_is_taken_out_or_leaves_has_no_link(line: AudioLine, talk: Callable[..., Conversation]) -> None:
    telephone, agent = talk()
    leader = third(line)
    leader.wait_ways(BOTH, BOTH)
    room = line.client.conferences.list()[0].sid
    line.client.conferences(room).participants("caller").delete()
    telephone.wait_ways()
    agent.wait_ways(BOTH)
    leader.hang_up()
    agent.wait_ways()


def test_a_bridge_of_two_is_heard_until_it_is_over(line: AudioLine, application: Application) -> None:
    application.on("/voice", '<Dial action="/done"><Client>agent_7</Client></Dial>')
    application.on("/done", "<Say>再见</Say><Pause length='600'/>")
    agent = line.softphone()
    telephone = line.calling()
    agent.wait_incoming()
    agent.accept()
    agent.wait_connected()
    telephone.speak_up()
    agent.speak_up()
    telephone.wait_ways(BOTH)
    agent.hang_up()
    telephone.hear("再见")
    telephone.wait_ways()


def test_one_end_records_with_its_own_voice_only_where_it_is_heard(
    line: AudioLine, talk: Callable[..., Conversation]
) -> None:
    telephone, agent = talk(record="record-from-start")
    telephone.wait_recording(record=True, own=True)
    agent.wait_recording(record=False, own=False)
    telephone.wait_recorded(recorded=True)
    agent.wait_recorded(recorded=True)
    caller = line.client.conferences(line.client.conferences.list()[0].sid).participants("caller")
    caller.update(muted=True)
    agent.wait_recording(record=False, own=False)
    telephone.wait_recording(record=True, own=False)
    caller.update(muted=False)
    telephone.wait_recording(record=True, own=True)
    telephone.hang_up()
    agent.wait_recording(record=True, own=False)


def test_the_sound_of_a_browser_is_the_recording_and_its_length(
    line: AudioLine, application: Application
) -> None:
    application.on("/voice", '<Record action="/left" finishOnKey="#" timeout="0" playBeep="false"/>')
    telephone = line.calling()
    telephone.wait_listening()
    telephone.speak_up()
    telephone.wait_recording(record=True, own=True)
    telephone.play(SECOND[:1600])
    telephone.say("喂")
    telephone.press("#")
    left = application.wait_for("/left")[0]
    answer = requests.get(left["RecordingUrl"] + ".wav", auth=(ACCOUNT, TOKEN), timeout=5)
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (8000, 2, 1)
        assert SECOND[:1600] in sound.readframes(sound.getnframes())
    telephone.wait_recording(record=False, own=False)
    assert line.client.recordings(left["RecordingSid"]).delete()


def test_a_message_spoken_into_the_microphone_ends_with_silence(
    line: AudioLine, application: Application
) -> None:
    application.on("/voice", '<Record action="/left" timeout="50" maxLength="3000" playBeep="false"/>')
    telephone = line.calling()
    telephone.wait_listening()
    telephone.speak_up()
    telephone.wait_recording(record=True, own=True)
    telephone.play(SECOND[:1600])
    left = application.wait_for("/left")[0]
    assert (left["Digits"], left["CallStatus"]) == ("", "in-progress")


def test_deleting_a_running_recording_ends_it_and_forgets_its_sound(
    line: AudioLine, application: Application
) -> None:
    application.on("/voice", '<Gather timeout="600"/>')
    telephone = line.calling()
    telephone.wait_listening()
    telephone.speak_up()
    tape = line.client.calls(telephone.call_sid).recordings.create()
    telephone.wait_recording(record=True, own=True)
    telephone.play(SECOND[:1600])
    assert line.client.recordings(tape.sid).delete()
    telephone.wait_recording(record=False, own=False)
    assert line.client.recordings.list() == []


def test_sound_nobody_asked_for_is_kept_nowhere(line: AudioLine, application: Application) -> None:
    application.on("/voice", '<Gather timeout="600"/>')
    telephone = line.calling()
    telephone.wait_listening()
    telephone.speak_up()
    telephone.play(SECOND[:1600])
    call = line.client.calls(telephone.call_sid)
    tape = call.recordings.create()
    telephone.wait_recording(record=True, own=True)
    call.recordings("Twilio.CURRENT").update(status="paused", pause_behavior="skip")
    telephone.wait_recording(record=False, own=False)
    telephone.wait_recorded(recorded=False)
    telephone.play(SECOND[:1600])
    call.recordings("Twilio.CURRENT").update(status="in-progress")
    telephone.wait_recording(record=True, own=True)
    call.recordings("Twilio.CURRENT").update(status="stopped")
    url = f"{line.url}{line.settings.api_root}/Recordings/{tape.sid}.wav"
    with wave.open(io.BytesIO(requests.get(url, auth=(ACCOUNT, TOKEN), timeout=5).content)) as sound:
        assert SECOND[:1600] not in sound.readframes(sound.getnframes())
