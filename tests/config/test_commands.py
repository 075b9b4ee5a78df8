"""The commands of `hotline`: exit status 0, 1 or 2, and one line for every error."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from config.cli import COMMANDS as COMMANDS_OF_HOTLINE
from config.cli import main
from config.periodic_jobs import JOBS
from config.processes.scheduler import Scheduler
from hotline.clock import system_clock
from hotline.gateways.live import announce_nothing
from hotline.services.people import tokens
from hotline.store.engine import open_engine
from hotline.store.people.tables import Unit
from hotline.unit_of_work import Application
from tests.architecture.sources import ROOT
from tests.policies import city_policies

HEADER = (
    "external_number,received_at,channel,type,category,title,text,caller_number,unit,closed_at,due_at,"
    "first_contact_at,solved,satisfied"
)
GOOD = "OLD-1,2026-11-20T09:00:00,phone,complaint,道路照明,路灯不亮,三盏路灯不亮,13800001234,municipal-works,,,,,"
BAD = "OLD-2,yesterday,phone,complaint,道路照明,路灯不亮,三盏路灯不亮,13800001234,municipal-works,,,,,"


class Terminal:
    """A terminal in an environment of its own."""

    def __init__(self, home: Path, redis_url: str) -> None:
        self.environ = {"HOTLINE_HOME": str(home), "REDIS_URL": redis_url, "HOTLINE_ENV": "demo"}
        self.database = f"sqlite:///{home / 'hotline.sqlite3'}"

    def run(self, *arguments: str, typed: str = "", **environ: str) -> Result:
        return CliRunner().invoke(main, list(arguments), input=typed, env={**self.environ, **environ})


@pytest.fixture
def bare(tmp_path: Path, redis_url: str) -> Terminal:
    return Terminal(tmp_path, redis_url)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory, redis_server: str) -> Path:
    """A database as `hotline migrate` leaves it."""
    home = tmp_path_factory.mktemp("migrated")
    assert Terminal(home, redis_server).run("migrate").exit_code == 0
    return home / "hotline.sqlite3"


@pytest.fixture
def terminal(bare: Terminal, migrated: Path, tmp_path: Path) -> Terminal:
    shutil.copyfile(migrated, tmp_path / migrated.name)
    return bare


COMMANDS = [
    (),
    ("migrate",),
    ("user",),
    ("user", "add"),
    ("user", "import"),
    ("user", "skills"),
    ("token", "create"),
    ("flows", "check"),
    ("flows", "publish"),
    ("flows", "history"),
    ("flows", "rollback"),
    ("dial",),
    ("demo", "volume"),
    ("jobs",),
    ("tickets", "import"),
    ("tickets", "export"),
    ("calendar", "import"),
    ("calendar", "show"),
    ("report", "daily"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(bare: Terminal, command: tuple[str, ...]) -> None:
    shown = bare.run(*command, "--help")
    assert shown.exit_code == 0
    assert "Usage:" in shown.output


def test_the_summary_of_a_command_begins_its_help(bare: Terminal) -> None:
    listed = bare.run("--help").output
    for name, lazy in COMMANDS_OF_HOTLINE.items():
        assert lazy.summary in listed
        assert lazy.load().name == name


def test_a_mistyped_command_gets_a_suggestion(bare: Terminal) -> None:
    assert "Did you mean 'migrate'?" in bare.run("migrat").stderr


# Libraries that take most of the time to import the product.
HEAVY = (
    "sqlalchemy",
    "alembic",
    "flask",
    "twilio",
    "aiohttp",
    "openpyxl",
    "rq",
    "redis",
    "pydantic",
    "requests",
)


@pytest.mark.parametrize(("arguments", "allowed"), [(["--help"], set()), (["dial", "--help"], {"pydantic"})])
def test_help_imports_no_heavy_library(arguments: list[str], allowed: set[str]) -> None:
    program = (
        "import sys\nfrom config.cli import main\n"
        f"main({arguments!r}, standalone_mode=False)\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "Usage:" in ended.stdout
    assert set(ended.stderr.split()) <= allowed


def test_a_wrong_setting_is_status_2(bare: Terminal) -> None:
    result = bare.run("migrate", PORT="x")
    assert result.exit_code == 2
    assert result.stderr.startswith("hotline: PORT must be")


def test_migrating_twice_says_that_nothing_changed(terminal: Terminal) -> None:
    again = terminal.run("migrate")
    assert again.exit_code == 0
    assert "the database is at" in again.output
    assert "the city is at version 1, as in" in again.output


def test_before_the_first_migration_commands_say_so(bare: Terminal) -> None:
    result = bare.run("user", "add", "zhang", "--role", "operator", typed="long-enough\n")
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: the database lacks tables of this version: run hotline migrate\n",
    )


def test_a_person_added_may_log_in(terminal: Terminal) -> None:
    added = terminal.run("user", "add", "zhang", "--role", "operator", typed="long-enough\n")
    assert (added.exit_code, added.output) == (0, "zhang may log in as operator\n")
    made = terminal.run("token", "create", "importer", "--user", "zhang")
    assert made.exit_code == 0
    engine = open_engine(terminal.database)
    with Session(engine) as session:
        found = tokens.program_by_token(session, made.output.strip())
    engine.dispose()
    assert found is not None


def test_accounts_are_looked_through_and_changed(terminal: Terminal) -> None:
    for name, role in (("root", "admin"), ("zhang", "operator"), ("wang", "operator")):
        assert terminal.run("user", "add", name, "--role", role, typed="long-enough\n").exit_code == 0

    def done(*arguments: str, typed: str = "") -> str:
        result = terminal.run("user", *arguments, typed=typed)
        assert result.exit_code == 0, result.stderr
        return str(result.output)

    assert done("role", "wang", "supervisor", "--reason", "调岗") == "wang is supervisor\n"
    assert done("password", "wang", "--must-change", typed="another-one\n") == "the password of wang is set\n"
    assert done("disable", "zhang", "--reason", "离职") == "zhang is disabled\n"
    listed = {line.split()[0]: line.split() for line in done("list", "--all").splitlines()}
    assert (listed["zhang"][-1], listed["wang"][-1]) == ("disabled", "must_change")
    assert "zhang" not in done("list")
    assert done("enable", "zhang") == "zhang may log in\n"

    for refused in (("disable", "root"), ("role", "root", "leader")):
        result = terminal.run("user", *refused)
        assert (result.exit_code, result.stderr) == (
            1,
            "Error: nobody would be left who manages people\n",
        )
    without = terminal.run("user", "reset-factor", "zhang", "--reason", "手机丢失")
    assert (without.exit_code, without.stderr) == (1, "Error: there is no second factor\n")
    without = terminal.run("user", "link", "zhang", "s-1")
    assert (without.exit_code, without.stderr) == (1, "Error: OIDC_ISSUER is not set\n")
    provider = {
        "OIDC_ISSUER": "https://id.example",
        "OIDC_CLIENT_ID": "hotline",
        "OIDC_CLIENT_SECRET": "x" * 32,
    }
    assert terminal.run("user", "link", "zhang", "s-1", **provider).exit_code == 0
    for name, subject in (("zhang", "s-2"), ("wang", "s-1")):
        twice = terminal.run("user", "link", name, subject, **provider)
        assert (twice.exit_code, "linked already" in twice.stderr) == (1, True)
    assert done("unlink", "zhang") == "zhang is not linked\n"
    assert terminal.run("user", "unlink", "zhang").exit_code == 1
    locked = terminal.run("user", "unlock", "zhang")
    assert (locked.exit_code, "not locked" in locked.stderr) == (1, True)


def test_tokens_are_listed_and_revoked(terminal: Terminal) -> None:
    terminal.run("user", "add", "zhang", "--role", "operator", typed="long-enough\n")
    made = terminal.run("token", "create", "importer", "--user", "zhang", "--read-only", "--days", "30")
    assert made.exit_code == 0
    row = terminal.run("token", "list").output.splitlines()[1].split()
    assert row[:5] == ["1", "importer", "zhang", "read", "live"]
    assert terminal.run("token", "revoke", "1").output == "token 1 is revoked\n"
    assert terminal.run("token", "list").output.splitlines()[1].split()[4] == "revoked"
    assert terminal.run("token", "revoke", "1").exit_code == 1
    assert (
        terminal.run("token", "revoke", "2").stderr == "Error: there is no token 2: see hotline token list\n"
    )


@pytest.mark.parametrize(
    ("arguments", "typed", "status", "complaint"),
    [
        (
            ("user", "add", "a", "--role", "operator"),
            "short\n",
            1,
            "Error: password: is too short",
        ),
        (("user", "add", "a", "--role", "operator"), "", 2, "the password is read from standard input"),
        (("user", "add", "a", "--role", "boss"), "long-enough\n", 2, "'boss' is not one of"),
        (
            ("user", "add", "a", "--role", "handler"),
            "long-enough\n",
            1,
            "Error: unit_code: is missing",
        ),
        (
            ("user", "add", "a", "--role", "handler", "--unit", "moon"),
            "long-enough\n",
            1,
            "Error: there is no unit moon",
        ),
        (("token", "create", "nobody"), "", 1, "Error: there is no active user nobody"),
        (("tickets", "import", "missing.csv"), "", 2, "No such file"),
        (
            ("tickets", "export", "--from", "2026-11-02", "--to", "2026-11-01", "-o", "x.csv"),
            "",
            2,
            "is before --from",
        ),
        (
            ("tickets", "export", "--from", "soon", "--to", "2026-11-01", "-o", "x.csv"),
            "",
            2,
            "is not a day such as",
        ),
        (("dial", "--from", "nobody"), "", 2, "is not a telephone number"),
        (("report", "daily", "--date", "2026-02-30"), "", 2, "is not a day such as"),
        (("report", "daily", "--format", "pdf"), "", 2, "'pdf' is not one of"),
        (("nonsense",), "", 2, "No such command"),
    ],
)
def test_what_cannot_be_done_is_refused(
    terminal: Terminal, arguments: tuple[str, ...], typed: str, status: int, complaint: str
) -> None:
    result = terminal.run(*arguments, typed=typed)
    assert result.exit_code == status
    assert complaint in result.stderr


def test_a_name_is_given_once(terminal: Terminal) -> None:
    add = ("user", "add", "zhang", "--role", "operator")
    assert terminal.run(*add, typed="long-enough\n").exit_code == 0
    again = terminal.run(*add, typed="long-enough\n")
    assert (again.exit_code, again.stderr) == (1, "Error: the name zhang is taken\n")


def test_tickets_go_in_whole_or_not_at_all_and_come_out_masked(terminal: Terminal, tmp_path: Path) -> None:
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_text(f"{HEADER}\n{GOOD}\n{BAD}" + "\n", encoding="utf-8")
    refused = terminal.run("tickets", "import", str(file))
    assert refused.exit_code == 1
    assert refused.stderr == "line 3: received_at: not_a_time\nnothing was imported; rows read 2, refused 1\n"
    kept = terminal.run("tickets", "import", "--skip-bad", str(file))
    assert (kept.exit_code, kept.stdout) == (0, "imported 1, known before 0, refused 1; rows read 2\n")
    again = terminal.run("tickets", "import", "--skip-bad", str(file))
    assert again.stdout == "imported 0, known before 1, refused 1; rows read 2\n"
    exported = terminal.run("tickets", "export", "--from", "2026-11-20", "--to", "2026-11-20", "-o", str(out))
    assert (exported.exit_code, exported.stdout) == (0, "exported 1\n")
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "138****1234" in out.read_text(encoding="utf-8")
    assert "13800001234" not in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("fmt", ["text", "json", "csv"])
def test_the_days_report_counts_what_is_there(terminal: Terminal, tmp_path: Path, fmt: str) -> None:
    file = tmp_path / "in.csv"
    file.write_text(f"{HEADER}\n{GOOD}\n", encoding="utf-8")
    assert terminal.run("tickets", "import", str(file)).exit_code == 0
    told = terminal.run("report", "daily", "--date", "2026-11-20", "--format", fmt)
    assert told.exit_code == 0
    assert "2026-11-20" in told.output
    assert told.output.startswith("\ufeff") is (fmt == "csv")
    if fmt == "json":
        assert json.loads(told.output)["requests"]["total"] == 1


def test_periodic_jobs_are_listed_with_their_last_results(terminal: Terminal) -> None:
    assert "no job has been scheduled" in terminal.run("jobs").output
    engine = open_engine(terminal.database)
    application = Application(engine, system_clock, city_policies(), announce_nothing)
    Scheduler(application, lambda _runs: None).tick()
    engine.dispose()
    listed = terminal.run("jobs").output.splitlines()
    assert listed[0].split("  ")[0] == "job"
    told_jobs, lanes = listed[1 : listed.index("")], listed[listed.index("") + 1 :]
    assert [line.split()[0] for line in told_jobs] == [job.name for job in JOBS]
    assert [line.split()[0] for line in lanes] == ["lane", "calls", "notifications"]
    told = json.loads(terminal.run("jobs", "--format", "json").output)
    offers, expired = told[0], told[-1]
    assert (offers["schedule"], offers["state"], offers["count"]) == ("every 1 s", "succeeded", 0)
    assert (expired["queue"], expired["state"], expired["last_finished_at"]) == ("heavy", "never run", None)
    assert offers["next_due_at"].endswith("+08:00")


def test_the_workbook_of_a_day_is_a_workbook(terminal: Terminal) -> None:
    told = terminal.run("report", "daily", "--format", "xlsx")
    assert told.exit_code == 0
    assert told.stdout_bytes.startswith(b"PK")


def test_a_calendar_file_sets_days_or_names_its_bad_lines(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    file.write_text("day,is_working,note\n2027-01-01,no,元旦\n2027-01-02,yes,调休\n", encoding="utf-8")
    seen = terminal.run("calendar", "preview", str(file))
    assert seen.output == "0 of 0 open deadlines would move\n"
    told = terminal.run("calendar", "import", str(file), "--note", "年度放假安排")
    assert "published version 2" in told.output
    assert "2 days changed" in told.output
    assert "calendar  年度放假安排" in terminal.run("city", "history").output
    file.write_text("day,is_working,note\n2027-01-01,perhaps,\n", encoding="utf-8")
    refused = terminal.run("calendar", "import", str(file))
    assert (refused.exit_code, refused.stderr) == (1, "line 2: not_yes_or_no\nnothing was imported\n")


def test_our_own_flows_are_right_and_a_broken_one_is_told(bare: Terminal, tmp_path: Path) -> None:
    fine = bare.run("flows", "check")
    assert fine.exit_code == 0
    assert "menu: " in fine.output
    broken = tmp_path / "menu.toml"
    broken.write_text("name = 'menu'\nentry =\n", encoding="utf-8")
    told = bare.run("flows", "check", str(broken))
    assert told.exit_code == 1
    assert "menu.toml:2:8: is not TOML" in told.stderr


def test_units_are_there_after_migrating(terminal: Terminal) -> None:
    engine = open_engine(terminal.database)
    with Session(engine) as session:
        assert session.get(Unit, "municipal-works") is not None
    engine.dispose()


def test_an_operators_skills_are_set_shown_and_taken_away(terminal: Terminal) -> None:
    added = terminal.run("user", "add", "zhang", "--role", "operator", typed="long-enough\n")
    assert added.exit_code == 0
    assert terminal.run("user", "skills", "zhang").output == "zhang: no skills\n"
    assert terminal.run("user", "skills", "zhang", "english,dialect").output == "zhang: dialect, english\n"
    assert terminal.run("user", "skills", "zhang").output == "zhang: dialect, english\n"
    assert terminal.run("user", "skills", "zhang", "").output == "zhang: no skills\n"


def test_a_skill_nobody_knows_is_refused_in_one_line_naming_those_there_are(terminal: Terminal) -> None:
    terminal.run("user", "add", "zhang", "--role", "operator", typed="long-enough\n")
    refused = terminal.run("user", "skills", "zhang", "singing")
    assert refused.exit_code == 1
    assert refused.stderr == ("Error: there is no skill singing; callers.toml names dialect, english\n")
    assert terminal.run("user", "skills", "nobody").exit_code == 1


def test_people_of_a_file_are_added_all_or_none(terminal: Terminal, tmp_path: Path) -> None:
    file, links = tmp_path / "people.csv", tmp_path / "links.csv"
    file.write_text("name,display_name,role\nlin,林一诺,boss\n", encoding="utf-8")
    wrong = terminal.run("user", "import", str(file))
    assert (wrong.exit_code, "line 2: lin: role: unknown_value" in wrong.output) == (1, True)
    file.write_text("name,display_name,role\nlin,林一诺,operator\n", encoding="utf-8")
    tried = terminal.run("user", "import", str(file), "--dry-run")
    assert "line 2: lin: new" in tried.output
    assert "lin" not in terminal.run("user", "list").output
    written = terminal.run("user", "import", str(file), "--links", str(links))
    assert (written.exit_code, "1 new" in written.output) == (0, True)
    assert "lin" in terminal.run("user", "list").output
    assert "/account/" in links.read_text(encoding="utf-8")
    assert links.stat().st_mode & 0o077 == 0
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    refused = terminal.run("user", "import", str(file))
    assert (refused.exit_code, "name: missing" in refused.output) == (1, True)
