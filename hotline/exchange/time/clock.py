"""The exchange's own time; no other module of the package reads a clock (see `virtual_clock` for the other clock).

An exchange second lasts `pace` real seconds. Durations, queue times and dates of records are exchange time; time-outs of
web requests and the validity of access tokens are wall time, because the application does not know the pace.
"""

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from types import TracebackType


class TimeHold:
    """A block during which virtual time stands. Real time cannot be held, so this one has no effect."""

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
    """Counts exchange seconds since the exchange started, and waits in them."""

    is_virtual = False

    def __init__(self, pace: float, began: datetime | None = None) -> None:
        self._pace = pace
        self._began = began or datetime.now(UTC)
        self._origin = time.monotonic()

    def seconds(self) -> float:
        return (time.monotonic() - self._origin) / self._pace

    def now(self) -> datetime:
        """Returns the exchange's date and time (UTC), which runs 1 / pace times as fast as wall time."""
        return self._began + timedelta(seconds=self.seconds())

    def wall(self) -> datetime:
        """Returns the real date and time (UTC), to check what the application signed with its own clock."""
        return datetime.now(UTC)

    def stopwatch(self) -> float:
        """Returns real monotonic seconds, to measure web requests."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) * self._pace)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Returns an `asyncio.timeout` of so many exchange seconds; None waits without a limit."""
        return asyncio.timeout(None if seconds is None else max(0.0, seconds) * self._pace)

    def hold(self) -> TimeHold:
        """Returns a block (`with` or `async with`) during which virtual time stands; no effect on real time."""
        return TimeHold()
