"""Transcripts in `transcripts/` are what callers hear today: each is played again, and together they take every edge.

When edges change, `hotline flows walk --record tests/flows/transcripts` renews the files `every-way-through-*`. The others
are picked stories and are corrected by hand.
"""

import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from hotline.rules.calls.flow_actions import OUTCOMES, ActionOutcome, FlowAction
from hotline.rules.enums import Language
from ivr_flows.engine import after_talk, again, enter, hear, settle
from ivr_flows.speech_matching import understand
from ivr_flows.transcripts.check import check_transcript, uncovered_edges
from ivr_flows.transcripts.events import (
    CallerHangsUp,
    CallerSays,
    OperatorAnswers,
    OperatorLeaves,
    WaitingRound,
)
from ivr_flows.transcripts.files import FlowTranscript, TranscriptError, read_folder, read_transcripts
from ivr_flows.transcripts.generate import generate_transcripts
from ivr_flows.transcripts.player import play_events
from ivr_flows.turn import ActionResult, DialogTurn, PollAgain, Values
from tests.flows.simulated_calls import TRANSCRIPTS, our_scripts

FILES = sorted(TRANSCRIPTS.glob("*.txt"))
RECORDED = "every-way-through-"
PICKED = [path for path in FILES if not path.name.startswith(RECORDED)]


@cache
def walked() -> Mapping[str, frozenset[str]]:
    """Returns for each flow the edges that some transcript takes."""
    found: dict[str, set[str]] = {name: set() for name in our_scripts()}
    for transcript in read_folder(TRANSCRIPTS):
        found[transcript.flow].update(check_transcript(transcript, our_scripts())[1])
    return {name: frozenset(ways) for name, ways in found.items()}


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_transcript_is_what_callers_hear_today(path: Path) -> None:
    differences = [check_transcript(transcript, our_scripts())[0] for transcript in read_transcripts(path)]
    assert [str(each) for each in differences if each is not None] == []


@pytest.mark.parametrize("name", sorted(our_scripts()))
def test_every_edge_of_our_flows_is_taken_by_some_transcript(name: str) -> None:
    assert list(uncovered_edges(our_scripts()[name].flow, walked()[name])) == []


@pytest.mark.parametrize("name", sorted(our_scripts()))
def test_recording_the_walks_again_changes_nothing(name: str) -> None:
    recorded = (TRANSCRIPTS / f"{RECORDED}{name}.txt").read_text(encoding="utf-8")
    assert recorded == "\n".join(generate_transcripts(our_scripts()[name], Language.ZH_CN))


def test_every_flow_has_stories_of_its_own_in_both_languages_of_the_house() -> None:
    told = [transcript for path in PICKED for transcript in read_transcripts(path)]
    assert {transcript.flow for transcript in told} == set(our_scripts())
    assert {transcript.language for transcript in told} == set(Language)
    assert all(path.name.startswith(tuple(our_scripts())) for path in PICKED)


def settled(transcript: FlowTranscript) -> DialogTurn:
    """Plays a transcript as the webhooks play a call: every chain of actions is settled at once."""
    script = our_scripts()[transcript.flow]
    flow = script.flow
    answers = [event for event in transcript.events if isinstance(event, ActionResult)]

    def ask(action: FlowAction, _values: Values) -> ActionResult:
        return (
            ActionResult(ActionOutcome.DONE)
            if OUTCOMES[type(action)] == {ActionOutcome.DONE}
            else answers.pop(0)
        )

    def settle_all(turn: DialogTurn) -> DialogTurn:
        turn = settle(flow, turn, ask)
        # The lines that nothing may cut short are over.
        return settle(flow, again(flow, turn.position), ask) if turn.then == PollAgain(pause=0) else turn

    turn = settle_all(enter(flow))
    for event in transcript.events:
        match event:
            case WaitingRound() | OperatorAnswers() | CallerHangsUp():
                continue
            case ActionResult():
                turn = settle_all(again(flow, turn.position)) if turn.then == PollAgain() else turn
            case CallerSays(words=words):
                catalogue = script.prompts[turn.language or transcript.language]
                turn = settle_all(
                    hear(flow, turn.position, understand(flow, turn.position, words, catalogue))
                )
            case OperatorLeaves():
                turn = settle_all(after_talk(flow, turn.position) or turn)
            case _:
                turn = settle_all(hear(flow, turn.position, event))
    return turn


