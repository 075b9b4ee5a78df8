"""RQ and the clock: Redis may vanish and come back empty, a lane may be slow, a timer may fail; nothing is forgotten."""

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

from config.processes.scheduler import TIMERS, Ticker, Timer, relay_once
from config.processes.worker import JOB_SECONDS, LaneWorker, enqueue_into, main
from hotline import events
from hotline.clock import system_clock
from hotline.outbox import ENQUEUE_TIMEOUT, LEASE
from hotline.reactions import CALLS, LANES
from hotline.rules.people.actors import Machine
from hotline.store.outbox import Delivery, EventRow, Lease
from hotline.unit_of_work import Application, UnitOfWork
from tests.outbox.workers import ROOT, redis_process, wait_for
from tests.stopped_clock import StoppedClock


def tell(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.record(events.CallHangUpAsked(1, 1))


def waiting(redis: Redis, lane: str = CALLS) -> list[str]:
    return list(Queue(lane, connection=redis, serializer=JSONSerializer).job_ids)


@pytest.fixture
def socket() -> Iterator[Path]:
    """A short path: sockets of the system may not be named longer than about a hundred signs."""
    folder = Path(tempfile.mkdtemp(prefix="hl-t-"))
    yield folder / "s"
    shutil.rmtree(folder, ignore_errors=True)


def test_while_redis_is_away_nothing_is_lost_and_when_it_is_back_what_is_due_is_found(
    application: Application, socket: Path
) -> None:
    with Redis.from_url(f"unix://{socket}") as redis:
        enqueue = enqueue_into(redis)
        with redis_process(socket):
            tell(application)
            assert relay_once(application, enqueue) == 1
        for _ in range(2):
            tell(application)
            with pytest.raises(RedisError):
                relay_once(application, enqueue)
        with redis_process(socket):
            assert relay_once(application, enqueue) == 2
            assert waiting(redis) == ["delivery-2-0", "delivery-3-0"]


def test_what_redis_forgot_is_handed_over_again(
    application: Application, redis: Redis, clock: StoppedClock
) -> None:
    tell(application)
    relay_once(application, enqueue_into(redis))
    redis.flushall()
    assert relay_once(application, enqueue_into(redis)) == 0
    clock.advance(ENQUEUE_TIMEOUT.total_seconds() + 1)
    assert relay_once(application, enqueue_into(redis)) == 1
    assert waiting(redis) == ["delivery-1-0"]


def test_what_still_waits_its_turn_in_a_slow_lane_is_not_queued_again(
    application: Application, redis: Redis, clock: StoppedClock
) -> None:
    tell(application)
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
    assert all(lane in capsys.readouterr().err for lane in LANES[:1])


def test_timers_have_names_of_their_own_and_ordinary_periods() -> None:
    assert len({timer.name for timer in TIMERS}) == len(TIMERS)
    assert all(timer.seconds >= 1 for timer in TIMERS)


def test_every_timer_runs_on_an_empty_house(application: Application, clock: StoppedClock) -> None:
    ticker = Ticker(application)
    ticker.tick()
    assert set(ticker.last) == {timer.name for timer in TIMERS}
    assert set(ticker.last.values()) == {clock.at}


def test_a_timer_runs_when_its_time_has_come_and_one_in_trouble_stops_no_other(
    application: Application, clock: StoppedClock
) -> None:
    ran: list[str] = []

    def note(name: str) -> int:
        ran.append(name)
        return 1

    def trouble(_work: UnitOfWork) -> int:
        ran.append("trouble")
        raise LookupError("of any kind")

    timers = (
        Timer("trouble", 1, trouble),
        Timer("often", 1, lambda _work: note("often")),
        Timer("seldom", 60, lambda _work: note("seldom")),
    )
    ticker = Ticker(application, timers)
    ticker.tick()
    ticker.tick()
    clock.advance(1)
    ticker.tick()
    assert ran == ["trouble", "often", "seldom", "trouble", "often"]


def test_a_failed_timer_changes_nothing(application: Application) -> None:
    def half_done(work: UnitOfWork) -> int:
        work.record(events.CallQueued(1))
        raise LookupError("after the change")

    Ticker(application, (Timer("half_done", 1, half_done),)).tick()
    with application.read_session() as session:
        assert session.scalars(select(EventRow)).all() == []


def test_the_clock_as_the_procfile_starts_it_relays_and_gives_its_lease_back(
    application: Application, redis: Redis, redis_url: str, database_url: str, tmp_path: Path
) -> None:
    tell(application)
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
    """Half a minute without Redis once cost callers another half: RQ doubles its pauses up to a minute."""
    pause, away = 1.0, 0.0
    while away < 60:
        away += pause
        pause = min(pause * LaneWorker.exponential_backoff_factor, LaneWorker.max_connection_wait_time)
    assert pause <= 2
