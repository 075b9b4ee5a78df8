"""The scheduler, process `clock`: runs the periodic jobs and the relay. `python -m config.processes.scheduler`.

One scheduler acts at a time, by a lease in the database. A second one waits and takes over when the first one ends.
"""

import os
import secrets
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from config.periodic_jobs import JOBS, Job, LightJob, LightRun, run_light
from config.processes.job_queues import EnqueueRuns, enqueue_into, enqueue_runs_into
from config.processes.lifecycle import begin_process, log_started, refuse_hangup
from config.processes.relay import log_trouble, run_relay
from config.readiness import CLOCK_KEYS, CLOCK_LEASE, StartedFiles, report_readiness
from config.wiring import Components, build_or_exit
from hotline import outbox
from hotline.rules.people.actors import Machine
from hotline.services import leases, periodic_jobs
from hotline.store.jobs import PeriodicJob, all_jobs
from hotline.unit_of_work import Application

LEASE_SECONDS = 5
RENEW = timedelta(seconds=2)
# The scheduler looks after its lease this often.
LONGEST_PAUSE = 1.0
# A living scheduler renews its key in Redis this often.
BEAT_SECONDS = 5
# The rows are read this often, and when a heavy job is due or a worker's claim is over; a light job runs when it is due.
LOOK = timedelta(seconds=5)


@dataclass(slots=True)
class Scheduler:
    """Runs the light jobs that are due and hands the heavy ones to their lane."""

    application: Application
    enqueue: EnqueueRuns
    jobs: tuple[Job, ...] = JOBS
    _look_at: datetime | None = None
    # The light jobs by name: when each is due, which the rows need not know (see `run_light`), and its row.
    _light: dict[str, LightRun] = field(default_factory=dict)

    def tick(self) -> float:
        """Makes the runs that are due. Returns the seconds until the next one may be.

        Raises what Redis or the database raises, never an error of a job.
        """
        if self._look_at is None:
            with self.application.unit_of_work(Machine.CLOCK) as work:
                periodic_jobs.plan(work, [job.planned for job in self.jobs])
        at = self.application.clock()
        if self._look_at is None or at >= self._look_at:
            self._look(at)
        for name, run in self._light.items():
            if run.due_at <= at:
                following = run_light(self.application, run)
                if following is None:
                    # Another scheduler has made the run.
                    self._look_at = at
                else:
                    self._light[name] = following
        next_at = min([self._look_at or at, *(run.due_at for run in self._light.values())])
        return max(0.0, (next_at - self.application.clock()).total_seconds())

    def _look(self, at: datetime) -> None:
        """Reads the rows of all jobs and hands over the heavy runs that are due."""
        with self.application.read_session() as session:
            rows = {row.name: row for row in all_jobs(session)}
        known = [job for job in self.jobs if job.name in rows]
        # A row that is missing is written at the next tick.
        self._look_at = at + LOOK if len(known) == len(self.jobs) else None
        for job in known:
            row = rows[job.name]
            if isinstance(job, LightJob):
                mine = self._light.get(job.name)
                if mine is None or mine.row_due_at != row.due_at:
                    self._light[job.name] = LightRun(job, row.due_at, row.due_at, row.started_at)
        heavy = [rows[job.name] for job in known if not isinstance(job, LightJob)]
        self._hand_over([row for row in heavy if periodic_jobs.is_due(row, at)], at)
        if self._look_at is not None:
            moments = [
                moment for row in heavy for moment in (row.due_at, row.claimed_until) if moment is not None
            ]
            self._look_at = min([self._look_at, *(moment for moment in moments if moment > at)])

    def _hand_over(self, rows: list[PeriodicJob], at: datetime) -> None:
        """Enqueues heavy runs; one that no worker has begun after `outbox.ENQUEUE_TIMEOUT` may be lost with Redis."""
        lost = at - outbox.ENQUEUE_TIMEOUT
        runs = [row for row in rows if row.enqueued_at is None or row.enqueued_at <= lost]
        if runs:
            self.enqueue(runs)
            with self.application.unit_of_work(Machine.CLOCK) as work:
                periodic_jobs.record_enqueued(work, [run.name for run in runs])


