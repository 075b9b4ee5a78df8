"""Writes many rows with the bulk statement of each driver: COPY on PostgreSQL, `executemany` on SQLite.

SQLAlchemy's own bulk insert takes about four times as long, most of it for the values of a row.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Index, Table, func, select, text
from sqlalchemy.schema import AddConstraint, DropConstraint

from hotline.store.base import Base

DAY = 86_400


class BulkWriter:
    """Collects rows of `tables` and writes them at each `flush`, table by table.

    A table stands behind those that its rows refer to. Values are plain: no enums, and moments as `moment` writes them.
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
        # Moments take most of the time of a run when each is formatted by itself.
        ending = ".000000" if self._is_sqlite else "+00"
        self._clocks = [
            f" {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}{ending}"
            for second in range(DAY)
        ]
        self._days: dict[int, str] = {}

    def next_id(self, row: type[Base]) -> int:
        self._last[row] += 1
        return self._last[row]

    def moment(self, seconds: int) -> str:
        """Returns the moment so many seconds after 1970 in UTC, in the form that SQLAlchemy reads from this database."""
        day, second = divmod(seconds, DAY)
        return self.day(day) + self._clocks[second]

    def day(self, days: int) -> str:
        """Returns the day so many days after 1970-01-01."""
        known = self._days.get(days)
        if known is None:
            known = self._days[days] = (date(1970, 1, 1) + timedelta(days)).isoformat()
        return known

    def add(self, row: type[Base], values: Mapping[str, Any]) -> None:
        """Adds one row; all rows of a table have the same columns in the same order."""
        if row not in self._columns:
            self._columns[row] = tuple(values)
        self._rows[row].append(tuple(values.values()))

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

    @contextmanager
    def indexes_at_the_end(self) -> Iterator[None]:
        """Drops the indexes that are not unique, and builds them anew at the end, when each is sorted once.

        On PostgreSQL foreign keys too: they are checked at the end by one join each.
        """
        indexes = [index for table in self._tables.values() for index in table.indexes if self._drops(index)]
        tables = () if self._is_sqlite else self._tables.values()
        foreign_keys = [key for table in tables for key in table.foreign_key_constraints]
        for foreign_key in foreign_keys:
            self._connection.execute(DropConstraint(foreign_key))
        for index in indexes:
            index.drop(self._connection)
        yield
        for index in indexes:
            index.create(self._connection)
        for foreign_key in foreign_keys:
            # A constraint that is isolated from its table is missing in each table that this process creates later.
            self._connection.execute(AddConstraint(foreign_key, isolate_from_table=False))
        if not self._is_sqlite:
            for row, table in self._tables.items():
                sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
                self._connection.execute(text(f"SELECT setval({sequence}, :last)"), {"last": self._last[row]})

    def _drops(self, index: Index) -> bool:
        # The index of the search exists on PostgreSQL only.
        return not index.unique and not (
            self._is_sqlite and "gin" in str(index.kwargs.get("postgresql_using"))
        )
