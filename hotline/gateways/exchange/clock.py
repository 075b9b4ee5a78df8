"""The exchange's own time: the only place here that reads a clock, so that a virtual one can take its place.

An exchange second lasts `pace` real seconds. Durations, queue times and dates of records are exchange time; time-outs of
web requests and the validity of access tokens are wall time, because the application knows nothing of the pace.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta


class ExchangeClock:
    """Exchange seconds since the exchange started, and waiting in them."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._began = datetime.now(UTC)
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

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        """An `asyncio.timeout` of so many exchange seconds; None waits for ever."""
        return asyncio.timeout(None if seconds is None else max(0.0, seconds) * self._pace)
