"""The relay beside the periodic jobs, and the commits of a delivery."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Connection, Engine, event

from config.processes.job_queues import enqueue_into
from config.processes.relay import run_relay
from hotline import events, outbox
from hotline.reactions.context import ReactionContext
from hotline.reactions.registry import CALLS
from hotline.rules.enums import CallEnd
from hotline.rules.people.actors import Machine
from hotline.unit_of_work import Application
from tests.builders import make_call
from tests.outbox.workers import wait_for


def record(application: Application, *recorded: events.Event) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.record(*recorded)


@contextmanager
def transactions(engine: Engine) -> Iterator[list[list[str]]]:
    """Yields the statements of each transaction that is committed within the block."""
    committed: list[list[str]] = []
    open_ones: dict[int, list[str]] = {}

    def note(
        connection: Connection,
        _cursor: object,
        statement: str,
        _values: object,
        _context: object,
        _many: bool,
    ) -> None:
        open_ones.setdefault(id(connection.connection.dbapi_connection), []).append(statement)

    def end(connection: Connection) -> None:
        committed.append(open_ones.pop(id(connection.connection.dbapi_connection), []))

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", end)
    try:
        yield committed
    finally:
        event.remove(engine, "before_cursor_execute", note)
        event.remove(engine, "commit", end)


def test_the_relay_goes_on_while_the_periodic_jobs_are_busy_and_stops_when_another_scheduler_acts(
    application: Application, redis: Redis
) -> None:
    stop, is_acting = threading.Event(), threading.Event()
    queue = Queue(CALLS, connection=redis, serializer=JSONSerializer)
    record(application, events.CallOffered(1, 1, 1))
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(run_relay, application, redis, enqueue_into(redis), is_acting, stop)
        try:
            # This thread, where the periodic jobs run, only waits.
            assert queue.job_ids == []
            is_acting.set()
            wait_for(lambda: len(queue.job_ids) == 1, "the event is relayed", every=0.01)
        finally:
            stop.set()
        running.result(30)


def test_a_reaction_without_anything_to_ask_is_one_commit(
    application: Application, tools: ReactionContext
) -> None:
    call = make_call(application)
    record(application, events.CallEnded(call.id, CallEnd.ABANDONED))
    (due,) = outbox.relay(application).due
    with transactions(application.engine) as committed:
        assert outbox.deliver(tools, due.id)
    assert len(committed) == 1
    assert not outbox.deliver(tools, due.id)


def test_a_claim_is_on_the_disk_before_the_outside_is_asked_and_only_what_can_be_repeated_is_not(
    application: Application, tools: ReactionContext
) -> None:
    if application.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one way to commit")
    record(application, events.CallOffered(1, 1, 1))
    with transactions(application.engine) as committed:
        outbox.relay(application)
    record(application, events.DialPlanned(1))
    with transactions(application.engine) as claimed:
        for due in outbox.relay(application).due:
            outbox.deliver(tools, due.id)
    asynchronous = "SET LOCAL synchronous_commit TO off"
    assert asynchronous in committed[0]
    claims = [statements for statements in claimed if any("attempts +" in each for each in statements)]
    assert claims
    assert not any(asynchronous in statements for statements in claims)
