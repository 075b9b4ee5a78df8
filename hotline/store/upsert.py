"""Inserts and conditional updates with statements built once per table; values travel as parameters.

These functions do not flush the session: flush the rows that a new row refers to first.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Executable, Row, Table, bindparam, insert, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session
from sqlalchemy.sql.elements import KeyedColumnElement


def insert_if_absent(
    to: Session | Connection,
    table: type[DeclarativeBase],
    returning: KeyedColumnElement[Any] | InstrumentedAttribute[Any],
    values: dict[str, Any],
) -> Any:
    """Inserts a row unless a unique key is taken; the first writer wins on both databases.

    Returns the column `returning` of the new row, or None if a unique key was taken.
    """
    connection = to if isinstance(to, Connection) else to.connection()
    statement = _insert_if_absent(table, (str(returning.key),), connection.dialect.name)
    return connection.execute(statement, values).scalar_one_or_none()


def insert_key_if_absent(
    connection: Connection, table: type[DeclarativeBase], values: dict[str, Any]
) -> bool:
    """Inserts as `insert_if_absent` when the caller knows the row's key; returns whether the key was free."""
    result = connection.execute(_insert_if_absent(table, (), connection.dialect.name), values)
    return result.rowcount == 1


def insert_new(
    connection: Connection,
    table: type[DeclarativeBase],
    returning: tuple[str, ...],
    rows: Sequence[dict[str, Any]],
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Inserts those of `rows` whose unique keys are free, in their order and in one round trip.

    Returns the columns `returning` of the new rows, which come in any order.
    """
    statement = _insert_if_absent(table, returning, connection.dialect.name)
    return connection.execute(statement, rows).all() if rows else ()


def insert_row(connection: Connection, table: type[DeclarativeBase], values: dict[str, Any]) -> None:
    """Inserts `values` as one row."""
    connection.execute(_insert(table), values)


def updated_one(session: Session, statement: Executable) -> bool:
    """Executes a conditional update; returns whether it changed exactly one row, i.e. whether the race was won."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return getattr(result, "rowcount", 0) == 1


def insert_rows(connection: Connection, table: type[DeclarativeBase], rows: Sequence[dict[str, Any]]) -> None:
    """Inserts a few `rows`, which all state the same columns, in their order and in one statement."""
    if len(rows) == 1:
        insert_row(connection, table, rows[0])
        return
    numbered = {f"{name}_{place}": value for place, row in enumerate(rows) for name, value in row.items()}
    connection.execute(_insert_rows(table, tuple(rows[0]), len(rows)), numbered)


def insert_for_id(connection: Connection, table: type[DeclarativeBase], values: dict[str, Any]) -> int:
    """Inserts `values` as one row and returns the id that the database gave it."""
    return int(connection.execute(_insert_for_id(table), values).scalar_one())


@lru_cache(maxsize=64)
def _insert(row: type[DeclarativeBase]) -> Executable:
    # Measured: building `insert(Row).values(...)` for each webhook cost more than the database itself.
    return insert(_table(row)).inline()


@lru_cache(maxsize=64)
def _insert_rows(row: type[DeclarativeBase], names: tuple[str, ...], rows: int) -> Executable:
    # SQLAlchemy compiles an insert of several rows anew each time, which costs more than the database; text is kept.
    table = _table(row)
    places = [[f"{name}_{place}" for name in names] for place in range(rows)]
    values = ", ".join(f"({', '.join(f':{name}' for name in place)})" for place in places)
    types = [table.c[name].type for name in names]
    binds = [bindparam(name, type_=kind) for place in places for name, kind in zip(place, types, strict=True)]
    columns = ", ".join(f'"{name}"' for name in names)
    return text(f'INSERT INTO "{table.name}" ({columns}) VALUES {values}').bindparams(*binds)  # noqa: S608 - our own names


@lru_cache(maxsize=64)
def _insert_for_id(row: type[DeclarativeBase]) -> Executable:
    table = _table(row)
    return insert(table).returning(table.c.id)


@lru_cache(maxsize=64)
def _insert_if_absent(row: type[DeclarativeBase], returning: tuple[str, ...], dialect: str) -> Executable:
    table = _table(row)
    dialect_insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    claim = dialect_insert(table).on_conflict_do_nothing()
    if not returning:
        return claim.execution_options(preserve_rowcount=True)
    return claim.returning(*(table.c[name] for name in returning))


def _table(row: type[DeclarativeBase]) -> Table:
    table = row.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{row.__name__} is not a table")
    return table