@pytest.mark.parametrize("path", PICKED, ids=[path.stem for path in PICKED])
def test_a_transcript_ends_where_the_call_itself_would(path: Path) -> None:
    for transcript in read_transcripts(path):
        player = play_events(our_scripts()[transcript.flow], transcript.events, transcript.language)
        assert settled(transcript).position == player.turn.position


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """A copy of a transcript that a test may change."""
    return Path(shutil.copy(TRANSCRIPTS / "menu-ticket-status-is-told.txt", tmp_path / "story.txt"))


def spoil(story: Path, old: str, new: str) -> None:
    text = story.read_text(encoding="utf-8")
    assert old in text
    story.write_text(text.replace(old, new, 1), encoding="utf-8")


def difference(story: Path) -> str:
    return str(check_transcript(read_transcripts(story)[0], our_scripts())[0]).replace(
        str(story), "story.txt"
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "热线：status_ask_code",
            "热线：status_ask_ticket",
            "story.txt:14: expected 热线：status_ask_ticket\n    heard 热线：status_ask_code",
        ),
        (
            "热线：status_ask_code",
            "热线：请输入8位查询码，以井号键结束。",
            "story.txt:14: expected 热线：请输入8位查询码，以井号键结束。\n    heard 热线：请输入6位查询码，以井号键结束。",
        ),
        ("市民：按 482913\n", "", "story.txt:15: expected （工单查到了"),
        ("    （没有故障通知）\n", "", "heard （等待结果，但记录里没有）"),
        ("    （热线挂机）\n", "", "story.txt:21: expected nothing\n    heard （热线挂机）"),
        ("市民：按 4", "市民：按 3", "heard （记下诉求类别：批评建议）"),
        ("    （热线挂机）", "    （热线挂机）\n市民：按 1", "expected 市民：按 1\n    heard nothing"),
        (
            "流程：menu",
            "流程：menus",
            "story.txt:2: expected menus\n    heard no such flow: there are callback",
        ),
        ("：482913；", "：482914；", "heard （工单查到了：482913；status_in_progress due=2026-11-26 14:00）"),
    ],
)
def test_a_difference_is_named_with_file_line_expected_and_heard(
    story: Path, old: str, new: str, told: str
) -> None:
    assert difference(story) == "None"
    spoil(story, old, new)
    assert told in difference(story)


def test_a_line_may_give_the_words_that_are_heard_instead_of_their_names(story: Path) -> None:
    spoil(story, "热线：status_ask_code", "热线：请输入6位查询码，以井号键结束。")
    spoil(story, "热线：en:english_key", "热线：For English, press 9.")
    assert difference(story) == "None"


def test_a_byte_order_mark_is_no_line_of_a_transcript(story: Path) -> None:
    story.write_bytes(b"\xef\xbb\xbf" + story.read_bytes())
    assert difference(story) == "None"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("流程：menu", "热线：你好", "story.txt:2: a transcript begins with 流程：NAME or Flow: NAME"),
        ("市民：按 4", "市民：唱歌", "story.txt:10: not a line of a transcript: 市民：唱歌"),
        (
            "    （没有故障通知）",
            "    （下雨了）",
            "story.txt:7: not a line of a transcript: （下雨了）",
        ),
        (
            "热线：en",
            "热线说：en",
            "story.txt:9: not a line of a transcript: 热线说：en:english_key",
        ),
        (
            "；status_in_progress due=2026-11-26 14:00",
            "；status_in_progress",
            "'status_in_progress' is said with due=YYYY-MM-DD HH:MM",
        ),
        ("；status_in_progress", "；status_forgotten", "has no sentence 'status_forgotten' of its own"),
        ("due=2026-11-26 14:00", "due=2026-13-26 14:00", "month must be in 1..12"),
    ],
)
def test_a_line_that_cannot_be_played_is_named(story: Path, old: str, new: str, told: str) -> None:
    spoil(story, old, new)
    with pytest.raises(TranscriptError) as caught:
        read_transcripts(story)
    assert told in str(caught.value)
