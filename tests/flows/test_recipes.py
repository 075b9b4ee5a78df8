"""The recipes of CONTRIBUTING for a key in the menu and for a language, followed in a temporary folder."""

import filecmp
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hotline.rules.enums import Language
from ivr_flows.flow import Script
from ivr_flows.loader import OUR_FILES, load_scripts
from ivr_flows.source.problems import FlowError
from ivr_flows.transcripts.check import check_transcript, uncovered_edges
from ivr_flows.transcripts.files import read_folder, read_transcripts
from ivr_flows.transcripts.generate import generate_transcripts
from tests.architecture.sources import ROOT
from tests.flows.simulated_calls import TRANSCRIPTS, our_scripts
from tests.policies import city_policies

RECORDED = "every-way-through-menu.txt"
WEATHER = '[nodes.weather]\nkind = "say"\nsay = ["weather"]\nto = "to_person"\n\n'


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A copy of the flows, the prompts and the transcripts."""
    for name in "flows", "prompts":
        shutil.copytree(OUR_FILES / name, tmp_path / name)
    shutil.copytree(TRANSCRIPTS, tmp_path / "transcripts")
    return tmp_path


def add(city: Path, file: str, before: str, new: str) -> None:
    path = city / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, new + before, 1), encoding="utf-8")


def menu(city: Path) -> Script:
    return load_scripts(city_policies(), city)["menu"]


def changed(city: Path) -> set[str]:
    """Returns the files of the city that are not as the product has them."""
    kept = {city / name: OUR_FILES / name for name in ("flows", "prompts")}
    kept[city / "transcripts"] = TRANSCRIPTS
    return {
        path.relative_to(city).as_posix()
        for copy, original in kept.items()
        for path in copy.rglob("*")
        if path.is_file() and not filecmp.cmp(path, original / path.relative_to(copy), shallow=False)
    }


def announce(city: Path) -> None:
    """Adds key 5 to the menu: one choice and its node, and its words in each language."""
    add(city, "flows/menu.toml", '8 = { to = "dialect" }', '5 = { to = "weather" }\n')
    add(city, "flows/menu.toml", "[nodes.dialect]", WEATHER)
    add(city, "prompts/zh-CN.toml", 'english_key = "', 'weather = "今天晴。"\n')
    add(city, "prompts/zh-CN.toml", "方言服务请按8", "天气请按5，")
    add(city, "prompts/en.toml", 'english_key = "', 'weather = "It is sunny."\n')
    add(city, "prompts/en.toml", "For a dialect, press 8.", "For the weather, press 5. ")


def record(city: Path) -> None:
    """Writes the recorded transcripts of the menu, as `hotline flows walk --record` does."""
    path = city / "transcripts" / RECORDED
    path.write_text("\n".join(generate_transcripts(menu(city), Language.ZH_CN)), encoding="utf-8")


def test_a_key_touches_the_flow_one_prompt_file_a_language_and_one_transcript(city: Path) -> None:
    announce(city)
    record(city)
    touched = {"flows/menu.toml", f"transcripts/{RECORDED}"}
    assert changed(city) == touched | {f"prompts/{language}.toml" for language in Language}
    scripts = load_scripts(city_policies(), city)
    checked = [(each, *check_transcript(each, scripts)) for each in read_folder(city / "transcripts")]
    assert [str(mismatch) for _, mismatch, _ in checked if mismatch is not None] == []
    for name, script in scripts.items():
        paths = {edge for each, _, path in checked if each.flow == name for edge in path}
        assert list(uncovered_edges(script.flow, frozenset(paths))) == []


def test_the_tools_name_what_a_new_key_still_lacks(city: Path) -> None:
    add(city, "flows/menu.toml", '8 = { to = "dialect" }', '5 = { to = "weather" }\n')
    add(city, "flows/menu.toml", "[nodes.dialect]", WEATHER)
    with pytest.raises(FlowError, match=r"speaks 'weather', which zh-CN does not have"):
        menu(city)
    add(city, "prompts/zh-CN.toml", 'english_key = "', 'weather = "今天晴。"\n')
    with pytest.raises(FlowError, match=r"prompt 'weather' is missing in en"):
        menu(city)
    add(city, "prompts/en.toml", 'english_key = "', 'weather = "It is sunny."\n')
    with pytest.raises(FlowError) as found:
        menu(city)
    assert {f"key 5 is not announced in {language}" in str(found.value) for language in Language} == {True}
    add(city, "prompts/zh-CN.toml", "方言服务请按8", "天气请按5，")
    add(city, "prompts/en.toml", "For a dialect, press 8.", "For the weather, press 5. ")
    scripts = {**our_scripts(), "menu": menu(city)}
    paths = {
        edge
        for each in read_folder(city / "transcripts")
        if each.flow == "menu"
        for edge in check_transcript(each, scripts)[1]
    }
    assert list(uncovered_edges(scripts["menu"].flow, frozenset(paths))) == ["menu>5", "weather>next"]


def test_a_changed_word_changes_no_transcript(city: Path) -> None:
    path = city / "prompts/zh-CN.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("投诉求助请按1", "投诉或求助请按1"), encoding="utf-8"
    )
    scripts = load_scripts(city_policies(), city)
    assert all(check_transcript(each, scripts)[0] is None for each in read_folder(city / "transcripts"))


LANGUAGE = """
from hotline.rules.enums import Language
from ivr_flows.loader import load_scripts
from ivr_flows.transcripts.generate import generate_transcripts
from tests.policies import city_policies

language = Language("yue")
scripts = load_scripts(city_policies())
for script in scripts.values():
    assert language in script.prompts
    assert list(generate_transcripts(script, language, in_words=True))
print("spoken")
"""


@pytest.fixture
def with_a_language(tmp_path: Path) -> Callable[[str], "subprocess.CompletedProcess[str]"]:
    """Copies the program, adds Cantonese by two files, and runs a script there."""
    skipped = shutil.ignore_patterns("__pycache__", "exchange", "migrations")
    for package in ("hotline", "ivr_flows", "config", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "node_modules") if package != "hotline" else skipped
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    add(tmp_path, "hotline/rules/enums.py", '    EN = "en"\n', '    YUE = "yue"\n')
    prompts = tmp_path / "ivr_flows" / "prompts"
    shutil.copy(prompts / "zh-CN.toml", prompts / "yue.toml")

    def run(code: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_language_is_one_member_and_one_prompt_file(
    with_a_language: Callable[[str], "subprocess.CompletedProcess[str]"],
) -> None:
    result = with_a_language(LANGUAGE)
    assert (result.stdout.strip(), result.stderr[-500:]) == ("spoken", "")


def recipe(name: str) -> str:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition(f"**{name}.**")[2]
    return text.partition("\n- **")[0]


def test_the_recipe_of_a_key_names_files_and_commands_that_exist() -> None:
    for path in ("ivr_flows/flows/menu.toml", f"tests/flows/transcripts/{RECORDED}", "docs/flows.md"):
        assert path in recipe("A key in the menu")
        assert (ROOT / path).exists()
    for command in ("hotline flows check", "hotline flows walk --record", "hotline flows coverage"):
        assert command in recipe("A key in the menu")


def test_the_recipe_of_a_language_names_files_that_exist() -> None:
    for path in ("hotline/rules/enums.py", "ivr_flows/prompts/"):
        assert path in recipe("A language")
        assert (ROOT / path).exists()


def test_the_transcript_and_the_nodes_shown_in_the_documents_are_real(tmp_path: Path) -> None:
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
