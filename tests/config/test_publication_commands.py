"""Publishing a flow from the terminal: only without findings; history; rollback."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from hotline.rules.calls.flow_versions import PublicationView
from hotline.rules.enums import CallPurpose
from hotline.services import flow_publications
from hotline.store.engine import open_engine
from ivr_flows.loader import OUR_FILES
from tests.config.test_commands import Terminal, bare, migrated, terminal

__all__ = ["bare", "migrated", "terminal"]


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """The menu of the city's files, waiting a second longer for a key."""
    text = (OUR_FILES / "flows" / "menu.toml").read_text(encoding="utf-8")
    path = tmp_path / "draft.toml"
    path.write_text(text.replace("timeout = 4", "timeout = 5", 1), encoding="utf-8")
    return path


def in_force(terminal: Terminal) -> PublicationView | None:
    engine = open_engine(terminal.database)
    with Session(engine) as session:
        found = flow_publications.current(session).get(CallPurpose.INBOUND)
    engine.dispose()
    return found


def test_a_clean_flow_is_published_and_stands_in_the_history(terminal: Terminal, draft: Path) -> None:
    assert (
        terminal.run("flows", "history").output
        == "no flow has been published; the files of the installation are in force\n"
    )
    done = terminal.run("flows", "publish", str(draft), "--note", "多等一秒")
    assert done.exit_code == 0
    now = in_force(terminal)
    assert now is not None
    assert done.output == f"published {now.id}: menu {now.version} for inbound\n"
    history = terminal.run("flows", "history", "inbound").output
    assert history.startswith(f"{now.id}\t")
    assert history.rstrip().endswith(f"inbound\tmenu {now.version}\tcommand line\t多等一秒")
    assert "no flow has been published" in terminal.run("flows", "history", "callback").output


def test_what_is_checked_is_what_is_published_with_the_shared_files_beside_it(
    terminal: Terminal, draft: Path
) -> None:
    ours = terminal.run("flows", "check", str(draft)).output.split()[-1]
    shutil.copytree(OUR_FILES / "flows" / "shared", draft.parent / "shared")
    person = draft.parent / "shared" / "person.toml"
    person.write_text(person.read_text("utf-8").replace("round_seconds = 20", "round_seconds = 25"), "utf-8")
    checked = terminal.run("flows", "check", str(draft)).output.split()[-1]
    assert checked != ours
    assert terminal.run("flows", "publish", str(draft), "--note", "x").exit_code == 0
    now = in_force(terminal)
    assert now is not None
    assert now.version == checked


def test_a_note_of_several_lines_stays_one_line_of_the_history(terminal: Terminal, draft: Path) -> None:
    draft.write_bytes(b"\xef\xbb\xbf" + draft.read_bytes())
    assert terminal.run("flows", "publish", str(draft), "--note", "a\tb\nc").exit_code == 0
    history = terminal.run("flows", "history", "inbound").output
    assert history.count("\n") == 1
    assert history.split("\t")[5] == "a\\tb\\nc\n"


def test_every_finding_of_a_draft_is_one_line(terminal: Terminal, draft: Path) -> None:
    text = draft.read_text(encoding="utf-8").replace("[nodes.hello]", '[nodes."hel\\nlo"]')
    draft.write_text(text, encoding="utf-8")
    refused = terminal.run("flows", "publish", str(draft), "--note", "x")
    assert refused.exit_code == 1
    assert all(line.startswith("draft.toml") for line in refused.stderr.splitlines())


def test_a_flow_with_a_fault_is_refused_with_every_finding(terminal: Terminal, draft: Path) -> None:
    draft.write_text(
        draft.read_text(encoding="utf-8").replace('to = "notices"', 'to = "nowhere"', 1), "utf-8"
    )
    refused = terminal.run("flows", "publish", str(draft), "--note", "x")
    assert refused.exit_code == 1
    assert "draft.toml:" in refused.stderr
    assert "leads to 'nowhere'" in refused.stderr
    assert in_force(terminal) is None


def test_a_flow_whose_document_no_carrier_would_run_is_refused(terminal: Terminal, draft: Path) -> None:
    text = draft.read_text(encoding="utf-8")
    draft.write_text(
        text.replace('say = ["greeting"', 'say = ["greeting"' + ', "greeting"' * 900, 1), "utf-8"
    )
    refused = terminal.run("flows", "publish", str(draft), "--note", "x")
    assert refused.exit_code == 1
    assert "[hello] the carrier would refuse its document (zh-CN) (11750" in refused.stderr
    assert in_force(terminal) is None


def test_an_older_version_comes_back_by_its_number(terminal: Terminal, draft: Path) -> None:
    terminal.run("flows", "publish", str(draft), "--note", "first")
    first = in_force(terminal)
    other = draft.with_name("other.toml")
    shutil.copyfile(OUR_FILES / "flows" / "no_menu.toml", other)
    terminal.run("flows", "publish", str(other), "--note", "second")
    assert first is not None
    back = terminal.run("flows", "rollback", str(first.id))
    assert back.exit_code == 0
    now = in_force(terminal)
    assert now is not None
    assert (now.version, now.note) == (first.version, f"rollback to {first.id}")
    assert now.id > first.id


def test_what_cannot_be_done_is_one_line_and_status_1(terminal: Terminal, tmp_path: Path) -> None:
    missing = terminal.run("flows", "rollback", "77")
    assert (missing.exit_code, missing.stderr) == (
        1,
        "Error: there is no publication 77: see hotline flows history\n",
    )
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    refused = terminal.run("flows", "publish", str(binary), "--note", "x")
    assert refused.exit_code == 1
    assert "is not UTF-8 text" in refused.stderr


@pytest.mark.parametrize(
    "command", [("rollback", "x"), ("rollback", "0"), ("history", "outbound"), ("publish", "nowhere.toml")]
)
def test_a_command_used_wrongly_is_status_2(terminal: Terminal, command: tuple[str, ...]) -> None:
    assert terminal.run("flows", *command).exit_code == 2
