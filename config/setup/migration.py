"""Writes a migration from the newest revision to the models for `make migration m="why"`."""

import sys
import tempfile
from pathlib import Path

from hotline.store.engine import open_engine
from hotline.store.schema import migrate, write_revision


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not arguments[0].strip():
        print('usage: make migration m="why the tables change"', file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="hotline-") as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'scratch.sqlite3'}")
        migrate(engine)
        with engine.connect() as connection:
            write_revision(connection, arguments[0].strip())
        engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
