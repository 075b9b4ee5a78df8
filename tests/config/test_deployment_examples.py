"""The example environment and the systemd units of the documents: complete, known to the settings, and accepted by systemd."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from honcho.environ import parse_procfile

from config.settings import Mode, Settings, read_settings
from tests.architecture.sources import ROOT

EXAMPLES = ROOT / "docs" / "examples"
UNITS = sorted((EXAMPLES / "systemd").iterdir())
PROCESSES = parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes


def example_environ() -> dict[str, str]:
    lines = (EXAMPLES / "hotline.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_environment_is_complete_and_has_no_unknown_name() -> None:
    settings = read_settings(example_environ())
    assert settings.mode is Mode.PRODUCTION
    required = {str(field.alias) for field in Settings.model_fields.values() if field.is_required()}
    assert required <= set(example_environ())


def test_the_passwords_of_the_example_urls_are_percent_encoded() -> None:
    environ = example_environ()
    for name in ("DATABASE_URL", "REDIS_URL"):
        assert unquote(urlsplit(environ[name]).password or "") == "p@ss/word%1"


def commands_of_units() -> set[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in UNITS)
    found = set(re.findall(r"^ExecStart=/opt/hotline/\.venv/bin/(.+)$", text, re.MULTILINE))
    lanes = set(re.findall(r"hotline-worker@(\w+)\.service", text))
    return {command.replace("%i", lane) for command in found for lane in lanes}


def test_the_units_start_every_process_of_the_procfile() -> None:
    assert set(PROCESSES.values()) <= commands_of_units()
    assert {shlex.split(command)[0] for command in commands_of_units()} == {"python", "hotline"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    programs = Path(shutil.which("true") or "/bin/true")
    for path in UNITS:
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"/opt/hotline/\.venv/bin/\w+", str(programs), text).replace(
            "/opt/hotline", str(tmp_path)
        )
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    names = [str(tmp_path / path.name.replace("@.", "@calls.")) for path in UNITS]
    (tmp_path / "hotline-worker@calls.service").write_bytes(
        (tmp_path / "hotline-worker@.service").read_bytes()
    )
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True, check=False
    )
    ours = [line for line in checked.stderr.splitlines() if "hotline" in line and "postgresql" not in line]
    assert (checked.returncode, ours) == (0, []), checked.stderr
