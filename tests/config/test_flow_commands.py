"""The commands `hotline flows …`."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.cli import main
from ivr_flows.loader import OUR_FILES
from tests.flows.simulated_calls import TRANSCRIPTS

MENU = OUR_FILES / "flows" / "menu.toml"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        main, ["flows", *arguments], env={"HOTLINE_HOME": str(home), "HOTLINE_ENV": "demo"}
    )


@pytest.mark.parametrize("command", ["check", "draw", "walk", "coverage"])
def test_every_command_explains_itself(home: Path, command: str) -> None:
    assert "Usage:" in run(home, command, "--help").output


def test_a_flow_is_drawn_into_the_file_that_was_named(home: Path) -> None:
    picture = home / "menu.svg"
    drawn = run(home, "draw", "-o", str(picture))
    assert (drawn.exit_code, drawn.output) == (0, f"wrote {picture}\n")
    assert "按 1 · 投诉求助" in picture.read_text(encoding="utf-8")
    night = OUR_FILES / "flows" / "night.toml"
    assert run(home, "draw", str(night), "-o", str(picture), "--language", "en").exit_code == 0
    assert 'aria-label="night: 61 nodes' in picture.read_text(encoding="utf-8")


def test_a_picture_that_cannot_be_written_is_one_line(home: Path) -> None:
    refused = run(home, "draw", "-o", str(home / "nowhere" / "menu.svg"))
    assert refused.exit_code == 1
    assert refused.stderr.endswith("No such file or directory\n")


def test_a_walk_is_printed_in_the_words_that_callers_hear(home: Path) -> None:
    told = run(home, "walk", str(MENU), "--language", "en")
    assert told.exit_code == 0
    assert "Flow: menu\n    (another number was dialled)\n" in told.output
    assert "Caller: presses 4\n    (the caller's number is withheld)\n" in told.output


def test_walks_are_recorded_one_file_a_flow_and_then_cover_everything(home: Path) -> None:
    folder = home / "plays"
    recorded = run(home, "walk", "--record", str(folder))
    assert recorded.exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        f"every-way-through-{name}.txt" for name in ("callback", "follow_up", "menu", "night", "no_menu")
    ]
    covered = run(home, "coverage", "--transcripts", str(folder))
    assert covered.exit_code == 0
    assert "cover every path of callback, follow_up, menu, night, no_menu" in covered.output


def test_edges_that_no_transcript_takes_are_named(home: Path) -> None:
    (home / "one.txt").write_text(
        (TRANSCRIPTS / "follow_up-solved.txt").read_text(encoding="utf-8"), encoding="utf-8"
    )
    told = run(home, "coverage", "--transcripts", str(home))
    assert told.exit_code == 1
    assert "follow_up: no transcript covers solved>2\n" in told.stderr
    assert "solved>1\n" not in told.stderr


def test_a_transcript_that_is_not_what_callers_hear_is_named(home: Path) -> None:
    play = home / "one.txt"
    text = (TRANSCRIPTS / "follow_up-solved.txt").read_text(encoding="utf-8")
    play.write_text(text.replace("热线：follow_up_greeting", "热线：greeting"), encoding="utf-8")
    told = run(home, "coverage", "--transcripts", str(home))
    assert told.exit_code == 1
    assert f"{play}:3: expected 热线：" in told.stderr
    play.write_text("你好\n", encoding="utf-8")
    assert "one.txt:1: a transcript begins with" in run(home, "coverage", "--transcripts", str(home)).stderr


def test_a_missing_folder_of_transcripts_is_one_line(home: Path) -> None:
    missing = run(home, "coverage", "--transcripts", str(home / "nowhere"))
    assert (missing.exit_code, missing.stderr) == (1, f"Error: {home / 'nowhere'}: no such folder\n")
    (home / "one.txt").write_bytes(b"\xff\xfe")
    binary = run(home, "coverage", "--transcripts", str(home))
    assert (binary.exit_code, binary.stderr) == (1, f"Error: {home / 'one.txt'}: is not UTF-8 text\n")
    (home / "a.txt").mkdir()
    folder = run(home, "coverage", "--transcripts", str(home))
    assert (folder.exit_code, folder.stderr) == (1, f"Error: {home / 'a.txt'}: Is a directory\n")


def test_transcripts_that_cannot_be_written_are_one_line(home: Path) -> None:
    (home / "file").write_text("", encoding="utf-8")
    refused = run(home, "walk", str(MENU), "--record", str(home / "file" / "plays"))
    assert (refused.exit_code, refused.stderr) == (1, f"Error: {home / 'file' / 'plays'}: Not a directory\n")


def test_every_fault_of_a_file_is_one_line(home: Path) -> None:
    (home / "shared").mkdir()
    for path in (OUR_FILES / "flows" / "shared").iterdir():
        (home / "shared" / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    broken = home / "menu.toml"
    text = (
        MENU.read_text(encoding="utf-8")
        .replace('other = "hours"', 'other = "hour"')
        .replace('"greeting", ', '"greting", ')
    )
    broken.write_text(text, encoding="utf-8")
    told = run(home, "check", str(broken))
    assert told.exit_code == 1
    assert [line.split("]")[0] for line in told.stderr.splitlines()] == [
        f"{broken}:10: [line",
        f"{broken}:22: [hello",
        f"{broken}:22: [hello",
    ]
    chinese = run(home, "check", str(broken), "--language", "zh-CN").stderr
    assert f"{broken}:10: [line] 通往 'hour'，但它不存在（节点有 hours" in chinese
    assert "改成其中一个。" in chinese
