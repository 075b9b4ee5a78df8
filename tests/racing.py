"""Two hands at once: run intentions in threads of their own and see who waited, who won and what broke."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Engine, text

T = TypeVar("T")
PATIENCE = 20.0
_LOOKS = 2000


def at_once(*intentions: Callable[[], object]) -> list[object]:
    """Run all intentions at the same moment; return what each returned or raised, in their order."""
    start = threading.Barrier(len(intentions))

    def run(intention: Callable[[], object]) -> object:
        start.wait(PATIENCE)
        return intention()

    with ThreadPoolExecutor(len(intentions)) as pool:
        futures = [pool.submit(run, intention) for intention in intentions]
        return [future.exception(PATIENCE) or future.result() for future in futures]


@contextmanager
def meanwhile(engine: Engine, intention: Callable[[], T]) -> Iterator["Future[T]"]:
    """Begin `intention` in a thread and wait until it is done or waits for a row the caller of this has changed.

    To be opened inside the Work that must win; read the future's result after that Work has ended.
    """
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(intention)
        _until_waiting(engine, future)
        yield future


def _until_waiting(engine: Engine, future: "Future[T]") -> None:
    """PostgreSQL tells who waits. On SQLite a second writer waits at its first statement and cannot be asked."""
    if engine.dialect.name == "sqlite":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(_LOOKS):
            waiting = connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one()
            if waiting or future.done():
                return
    raise AssertionError("the other hand neither waits nor ends")
