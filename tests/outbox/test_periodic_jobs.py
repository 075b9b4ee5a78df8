"""The scheduler and its jobs: each due run is made once, and no job delays the relay."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select, update

from config.periodic_jobs import JOBS, RECORD_IDLE, HeavyJob, Job, LightJob, LightRun, run_heavy, run_light
from config.processes.job_queues import HEAVY_SECONDS, enqueue_runs_into
from config.processes.relay import relay_once
from config.processes.scheduler import Scheduler
from hotline import events
from hotline.clock import system_clock
from hotline.gateways.live import announce_nothing
from hotline.outbox import ENQUEUE_TIMEOUT, PendingDelivery
from hotline.rules.people.actors import Machine
from hotline.rules.schedules import DailyAt, Every
from hotline.services.periodic_jobs import HEAVY, HEAVY_LEASE, RETRY_AFTER
from hotline.store.jobs import PeriodicJob
from hotline.store.outbox import EventRow
from hotline.unit_of_work import Application, UnitOfWork
from tests.outbox.blocking_job import blocking_jobs
from tests.outbox.workers import wait_for, worker
from tests.racing import at_once
from tests.stopped_clock import StoppedClock

JUST_AFTER_MIDNIGHT = DailyAt(0, 5)


def row_of(application: Application, name: str) -> PeriodicJob:
    with application.read_session() as session:
        return session.get_one(PeriodicJob, name)


def scheduler(application: Application, *jobs: Job) -> Scheduler:
    """A scheduler whose queue loses everything."""
    return Scheduler(application, lambda _runs: None, jobs)


class Runs:
    """Counts the runs of jobs that do nothing else."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def light(self, name: str) -> Callable[[UnitOfWork], int]:
        def run(_work: UnitOfWork) -> int:
            self.made.append(name)
            return 3

        return run

    def heavy(self, name: str) -> Callable[[Application], int]:
        def run(_application: Application) -> int:
            self.made.append(name)
            return 3

        return run


@pytest.fixture
def runs() -> Runs:
    return Runs()


def test_jobs_have_names_of_their_own() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)


def test_every_job_runs_on_an_empty_database_and_records_its_result(
    application: Application, clock: StoppedClock
) -> None:
    scheduler(application, *JOBS).tick()
    for job in JOBS:
        if isinstance(job, HeavyJob):
            assert run_heavy(application, job)
        row = row_of(application, job.name)
        assert (row.finished_at, row.count, row.error, row.schedule) == (clock.at, 0, None, str(job.schedule))
        assert row.due_at > clock.at


def test_a_light_job_runs_when_it_is_due_and_not_before(
    application: Application, clock: StoppedClock, runs: Runs
) -> None:
    often, seldom = (
        LightJob("often", Every(1), runs.light("often")),
        LightJob("seldom", Every(60), runs.light("seldom")),
    )
    ticking = scheduler(application, often, seldom)
    ticking.tick()
    ticking.tick()
    clock.advance(1)
    ticking.tick()
    assert runs.made == ["often", "seldom", "often"]
    row = row_of(application, "often")
    assert (row.started_at, row.count, row.due_at) == (clock.at, 3, clock.at + timedelta(seconds=1))


def test_a_run_that_had_nothing_to_do_is_recorded_now_and_then_and_one_that_had_at_once(
    application: Application, clock: StoppedClock
) -> None:
    counts: list[int] = []

    def run(_work: UnitOfWork) -> int:
        return counts[-1]

    ticking = scheduler(application, LightJob("job", Every(1), run))
    begin = clock.at
    recorded = []
    for second, count in enumerate([0] * 10 + [2] + [0] * int(RECORD_IDLE.total_seconds())):
        clock.at = begin + timedelta(seconds=second)
        counts.append(count)
        assert ticking.tick() == 1.0
        recorded.append(row_of(application, "job"))
    assert {(row.started_at, row.count) for row in recorded} == {
        (begin, 0),
        (begin + timedelta(seconds=10), 2),
        (begin + timedelta(seconds=10) + RECORD_IDLE, 0),
    }


