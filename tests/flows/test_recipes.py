"""The recipe for a key in the menu, followed step by step: one choice, its words in each language, one play. No Python."""

import shutil
from pathlib import Path

import pytest

from hotline.rules.enums import Language
from ivr_flows.loader import OUR_FILES, Script, load_scripts
from ivr_flows.source.problems import FlowError
from ivr_flows.transcripts.check import check_transcript, uncovered_edges
from ivr_flows.transcripts.files import read_folder, read_transcripts
from tests.architecture.sources import ROOT
from tests.flows.simulated_calls import TRANSCRIPTS, our_scripts
from tests.policies import city_policies

PLAY = """# 来电人问天气
流程：menu
    （拨打的是其他号码）
    （在开放时间内：staffed）
热线：您好，这里是马上就办一线通。
热线：为保证服务质量，本次通话将会录音。
    （没有故障通知）
热线：投诉求助请按1，咨询请按2，批评建议请按3，查询工单请按4，天气请按5，方言服务请按8，紧急求助请按星号键，转人工请按0或稍候。
热线：For English, press 9.
市民：按 5
热线：今天晴。
    （来电次数正常）
    （排入队列）
热线：正在为您转接人工坐席，请稍候。
    （市民等候坐席）
市民：挂机
"""


@pytest.fixture
def city(tmp_path: Path) -> Path:
    for name in "flows", "prompts":
        shutil.copytree(OUR_FILES / name, tmp_path / name)
    return tmp_path


def add(city: Path, file: str, before: str, new: str) -> None:
    path = city / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, new + before, 1), encoding="utf-8")


def menu(city: Path) -> Script:
    return load_scripts(city_policies(), city)["menu"]


def left_out(city: Path) -> list[str]:
    """Return the ways of the menu that no play walks."""
    scripts = {**our_scripts(), "menu": menu(city)}
    transcripts = [*read_folder(TRANSCRIPTS), *read_folder(city)]
    paths = {
        way
        for transcript in transcripts
        if transcript.flow == "menu"
        for way in check_transcript(transcript, scripts)[1]
    }
    return list(uncovered_edges(menu(city).flow, frozenset(paths)))


def test_a_new_key_is_one_choice_its_words_and_one_play(city: Path) -> None:
    add(city, "flows/menu.toml", '8 = { to = "dialect" }', '5 = { to = "weather" }\n')
    weather = '[nodes.weather]\nkind = "say"\nsay = ["weather"]\nto = "to_person"\n\n'
    add(city, "flows/menu.toml", "[nodes.dialect]", weather)
    with pytest.raises(FlowError, match=r"speaks 'weather', which zh-CN does not have"):
        menu(city)
    add(city, "prompts/zh-CN.toml", 'english_key = "', 'weather = "今天晴。"\n')
    with pytest.raises(FlowError, match=r"prompt 'weather' is missing in en"):
        menu(city)
    add(city, "prompts/en.toml", 'english_key = "', 'weather = "It is sunny."\n')
    add(city, "prompts/zh-CN.toml", "方言服务请按8", "天气请按5，")
    assert left_out(city) == ["menu>5", "weather>next"]
    (city / "a-caller-asks-for-the-weather.txt").write_text(PLAY, encoding="utf-8")
    assert left_out(city) == []
    (transcript,) = read_transcripts(city / "a-caller-asks-for-the-weather.txt")
    assert check_transcript(transcript, {"menu": menu(city)})[0] is None


def test_the_recipe_names_files_and_commands_that_exist() -> None:
    recipe = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("**A key in the menu.**")[2]
    recipe = recipe.partition("\n- **")[0]
    for path in ("ivr_flows/flows/menu.toml", "tests/flows/transcripts/", "docs/flows.md"):
        assert path in recipe
        assert (ROOT / path).exists()
    for command in ("hotline flows check", "hotline flows walk --record", "hotline flows coverage"):
        assert command in recipe


def test_the_play_and_the_nodes_shown_in_the_documents_are_real(tmp_path: Path) -> None:
    document = (ROOT / "docs/flows.md").read_text(encoding="utf-8")
    shown = tmp_path / "shown.txt"
    shown.write_text(
        document.partition("```\n# ")[2].partition("```")[0].partition("\n")[2], encoding="utf-8"
    )
    (transcript,) = read_transcripts(shown)
    assert transcript.language is Language.ZH_CN
    assert check_transcript(transcript, our_scripts())[0] is None
    nodes = document.partition("```toml\n")[2].partition("```")[0]
    written = (OUR_FILES / "flows" / "menu.toml").read_text(encoding="utf-8")
    for line in nodes.splitlines():
        assert line.partition("#")[0].strip() in written
