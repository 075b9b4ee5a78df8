"""Implements `make mutants`: changes the pure rules in small ways and expects a test to fail for each change.

mutmut makes and runs the mutants in a copy of the tree below `build/`. A mutant that survives must stand in
`tests/mutants.toml` with its reason; a listed mutant that no longer survives must be removed from there.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
COPY = ROOT / "build" / "mutants"
ACCEPTED = ROOT / "tests" / "mutants.toml"
LIMIT_SECONDS = 1800
CHILDREN = "2"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one line. `function` is its dotted name; `before` and `after` are the line without its indent."""

    function: str
    before: str
    after: str


def main() -> int:
    """Runs all mutants. Returns 1 if one survives unlisted, or a listed one does not survive; 2 on a failed run."""
    copy_tree()
    accepted = Counter(read_accepted(ACCEPTED))
    returncode, printed = run_bounded([_mutmut(), "run", "--max-children", CHILDREN], COPY, LIMIT_SECONDS)
    if returncode != 0:
        print(printed[-4000:], file=sys.stderr)
        return 2
    states, alive = survivors()
    print(", ".join(f"{state} {count}" for state, count in sorted(states.items())))
    unlisted, unneeded = Counter(alive) - accepted, accepted - Counter(alive)
    for title, found in (
        ("survives and is not listed", unlisted),
        ("is listed and does not survive", unneeded),
    ):
        for mutant in found.elements():
            print(f"\n{title}: {mutant.function}\n- {mutant.before}\n+ {mutant.after}")
    print(
        f"\nsurvivors listed with a reason: {(Counter(alive) & accepted).total()}, unlisted: {unlisted.total()}"
    )
    return 1 if unlisted or unneeded else 0


def run_bounded(command: list[str], folder: Path, seconds: float) -> tuple[int, str]:
    """Runs `command` for at most `seconds`. Returns its exit status (-9 when it took longer) and its output."""
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    ) as process:
        try:
            printed, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            # The whole group: a forked worker that hangs would otherwise keep the output open.
            os.killpg(process.pid, signal.SIGKILL)
            printed, _ = process.communicate()
            printed += f"\nstopped after {seconds:g} s"
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, printed


def copy_tree() -> None:
    """Copies the tracked files, so that mutmut never writes beside the sources."""
    shutil.rmtree(COPY, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        target = COPY / name
        if (ROOT / name).is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)


def survivors() -> tuple[Counter[str], list[Mutant]]:
    """Returns how many mutants ended in each state, and those that no test killed."""
    stats = subprocess.run(
        [_mutmut(), "export-cicd-stats"], cwd=COPY, capture_output=True, text=True, check=False
    )
    if stats.returncode != 0:
        raise SystemExit(stats.stdout + stats.stderr)
    counts = json.loads((COPY / "mutants" / "mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    states = Counter(
        {state: int(count) for state, count in counts.items() if isinstance(count, int) and count}
    )
    listed = subprocess.run(
        [_mutmut(), "results"], cwd=COPY, capture_output=True, text=True, check=True
    ).stdout
    names = re.findall(
        r"^\s*(\S+): (?:survived|no tests|suspicious|segfault|not checked)", listed, re.MULTILINE
    )
    return states, [_read(name) for name in names]


def read_accepted(path: Path) -> list[Mutant]:
    """Returns the survivors that are listed with a reason. Raises KeyError for an entry without one."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
    missing = [entry for entry in entries if not entry.get("reason", "").strip()]
    if missing:
        raise KeyError(f"no reason: {missing}")
    return [Mutant(entry["function"], entry["before"], entry["after"]) for entry in entries]


def _read(name: str) -> Mutant:
    shown = subprocess.run(
        [_mutmut(), "show", name], cwd=COPY, capture_output=True, text=True, check=True
    ).stdout
    removed = [line[1:].strip() for line in shown.splitlines() if re.match(r"-(?!--)", line)]
    added = [line[1:].strip() for line in shown.splitlines() if re.match(r"\+(?!\+\+)", line)]
    function = re.sub(r"\.xǁ(\w+)ǁ", r".\1.", name.rpartition("__mutmut_")[0].replace(".x_", "."))
    return Mutant(function, "\n".join(removed), "\n".join(added))


def _mutmut() -> str:
    return str(Path(sys.executable).with_name("mutmut"))


if __name__ == "__main__":
    sys.exit(main())
