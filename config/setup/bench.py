"""Runs the benchmarks of tests/benchmarks for `make bench`; each prints a table, and all results go into docs/benchmarks.md."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
# Results are kept by benchmark, so that a run of some of them keeps the lines of the others.
RESULTS = ROOT / "var" / "benchmarks"
DOCUMENT = ROOT / "docs" / "benchmarks.md"


def names() -> list[str]:
    """Returns the names of all benchmarks."""
    return sorted(
        path.stem.removeprefix("bench_") for path in (ROOT / "tests" / "benchmarks").glob("bench_*.py")
    )


def run(name: str) -> bool:
    """Runs one benchmark and keeps its results; returns whether it met its targets."""
    print(f"\n== {name}", flush=True)
    new = RESULTS / f"{name}.new"
    new.unlink(missing_ok=True)
    command = [sys.executable, "-m", f"tests.benchmarks.bench_{name}"]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, "BENCH_RESULTS": str(new)}, check=False)
    # A benchmark that broke off keeps its earlier results.
    if new.exists():
        new.replace(RESULTS / f"{name}.jsonl")
    return ended.returncode == 0


def write_document() -> None:
    """Replaces the table of docs/benchmarks.md by the kept results."""
    command = [sys.executable, "-m", "tests.benchmarks.results", str(RESULTS), str(DOCUMENT)]
    subprocess.run(command, cwd=ROOT, check=True)


def main(arguments: list[str]) -> int:
    """Runs the named benchmarks, or all, even after one has failed; returns exit status 1 if any missed its target."""
    if unknown := sorted(set(arguments) - set(names())):
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(names())}", file=sys.stderr)
        return 2
    RESULTS.mkdir(parents=True, exist_ok=True)
    failed = [name for name in arguments or names() if not run(name)]
    write_document()
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
