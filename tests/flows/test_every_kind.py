"""A flow with every kind of node can be read, drawn, walked along every edge, and played."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.setup.flow_tables import DESCRIPTIONS, kind_of, node_models
from hotline.rules.calls.flow_actions import JoinQueue
from hotline.rules.enums import Language
from hotline.rules.policies import LookupSource, Policies
from ivr_flows.diagram import draw
from ivr_flows.diagram.cards import KINDS
from ivr_flows.flow import QueueNode, Script
from ivr_flows.loader import OUR_FILES, load_stored_script, read_draft
from ivr_flows.speech import PromptLine
from ivr_flows.transcripts.check import check_transcript, uncovered_edges
from ivr_flows.transcripts.files import read_transcripts
from ivr_flows.transcripts.generate import generate_transcripts

FILE = Path(__file__).parent / "every_kind.toml"


@pytest.fixture
def generous(policies: Policies) -> Policies:
    """A city with an external system that flows may query."""
    water = LookupSource("https://water.example/hotline", "secret", 6)
    return replace(policies, callers=replace(policies.callers, lookups={"water": water}))


@pytest.fixture
def script(generous: Policies) -> Script:
    return read_draft(FILE.read_text(encoding="utf-8"), generous)


def test_the_file_uses_every_kind_there_is() -> None:
    kinds = {kind_of(shape) for shape in node_models()}
    assert kinds == set(DESCRIPTIONS)
    texts = [FILE, *(OUR_FILES / "flows" / "shared").glob("*.toml")]
    written = "".join(path.read_text(encoding="utf-8") for path in texts)
    assert {kind for kind in kinds if f'kind = "{kind}"' not in written} == set()


def test_it_is_kept_and_read_again(script: Script, generous: Policies) -> None:
    assert load_stored_script(script.source, generous) == script


def test_a_queue_for_one_desk_says_its_own_things_while_waiting(script: Script) -> None:
    desk = script.flow.nodes["their_desk"]
    assert isinstance(desk, QueueNode)
    assert desk.join == JoinQueue(to_desk=True, only_on_duty=True)
    assert desk.music == (PromptLine("recording_notice"), PromptLine("english_key", Language.EN))


@pytest.mark.parametrize("language", list(Language))
def test_every_edge_of_it_is_walked_and_every_walk_can_be_played_again(
    script: Script, language: Language, tmp_path: Path
) -> None:
    plays = tmp_path / "every_kind.txt"
    plays.write_text("\n".join(generate_transcripts(script, language)), encoding="utf-8")
    played = [check_transcript(transcript, {"every_kind": script}) for transcript in read_transcripts(plays)]
    assert [str(difference) for difference, _ in played if difference is not None] == []
    paths = frozenset(way for _, path in played for way in path)
    assert list(uncovered_edges(script.flow, paths)) == []


def test_a_transcript_names_the_dialled_number_and_the_entered_desk(script: Script) -> None:
    told = "\n".join(generate_transcripts(script, Language.ZH_CN))
    for said in (
        "（拨打的号码：+865372100000）",
        "（排入队列：017）",
        "（对方系统出错：water）",
        "（节假日，不开放：office）",
    ):
        assert said in told


def test_every_kind_of_card_is_in_its_picture(script: Script) -> None:
    picture = draw(script, Language.EN)
    for words in KINDS.values():
        assert f">{words.english}</text>" in picture
    assert "key 9 · en" in picture
    assert "+865372100000" in picture
