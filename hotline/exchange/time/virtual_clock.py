"""Virtual time: a whole day of calls in seconds, with the same code that runs in real time.

Time stands while anything runs. When nothing does (no web request is in flight, no telephone is about to act, and the
event loop would wait), time jumps to the moment of the next sleeper. The order of events is that of real time.
"""

import asyncio
import heapq
import itertools
import selectors
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from types import TracebackType

from hotline.exchange.time.clock import ExchangeClock, TimeHold

_AT_ONCE = 0.0


class _Sleeper:
    """A callback at a moment; it is not called once `off` is set."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.wake = wake
        self.off = False


class _VirtualTimeHold(TimeHold):
    """Counts itself among the clock's holds for the duration of the block."""

    def __init__(self, clock: "VirtualClock") -> None:
        self._clock = clock

    def __enter__(self) -> None:
        self._clock.holds += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clock.holds -= 1


class VirtualClock(ExchangeClock):
    """A clock that jumps from event to event, starting at `began` (UTC, now if not given).

    `now` may be read from any thread, so that application and exchange can share one clock.
    """

    is_virtual = True

    def __init__(self, began: datetime | None = None) -> None:
        super().__init__(1.0, began)
        self.holds = 0
        self._seconds = 0.0
        self._due: list[tuple[float, int, _Sleeper]] = []
        self._order = itertools.count()

    def seconds(self) -> float:
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        """Waits until time has jumped that far; anything that can run now runs first, even when `seconds` is 0."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sleeper = self._at(max(0.0, seconds), lambda: woken.set_result(None))
        try:
            await woken
        finally:
            sleeper.off = True

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        return asyncio.timeout(None) if seconds is None else self._limit(max(0.0, seconds))

    @asynccontextmanager
    async def _limit(self, seconds: float) -> AsyncIterator[None]:
        async with asyncio.timeout(None) as limit:
            sleeper = self._at(seconds, lambda: limit.reschedule(_AT_ONCE))
            try:
                yield
            finally:
                sleeper.off = True

    def hold(self) -> TimeHold:
        return _VirtualTimeHold(self)

    def _at(self, seconds: float, wake: Callable[[], None]) -> _Sleeper:
        sleeper = _Sleeper(wake)
        heapq.heappush(self._due, (self._seconds + seconds, next(self._order), sleeper))
        return sleeper

    def jump(self) -> bool:
        """Wakes the next sleeper at its moment; returns False when time is held or nothing sleeps.

        Only the event loop calls it.
        """
        while self._due and self._due[0][2].off:
            heapq.heappop(self._due)
        if self.holds or not self._due:
            return False
        # One sleeper only, so that everything it sets off is over before the next one wakes.
        moment, _, sleeper = heapq.heappop(self._due)
        self._seconds = moment
        sleeper.off = True
        sleeper.wake()
        return True


class _JumpingSelector(selectors.DefaultSelector):
    """A selector that lets time jump instead of waiting.

    The event loop asks its selector to wait only when it has nothing else to do.
    """

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Returns the ready events; if there are none, lets time jump, and waits only where time is held."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0) or self._clock.jump():
            return ready
        return super().select(timeout)


def loop_for(clock: ExchangeClock) -> asyncio.AbstractEventLoop:
    """Returns the event loop on which an exchange with this clock has to run."""
    if isinstance(clock, VirtualClock):
        return asyncio.SelectorEventLoop(_JumpingSelector(clock))
    return asyncio.new_event_loop()
