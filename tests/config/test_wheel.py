"""A wheel built from a fresh checkout carries everything: installed into an empty environment it shows its pages."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from config.setup.build_backend import make_files
from tests.architecture.sources import ROOT, copy_tree
from tests.journeys.production import production_environ

MADE = ("agent_console/static/dist/manifest.json", "agent_console/translations/en/LC_MESSAGES/messages.mo")
PAGES = """
import hotline
from config.processes.serve import create_app
print(hotline.__file__)
browser = create_app().test_client()
page = browser.get("/login")
assert page.status_code == 200, page.status
assert "Password" in page.text, "not English"
links = [part.split('"')[0] for part in page.text.split('"/assets/')[1:]]
assert len(links) >= 2, page.text
for link in links:
    assert browser.get("/assets/" + link).status_code == 200, link
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which nothing has been built; its browser packages are those of this one."""
    if not (ROOT / "node_modules").exists():
        pytest.skip("no browser packages: run config/setup/bootstrap.py test")
    folder = tmp_path_factory.mktemp("checkout")
    copy_tree(folder)
    shutil.rmtree(folder / "tests")
    for name in ("package.json", "package-lock.json", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    assert not [name for name in MADE if (folder / name).exists()]
    return folder


@pytest.fixture(scope="module")
def wheel(checkout: Path) -> Path:
    environ = {**os.environ, "PATH": os.pathsep.join((os.environ["PATH"], str(Path(sys.executable).parent)))}
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    built = subprocess.run(
        [*command, "-w", checkout / "wheels", checkout],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (found,) = (checkout / "wheels").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has our dependencies and, of ours, nothing but the wheel."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    packages = next(home.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    # A path in a .pth file does not process the .pth files of that folder, so the checkout is not on the path.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    return home / "bin" / "python"


def run(python: Path, folder: Path, *command: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return subprocess.run(
        [python, *command],
        cwd=folder,
        env=kept | {"HOTLINE_HOME": str(folder)} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_installed_wheel_migrates_and_shows_its_pages_in_english(python: Path, tmp_path: Path) -> None:
    migrated = run(python, tmp_path, "-m", "config.cli", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert "95 units" in migrated.stdout
    shown = run(python, tmp_path, "-c", PAGES, HOTLINE_LOCALE="en")
    assert shown.returncode == 0, shown.stderr
    assert Path(shown.stdout.strip()).is_relative_to(python.parents[1])


@pytest.mark.parametrize("lost", MADE)
def test_production_does_not_start_without_the_files_that_building_makes(
    python: Path, tmp_path: Path, lost: str
) -> None:
    path = next(python.parents[1].glob("lib/python*/site-packages")) / lost
    aside = path.rename(path.with_name("aside"))
    try:
        environ = production_environ(
            DATABASE_URL=f"sqlite:///{tmp_path}/hotline.sqlite3",
            REDIS_URL="redis://127.0.0.1:1/0",
            PUBLIC_URL="https://hotline.example",
            PYTHONPATH="",
        )
        refused = run(python, tmp_path, "-m", "config.processes.serve", "web", **environ)
    finally:
        aside.rename(path)
    assert refused.returncode == 2, refused.stderr
    last = refused.stderr.splitlines()[-1]
    assert last == f"hotline: {lost} is missing: install a built wheel, or run config/setup/bootstrap.py run"


def test_a_wheel_cannot_be_built_where_the_files_cannot_be_made(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "agent_console" / "static").mkdir(parents=True)
    with pytest.raises(SystemExit, match="the browser files are not there"):
        make_files(tmp_path)
