"""`/readyz` answers 503 and names each component that is not ready."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from config.processes.serve import create_app
from config.settings import read_settings
from hotline.store.engine import open_engine
from hotline.store.schema import newest
from tests.ports import free_port


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
