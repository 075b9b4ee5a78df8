"""RQ and the relay: Redis may be lost and come back empty, a lane may be slow; no delivery is lost."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select

from config.processes.job_queues import JOB_SECONDS, enqueue_into
from config.processes.relay import relay_once
from config.processes.worker import WORKERS, LaneWorker, main
from hotline import events
from hotline.clock import system_clock
from hotline.outbox import ENQUEUE_TIMEOUT, LEASE
from hotline.reactions.registry import CALLS
from hotline.rules.people.actors import Machine
from hotline.store.outbox import Delivery, Lease
from hotline.unit_of_work import Application
from tests.outbox.workers import ROOT, redis_process, wait_for
from tests.stopped_clock import StoppedClock


def record_event(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.record(events.CallHangUpAsked(1, 1))


def waiting(redis: Redis, lane: str = CALLS) -> list[str]:
    return list(Queue(lane, connection=redis, serializer=JSONSerializer).job_ids)


@pytest.fixture
def socket() -> Iterator[Path]:
    """A short path: the kernel limits the path of a socket to about a hundred bytes."""
    folder = Path(tempfile.mkdtemp(prefix="hl-t-"))
    yield folder / "s"
    shutil.rmtree(folder, ignore_errors=True)


def test_deliveries_due_while_redis_is_away_are_enqueued_when_it_is_back(
    application: Application, socket: Path
) -> None:
    with Redis.from_url(f"unix://{socket}") as redis:
        enqueue = enqueue_into(redis)
        with redis_process(socket):
            record_event(application)
            assert len(relay_once(application, enqueue).due) == 1
        for _ in range(2):
            record_event(application)
            with pytest.raises(RedisError):
                relay_once(application, enqueue)
        with redis_process(socket):
            assert len(relay_once(application, enqueue).due) == 2
            assert waiting(redis) == ["delivery-2-0", "delivery-3-0"]


def test_a_delivery_lost_by_redis_is_enqueued_again(
    application: Application, redis: Redis, clock: StoppedClock
) -> None:
    record_event(application)
    relay_once(application, enqueue_into(redis))
    redis.flushall()
    assert len(relay_once(application, enqueue_into(redis)).due) == 0
    clock.advance(ENQUEUE_TIMEOUT.total_seconds() + 1)
    assert len(relay_once(application, enqueue_into(redis)).due) == 1
    assert waiting(redis) == ["delivery-1-0"]


def test_a_delivery_that_waits_in_a_slow_lane_is_not_enqueued_twice(
    application: Application, redis: Redis, clock: StoppedClock
) -> None:
    record_event(application)
    for _ in range(4):
        relay_once(application, enqueue_into(redis))
        clock.advance(ENQUEUE_TIMEOUT.total_seconds() + 1)
    assert waiting(redis) == ["delivery-1-0"]


def test_a_job_is_stopped_before_its_lease_ends() -> None:
    assert timedelta(seconds=JOB_SECONDS) < LEASE


@pytest.mark.parametrize("arguments", [[], ["water"], ["calls", "notifications"]])
def test_a_lane_that_does_not_exist_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert all(lane in told for lane in WORKERS)


def test_the_clock_as_the_procfile_starts_it_relays_and_gives_its_lease_back(
    application: Application, redis: Redis, redis_url: str, database_url: str, tmp_path: Path
) -> None:
    record_event(application)
    environment = {
        "PATH": os.environ["PATH"],
        "HOTLINE_HOME": str(tmp_path),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "config.processes.scheduler"], cwd=ROOT, env=environment
    )
    try:
        wait_for(lambda: waiting(redis) == ["delivery-1-0"], "the clock relays", every=0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
    with application.read_session() as session:
        assert session.get_one(Lease, "clock").until <= system_clock()
        assert session.scalars(select(Delivery.enqueued_at)).one() is not None


def test_a_worker_is_back_within_seconds_of_redis_however_long_it_was_away() -> None:
    """RQ by itself doubles its pauses up to a minute."""
    pause, away = 1.0, 0.0
    while away < 60:
        away += pause
        pause = min(pause * LaneWorker.exponential_backoff_factor, LaneWorker.max_connection_wait_time)
    assert pause <= 2
