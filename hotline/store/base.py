"""Declarative base of every table, with one naming convention and one column type for moments."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    MetaData,
    TypeDecorator,
    literal_column,
    text,
)
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Word = TypeVar("Word", bound=StrEnum)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """Stores an aware moment in UTC. SQLite returns naive values, which get their zone back here.

    Raises ValueError for a naive datetime.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a zone: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base class's signature
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_column(kind: type[Word]) -> Enum:
    """Returns the column type of one of our enums: its value as text, validated by SQLAlchemy."""

    def values(members: Any) -> list[str]:
        return [member.value for member in members]

    return Enum(
        kind,
        native_enum=False,
        length=24,
        values_callable=values,
        create_constraint=False,
        validate_strings=True,
    )


def constants(words: Iterable[StrEnum]) -> list[ColumnElement[str]]:
    """Returns enum values as constants for `in_` in a statement that is built once; a list of parameters is expanded at each execution."""
    return [literal_column(f"'{word.value}'") for word in sorted(words)]


def meets(table: str, condition: str) -> ColumnElement[bool]:
    """Returns the condition of a partial index of `table`, for the queries that the index is meant for."""
    # Without a type: SQLAlchemy would write `= 1` behind a Boolean for SQLite, which is another condition.
    return literal_column(f"{table}.{condition}")


def index_where(condition: str) -> dict[str, Any]:
    """Returns the arguments that make an `Index` partial, on both databases.

    Both planners use a partial index only for a query with its very condition; its values must be written out, because a
    parameter could be anything.
    """
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
