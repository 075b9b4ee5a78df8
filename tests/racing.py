"""Runs functions in concurrent threads, for tests of races between transactions."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Engine, text

T = TypeVar("T")
PATIENCE = 20.0
_LOOKS = 2000


def at_once(*functions: Callable[[], object]) -> list[object]:
    """Starts all functions at the same moment; returns the result or the exception of each, in their order."""
    start = threading.Barrier(len(functions))

    def run(function: Callable[[], object]) -> object:
        start.wait(PATIENCE)
        return function()

    with ThreadPoolExecutor(len(functions)) as pool:
        futures = [pool.submit(run, function) for function in functions]
        return [future.exception(PATIENCE) or future.result() for future in futures]


@contextmanager
def meanwhile(engine: Engine, function: Callable[[], T]) -> Iterator["Future[T]"]:
    """Starts `function` in a thread and yields its future once it has ended or waits for a row lock.

    Open this inside the unit of work that must win; read the future's result after that unit of work has ended.
    """
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(function)
        _until_waiting(engine, future)
        yield future


def _until_waiting(engine: Engine, future: "Future[T]") -> None:
    # On SQLite the second writer waits at its first statement, and there is no list of waiting writers to read.
    if engine.dialect.name == "sqlite":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(_LOOKS):
            waiting = connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one()
            if waiting or future.done():
                return
    raise AssertionError("the other thread neither waits nor ends")