def run(components: Components, stop: threading.Event) -> None:
    """Acts until `stop` is set. Errors of Redis and the database are logged, and tried again after a second.

    It logs `clock.acting` when it begins to act, with the scheduler that it takes over from, and `clock.waiting` when
    another one acts. While it lives it says so in Redis, for `hotline doctor`.
    """
    application, redis = components.application, components.redis
    lease = ClockLease(application, f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}")
    is_acting = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="relay") as threads:
        relaying = threads.submit(run_relay, application, redis, enqueue_into(redis), is_acting, stop)
        # An error that the relay does not expect ends the process; the process manager starts it again.
        relaying.add_done_callback(lambda _: stop.set())
        try:
            _run_jobs(components, lease, is_acting, stop)
        finally:
            stop.set()
    with suppress(SQLAlchemyError):
        lease.release()
    with suppress(RedisError):
        redis.delete(CLOCK_KEYS + lease.holder)
    structlog.get_logger().info("clock.stopped", holder=lease.holder)
    relaying.result()


def _run_jobs(
    components: Components, lease: "ClockLease", is_acting: threading.Event, stop: threading.Event
) -> None:
    """Keeps the lease and makes the periodic runs while this scheduler acts, until `stop` is set."""
    application, redis = components.application, components.redis
    scheduler = Scheduler(application, enqueue_runs_into(redis))
    state, files = ClockState(application, lease.holder), StartedFiles()
    while not stop.is_set():
        pause = LONGEST_PAUSE
        try:
            if lease.hold():
                is_acting.set()
            else:
                is_acting.clear()
            state.report(is_acting=is_acting.is_set())
            if state.is_beat_due():
                sign_of_life(redis, lease.holder, is_acting=is_acting.is_set())
                files.report_changes_now_and_then()
            if is_acting.is_set():
                pause = min(scheduler.tick(), LONGEST_PAUSE)
        except (RedisError, SQLAlchemyError) as trouble:
            log_trouble(trouble)
        stop.wait(pause)


@dataclass(slots=True)
class ClockLease:
    """The lease of the acting scheduler, which this one takes or renews."""

    application: Application
    holder: str
    _renewed_at: datetime | None = None

    def hold(self) -> bool:
        """Says whether this scheduler acts now. The lease is renewed in time, not before each of many relays."""
        at = self.application.clock()
        if self._renewed_at is not None and timedelta(0) <= at - self._renewed_at < RENEW:
            return True
        self._renewed_at = None
        with self.application.unit_of_work(Machine.CLOCK) as work:
            is_held = leases.acquire(work, CLOCK_LEASE, self.holder, LEASE_SECONDS)
            acquired_at = work.at
        if is_held:
            self._renewed_at = acquired_at
        return is_held

    def release(self) -> None:
        with self.application.unit_of_work(Machine.CLOCK) as work:
            leases.release(work, CLOCK_LEASE, self.holder)


@dataclass(slots=True)
class ClockState:
    """The state that this scheduler has logged last: acting, waiting, or none yet."""

    application: Application
    holder: str
    is_acting: bool | None = None
    _other: str = ""
    _beat_at: float = 0.0

    def report(self, *, is_acting: bool) -> None:
        """Logs a change, and the scheduler that acts or acted before."""
        if is_acting == self.is_acting:
            return
        if is_acting:
            structlog.get_logger().info(
                "clock.acting", holder=self.holder, took_over_from=self._other or None
            )
        else:
            with self.application.read_session() as session:
                self._other = leases.holder_of(session, CLOCK_LEASE) or ""
            structlog.get_logger().info("clock.waiting", holder=self.holder, acting=self._other)
        self.is_acting = is_acting

    def is_beat_due(self) -> bool:
        if time.monotonic() < self._beat_at:
            return False
        self._beat_at = time.monotonic() + BEAT_SECONDS
        return True


def sign_of_life(redis: Redis, holder: str, *, is_acting: bool) -> None:
    """Keeps a key in Redis that vanishes soon after this scheduler stops or hangs."""
    redis.set(CLOCK_KEYS + holder, "acting" if is_acting else "waiting", ex=3 * BEAT_SECONDS)


def work(components: Components) -> None:
    """Runs until SIGTERM or SIGINT."""
    log_started("clock")
    report_readiness(components.application.engine, components.redis)
    refuse_hangup()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    run(components, stop)


def main() -> int:
    work(build_or_exit(begin_process()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
