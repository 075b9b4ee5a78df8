"""`/readyz` answers 503 and names each component that is not ready."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import create_engine, make_url, text
from structlog.testing import capture_logs

from config.processes.serve import create_app
from config.readiness import StartedFiles, database_trouble, redis_trouble, storage_trouble
from config.settings import read_settings
from hotline.gateways.storage.folder import FolderStorage
from hotline.store.engine import open_engine
from hotline.store.schema import newest
from tests.databases import Postgres
from tests.journeys.production import REDIS_PASSWORD, redis_with_password
from tests.ports import free_port


def test_a_storage_that_is_missing_or_returns_something_else_is_named(tmp_path: Path) -> None:
    assert storage_trouble(FolderStorage(tmp_path)) is None
    assert storage_trouble(FolderStorage(tmp_path / "sounds")) == (
        f"No such file or directory: {tmp_path}/sounds/.incoming"
    )
    assert list((tmp_path / "check").iterdir()) == []

    class Forgetful(FolderStorage):
        def read(self, *_: object) -> Iterator[bytes]:
            return iter((b"something", b" else"))

    assert storage_trouble(Forgetful(tmp_path)) == "returns another content than was written"


@contextmanager
def readiness(home: Path, **environ: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The status and the answer of `/readyz` in a process with this environment."""
    app = create_app(read_settings({"HOTLINE_HOME": str(home), **environ}))
    response = app.test_client().get("/readyz")
    yield response.status_code, response.get_json()


def test_a_database_whose_file_cannot_be_opened_is_named(tmp_path: Path, redis_url: str) -> None:
    url = f"sqlite:///{tmp_path / 'nowhere' / 'hotline.sqlite3'}"
    with readiness(tmp_path, DATABASE_URL=url, REDIS_URL=redis_url) as answer:
        assert answer == (503, {"database": "does not answer", "redis": "ok"})


def test_everything_that_is_away_is_named_at_once(tmp_path: Path) -> None:
    url = f"postgresql://127.0.0.1:{free_port()}/hotline"
    with readiness(tmp_path, DATABASE_URL=url, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0") as answer:
        assert answer == (503, {"database": "does not answer", "redis": "does not answer"})


@pytest.mark.parametrize("revision", ["0001", "9999"])
def test_a_database_of_another_version_is_named_with_both_revisions(
    tmp_path: Path, database_url: str, redis_url: str, revision: str
) -> None:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
    engine.dispose()
    with readiness(tmp_path, DATABASE_URL=database_url, REDIS_URL=redis_url) as (status, answer):
        assert status == 503
        assert answer["redis"] == "ok"
        assert answer["database"] == (
            f"is at revision {revision}, this version needs {newest()}: run hotline migrate"
        )


def reason_of(url: str) -> str:
    """Returns the logged reason of a database that does not answer."""
    with capture_logs() as logs:
        assert database_trouble(open_engine(url)) == "does not answer"
    (line,) = logs
    assert (line["event"], line["trouble"]) == ("readiness.database", "OperationalError")
    return str(line["reason"])


def test_the_log_says_why_a_database_refuses(postgres: Postgres | None) -> None:
    port = free_port()
    refused = reason_of(f"postgresql+psycopg://hotline:a-password@127.0.0.1:{port}/hotline")
    assert "Connection refused" in refused
    assert "a-password" not in refused
    if postgres is None:
        pytest.skip("no PostgreSQL")
    with postgres.clone(empty=True) as url:
        unknown = make_url(url).set(database="not-there").render_as_string(hide_password=False)
        assert 'database "not-there" does not exist' in reason_of(unknown)
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE ROLE locked_out NOLOGIN PASSWORD 'a-password'"))
        locked_out = make_url(url).set(username="locked_out", password="a-password")
        reason = reason_of(locked_out.render_as_string(hide_password=False))
        with engine.connect() as connection:
            connection.execute(text("DROP ROLE locked_out"))
        engine.dispose()
        assert 'role "locked_out" is not permitted to log in' in reason
        assert "a-password" not in reason


def test_the_log_says_why_redis_refuses(tmp_path: Path) -> None:
    def reason(url: str) -> str:
        with capture_logs() as logs:
            assert redis_trouble(Redis.from_url(url)) == "does not answer"
        return str(logs[0]["reason"])

    with redis_with_password(tmp_path) as port:
        given = Redis(port=port, password=REDIS_PASSWORD)
        for _ in range(500):
            try:
                given.ping()
                break
            except RedisConnectionError:
                continue
        assert "Authentication required" in reason(f"redis://127.0.0.1:{port}/0")
        wrong = reason(f"redis://:wrong-password@127.0.0.1:{port}/0")
        assert "password" in wrong
        assert "wrong-password" not in wrong
    assert "refused" in reason(f"redis://127.0.0.1:{port}/0")


def test_a_process_says_once_that_its_files_have_changed(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    units = tmp_path / "config" / "units.toml"
    units.write_text("")
    files = StartedFiles(tmp_path)
    with capture_logs() as logs:
        assert not files.report_changes()
        (tmp_path / "config" / "__pycache__.pyc").write_text("")
        assert not files.report_changes()
        units.touch()
        os.utime(units, ns=(1, 1))
        assert files.report_changes()
        assert files.report_changes()
    assert [(line["event"], line["first"]) for line in logs] == [("process.outdated", "config/units.toml")]
