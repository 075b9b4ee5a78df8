"""Opening the database: the same code on SQLite (one machine) and PostgreSQL (a city)."""

import threading
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import TimeoutError  # noqa: A004 - the family every door already knows
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_SECONDS = 10
"""How long a writer waits for its turn on SQLite, among threads and among processes."""


def open_engine(url: str, *, pool_size: int = 8) -> Engine:
    """Return an engine for `url`. Errors never quote parameters: they may be a caller's number or words.

    SQLite runs in WAL with `BEGIN IMMEDIATE`: measured, plain `BEGIN` gives thousands of "database is
    locked" under four writers and IMMEDIATE none. Raises sqlalchemy.exc.ArgumentError for a malformed URL.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            parsed, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, hide_parameters=True
        )
    engine = create_engine(parsed, pool_size=pool_size, max_overflow=pool_size, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    _WriterLock().watch(engine)
    return engine


class _WriterLock:
    """SQLite has one writer at a time. Threads of one process take turns here instead of polling the file's lock.

    Without it sixteen threads starve one another into "database is locked" after ten seconds; other processes
    still meet at the file. The turn ends when the connection is back in the pool, after its commit or rollback.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def watch(self, engine: Engine) -> None:
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "checkin", self._end)

    def _begin(self, connection: Connection) -> None:
        if connection.get_execution_options().get("reading", False):
            connection.exec_driver_sql("BEGIN")
            return
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_SECONDS):
            raise TimeoutError("the database was busy for too long")
        connection.info["turn"] = True
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def _end(self, _connection: SqliteConnection | None, entry: ConnectionPoolEntry) -> None:
        if entry.info.pop("turn", False):
            self._turn.release()


def _prepare_sqlite(connection: SqliteConnection, _record: Any) -> None:
    connection.isolation_level = None
    patience = f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}"
    for pragma in ("journal_mode=WAL", patience, "foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
