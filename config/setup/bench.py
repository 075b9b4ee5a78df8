"""Runs every benchmark of tests/benchmarks for `make bench`; each prints a table."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "tests" / "benchmarks"


def main() -> int:
    """Runs all benchmarks, even after one has failed; returns exit status 1 if any failed."""
    failed = []
    for path in sorted(FOLDER.glob("bench_*.py")):
        print(f"\n== {path.stem}", flush=True)
        module = f"tests.benchmarks.{path.stem}"
        if (
            subprocess.run([sys.executable, "-m", module], cwd=FOLDER.parent.parent, check=False).returncode
            != 0
        ):
            failed.append(path.stem)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
