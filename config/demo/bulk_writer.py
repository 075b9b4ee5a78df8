"""Writes many rows with the bulk statement of each driver: COPY on PostgreSQL, `executemany` on SQLite.

SQLAlchemy's own bulk insert takes about four times as long, most of it for the values of a row.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Index, Table, func, select, text

from hotline.store.base import Base


class BulkWriter:
    """Collects rows of `tables` and writes them at each `flush`, table by table. Moments are naive, in UTC.

    A table stands behind those that its rows refer to.
    """

    def __init__(self, connection: Connection, tables: Sequence[type[Base]]) -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._tables = {row: table for row in tables if isinstance(table := row.__table__, Table)}
        self._last = {
            row: connection.scalar(select(func.max(table.c.id))) or 0 for row, table in self._tables.items()
        }
        self._columns: dict[type[Base], tuple[str, ...]] = {}
        self._rows: dict[type[Base], list[tuple[Any, ...]]] = {row: [] for row in self._tables}

    def next_id(self, row: type[Base]) -> int:
        self._last[row] += 1
        return self._last[row]

    def add(self, row: type[Base], **values: Any) -> None:
        """Adds one row; all rows of a table have the same columns."""
        self._columns.setdefault(row, tuple(values))
        # Of the values only moments differ in their form; an enum is its text. Measured: this line is half of a bulk run.
        write = self._write_moment
        self._rows[row].append(tuple([write(v) if type(v) is datetime else v for v in values.values()]))

    def _write_moment(self, moment: datetime) -> str:
        # SQLAlchemy reads a moment from SQLite in this form only.
        return moment.isoformat(" ", "microseconds") if self._is_sqlite else f"{moment.isoformat()}+00"

    def flush(self) -> None:
        """Writes the rows that were added."""
        for row, rows in self._rows.items():
            if rows:
                self._write(self._tables[row].name, self._columns[row], rows)
                rows.clear()

    def _write(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        driver: Any = self._connection.connection.driver_connection
        names = ", ".join(f'"{name}"' for name in columns)
        if self._is_sqlite:
            places = ", ".join("?" * len(columns))
            driver.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608 - names of ours
            return
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def _drops(self, index: Index) -> bool:
        # The index of the search exists on PostgreSQL only.
        return not index.unique and not (
            self._is_sqlite and "gin" in str(index.kwargs.get("postgresql_using"))
        )

    @contextmanager
    def indexes_at_the_end(self) -> Iterator[None]:
        """Drops the indexes that are not unique and builds them anew at the end, when each is sorted once."""
        indexes = [index for table in self._tables.values() for index in table.indexes if self._drops(index)]
        for index in indexes:
            index.drop(self._connection)
        yield
        for index in indexes:
            index.create(self._connection)
        if not self._is_sqlite:
            for row, table in self._tables.items():
                sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
                self._connection.execute(text(f"SELECT setval({sequence}, :last)"), {"last": self._last[row]})
