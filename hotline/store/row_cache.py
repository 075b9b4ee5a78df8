"""Rows that seldom change, kept in the memory of one process for a short time: units, working days, users of API tokens."""

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import TypeVar, cast

Value = TypeVar("Value")
Key = tuple[Hashable, ...]
# More entries than a city has units and programs; beyond it the cache starts anew.
MAX_ENTRIES = 4_096


class RowCache:
    """Keeps what was read for less than `max_age`; a change takes effect within that time in every process.

    The first part of a key names the kind of row. A cache of age 0 reads every time. Threads share a cache: two that miss
    at once both read, and the values are never changed after they were read.
    """

    # cachetools.TTLCache was looked at: it has a timer of its own, while a unit of work has one instant.
    def __init__(self, max_age: timedelta = timedelta(0)) -> None:
        self._max_age = max_age
        self._entries: dict[Key, tuple[datetime, object]] = {}

    def get(self, key: Key, at: datetime, read: Callable[[], Value | None]) -> Value | None:
        """Returns the value that is kept under `key`, or reads it at `at`. None is not kept: what is missing may appear."""
        kept = self._entries.get(key)
        # A clock that was put back must not make an entry immortal.
        if kept is not None and timedelta(0) <= at - kept[0] < self._max_age:
            return cast("Value", kept[1])
        value = read()
        if value is not None and self._max_age:
            if len(self._entries) >= MAX_ENTRIES:
                self._entries.clear()
            self._entries[key] = at, value
        return value