def test_a_job_that_fails_is_recorded_undone_and_stops_no_other(
    application: Application, clock: StoppedClock, runs: Runs
) -> None:
    def fail(work: UnitOfWork) -> int:
        work.record(events.CallQueued(1))
        raise LookupError("after the change")

    other = LightJob("other", Every(1), runs.light("other"))
    scheduler(application, LightJob("fail", Every(5), fail), other).tick()
    row = row_of(application, "fail")
    assert (row.error, row.count, row.due_at) == ("LookupError", None, clock.at + timedelta(seconds=5))
    assert runs.made == ["other"]
    with application.read_session() as session:
        assert session.scalars(select(EventRow)).all() == []


def test_a_daily_job_runs_at_its_local_time(
    application: Application, clock: StoppedClock, runs: Runs
) -> None:
    """00:05 in Shanghai is 16:05 of the day before in UTC."""
    clock.at = datetime(2026, 11, 22, 16, 4, 59, tzinfo=UTC)
    ticking = scheduler(application, LightJob("daily", JUST_AFTER_MIDNIGHT, runs.light("daily")))
    ticking.tick()
    assert runs.made == []
    clock.advance(1)
    ticking.tick()
    assert runs.made == ["daily"]
    assert row_of(application, "daily").due_at == datetime(2026, 11, 23, 16, 5, tzinfo=UTC)


def test_a_daily_job_missed_during_downtime_runs_once(
    application: Application, clock: StoppedClock, runs: Runs
) -> None:
    daily = LightJob("daily", JUST_AFTER_MIDNIGHT, runs.light("daily"))
    scheduler(application, daily).tick()
    clock.advance(timedelta(days=3, hours=1).total_seconds())
    after_downtime = scheduler(application, daily)
    for _ in range(3):
        after_downtime.tick()
        clock.advance(2)
    assert runs.made == ["daily"]
    assert row_of(application, "daily").due_at == datetime(2026, 11, 26, 16, 5, tzinfo=UTC)


def test_two_schedulers_make_a_run_once(application: Application, clock: StoppedClock, runs: Runs) -> None:
    daily = LightJob("daily", JUST_AFTER_MIDNIGHT, runs.light("daily"))
    both = [scheduler(application, daily), scheduler(application, daily)]
    for each in both:
        each.tick()
    clock.advance(timedelta(days=1).total_seconds())
    for each in both:
        each.tick()
    assert runs.made == ["daily"]


def test_of_several_schedulers_that_saw_the_same_run_one_makes_it(
    application: Application, clock: StoppedClock
) -> None:
    def record(work: UnitOfWork) -> int:
        work.record(events.CallQueued(1))
        return 1

    job = LightJob("job", Every(60), record)
    scheduler(application, LightJob("job", Every(60), lambda _work: 0)).tick()
    due_at = row_of(application, "job").due_at
    clock.advance(60)
    at_once(*[partial(run_light, application, LightRun(job, due_at, due_at))] * 4)
    with application.read_session() as session:
        assert len(session.scalars(select(EventRow)).all()) == 1
    assert row_of(application, "job").error is None


def test_a_changed_schedule_is_in_force_at_once(
    application: Application, clock: StoppedClock, runs: Runs
) -> None:
    scheduler(application, LightJob("job", JUST_AFTER_MIDNIGHT, runs.light("job"))).tick()
    scheduler(application, LightJob("job", Every(60), runs.light("job"))).tick()
    assert runs.made == ["job"]
    assert row_of(application, "job").schedule == "every 60 s"


def test_a_heavy_job_that_blocks_delays_neither_the_relay_nor_light_jobs(
    application: Application, clock: StoppedClock, runs: Runs
) -> None:
    begun, gate = threading.Event(), threading.Event()

    def block(_application: Application) -> int:
        begun.set()
        assert gate.wait(30)
        return 1

    heavy = HeavyJob("heavy", Every(60), block)
    ticking = scheduler(application, heavy, LightJob("light", Every(1), runs.light("light")))
    ticking.tick()
    relayed: list[PendingDelivery] = []
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(run_heavy, application, heavy)
        assert begun.wait(30)
        for _ in range(3):
            clock.advance(1)
            with application.unit_of_work(Machine.SYSTEM) as work:
                work.record(events.CallOffered(1, 1, 1))
            ticking.tick()
            relay_once(application, relayed.extend)
        assert not run_heavy(application, heavy), "another worker holds the run"
        gate.set()
        assert running.result(30)
    assert len({delivery.id for delivery in relayed}) == 3
    assert runs.made == ["light"] * 4
    row = row_of(application, "heavy")
    assert (row.count, row.claimed_until, row.duration_ms) == (1, None, 3000)


