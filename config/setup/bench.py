"""`make bench`: run every benchmark in tests/benchmarks as a script; each prints its table."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "tests" / "benchmarks"


def main() -> int:
    """Run all, even after one has failed; 1 if any failed."""
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
