"""The build backend of the project: setuptools, and before it the files that are not in the repository.

A wheel needs the bundled browser files and the compiled translations. They are made by Node and Babel when the wheel is built,
so that a wheel without them cannot be built. pip imports this module from its folder (`backend-path` in pyproject.toml).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from setuptools import build_meta

ROOT = Path(__file__).resolve().parent.parent.parent
OLDEST_NODE = 20

# An editable installation runs from the checkout: config/setup/bootstrap.py makes the files there.
build_editable = build_meta.build_editable
get_requires_for_build_editable = build_meta.get_requires_for_build_editable
get_requires_for_build_sdist = build_meta.get_requires_for_build_sdist
get_requires_for_build_wheel = build_meta.get_requires_for_build_wheel
prepare_metadata_for_build_editable = build_meta.prepare_metadata_for_build_editable
prepare_metadata_for_build_wheel = build_meta.prepare_metadata_for_build_wheel

Config = Mapping[str, Any] | None


def build_wheel(folder: str, config_settings: Config = None, metadata_directory: str | None = None) -> str:
    make_files(ROOT)
    return str(build_meta.build_wheel(folder, config_settings, metadata_directory))


def build_sdist(folder: str, config_settings: Config = None) -> str:
    make_files(ROOT)
    return str(build_meta.build_sdist(folder, config_settings))


def make_files(root: Path) -> None:
    """Bundles the browser files and compiles the translations. Raises SystemExit with one line if that is not possible."""
    if (root / "package.json").exists():
        _bundle(root)
    if not (root / "agent_console" / "static" / "dist" / "manifest.json").exists():
        raise SystemExit("the browser files are not there, and package.json to build them is not either")
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "compile", "--use-fuzzy"]
    _run(
        [*command, "-d", str(root / "agent_console" / "translations")],
        root,
        "a translation catalogue is broken",
    )


def _bundle(root: Path) -> None:
    # A Node that config/setup/bootstrap.py has installed lies in the virtual environment.
    path = os.pathsep.join((os.environ.get("PATH", ""), str(root / ".venv" / "bin")))
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise SystemExit(
            f"Node {OLDEST_NODE} or later with npm is needed to build the browser files of the wheel"
        )
    environ = {**os.environ, "PATH": path}
    if not (root / "node_modules").exists():
        install = [npm, "ci", "--ignore-scripts", "--no-fund", "--no-audit", "--omit=dev"]
        _run(install, root, "npm ci failed", environ)
    _run([npm, "run", "--silent", "build"], root, "the browser files could not be built", environ)


def _run(command: list[str], root: Path, why: str, environ: Mapping[str, str] | None = None) -> None:
    if subprocess.run(command, cwd=root, env=environ, check=False).returncode != 0:
        raise SystemExit(why)
