"""The scheduler and a worker of one lane as processes of their own, and RQ's own worker with no-op jobs beside them: the floor.

The moment of a commit is taken by the process that commits, the start of a reaction from the row that it writes.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from redis import Redis
from rq import Queue, SimpleWorker, get_current_job
from rq.serializers import JSONSerializer
from sqlalchemy import func, select

from hotline.clock import system_clock
from hotline.events import Event
from hotline.gateways.live import RedisAnnouncer, announcer_client
from hotline.reactions.registry import has_reactions
from hotline.rules.enums import DeliveryState
from hotline.store.engine import open_engine
from hotline.store.outbox import Delivery, EventRow
from hotline.store.tables import Base
from hotline.unit_of_work import Application
from tests.benchmarks.redis_server import own_redis
from tests.policies import city_policies

ROOT = Path(__file__).resolve().parents[2]
NOOP = "noop"
STARTS = "noop:starts"
LONGEST_SECONDS = 120.0


def record_start() -> None:
    """Is the job of the floor whose start is measured."""
    job = get_current_job()
    if job is not None:
        job.connection.rpush(STARTS, time.time())


def do_nothing() -> None:
    """Is the job of the floor whose rate is measured."""


@dataclass
class Lane:
    """A running lane: the application that commits, and the moments of its commits with events that have reactions."""

    application: Application
    redis: Redis
    commits: list[datetime] = field(default_factory=list)

    def noop_rate(self, jobs: int) -> float:
        """Returns the no-op jobs a second that RQ's worker carries out."""
        queue = Queue(NOOP, connection=self.redis, serializer=JSONSerializer)
        function = f"{__name__}.do_nothing"
        last = queue.enqueue_many([Queue.prepare_data(function, result_ttl=0) for _ in range(jobs)])[-1]
        began = time.monotonic()
        until(lambda: not self.redis.exists(last.key), "the no-op jobs end", every=0.005)
        return jobs / (time.monotonic() - began)

    def noop_starts(self, jobs: int, interval: float) -> list[float]:
        """Returns the milliseconds from enqueueing a no-op job to its start, one job each `interval` seconds."""
        queue = Queue(NOOP, connection=self.redis, serializer=JSONSerializer)
        enqueued = []
        self.redis.delete(STARTS)
        for _ in ticks(jobs, interval):
            enqueued.append(time.time())
            queue.enqueue(f"{__name__}.record_start", result_ttl=0)
        until(lambda: self.redis.llen(STARTS) == jobs, "the no-op jobs start")
        starts = [float(start) for start in self.redis.lrange(STARTS, 0, -1)]
        return [1000 * (start - at) for start, at in zip(starts, enqueued, strict=True)]

    def rate(self, deliveries: int, commit: Callable[[], None]) -> float:
        """Returns the deliveries a second that follow from `commit`, one unit of work; waits until all are done."""
        before = self._done()
        commit()
        began = self.commits[-1]
        until(lambda: self._done() == before + deliveries, "the deliveries are done", every=0.02)
        with self.application.read_session() as session:
            ended = session.scalar(select(func.max(Delivery.done_at)))
        if ended is None:
            raise RuntimeError("nothing was done")
        return deliveries / (ended - began).total_seconds()

    def wait_until_done(self) -> None:
        """Waits until no delivery is left to do."""

        def is_done() -> bool:
            with self.application.read_session() as session:
                unrelayed = session.scalar(select(func.count()).where(EventRow.relayed_at.is_(None)))
                open_ones = select(func.count()).where(Delivery.state != DeliveryState.DONE)
                return not unrelayed and not session.scalar(open_ones)

        until(is_done, "nothing is left to do", every=0.05)

    def _done(self) -> int:
        with self.application.read_session() as session:
            return session.scalar(select(func.count()).where(Delivery.state == DeliveryState.DONE)) or 0


def p95(values: Sequence[float]) -> float:
    return sorted(values)[int(0.95 * len(values))]


def ticks(count: int, interval: float) -> Iterator[int]:
    """Yields `count` numbers, one each `interval` seconds, whatever the caller does meanwhile."""
    begin = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, begin + number * interval - time.monotonic()))
        yield number


def until(is_true: Callable[[], bool], what: str, *, every: float = 0.002) -> None:
    """Waits until `is_true`. Raises RuntimeError after a bounded time."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not is_true():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {LONGEST_SECONDS:.0f} s in vain: {what}")
        time.sleep(every)


@contextmanager
def running_lane(lane: str, database_url: str) -> Iterator[Lane]:
    """Runs the scheduler, a worker of `lane` and the worker of the floor on a database without tables."""
    engine = open_engine(database_url)
    Base.metadata.create_all(engine)
    with ExitStack() as stack:
        home = stack.enter_context(TemporaryDirectory(prefix="hl-b-"))
        redis_url = stack.enter_context(own_redis())
        announce = RedisAnnouncer(announcer_client(redis_url), has_reactions)
        commits: list[datetime] = []

        def note(at: datetime, events: tuple[Event, ...]) -> None:
            commits.append(system_clock())
            announce(at, events)

        application = Application(engine, system_clock, city_policies(), note, has_reactions)
        redis = stack.enter_context(Redis.from_url(redis_url))
        environ = {
            **os.environ,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "HOTLINE_HOME": home,
            "PYTHONPATH": str(ROOT),
        }
        for module in (
            ("config.processes.scheduler",),
            ("tests.benchmarks.lane_worker", lane),
            ("tests.benchmarks.lanes", redis_url),
        ):
            stack.enter_context(_process(module, environ))
        until(lambda: redis.scard("rq:workers") == 2, "the workers start", every=0.05)
        yield Lane(application, redis, commits)
    engine.dispose()


@contextmanager
def _process(module: tuple[str, ...], environ: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", *module], env=environ, cwd=ROOT)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def serve_noops(redis_url: str) -> None:
    """Runs RQ's own worker, as it is, until SIGTERM."""
    redis = Redis.from_url(redis_url)
    queue = Queue(NOOP, connection=redis, serializer=JSONSerializer)
    SimpleWorker([queue], connection=redis, serializer=JSONSerializer).work(logging_level="WARNING")


if __name__ == "__main__":
    serve_noops(sys.argv[1])
