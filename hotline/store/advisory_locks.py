"""One after another on both databases: what must be counted before it is added to is counted by one Work at a time.

SQLite's Works do so anyway (each begins with the writer's lock). On PostgreSQL the transaction holds a lock under a
name: no row is needed for it, so nothing shows which names have ever been asked for, and nothing is left behind.
"""

from collections.abc import Iterable
from hashlib import blake2b

from sqlalchemy import Connection, text

_LOCK = text("SELECT pg_advisory_xact_lock(:number)")


def acquire_advisory_locks(connection: Connection, names: Iterable[str]) -> None:
    """Wait until no other Work has any of `names`; they are let go when this one's transaction ends.

    All a Work needs are asked for at once and taken in one order, so that two Works never wait for each other.
    """
    if connection.dialect.name == "sqlite":
        return
    for number in sorted({_number(name) for name in names}):
        connection.execute(_LOCK, {"number": number})


def _number(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
