"""Migrates a database to the tables of this version, from a checkout or an installed package alike."""

from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, Index, text

from hotline.store.tickets.search_index import FTS_TABLE

# PostgreSQL advisory lock: hosts that migrate at the same moment do so one after the other.
LOCK = 4_412_345


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "hotline.store:migrations")
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> tuple[str | None, str]:
    """Migrates the database of `engine` to the newest revision, in one transaction. Returns (revision before, after).

    Raises sqlalchemy.exc.OperationalError if the database cannot be reached and alembic.util.CommandError
    if it was written by a newer version.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        before = MigrationContext.configure(connection).get_current_revision()
        command.upgrade(_config(connection), "head")
    return before, newest()


def revert(engine: Engine, revision: str) -> None:
    """Takes the database back to an older revision, in one transaction, so that the version of that time can run.

    Raises what `migrate` raises, and CommandError for a revision that this version does not know.
    """
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        command.downgrade(_config(connection), revision)


def newest() -> str:
    """Returns the newest revision this version knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def revision_of(connection: Connection) -> str | None:
    """Returns the revision of the database; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def write_revision(connection: Connection, message: str) -> None:
    """Writes the migration from the database's tables to the current models into the source tree (for developers)."""
    command.revision(_config(connection), message=message, autogenerate=True)


def is_compared(item: Any, name: str | None, kind: str, _reflected: bool, _meant: Any) -> bool:
    """Returns whether Alembic compares an object of the database with the models.

    It does not read indexes over expressions as they were written; `tests.architecture.test_migrations` compares them, and
    the tables of the search on SQLite.
    """
    if kind == "table" and (name or "").startswith(FTS_TABLE):
        return False
    return not isinstance(item, Index) or all(isinstance(part, Column) for part in item.expressions)