def waiting(redis: Redis) -> list[str]:
    return list(Queue(HEAVY, connection=redis, serializer=JSONSerializer).job_ids)


def test_a_heavy_run_is_enqueued_once_and_again_when_redis_lost_it(
    application: Application, clock: StoppedClock, redis: Redis, runs: Runs
) -> None:
    ticking = Scheduler(
        application, enqueue_runs_into(redis), (HeavyJob("job", Every(60), runs.heavy("job")),)
    )
    for _ in range(4):
        ticking.tick()
        clock.advance(ENQUEUE_TIMEOUT.total_seconds())
    assert len(waiting(redis)) == 1
    redis.flushall()
    ticking.tick()
    assert len(waiting(redis)) == 1
    assert runs.made == []


def test_a_heavy_run_whose_worker_died_is_due_again_after_its_lease(
    application: Application, clock: StoppedClock, runs: Runs
) -> None:
    class Killed(BaseException):
        """Ends a run as SIGKILL does: nothing is recorded."""

    def die(_application: Application) -> int:
        raise Killed

    enqueued: list[str] = []
    job = HeavyJob("job", Every(60), runs.heavy("job"))
    ticking = Scheduler(application, lambda rows: enqueued.extend(row.name for row in rows), (job,))
    ticking.tick()
    with pytest.raises(Killed):
        run_heavy(application, HeavyJob("job", Every(60), die))
    clock.advance(HEAVY_LEASE.total_seconds() - 1)
    ticking.tick()
    assert (len(enqueued), run_heavy(application, job)) == (1, False)
    clock.advance(1)
    ticking.tick()
    assert (len(enqueued), run_heavy(application, job)) == (2, True)
    assert not run_heavy(application, job), "the run is made"


def test_a_daily_heavy_job_that_fails_is_tried_again_soon(
    application: Application, clock: StoppedClock
) -> None:
    def fail(_application: Application) -> int:
        raise TimeoutError

    job = HeavyJob("job", JUST_AFTER_MIDNIGHT, fail)
    scheduler(application, job).tick()
    clock.advance(timedelta(days=1).total_seconds())
    assert run_heavy(application, job)
    row = row_of(application, "job")
    assert (row.error, row.due_at) == ("TimeoutError", clock.at + RETRY_AFTER)


def test_a_heavy_run_is_stopped_before_its_lease_ends() -> None:
    assert timedelta(seconds=HEAVY_SECONDS) < HEAVY_LEASE


def test_the_heavy_job_of_a_killed_process_runs_again(
    application: Application, redis: Redis, redis_url: str, database_url: str, tmp_path: Path
) -> None:
    real_time = Application(application.engine, system_clock, application.policies, announce_nothing)
    ticking = Scheduler(real_time, enqueue_runs_into(redis), blocking_jobs(tmp_path))
    os.mkfifo(tmp_path / "gate")
    begun = tmp_path / "begun"
    ticking.tick()
    with worker(database_url, redis_url, tmp_path, "tests.outbox.blocking_job", str(tmp_path)) as process:
        wait_for(begun.exists, "the job begins", every=0.01)
        process.kill()
        assert row_of(real_time, "block").finished_at is None
        with real_time.unit_of_work(Machine.SYSTEM) as work:
            lease_over = update(PeriodicJob).values(claimed_until=work.at, enqueued_at=None)
            work.session.execute(lease_over)
        process.start()

        def begins_again() -> bool:
            ticking.tick()
            return len(begun.read_text().splitlines()) == 2

        wait_for(begins_again, "the job begins again", every=0.05)
        (tmp_path / "gate").write_bytes(b"")
        wait_for(lambda: row_of(real_time, "block").count == 7, "the result is recorded", every=0.01)
