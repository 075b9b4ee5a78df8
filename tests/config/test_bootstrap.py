"""The installation behind `make`: a step is skipped while what it was made from is unchanged, and a failure says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
FILES = (
    *("locks/tools.txt", "locks/run.txt", "locks/dev.txt", "locks/node.txt", "pyproject.toml"),
    *("package.json", "package-lock.json", ".npmrc", "agent_console/static/desk.js"),
    *("hotline/exchange/static/sound.js", "agent_console/translations/en/LC_MESSAGES/messages.po"),
)
# The programs of the machine: each notes its arguments in LOG and leaves the files that the real one would.
PYTHON = f"""
[ "$1" = -c ] && echo {VERSION} && exit
echo "python $*" >> "$LOG"
case "$*" in
  *babel*) : > agent_console/translations/en/LC_MESSAGES/messages.mo ;;
  *--require-hashes*) [ ! -e pip-fails ] ;;
esac
"""
UV = """
echo "uv $*" >> "$LOG"
[ ! -e uv-fails ] || exit 1
case "$*" in
  *node.txt) printf '#!/bin/sh\\necho v22.1.0\\n' > .venv/bin/node && /bin/chmod +x .venv/bin/node ;;
esac
"""
NPM = """
echo "npm $*" >> "$LOG"
case "$1" in
  ci) /bin/mkdir -p node_modules ;;
  run) /bin/mkdir -p agent_console/static/dist && : > agent_console/static/dist/manifest.json ;;
esac
"""


class Checkout:
    """A source tree with a machine around it on which nothing is really installed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.programs = root / "programs"
        for name in FILES:
            self.write(name, name)
        self.write("config/setup/bootstrap.py", (ROOT / "config/setup/bootstrap.py").read_text("utf-8"))
        self.program(".venv/bin/python", PYTHON)
        self.program(".venv/bin/uv", UV)
        self.program("programs/npm", NPM)
        self.node("v20.0.0")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def program(self, name: str, script: str) -> None:
        self.write(name, f"#!/bin/sh\n{script}")
        (self.root / name).chmod(0o755)

    def node(self, version: str) -> None:
        self.program("programs/node", f"echo {version}")

    def bootstrap(self, *arguments: str) -> tuple[int, list[str], str]:
        """Returns the exit status, the commands that were run, and the last line of the errors."""
        log = self.root / "log"
        log.write_text("", encoding="utf-8")
        ended = subprocess.run(
            [sys.executable, str(self.root / "config/setup/bootstrap.py"), *arguments],
            env={"PATH": str(self.programs), "LOG": str(log), "HOME": os.environ.get("HOME", "/")},
            capture_output=True,
            text=True,
            check=False,
        )
        errors = ended.stderr.strip().splitlines()
        return ended.returncode, log.read_text("utf-8").splitlines(), errors[-1] if errors else ""

    def steps(self, *arguments: str) -> list[str]:
        """Runs a bootstrap that must succeed and returns what it did, in order."""
        status, commands, errors = self.bootstrap(*arguments)
        assert (status, errors) == (0, "")
        return [name for command in commands for name, words in STEPS.items() if words in command]


STEPS = {
    "packages": "--require-hashes -r",
    "project": "-e .",
    "npm ci": "npm ci",
    "build": "npm run --silent build",
    "translations": "babel",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "tree")


@pytest.mark.parametrize("arguments", [(), ("everything",), ("run", "test")])
def test_an_unknown_purpose_is_status_2(checkout: Checkout, arguments: tuple[str, ...]) -> None:
    assert checkout.bootstrap(*arguments) == (2, [], "usage: bootstrap.py run|test")


@pytest.mark.parametrize("purpose", ["run", "test"])
def test_the_first_time_does_every_step_and_the_second_none(checkout: Checkout, purpose: str) -> None:
    assert checkout.steps(purpose) == ["packages", "project", "npm ci", "build", "translations"]
    assert checkout.steps(purpose) == []


@pytest.mark.parametrize(
    ("changed", "steps"),
    [
        ("locks/dev.txt", ["packages", "project"]),
        ("pyproject.toml", ["packages", "project"]),
        ("locks/run.txt", []),
        ("package-lock.json", ["npm ci", "build"]),
        ("agent_console/static/desk.js", ["build"]),
        ("hotline/exchange/static/sound.js", ["build"]),
        ("agent_console/static/dist/chunk.js", []),
        ("agent_console/translations/en/LC_MESSAGES/messages.po", ["translations"]),
    ],
)
def test_a_changed_file_repeats_the_steps_that_are_made_from_it(
    checkout: Checkout, changed: str, steps: list[str]
) -> None:
    checkout.steps("test")
    checkout.write(changed, "changed")
    assert checkout.steps("test") == steps
    assert checkout.steps("test") == []


@pytest.mark.parametrize(
    ("lost", "step"),
    [
        ("agent_console/static/dist/manifest.json", "build"),
        ("agent_console/translations/en/LC_MESSAGES/messages.mo", "translations"),
    ],
)
def test_what_was_made_and_is_lost_is_made_again(checkout: Checkout, lost: str, step: str) -> None:
    checkout.steps("run")
    (checkout.root / lost).unlink()
    assert checkout.steps("run") == [step]


def test_a_new_source_file_is_built_into_the_browser_files(checkout: Checkout) -> None:
    checkout.steps("run")
    checkout.write("agent_console/static/more.js", "more")
    assert checkout.steps("run") == ["build"]


def test_running_needs_fewer_packages_than_testing(checkout: Checkout) -> None:
    _, commands, _ = checkout.bootstrap("run")
    assert "npm ci --ignore-scripts --no-fund --no-audit --omit=dev" in commands
    assert any(command.endswith("locks/run.txt") for command in commands)
    assert checkout.steps("test") == ["packages", "project", "npm ci"]
    assert checkout.steps("run") == []


def test_pip_installs_where_uv_fails(checkout: Checkout) -> None:
    checkout.write("uv-fails", "")
    _, commands, _ = checkout.bootstrap("run")
    installs = [command.split()[0] for command in commands if command.endswith("locks/run.txt")]
    assert installs == ["uv", "python"]


def test_an_installation_that_failed_is_status_2_and_tried_again(checkout: Checkout) -> None:
    for name in ("uv-fails", "pip-fails"):
        checkout.write(name, "")
    status, _, error = checkout.bootstrap("run")
    assert (status, error) == (
        2,
        "set-up: the packages of run.txt could not be installed; is a package index reachable?",
    )
    (checkout.root / "uv-fails").unlink()
    assert checkout.steps("run")[0] == "packages"


def test_an_old_node_is_replaced_by_one_in_the_virtual_environment(checkout: Checkout) -> None:
    checkout.node("v18.20.0")
    _, commands, _ = checkout.bootstrap("run")
    assert any(command.startswith("uv ") and command.endswith("locks/node.txt") for command in commands)
    assert "npm run --silent build" in commands


@pytest.mark.parametrize("version", ["v18.20.0", "nonsense"])
def test_where_no_newer_node_can_be_had_the_version_is_named(checkout: Checkout, version: str) -> None:
    checkout.node(version)
    checkout.program(".venv/bin/node", f"echo {version}")
    status, commands, error = checkout.bootstrap("run")
    assert (status, error) == (2, "set-up: Node 20 or later is needed to build the browser files")
    assert not any(command.startswith("npm") for command in commands)


def test_a_node_without_npm_is_named(checkout: Checkout) -> None:
    (checkout.programs / "npm").unlink()
    status, _, error = checkout.bootstrap("run")
    assert status == 2
    assert error.startswith("set-up: npm is missing beside node")
