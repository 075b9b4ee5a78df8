"""Writing a row at the price of the database: statements are built once per table, values travel as parameters.

Measured: building `insert(Row).values(...)` anew for each webhook cost more than the database itself. Nothing here
looks at the session's pending objects: flush what a row refers to first.
"""

from functools import lru_cache
from typing import Any

from sqlalchemy import Executable, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from hotline.store.base import Base


def claim_row(
    session: Session, table: type[Base], returning: InstrumentedAttribute[Any], values: dict[str, Any]
) -> Any:
    """Claim by insertion: the first writer wins on both databases alike.

    Returns the column `returning` of the new row, or None if a unique key was already taken.
    """
    connection = session.connection()
    statement = _claim(table, returning.key, connection.dialect.name)
    return connection.execute(statement, values).scalar_one_or_none()


def write_row(session: Session, table: type[Base], values: dict[str, Any]) -> None:
    """Insert `values` as one row."""
    session.connection().execute(_insert(table), values)


def changed(session: Session, statement: Executable) -> bool:
    """Run a conditional update; say whether it changed exactly one row, i.e. whether the race was won."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return getattr(result, "rowcount", 0) == 1


@lru_cache(maxsize=64)
def _insert(row: type[Base]) -> Executable:
    return insert(_table(row))


@lru_cache(maxsize=64)
def _claim(row: type[Base], returning: str, dialect: str) -> Executable:
    table = _table(row)
    column = table.c[returning]
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing().returning(column)
    return postgresql.insert(table).on_conflict_do_nothing().returning(column)


def _table(row: type[Base]) -> Table:
    table = row.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{row.__name__} is not a table")
    return table
