"""Transcripts: every call as a file that can be read and replayed."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from config.commands.dial import dial
from hotline.exchange.board.transcript_file import BadTranscriptError, read_transcript, write_transcript
from hotline.exchange.clients.replay import ReplayDifference, replay
from hotline.exchange.clients.telephone import Telephone
from hotline.exchange.core.faults import Fault, FaultRule
from hotline.exchange.state.transcripts import (
    KEPT_TRANSCRIPTS,
    MAX_ENTRIES,
    MAX_TEXT,
    TranscriptRecorder,
    TranscriptStore,
)
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import PlaybackKind, PlaybackStarted
from tests.exchange.application import Application
from tests.exchange.conversation import Conversation
from tests.exchange.line import Line

MENU = '<Say>欢迎致电</Say><Gather numDigits="1" action="/menu" timeout="600"><Say>投诉请按1</Say></Gather>'
SPEAK = '<Gather input="speech" action="/said" timeout="600"><Say>请讲</Say></Gather>'
IMPATIENT = 0.2


def transcript_of(line: Line, telephone: Telephone) -> str:
    answer = requests.get(f"{line.url}/calls/{telephone.call_sid}/transcript", timeout=5)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    answer.encoding = "utf-8"
    return answer.text


def entries_of(text: str, what: str) -> list[dict[str, Any]]:
    return [entry for entry in json.loads(text)["entries"] if entry["what"] == what]


def complaining(line: Line, application: Application) -> str:
    """The transcript of a whole call: a key, some words, and the caller hangs up."""
    application.on("/voice", MENU)
    application.on("/menu", SPEAK)
    application.on("/said", "<Say>已记录</Say><Pause length='600'/>")
    telephone = line.calling()
    telephone.hear("请按1")
    telephone.press("1")
    telephone.hear("请讲")
    telephone.say("路灯坏了")
    telephone.hear("已记录")
    telephone.hang_up()
    telephone.wait_ended()
    application.wait_for("/status")
    return transcript_of(line, telephone)


def test_a_transcript_tells_what_was_done_heard_and_asked_in_order(
    line: Line, application: Application
) -> None:
    text = complaining(line, application)
    told = [
        (entry["what"], entry.get("text") or entry.get("digits") or entry.get("kind") or entry.get("status"))
        for entry in json.loads(text)["entries"]
        if entry.get("kind") != "status"
    ]
    assert told == [
        ("dialled", None),
        ("asked", "voice"),
        ("answered", None),
        ("heard", "欢迎致电"),
        ("heard", "投诉请按1"),
        ("pressed", "1"),
        ("asked", "gather"),
        ("heard", "请讲"),
        ("said", "路灯坏了"),
        ("asked", "gather"),
        ("heard", "已记录"),
        ("hung-up", None),
        ("ended", "completed"),
    ]
    assert all(line_.strip().startswith("{") for line_ in text.splitlines()[4:-2])
    assert "欢迎致电" in text


def test_each_webhook_is_kept_with_its_parameters_and_its_answer_but_no_secret(
    line: Line, application: Application
) -> None:
    text = complaining(line, application)
    gathered = entries_of(text, "asked")[1]
    assert (gathered["url"], gathered["status"], gathered["tries"]) == (application.url("/menu"), 200, 1)
    assert gathered["sent"]["Digits"] == "1"
    assert "<Say>请讲</Say>" in gathered["answer"]
    for secret in (line.settings.auth_token, line.settings.account_sid, "Signature"):
        assert secret not in text


def test_a_fault_is_told_in_the_transcript(line: Line, application: Application) -> None:
    line.faults.set(FaultRule(Fault.LOST_ANSWER, RequestKind.VOICE))
    telephone = line.calling()
    telephone.hear("application error")
    telephone.wait_ended()
    asked = entries_of(transcript_of(line, telephone), "asked")[0]
    assert (asked["fault"], asked["status"]) == ("lost-answer", 500)


def test_what_two_people_say_stands_in_both_transcripts(
    talk: Callable[..., Conversation], line: Line
) -> None:
    telephone, agent = talk()
    telephone.say("路灯坏了")
    agent.hear("路灯坏了")
    agent.say("在哪里")
    telephone.hear("在哪里")
    caller = requests.get(f"{line.url}/calls/{telephone.call_sid}/transcript", timeout=5).text
    operator = requests.get(f"{line.url}/calls/{agent.call_sid}/transcript", timeout=5).text
    assert entries_of(caller, "said")[0]["text"] == "路灯坏了"
    assert entries_of(caller, "said")[0]["heeded"] is False
    assert entries_of(caller, "heard-person")[0]["who"] == "agent"
    assert entries_of(operator, "heard-person")[0]["text"] == "路灯坏了"
    with pytest.raises(BadTranscriptError, match="not whole"):
        read_transcript(caller)


def test_a_recorded_call_made_again_is_as_it_was(line: Line, application: Application) -> None:
    recorded = read_transcript(complaining(line, application))
    out = io.StringIO()
    assert replay(line.url, recorded, out) is None
    assert [request["SpeechResult"] for request in application.to("/said")] == ["路灯坏了", "路灯坏了"]
    assert application.to("/voice")[0]["From"] == application.to("/voice")[1]["From"]
    assert "[1]" in out.getvalue()


@pytest.mark.parametrize(
    ("path", "inside", "expected"),
    [
        ("/said", "<Say>请稍候</Say>", "then “已记录” was heard; now “请稍候”"),
        ("/voice", "<Say>欢迎致电</Say>", "then “投诉请按1” was heard; now the call is over (completed)"),
        ("/voice", "<Reject/>", "then “欢迎致电” was heard; now the call is over (no-answer)"),
        (
            "/menu",
            "<Say>请讲</Say><Pause length='600'/>",
            "then “路灯坏了” was listened for; now nothing comes",
        ),
        (
            "/voice",
            "<Say>欢迎致电</Say><Say>投诉请按1</Say><Pause length='600'/>",
            "then the key 1 was listened for; now nothing comes",
        ),
    ],
)
def test_the_first_difference_is_reported_when_the_application_speaks_differently(
    line: Line, application: Application, path: str, inside: str, expected: str
) -> None:
    recorded = read_transcript(complaining(line, application))
    application.on(path, inside)
    difference = replay(line.url, recorded, io.StringIO(), patience=IMPATIENT)
    assert isinstance(difference, ReplayDifference)
    assert str(difference) == f"{difference.at:.1f} s: {expected}"


@pytest.mark.parametrize(
    ("inside", "now"),
    [
        ("<Say>再见</Say><Say>还有</Say>", "“还有”"),
        ("<Say>再见</Say><Pause length='600'/>", "it goes on"),
        ("<Say>再见</Say>", None),
    ],
)
def test_a_call_that_the_application_ends_must_end_as_it_did(
    line: Line, application: Application, inside: str, now: str | None
) -> None:
    application.on("/voice", "<Say>再见</Say>")
    telephone = line.calling()
    telephone.wait_ended()
    recorded = read_transcript(transcript_of(line, telephone))
    application.on("/voice", inside)
    difference = replay(line.url, recorded, io.StringIO(), patience=IMPATIENT)
    assert (difference and difference.now) == now


@pytest.mark.parametrize(
    ("said", "outcome"),
    [("<Say>你好</Say>", (0, "as it was recorded")), ("<Say>再见</Say>", (1, "now “再见”"))],
)
def test_the_dial_command_replays_a_file(
    line: Line, application: Application, tmp_path: Path, said: str, outcome: tuple[int, str]
) -> None:
    application.on("/voice", "<Say>你好</Say>")
    telephone = line.calling()
    telephone.wait_ended()
    file = tmp_path / "call.json"
    file.write_text(transcript_of(line, telephone), encoding="utf-8")
    application.on("/voice", said)
    environ = {"HOTLINE_HOME": str(tmp_path), "EXCHANGE_PORT": str(line.settings.port)}
    result = CliRunner().invoke(dial, ["--replay", str(file)], env=environ)
    assert result.exit_code == outcome[0]
    assert outcome[1] in result.stdout.splitlines()[-1]


def test_the_dial_command_refuses_what_is_no_transcript_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "call.json"
    file.write_text("{}", encoding="utf-8")
    result = CliRunner().invoke(dial, ["--replay", str(file)])
    assert result.exit_code == 2
    assert result.stderr == f'{file}: not a transcript: "format" must be "exchange-transcript/1"\n'
    assert CliRunner().invoke(dial, ["--replay", str(file), "--keys", "1"]).exit_code == 2
    assert CliRunner().invoke(dial, ["--replay", str(tmp_path / "missing")]).exit_code == 2


def test_a_call_nobody_knows_has_no_transcript(line: Line) -> None:
    for sid in ("CA" + "0" * 32, "CA1", "..%2f"):
        assert requests.get(f"{line.url}/calls/{sid}/transcript", timeout=5).status_code == 404


def new_transcript(number: int = 1) -> TranscriptRecorder:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    return TranscriptRecorder(
        f"CA{number:032}", "inbound", "+8613800001234", "+865374412345", began, lambda: 0.0
    )


def speech(text: str) -> PlaybackStarted:
    return PlaybackStarted(1, text, 1.0, "zh", PlaybackKind.SPEECH)


def test_a_call_that_never_ends_stops_being_kept_and_says_so() -> None:
    endless = new_transcript()
    for _ in range(MAX_ENTRIES + 10):
        endless.heard(speech("请稍候"))
    assert len(endless.entries) == MAX_ENTRIES
    wordy = new_transcript()
    for _ in range(20):
        wordy.heard(speech("长" * (MAX_TEXT // 10)))
    assert len(wordy.entries) == 10
    for cut in (endless, wordy):
        cut.ended("completed")
        with pytest.raises(BadTranscriptError, match="not whole"):
            read_transcript(write_transcript(cut))


def test_only_the_latest_calls_are_kept_and_those_that_are_over_go_first() -> None:
    store = TranscriptStore()
    alive = new_transcript(0)
    store.add(alive)
    for number in range(1, KEPT_TRANSCRIPTS + 6):
        over = new_transcript(number)
        over.ended("completed")
        store.add(over)
    assert len(store.by_call) == KEPT_TRANSCRIPTS
    assert alive.call_sid in store.by_call
    assert new_transcript(6).call_sid not in store.by_call
    assert new_transcript(7).call_sid in store.by_call


def changed(**changes: object) -> str:
    """Returns a small whole transcript with other values at its top level."""
    small = new_transcript()
    small.dialled()
    small.pressed("1", heeded=True)
    small.ended("completed")
    return json.dumps(json.loads(write_transcript(small)) | changes)


CALL = {"from": "+8613800001234", "to": "+865374412345", "is_over": True, "is_cut": False}
END = {"at": 1, "what": "ended", "status": "completed"}
START = {"at": 0, "what": "dialled", "to": "+865374412345"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a transcript"),
        (changed(format="other/1"), "not a transcript"),
        (changed(call=[]), '"call" must be'),
        (changed(call=CALL | {"to": 1}), '"from" and "to" must be texts'),
        (changed(call=CALL | {"is_over": False}), "not whole"),
        (changed(entries=[]), "dialled"),
        (changed(entries=[END]), "dialled"),
        (changed(entries=[START]), "to its end"),
        (changed(entries=[1]), 'entry 1: "what" must be one of'),
        (changed(entries=[START, {"at": 1, "what": "sang"}]), 'entry 2: "what" must be one of'),
        (changed(entries=[START, {"at": 1, "what": "pressed", "digits": "1"}, END]), "entry 2: pressed has"),
        (changed(entries=[START, END | {"at": "1"}]), "entry 2: at must be a number of seconds"),
        (changed(entries=[START, END | {"at": True}]), "entry 2: at must be a number of seconds"),
        (changed(entries=[START, END | {"at": -1}]), "entry 2: at must be a number of seconds"),
        (changed(entries=[START, END | {"at": 1e308}]), "entry 2: at must be a number of seconds"),
        (changed(entries=[START, END | {"status": None}]), "entry 2: status must be a text"),
    ],
)
def test_a_file_that_cannot_be_replayed_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(BadTranscriptError, match=words) as refusal:
        read_transcript(text)
    assert "\n" not in str(refusal.value)


def test_what_was_written_can_be_read() -> None:
    recorded = read_transcript(changed())
    assert (recorded.caller, recorded.hotline, len(recorded.entries)) == (
        "+8613800001234",
        "+865374412345",
        3,
    )
