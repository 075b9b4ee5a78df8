"""Measures lists, inboxes, searches and reports over HTTP on SQLite, as `bench_lists` does on PostgreSQL. Run by `make bench`."""

import sys
import tempfile

from tests.benchmarks.bench_lists import SIZES, measure_database


def main() -> int:
    print(f"## Lists, searches and reports over HTTP on SQLite, up to {SIZES[-1]:,} tickets")
    with tempfile.TemporaryDirectory(prefix="hl-b-") as folder:
        urls = [f"sqlite:///{folder}/{size}.sqlite3" for size in SIZES]
        return 0 if all(measure_database("sqlite", urls)) else 1


if __name__ == "__main__":
    sys.exit(main())
