"""Writes a migration from the newest revision to the models for `make migration m="why"`."""

import sys
import tempfile
from pathlib import Path

from hotline.store.engine import open_engine
from hotline.store.schema import migrate, write_revision


def main() -> None:
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        print('usage: make migration m="why the tables change"', file=sys.stderr)
        raise SystemExit(2)
    with tempfile.TemporaryDirectory(prefix="hotline-") as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'scratch.sqlite3'}")
        migrate(engine)
        with engine.connect() as connection:
            write_revision(connection, sys.argv[1].strip())
        engine.dispose()


if __name__ == "__main__":
    main()
