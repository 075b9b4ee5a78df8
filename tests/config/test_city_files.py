"""The city's files: the shipped ones are valid, and an error names file, key and reason."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.city.policies import read_policies
from config.city.toml_file import BadFile
from config.city.units import read_units
from hotline.rules.city import UnitKind
from hotline.rules.enums import RequestType, Role, Urgency
from hotline.rules.policies import DeadlineStage, Limit, Policies, TimeUnit
from tests.city_texts import source
from tests.policies import CALLERS

SHIPPED = files("config.city") / "example"
ROOT = Path(__file__).parent.parent.parent
ZONE = ZoneInfo("Asia/Shanghai")


def policies_from(path: Path) -> Policies:
    return read_policies(source(path), callers=CALLERS, zone=ZONE, number="+865374412345")


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """Writes policies.toml with one change."""
    text = (SHIPPED / "policies.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "policies.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_production_gives_five_working_days_and_consultations_two() -> None:
    policy = read_policies(
        source(SHIPPED / "policies.toml"), callers=CALLERS, zone=ZONE, number="+865374412345"
    ).deadlines
    five = policy.limit(DeadlineStage.RESOLVE, RequestType.COMPLAINT, Urgency.NORMAL)
    two = policy.limit(DeadlineStage.RESOLVE, RequestType.CONSULTATION, Urgency.NORMAL)
    assert (five, two) == (Limit(5, TimeUnit.BUSINESS_DAY), Limit(2, TimeUnit.BUSINESS_DAY))
    assert policy.limit(DeadlineStage.RESOLVE, RequestType.CONSULTATION, Urgency.CRITICAL) == Limit(
        2, TimeUnit.HOUR
    )


def test_the_demonstration_phones_at_any_hour_and_keeps_the_real_deadlines() -> None:
    real = read_policies(
        source(SHIPPED / "policies.toml"), callers=CALLERS, zone=ZONE, number="+865374412345"
    )
    demo = read_policies(
        source(SHIPPED / "policies.demo.toml"), callers=CALLERS, zone=ZONE, number="+865374412345"
    )
    assert demo.deadlines == real.deadlines
    for policy in (demo.callbacks, demo.follow_ups):
        assert policy.from_hour == policy.to_hour
        assert policy.delay_seconds + policy.attempts * policy.spacing_seconds < 300


def test_roles_and_accounts_of_the_rules_for_log_ins_are_lists(tmp_path: Path) -> None:
    text = (SHIPPED / "policies.toml").read_text(encoding="utf-8")
    path = tmp_path / "policies.toml"
    text = text.replace("second_factor_roles = []", 'second_factor_roles = ["admin", "supervisor"]')
    text = text.replace("emergency_accounts = []", 'emergency_accounts = ["root"]')
    path.write_text(text.replace('local_log_in = "all"', 'local_log_in = "emergency"'), encoding="utf-8")
    policy = read_policies(source(path), callers=CALLERS, zone=ZONE, number="+865374412345").accounts
    assert policy.second_factor_roles == {Role.ADMIN, Role.SUPERVISOR}
    assert [policy.may_log_in_locally(name) for name in ("root", "li")] == [True, False]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "max_size = 200",
            "max_size = 0",
            "policies.toml: queue.max_size: must be a whole number from 1 to 5000",
        ),
        ("max_size = 200", 'max_size = "200"', "policies.toml: queue.max_size: must be a whole number"),
        ("max_size = 200", "max_size = true", "policies.toml: queue.max_size: must be a whole number"),
        ("max_size", "maximum", "policies.toml: queue.max_size: is missing"),
        ("[queue]", "[queue]\ncolour = 1", "policies.toml: queue.colour: is not known here; known: abandon_"),
        (
            '"5 business_days"',
            '"5 workdays"',
            "policies.toml: deadlines.limits.resolve.normal: must read like",
        ),
        (
            '"5 business_days"',
            '"0 business_days"',
            "policies.toml: deadlines.limits.resolve.normal: must read",
        ),
        ("consultation =", "gossip =", "policies.toml: deadlines.by_type.resolve.gossip: must be one of"),
        (
            "[deadlines.by_type.resolve]",
            "[deadlines.by_type.solve]",
            "policies.toml: deadlines.by_type.solve: must",
        ),
        (
            "to_hour = 22",
            "to_hour = 25",
            "policies.toml: callbacks.to_hour: must be a whole number from 0 to",
        ),
        (
            "second_factor_roles = []",
            'second_factor_roles = ["king"]',
            "policies.toml: accounts.second_factor_roles[1]: must be one of operator",
        ),
        (
            'provider_accounts = "named"',
            'provider_accounts = "anyone"',
            "policies.toml: accounts.provider_accounts: must be one of linked, named, new",
        ),
        (
            'local_log_in = "all"',
            'local_log_in = "emergency"',
            'policies.toml: accounts: local_log_in = "emergency" needs at least one of emergency_accounts',
        ),
        ('name = "hotline"', 'name = " "', "policies.toml: queue.name: must be a text of 1 to 64 characters"),
        ("[queue]", "[[queue]]", "policies.toml: queue: must be a table"),
        ("[queue]", "[queue", "policies.toml: "),
    ],
)
def test_a_wrong_limit_is_named(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    with pytest.raises(BadFile) as refused:
        policies_from(changed(tmp_path, old, new))
    assert str(refused.value).startswith(complaint)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"^policies\.toml: .*No such file"):
        policies_from(tmp_path / "policies.toml")


def test_the_city_has_95_units_of_four_kinds_with_unlike_names() -> None:
    units = read_units(source(SHIPPED / "units.toml"))
    assert len(units) == 95
    assert Counter(unit.kind for unit in units)[UnitKind.TOWNSHIP] == 12
    for names in (
        [unit.code for unit in units],
        [unit.name_zh for unit in units],
        [unit.name_en for unit in units],
    ):
        assert len(set(names)) == 95


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('code = "a-b"\nzh = "甲"', r"units.toml: department\[1\].en: is missing"),
        ('code = "A"\nzh = "甲"\nen = "A"', r"units.toml: department\[1\].code: must be small letters"),
        ('code = "ab"\nzh = "甲"\nen = "A"\ntel = 1', r"units.toml: department\[1\].tel: is not known here"),
        (
            'code = "ab"\nzh = "甲"\nen = "A"\n[[department]]\ncode = "ab"\nzh = "乙"\nen = "B"',
            r"units.toml: department\[2\].code: 'ab' stands here twice",
        ),
        *(
            (
                f'code = "ab"\nzh = "甲"\nen = "A"\nwebhook_url = "{url}"',
                r"units.toml: department\[1\].webhook_url: must be https://",
            )
            for url in (
                "http://unit.example/hook",
                "http://127.0.0.1.example/hook",
                "https://user:secret@unit.example/hook",
                "https:///hook",
                "https://unit.example:0/hook",
                "https://unit.example:port/hook",
                "https://unit.example/ho ok",
                "https://unit.example/#hook",
                "ftp://unit.example/hook",
                "unit.example/hook",
            )
        ),
    ],
)
def test_a_wrong_unit_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "units.toml"
    path.write_text(
        f"township = []\nutility = []\ninstitution = []\n[[department]]\n{text}\n", encoding="utf-8"
    )
    with pytest.raises(BadFile, match=f"^{complaint}"):
        read_units(source(path))


@pytest.mark.parametrize(
    "url",
    ["https://unit.example:8443/hook?a=b", "http://127.0.0.1:9000/", "http://[::1]/x", "http://localhost/x"],
)
def test_a_unit_may_name_the_address_of_its_own_system(tmp_path: Path, url: str) -> None:
    path = tmp_path / "units.toml"
    path.write_text(
        "township = []\nutility = []\ninstitution = []\n[[department]]\n"
        f'code = "ab"\nzh = "甲"\nen = "A"\nwebhook_url = "{url}"\n',
        encoding="utf-8",
    )
    assert [unit.webhook_url for unit in read_units(source(path))] == [url]


@pytest.mark.parametrize("command", [["config.processes.scheduler"], ["config.processes.worker", "calls"]])
def test_a_wrong_file_stops_every_process_with_one_line(tmp_path: Path, command: list[str]) -> None:
    for package in ("config", "hotline", "ivr_flows", "agent_console"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("static", "__pycache__")
        )
    (tmp_path / "config" / "city" / "example" / "policies.demo.toml").write_text("[queue")
    environ = {"HOTLINE_HOME": str(tmp_path / "var"), "PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]}
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("hotline: ")
    assert ended.stderr.count("\n") == 1


def test_a_unit_may_be_closed_and_a_file_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    closed = '\ufeff[[department]]\ncode = "archives"\nzh = "档案馆"\nen = "Archives"\nclosed = true\n'
    others = "".join(
        f'[[{kind}]]\ncode = "{kind}-1"\nzh = "{kind}"\nen = "{kind}"\n'
        for kind in ("township", "utility", "institution")
    )
    file = tmp_path / "units.toml"
    file.write_text(closed + others, encoding="utf-8")
    assert [unit.closed for unit in read_units(source(file))] == [True, False, False, False]
