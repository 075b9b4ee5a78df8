"""Creates the database engine, for SQLite (one machine) and PostgreSQL (a city)."""

import select
import threading
import time
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    DisconnectionError,
    OperationalError,
    TimeoutError,  # noqa: A004 - every adapter handles this class
)
from sqlalchemy.pool import ConnectionPoolEntry

# How long a writer waits for the write lock of SQLite, among threads and among processes.
BUSY_TIMEOUT_SECONDS = 10
# Raised while the database cannot be reached, refuses connections, or is too busy. The same request may succeed later.
UNAVAILABLE = (OperationalError, TimeoutError)
# A network may drop a connection without a word, which only a query finds out.
PING_AFTER_SECONDS = 30.0


def open_engine(url: str, *, connections: int = 16) -> Engine:
    """Returns an engine for `url` that opens at most `connections`, and keeps half of them open when they are not used.

    Raises sqlalchemy.exc.ArgumentError for a malformed URL.
    SQLite runs in WAL mode with `BEGIN IMMEDIATE`.
    """
    parsed = make_url(url)
    pool_size = (connections + 1) // 2
    overflow = connections - pool_size
    if parsed.get_backend_name() != "sqlite":
        # Errors never quote parameters: they may be a caller's number or words.
        # The driver begins no transaction; `_begin_postgres` does, for the connections that need one.
        engine = create_engine(
            parsed,
            pool_size=pool_size,
            max_overflow=overflow,
            hide_parameters=True,
            isolation_level="AUTOCOMMIT",
        )
        event.listen(engine, "begin", _begin_postgres)
        _IdleConnections(engine).watch()
        return engine
    engine = create_engine(parsed, pool_size=pool_size, max_overflow=overflow, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    # Measured with four writers: plain BEGIN gives thousands of "database is locked", BEGIN IMMEDIATE none.
    _WriterLock().watch(engine)
    return engine


# Execution options of a connection. `reading`: its transaction takes no write lock on SQLite. `autocommit`: each of its
# statements is a transaction by itself.
READING, AUTOCOMMIT = {"reading": True}, {"autocommit": True}


def reading_options(engine: Engine) -> dict[str, Any]:
    """Returns the options of a connection that only reads: no write lock on SQLite, no transaction on PostgreSQL."""
    # On PostgreSQL each statement sees its own snapshot in a transaction as well; BEGIN and ROLLBACK would be two more
    # round trips.
    return READING if engine.dialect.name == "sqlite" else AUTOCOMMIT


def begin_writing(connection: Connection) -> None:
    """Makes the next statement of an `autocommit` connection begin a transaction on SQLite; on PostgreSQL it needs none.

    For a write of several statements on SQLite that is one statement on PostgreSQL. Changes nothing within a transaction.
    """
    if connection.dialect.name == "sqlite" and connection.get_execution_options().get("autocommit", False):
        connection.rollback()
        connection.execution_options(autocommit=False)


def _begin(connection: Connection, statement: str) -> None:
    """Executes `statement`. Raises OperationalError as SQLAlchemy does."""
    # By the driver itself: SQLAlchemy's way costs as much as a statement.
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute(statement)
    except connection.dialect.loaded_dbapi.Error as error:
        connection.invalidate(error)
        raise OperationalError(statement, None, error) from error


def _begin_postgres(connection: Connection) -> None:
    # A connection with an isolation level of its own has its transaction begun by the driver.
    driver: Any = connection.connection.driver_connection
    if driver.autocommit and not connection.get_execution_options().get("autocommit", False):
        _begin(connection, "BEGIN")


_ASYNCHRONOUS = text("SET LOCAL synchronous_commit TO off")


def commit_asynchronously(connection: Connection) -> None:
    """Lets the commit of this transaction return before it is on the disk of PostgreSQL; SQLite knows no difference.

    A crash of the database server may undo such a commit, and undoes no earlier one without it: only for changes that are
    made again then.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_ASYNCHRONOUS)


class _IdleConnections:
    """Replaces connections that the server has ended while they were idle, so that a restart loses no request.

    `pool_pre_ping` does the same by a round trip for every request.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def watch(self) -> None:
        event.listen(self._engine, "checkin", self._note_use)
        event.listen(self._engine, "checkout", self._check)

    def _note_use(self, _connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["used"] = time.monotonic()

    def _check(self, connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        """Raises DisconnectionError for a connection that is gone; the pool then opens another one."""
        used = entry.info.get("used")
        if used is None:
            return
        # A server that ends a connection says so, or closes it: either can be read. There is nothing else to read.
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        if not poll.poll(0) and time.monotonic() - used < PING_AFTER_SECONDS:
            return
        try:
            self._engine.dialect.do_ping(connection)
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError("the server has ended an idle connection") from error


class _WriterLock:
    """Lets the threads of one process wait for SQLite's write lock in a queue instead of polling the file's lock.

    Without it sixteen threads starve one another into "database is locked" after ten seconds; other
    processes still compete for the file. The lock is released when the connection returns to the pool,
    after its commit or rollback.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def watch(self, engine: Engine) -> None:
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "checkin", self._end)

    def _begin(self, connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("autocommit", False):
            return
        if options.get("reading", False):
            _begin(connection, "BEGIN")
            return
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_SECONDS):
            raise TimeoutError("the database was busy for too long")
        connection.info["turn"] = True
        _begin(connection, "BEGIN IMMEDIATE")

    def _end(self, _connection: SqliteConnection | None, entry: ConnectionPoolEntry) -> None:
        if entry.info.pop("turn", False):
            self._turn.release()


def _prepare_sqlite(connection: SqliteConnection, _record: Any) -> None:
    connection.isolation_level = None
    patience = f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}"
    for pragma in ("journal_mode=WAL", patience, "foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
