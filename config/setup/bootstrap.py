"""Installs the project for `make`: virtual environment, packages, browser files, translations.

The Python of the machine runs it before any package is installed.

Every step remembers a hash of what it was made from (in `.venv/steps`) and is skipped while that is unchanged, so the
second `make run` begins at once. Packages come from the hashed locks only, by uv where there is one, else by pip.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
STEPS = VENV / "steps"
OLDEST_NODE = 20


class Stop(Exception):
    """The set-up cannot go on; the message says what to do."""


def main(arguments: list[str]) -> int:
    """Installs for `run` or `test` (with the test extras); returns exit status 2 if the machine lacks something."""
    if arguments not in (["run"], ["test"]):
        print("usage: bootstrap.py run|test", file=sys.stderr)
        return 2
    os.chdir(ROOT)
    try:
        make_venv()
        install(dev=arguments == ["test"])
        build_browser_files(dev=arguments == ["test"])
        compile_translations()
    except Stop as stop:
        print(f"\nset-up: {stop}", file=sys.stderr)
        return 2
    return 0


def step(name: str, made_from: str) -> bool:
    """Says whether the step must be done: it never was, or its sources have changed."""
    mark = STEPS / name
    return not mark.exists() or mark.read_text() != made_from


def done(name: str, made_from: str) -> None:
    STEPS.mkdir(exist_ok=True)
    (STEPS / name).write_text(made_from)


def digest(paths: Iterable[Path]) -> str:
    """Returns one hash over names and contents."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def run(command: list[str | Path], why: str, environ: Mapping[str, str] | None = None) -> None:
    """Runs a command and shows its output. Raises Stop with `why` if it fails."""
    if subprocess.run(command, env=environ, check=False).returncode != 0:
        raise Stop(why)


def make_venv() -> None:
    """Makes `.venv` with this Python unless there is one that works."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is the one that an older Python may be given
        raise Stop(
            f"Python 3.11 or later is needed, this is {sys.version.split()[0]}: make PYTHON=python3.11 …"
        )
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    if PYTHON.exists() and _version_of(PYTHON) == wanted:
        return
    print("· 建立虚拟环境 making the virtual environment", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        run([sys.executable, "-m", "venv", VENV], "")
    except Stop:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Stop(
            f"this Python cannot make virtual environments. On Debian and Ubuntu: "
            f"sudo apt-get install python{wanted}-venv (or python3-venv)"
        ) from None


def _version_of(python: Path) -> str:
    command = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return str(subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip())


def install(*, dev: bool) -> None:
    """Installs the locked packages and the project itself (its `hotline` command), editable."""
    tools, lock = ROOT / "locks" / "tools.txt", ROOT / "locks" / ("dev.txt" if dev else "run.txt")
    made_from = digest([tools, lock, ROOT / "pyproject.toml"])
    if not step(lock.stem, made_from):
        return
    print(f"· 安装依赖 installing packages ({lock.name})", flush=True)
    pip: list[str | Path] = [PYTHON, "-m", "pip", "--disable-pip-version-check"]
    if not (BIN / "uv").exists():
        installed = subprocess.run([*pip, "install", "-q", "--require-hashes", "-r", tools], check=False)
        if installed.returncode != 0:
            print("  uv 不可用，改用 pip / no uv for this machine, using pip", flush=True)
    _install_locked(lock, pip)
    editable: list[str | Path] = ["install", "-q", "--no-deps", "--no-build-isolation", "-e", "."]
    run([*pip, *editable], "the project itself could not be installed")
    done(lock.stem, made_from)


def _install_locked(lock: Path, pip: list[str | Path]) -> None:
    uv = BIN / "uv"
    if uv.exists():
        fast: list[str | Path] = [uv, "pip", "install", "--python", PYTHON, "--require-hashes", "-r", lock]
        if subprocess.run(fast, check=False).returncode == 0:
            return
        print("  uv 安装失败，改用 pip / uv failed, trying pip", flush=True)
    slow: list[str | Path] = ["install", "--require-hashes", "--progress-bar", "on", "-r", lock]
    run([*pip, *slow], f"the packages of {lock.name} could not be installed; is a package index reachable?")


def build_browser_files(*, dev: bool) -> None:
    """Bundles style sheets and scripts with Node 20 from the PATH, or else with the Node of locks/node.txt in `.venv`.

    The linter and the type checker of the browser code are installed for `dev` only.
    """
    lock = digest([ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc"])
    static = ROOT / "agent_console" / "static"
    shared = ROOT / "hotline" / "exchange" / "static"
    sources = [
        path for path in static.rglob("*") if path.is_file() and "dist" not in path.relative_to(static).parts
    ] + [*shared.glob("*.js")]
    made_from = lock + digest(sources)
    is_built = (static / "dist" / "manifest.json").exists() and not step("browser", made_from)
    # A node_modules with the development tools serves `run` too.
    whole, least = f"{lock} with development tools", lock
    is_installed = (ROOT / "node_modules").exists() and (
        not step("npm", whole) or (not dev and not step("npm", least))
    )
    if is_built and (is_installed or not dev):
        return
    environ = _with_node()
    npm = shutil.which("npm", path=environ["PATH"])
    if npm is None:
        raise Stop("npm is missing beside node: install it, or take node off the PATH and run again")
    if not is_installed:
        print("· 安装前端依赖 installing browser packages", flush=True)
        omitted: list[str | Path] = [] if dev else ["--omit=dev"]
        run([npm, "ci", "--ignore-scripts", "--no-fund", "--no-audit", *omitted], "npm ci failed", environ)
        done("npm", whole if dev else least)
    if not is_built:
        print("· 构建前端 building browser files", flush=True)
        run([npm, "run", "--silent", "build"], "the browser files could not be built", environ)
        done("browser", made_from)


def _with_node() -> dict[str, str]:
    """Returns an environment with Node 20 or later first on its PATH; installs one into `.venv` if there is none."""
    environ = dict(os.environ)
    if shutil.which("npm") and _node_version(environ) >= OLDEST_NODE:
        return environ
    environ["PATH"] = os.pathsep.join((str(BIN), environ.get("PATH", "")))
    if not (BIN / "node").exists():
        print("· 安装 Node installing Node (none of 20 or later on the PATH)", flush=True)
        _install_locked(ROOT / "locks" / "node.txt", [PYTHON, "-m", "pip", "--disable-pip-version-check"])
    if _node_version(environ) < OLDEST_NODE:
        raise Stop(f"Node {OLDEST_NODE} or later is needed to build the browser files")
    return environ


def _node_version(environ: Mapping[str, str]) -> int:
    """Returns the major version of `node` on the PATH of `environ`; 0 if there is none."""
    node = shutil.which("node", path=environ["PATH"])
    if node is None:
        return 0
    output = subprocess.run(
        [node, "--version"], capture_output=True, text=True, check=False, env=environ
    ).stdout
    major = output.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def compile_translations() -> None:
    """Compiles the message catalogues of the console."""
    folder = ROOT / "agent_console" / "translations"
    catalogues = list(folder.rglob("*.po"))
    made_from = digest(catalogues)
    there = all(path.with_suffix(".mo").exists() for path in catalogues)
    if there and not step("translations", made_from):
        return
    print("· 编译翻译 compiling translations", flush=True)
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "babel.messages.frontend",
        "-q",
        "compile",
        "--use-fuzzy",
        "-d",
        folder,
    ]
    run(command, "a translation catalogue is broken")
    done("translations", made_from)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
