"""Advisory locks: serialise units of work that count rows before they add one.

SQLite needs none, because each of its units of work begins with the write lock. On PostgreSQL the
transaction holds a lock under a name. No row stands for the name, so nothing shows which names were ever
used, and nothing is left behind.
"""

from collections.abc import Iterable
from hashlib import blake2b

from sqlalchemy import Connection, text

_LOCK = text("SELECT pg_advisory_xact_lock(:number)")


def acquire_advisory_locks(connection: Connection, names: Iterable[str]) -> None:
    """Waits until no other unit of work holds any of `names`; the locks end with this transaction."""
    if connection.dialect.name == "sqlite":
        return
    # Lock order: all locks of a unit of work are taken at once and sorted, so that two units of work never
    # wait for each other.
    for number in sorted({_number(name) for name in names}):
        connection.execute(_LOCK, {"number": number})


def _number(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
