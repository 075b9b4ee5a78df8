"""The order in which letters go: places are given out as letters are written, and one may wait to be overtaken."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class _Waiting:
    """A letter that waits for a later one about any of the same `subjects`."""

    place: int
    subjects: frozenset[str]
    overtaken: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class Traffic:
    """Who has gone, and who waits to be overtaken."""

    _places: int = 0
    _waiting: list[_Waiting] = field(default_factory=list)

    def next_place(self) -> int:
        self._places += 1
        return self._places

    def gone(self, place: int, subjects: frozenset[str]) -> None:
        """The letter with this place was answered (or could not be delivered)."""
        for waiting in self._waiting:
            if place > waiting.place and subjects & waiting.subjects:
                waiting.overtaken.set()

    async def later(
        self, place: int, subjects: frozenset[str], within: AbstractAsyncContextManager[object]
    ) -> bool:
        """Wait until a later letter has gone; False when none had before the time-out."""
        waiting = _Waiting(place, subjects)
        self._waiting.append(waiting)
        try:
            async with within:
                await waiting.overtaken.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.remove(waiting)
        return True
