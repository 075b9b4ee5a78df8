"""The city's own facts in TOML, read strictly: every complaint names the file, the key and what to write instead."""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from typing import Any


class BadFile(Exception):
    """A file of the city cannot be used. The message is one line: file, key, why."""


class Table:
    """One table of a TOML file. `done` complains about keys that nobody asked for, so that a typo is never ignored."""

    def __init__(self, file: str, path: str, values: Mapping[str, Any]) -> None:
        self._file = file
        self._path = path
        self._values = values
        self._asked: set[str] = set()

    def error(self, key: str, why: str) -> BadFile:
        where = ".".join(part for part in (self._path, key) if part)
        return BadFile(f"{self._file}: {where}: {why}")

    def _take(self, key: str) -> Any:
        self._asked.add(key)
        if key not in self._values:
            raise self.error(key, "is missing")
        return self._values[key]

    def has(self, key: str) -> bool:
        return key in self._values

    def whole(self, key: str, low: int, high: int) -> int:
        """Return a whole number between `low` and `high`, both included."""
        value = self._take(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(key, f"must be a whole number from {low} to {high}, not {value!r}")
        return value

    def text(self, key: str, longest: int) -> str:
        """Return a text of 1 to `longest` characters without blanks around it."""
        value = self._take(key)
        if not isinstance(value, str) or not 0 < len(value.strip()) <= longest or value != value.strip():
            raise self.error(key, f"must be a text of 1 to {longest} characters, not {value!r}")
        return value

    def truth(self, key: str) -> bool:
        value = self._take(key)
        if not isinstance(value, bool):
            raise self.error(key, f"must be true or false, not {value!r}")
        return value

    def texts(self, key: str, longest: int, *, may_be_empty: bool = False) -> tuple[str, ...]:
        """Return a list of one or more texts of 1 to `longest` characters."""
        value = self._take(key)
        right = isinstance(value, list) and all(
            isinstance(item, str) and 0 < len(item) <= longest for item in value
        )
        if not right or not (value or may_be_empty):
            raise self.error(key, f"must be a list of texts of 1 to {longest} characters")
        return tuple(value)

    def table(self, key: str) -> "Table":
        value = self._take(key)
        if not isinstance(value, dict):
            raise self.error(key, f"must be a table [{key}], not {value!r}")
        return Table(self._file, f"{self._path}.{key}" if self._path else key, value)

    def tables(self, key: str) -> Iterator["Table"]:
        """Return the tables of an array `[[key]]`, counted from 1 in complaints."""
        value = self._take(key)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(key, f"must be a list of tables [[{key}]]")
        for number, item in enumerate(value, 1):
            yield Table(self._file, f"{key}[{number}]", item)

    def keys(self) -> tuple[str, ...]:
        return tuple(self._values)

    def done(self) -> None:
        """Refuse keys that were never asked for."""
        for key in self._values:
            if key not in self._asked:
                raise self.error(key, f"is not known here; known: {', '.join(sorted(self._asked))}")


def open_table(file: Traversable) -> Table:
    """Return the root table of `file`. Raises BadFile when it cannot be read or is not TOML."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadFile(f"{file.name}: {error}") from error
    return Table(file.name, "", values)
