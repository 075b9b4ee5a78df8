"""What the migrations build is what the models say, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Engine, inspect, text

from hotline.store.engine import open_engine
from hotline.store.schema import migrate, newest, revision_of
from hotline.store.tables import Base
from tests.databases import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without any table."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
        yield engine
        engine.dispose()
        return
    server: Postgres | None = request.getfixturevalue("postgres")
    if server is None:
        pytest.skip("no PostgreSQL on this machine")
    with server.clone(empty=True) as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def test_the_migrations_build_exactly_the_models(empty: Engine) -> None:
    assert migrate(empty) == (None, newest())
    with empty.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


@pytest.fixture
def modelled(empty: Engine, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A second database of the same kind, made from the models."""
    if empty.dialect.name == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'modelled.sqlite3'}")
        Base.metadata.create_all(engine)
        yield engine
        engine.dispose()
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.clone() as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


@pytest.mark.parametrize(
    "look", ["get_indexes", "get_foreign_keys", "get_unique_constraints", "get_check_constraints"]
)
def test_names_built_are_names_meant(empty: Engine, modelled: Engine, look: str) -> None:
    """Compared by name as well, since autogenerate overlooks check constraints and partial indexes."""
    migrate(empty)
    for table in Base.metadata.tables:
        built, meant = (
            sorted(str(item["name"]) for item in getattr(inspect(engine), look)(table))
            for engine in (empty, modelled)
        )
        assert built == meant, table


def test_migrating_twice_changes_nothing_and_keeps_the_rows(empty: Engine) -> None:
    migrate(empty)
    with empty.begin() as connection:
        connection.execute(text("INSERT INTO counters (name, value) VALUES ('kept', 7)"))
    assert migrate(empty) == (newest(), newest())
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT value FROM counters WHERE name = 'kept'")) == 7
        assert revision_of(connection) == newest()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(empty: Engine) -> None:
    migrate(empty)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CommandError, match="9999"):
        migrate(empty)
    with empty.connect() as connection:
        assert revision_of(connection) == "9999"
