"""Tasks that run for the duration of a block, and waiting for the first of several events."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")


@asynccontextmanager
async def background_task(work: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """Runs `work` as a task for the duration of a block, then cancels it and waits for its cancellation."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        # `asyncio.wait` raises neither the task's exception nor its cancellation.
        await asyncio.wait({task})


async def wait_for_first(*events: asyncio.Event) -> None:
    """Waits until one of the events is set."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
