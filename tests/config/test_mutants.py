"""The list of accepted mutants, and the bound of a run."""

import sys
from pathlib import Path

import pytest

from config.setup.mutants import ACCEPTED, Mutant, read_accepted, run_bounded

ENTRY = """
[[mutant]]
function = "hotline.rules.text.first_line"
before = "return text"
after = "return None"
"""


def test_an_accepted_mutant_is_read_with_its_function_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "mutants.toml"
    path.write_text(ENTRY + 'reason = "Nothing reads the value."', encoding="utf-8")
    assert read_accepted(path) == [Mutant("hotline.rules.text.first_line", "return text", "return None")]


@pytest.mark.parametrize("reason", ["", 'reason = ""', 'reason = "  "'])
def test_an_accepted_mutant_without_a_reason_is_an_error(tmp_path: Path, reason: str) -> None:
    path = tmp_path / "mutants.toml"
    path.write_text(ENTRY + reason, encoding="utf-8")
    with pytest.raises(KeyError, match="no reason"):
        read_accepted(path)


def test_an_empty_list_accepts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mutants.toml"
    path.write_text("", encoding="utf-8")
    assert read_accepted(path) == []


def test_every_mutant_of_the_list_has_a_reason() -> None:
    assert len(set(read_accepted(ACCEPTED))) == len(read_accepted(ACCEPTED))


def test_a_run_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    hangs = "import os, time; os.fork(); print('begun', flush=True); time.sleep(60)"
    returncode, printed = run_bounded([sys.executable, "-c", hangs], tmp_path, 2)
    assert returncode == -9
    assert "stopped after 2 s" in printed


def test_a_run_that_ends_returns_its_status_and_output(tmp_path: Path) -> None:
    ended = run_bounded([sys.executable, "-c", "print('done'); raise SystemExit(3)"], tmp_path, 60)
    assert ended == (3, "done\n")
