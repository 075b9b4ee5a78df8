"""Facts that stand in two places agree: generated documents, locks, Procfile, package data, enums and columns."""

import importlib.util
import re
import shlex
import tomllib
from enum import StrEnum

import pytest

from config.setup.documents import DOCUMENTS, between
from hotline.rules import enums
from tests.architecture.sources import ROOT, name_of, tracked

PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / "locks" / lock).read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_generated_part_of_the_documents_is_up_to_date(name: str) -> None:
    # `python -m config.setup.documents` brings the documents up to date.
    path, marker, build = DOCUMENTS[name]
    assert between((ROOT / path).read_text(encoding="utf-8"), marker) == build()


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt", "node.txt", "tools.txt"])
def test_a_lock_pins_and_hashes_everything_and_names_no_address(lock: str) -> None:
    text = (ROOT / "locks" / lock).read_text(encoding="utf-8")
    requirements = list(re.split(r"\n(?=[A-Za-z0-9])", text.strip()))
    assert all("==" in block and "--hash=sha256:" in block for block in requirements)
    assert "://" not in text


def test_the_test_lock_adds_to_the_run_lock_and_changes_nothing() -> None:
    run, dev = pins("run.txt"), pins("dev.txt")
    assert {name: dev.get(name) for name in run} == run


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[\[<>=;! ]", line)[0].lower() for line in project["dependencies"]}
    assert wanted <= {name.lower() for name in pins("run.txt")}


def test_the_procfile_starts_what_exists() -> None:
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    commands = {name: shlex.split(command) for name, command in (line.split(": ", 1) for line in lines)}
    assert list(commands) == [
        "release",
        "web",
        "events",
        "worker",
        "worker_notifications",
        "worker_heavy",
        "clock",
    ]
    for name, command in commands.items():
        if command[:2] == ["python", "-m"]:
            assert importlib.util.find_spec(command[2]) is not None, name
        else:
            assert command == ["hotline", "migrate"]


def test_an_installed_package_has_every_file_of_the_checkout() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packed = {
        path
        for package, patterns in tools["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package).glob(pattern)
    }
    data = {path for path in tracked() if path.relative_to(ROOT).parts[0] in tools["package-data"]}
    assert {name_of(path) for path in data - packed if path.suffix != ".py"} == set()
    folders = {path.parent for path in data if path.suffix == ".py"}
    assert {name_of(folder) for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_no_tracked_file_names_this_machine_or_a_package_index() -> None:
    # The words are put together here so that this file does not find itself.
    words = [
        "/" + "work/",
        "/" + "root/",
        "/" + "tmp/",
        "pypi" + ".org",
        "python" + "hosted",
        "npm" + "js.org",
    ]
    found = {
        (name_of(path), word)
        for path in tracked()
        if path.suffix not in {".png", ".woff2", ".wav"}
        for word in words
        if word in path.read_text(encoding="utf-8", errors="replace")
    }
    assert found == set()


SHOWN = [
    kind
    for kind in vars(enums).values()
    if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum
]


def test_values_of_one_enum_differ_and_are_short_enough_for_their_column() -> None:
    for kind in SHOWN:
        assert len({member.value for member in kind}) == len(kind)
        assert max(len(member.value) for member in kind) <= 24, kind
