"""The exchange's own time: the only place here that reads a clock. `virtual.py` has the one that can take its place.

An exchange second lasts `pace` real seconds. Durations, queue times and dates of records are exchange time; time-outs of
web requests and the validity of access tokens are wall time, because the application knows nothing of the pace.
"""

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from types import TracebackType


class TimeHold:
    """Something is running that time must not overtake; left when it is over. Real time cannot be held: here it is empty."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


class ExchangeClock:
    """Exchange seconds since the exchange started, and waiting in them."""

    is_virtual = False

    def __init__(self, pace: float, began: datetime | None = None) -> None:
        self._pace = pace
        self._began = began or datetime.now(UTC)
        self._origin = time.monotonic()

    def seconds(self) -> float:
        return (time.monotonic() - self._origin) / self._pace

    def now(self) -> datetime:
        """The exchange's date and time (UTC); it runs 1 / pace times as fast as the wall's."""
        return self._began + timedelta(seconds=self.seconds())

    def wall(self) -> datetime:
        """The world's date and time (UTC), for what the application signed with its own clock."""
        return datetime.now(UTC)

    def stopwatch(self) -> float:
        """Real monotonic seconds, for measuring web requests."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) * self._pace)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """An `asyncio.timeout` of so many exchange seconds; None waits for ever."""
        return asyncio.timeout(None if seconds is None else max(0.0, seconds) * self._pace)

    def hold(self) -> TimeHold:
        """A block (`with` or `async with`) during which virtual time stands; it changes nothing about real time."""
        return TimeHold()
