"""A command that fails prints one line, ends with exit status 1 and changes nothing."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from config.processes import exchange
from hotline.rules.tickets.rows import COLUMNS
from hotline.store.engine import open_engine
from hotline.store.jobs import PeriodicJob
from tests.config.test_commands import GOOD, HEADER, Terminal, bare, migrated, terminal
from tests.config.test_wiring import PRODUCTION
from tests.journeys.production import production_environ
from tests.ports import free_port

__all__ = ["bare", "migrated", "terminal"]
ADD = ("user", "add", "zhang", "--role", "operator")
PASSWORD = "long-enough\n"


def refuses(terminal: Terminal, *arguments: str, typed: str = "", **environ: str) -> str:
    """Runs a command that must fail with status 1 and one line; returns the line."""
    result = terminal.run(*arguments, typed=typed, **environ)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1), result
    return result.stderr.strip()


def execute(terminal: Terminal, *statements: str) -> None:
    engine = open_engine(terminal.database)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.mark.parametrize("name", ["", " ", " zhang", "zh\nang", "zh\x1bang", "x" * 65, "\udcff"])
def test_a_users_name_is_short_and_printable(terminal: Terminal, name: str) -> None:
    refused = refuses(terminal, "user", "add", name, "--role", "operator", typed=PASSWORD)
    assert refused.startswith("Error: name: ")


def test_a_long_name_that_fits_its_column_is_taken(terminal: Terminal) -> None:
    assert terminal.run("user", "add", "x" * 64, "--role", "operator", typed=PASSWORD).exit_code == 0


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--display-name", "x" * 81, "display_name: is too long"),
        ("--work-number", "1" * 17, "work_number: is too long"),
        ("--work-number", "", "work_number: is missing"),
    ],
)
def test_what_a_user_is_called_fits_its_column(
    terminal: Terminal, option: str, value: str, complaint: str
) -> None:
    assert refuses(terminal, *ADD, option, value, typed=PASSWORD) == f"Error: {complaint}"


def test_a_work_number_that_is_taken_is_named_and_not_the_name(terminal: Terminal) -> None:
    assert terminal.run(*ADD, "--work-number", "017", typed=PASSWORD).exit_code == 0
    again = ("user", "add", "li", "--role", "operator", "--work-number", "017")
    assert refuses(terminal, *again, typed=PASSWORD) == "Error: the work number 017 is taken"
    assert refuses(terminal, *ADD, "--work-number", "017", typed=PASSWORD) == "Error: the name zhang is taken"


@pytest.mark.parametrize("name", ["", "x" * 81, "a\nb"])
def test_a_tokens_name_is_short_and_printable(terminal: Terminal, name: str) -> None:
    assert terminal.run(*ADD, typed=PASSWORD).exit_code == 0
    refused = refuses(terminal, "token", "create", name, "--user", "zhang")
    assert refused.startswith("Error: name: ")


def test_a_skill_with_a_line_break_is_refused_in_one_line(terminal: Terminal) -> None:
    assert terminal.run(*ADD, typed=PASSWORD).exit_code == 0
    assert refuses(terminal, "user", "skills", "zhang", "sing\ning").startswith(
        r"Error: there is no skill sing\ning"
    )


def test_a_wrong_setting_with_a_line_break_is_refused_in_one_line(bare: Terminal) -> None:
    result = bare.run("jobs", PORT="x\ny")
    assert result.exit_code == 2
    assert result.stderr == 'hotline: PORT must be a port number from 1 to 65535, not "x\\ny"\n'


@pytest.mark.parametrize("command", [("jobs",), ("migrate",), ("report", "daily"), (*ADD,)])
def test_a_database_that_is_away_is_one_line(bare: Terminal, command: tuple[str, ...]) -> None:
    away = f"postgresql://127.0.0.1:{free_port()}/hotline"
    line = refuses(bare, *command, typed=PASSWORD, DATABASE_URL=away)
    assert line.startswith("Error: the database does not answer: connection failed: ")
    assert "Connection refused" in line


@pytest.mark.parametrize("command", [("jobs",), ("migrate",)])
def test_a_file_that_is_no_database_is_one_line(
    bare: Terminal, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "hotline.sqlite3").write_text("this is not a database\n" * 200, encoding="utf-8")
    assert refuses(bare, *command) == "Error: the database does not answer: file is not a database"


def test_a_database_of_an_older_version_asks_for_the_migration(terminal: Terminal) -> None:
    execute(terminal, "ALTER TABLE users RENAME COLUMN work_number TO number")
    needs = "Error: the database lacks tables of this version: run hotline migrate"
    assert refuses(terminal, *ADD, typed=PASSWORD) == needs
    execute(terminal, "DROP TABLE periodic_jobs")
    assert refuses(terminal, "jobs") == needs


def test_a_database_of_a_newer_version_is_not_migrated(terminal: Terminal) -> None:
    execute(terminal, "UPDATE alembic_version SET version_num = '9999'")
    assert refuses(terminal, "migrate").startswith("Error: the database was written by a newer version (")


PERIOD = ("tickets", "export", "--from", "2026-11-20", "--to", "2026-11-21", "-o")


def test_an_export_that_fails_keeps_the_older_file(bare: Terminal, tmp_path: Path) -> None:
    older = tmp_path / "out.csv"
    older.write_text("older", encoding="utf-8")
    away = f"postgresql://127.0.0.1:{free_port()}/hotline"
    refuses(bare, *PERIOD, str(older), DATABASE_URL=away)
    assert older.read_text(encoding="utf-8") == "older"


def test_an_export_that_cannot_be_written_names_the_file(terminal: Terminal, tmp_path: Path) -> None:
    missing = tmp_path / "nowhere" / "out.csv"
    assert refuses(terminal, *PERIOD, str(missing)) == f"Error: {missing}: No such file or directory"


def test_an_export_has_the_columns_of_the_import_and_the_tickets_of_the_period(
    terminal: Terminal, tmp_path: Path
) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    later = GOOD.replace("OLD-1", "OLD-2").replace("2026-11-20", "2026-11-22")
    file.write_text(f"{HEADER}\n{GOOD}\n{later}\n", encoding="utf-8")
    assert terminal.run("tickets", "import", str(file)).exit_code == 0
    out.write_text("an older and longer file\n" * 100, encoding="utf-8")
    assert terminal.run(*PERIOD, str(out)).output == "exported 1\n"
    with out.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert list(rows[0])[:14] == list(COLUMNS)
    (row,) = rows
    assert (row["external_number"], row["received_at"]) == ("OLD-1", "2026-11-20T09:00:00+08:00")
    assert (row["category"], row["unit"], row["caller_number"]) == (
        "道路照明",
        "municipal-works",
        "138****1234",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04", "broken_workbook"),
        (b"\xff\xfe", "empty_file"),
        (b"", "empty_file"),
        (b"day\n", "wrong_header"),
    ],
)
def test_a_calendar_that_is_no_calendar_changes_nothing(
    terminal: Terminal, tmp_path: Path, content: bytes, message: str
) -> None:
    file = tmp_path / "days.csv"
    file.write_bytes(content)
    refused = terminal.run("calendar", "import", str(file))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert message in refused.stderr


STARTED = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("facts", "state", "cell"),
    [
        ({}, "never run", "never run"),
        ({"finished_at": STARTED, "count": 4}, "succeeded", "4"),
        ({"finished_at": STARTED, "error": "KeyError"}, "failed", "failed: KeyError"),
        ({"claimed_until": datetime(2999, 1, 1, tzinfo=UTC)}, "running", "running"),
        ({"claimed_until": STARTED}, "interrupted", "interrupted"),
    ],
)
def test_a_job_is_listed_with_the_state_of_its_last_run(
    terminal: Terminal, facts: dict[str, object], state: str, cell: str
) -> None:
    engine = open_engine(terminal.database)
    with Session(engine) as session:
        given = {"started_at": STARTED, "duration_ms": 1250, "due_at": STARTED + timedelta(hours=1), **facts}
        session.add(
            PeriodicJob(name="delete_expired", schedule="every 3600 s", lane="heavy", attempts=1, **given)
        )
        session.commit()
    engine.dispose()
    (row,) = json.loads(terminal.run("jobs", "--format", "json").output)
    assert (row["name"], row["state"], row["duration_seconds"]) == ("delete_expired", state, 1.25)
    assert row["next_due_at"] == "2026-11-23T10:00:00+08:00"
    line = terminal.run("jobs").output.splitlines()[1]
    times = ("2026-11-23 09:00:00", "1.250 s", cell, "2026-11-23 10:00:00")
    assert line.split("  ")[0] == "delete_expired"
    assert [each.strip() for each in line.split("  ") if each.strip()][3:] == list(times)


def test_the_simulated_carrier_refuses_to_start_in_production(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        exchange.main()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("hotline: the exchange simulates a carrier")
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [(), ("--keys", "1,h"), ("--replay", "call.txt")])
def test_dial_never_phones_a_line_in_production(
    bare: Terminal, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    recorded = tmp_path / "call.txt"
    recorded.write_text("")
    given = [str(recorded) if argument == "call.txt" else argument for argument in arguments]
    environ = production_environ(
        DATABASE_URL=bare.database,
        REDIS_URL="redis://127.0.0.1/0",
        PUBLIC_URL="https://hotline.example",
    )
    refused = bare.run("dial", *given, **environ)
    assert refused.exit_code == 2
    assert "dial phones the demonstration" in refused.output


def test_no_tickets_are_invented_in_production_nor_beside_real_ones(terminal: Terminal) -> None:
    environ = production_environ(
        DATABASE_URL=terminal.database,
        REDIS_URL="redis://127.0.0.1/0",
        PUBLIC_URL="https://hotline.example",
    )
    refused = terminal.run("demo", "volume", "--tickets", "50", **environ)
    assert refused.exit_code == 2
    assert "refuses to run with HOTLINE_ENV=production" in refused.output
    for _ in range(2):
        assert terminal.run("demo", "volume", "--tickets", "50").output == "50 tickets written\n"
    engine = open_engine(terminal.database)
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM tickets")) == 100
        connection.execute(text("UPDATE tickets SET author_id = NULL WHERE id = 1"))
    engine.dispose()
    beside = terminal.run("demo", "volume", "--tickets", "50")
    assert beside.exit_code == 1
    assert "holds tickets that are not invented" in beside.output
    assert terminal.run("demo", "volume", "--tickets", "50", "--beside").exit_code == 0


def test_a_database_is_taken_back_and_brought_up_again(terminal: Terminal) -> None:
    back = terminal.run("migrate", "--back-to", "0005")
    assert (back.exit_code, back.output.splitlines()[-1]) == (
        0,
        "the database is at 0005; start the version of that time now",
    )
    assert terminal.run("migrate").output.startswith("migrated from 0005 to ")
    for unknown in ("4711", "base", "gone\nby", ""):
        refused = terminal.run("migrate", "--back-to", unknown)
        assert refused.exit_code == 2, refused.output
    assert terminal.run("migrate").output.startswith("the database is at ")
