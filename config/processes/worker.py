"""An RQ worker for one lane: `python -m config.processes.worker calls` (or `notifications`, `heavy`).

It builds the application once. It listens to exactly one queue, because only then does RQ pop safely. A job is nothing
but a reference to a row of the database: the id of a delivery or the name of a periodic job.

The lanes of deliveries carry out their jobs in the process itself; the lane of heavy jobs forks for each.
"""

import faulthandler
import gc
import signal
import sys
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType

import structlog
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker, Worker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

from config.periodic_jobs import JOBS, HeavyJob, Job, run_heavy
from config.processes.job_queues import JOB_SECONDS, queue_of
from config.processes.lifecycle import begin_process, log_started, refuse_hangup
from config.readiness import StartedFiles, report_readiness
from config.wiring import Components, build_or_exit
from hotline import outbox
from hotline.reactions.registry import LANES
from hotline.rules.failures import failure_reason
from hotline.services.periodic_jobs import HEAVY

WORKERS = (*LANES, HEAVY)
# A job that does not react to its time limit, because it hangs in C code, ends its worker after so many seconds more:
# still before the lease of the delivery is over.
HANG_SECONDS = 3.0
# RQ counts a worker as alive for a minute more than this after its last heartbeat; an idle one sends one each
# `WORKER_TTL` - 15 seconds, a busy one each second.
WORKER_TTL, BEAT_SECONDS = 35, 1.0
# RQ then forgets what killed workers left in Redis. Nothing waits for it: what is due stands in the database.
MAINTENANCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """The application of a worker process, the periodic jobs that it may run, and its patience with a job that hangs."""

    components: Components
    jobs: tuple[Job, ...] = JOBS
    hang_seconds: float = HANG_SECONDS


# RQ calls a job by its name and knows no arguments but those in Redis; so a job finds the application here.
_CONTEXT: ContextVar[WorkerContext] = ContextVar("worker")


def carry_out(delivery_id: int) -> bool:
    """Executes one delivery."""
    return outbox.deliver(_CONTEXT.get().components.reaction_context, delivery_id)


def run_periodic_job(name: str) -> bool:
    """Makes the run of the heavy job `name` that is due."""
    context = _CONTEXT.get()
    jobs = {job.name: job for job in context.jobs if isinstance(job, HeavyJob)}
    # While versions change, the scheduler may know a job that this worker does not.
    return name in jobs and run_heavy(context.components.application, jobs[name])


class LongLivedWorker(BaseWorker):
    """The base of the workers of all lanes: they outlive a lost Redis, and say when their files have changed."""

    # RQ doubles the pause between two looks for a lost Redis up to a minute, while calls do not ring.
    max_connection_wait_time = 2.0
    files: StartedFiles
    stopping: threading.Event
    _beat_at = 0.0

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stopping.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def run_maintenance_tasks(self) -> None:
        self.files.report_changes_now_and_then()
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        if pipeline is not None:
            super().heartbeat(timeout, pipeline)
            return
        # RQ sends three commands one after the other, three times a job; once a second is enough.
        if time.monotonic() - self._beat_at < BEAT_SECONDS:
            return
        self._beat_at = time.monotonic()
        with self.connection.pipeline(transaction=False) as one_trip:
            super().heartbeat(timeout, one_trip)
            one_trip.execute()


class LaneWorker(LongLivedWorker, SimpleWorker):
    """Carries out deliveries in its own process: statements stay compiled and connections open from job to job.

    RQ stops a job after its time limit by an exception, which becomes the failure of its delivery.
    """

    def perform_job(self, job: RqJob, queue: Queue, execution: Execution) -> bool:
        # The exception reaches no job that hangs in C code. This thread of the C library then writes where the job hangs
        # and ends the process; the process manager starts another one, and the lease of the delivery ends.
        seconds = float(job.timeout or JOB_SECONDS) + _CONTEXT.get().hang_seconds
        faulthandler.dump_traceback_later(seconds, exit=True)
        try:
            return super().perform_job(job, queue, execution)
        finally:
            faulthandler.cancel_dump_traceback_later()


class HeavyWorker(LongLivedWorker, Worker):
    """Forks for each run: its heartbeat goes on while a run takes minutes, and the memory of the run is given back."""

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        # systemd sends SIGTERM to both processes; the run is finished all the same.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def perform_job(self, job: RqJob, queue: Queue, execution: Execution) -> bool:
        # The child must not use the connections of its parent.
        _CONTEXT.get().components.application.engine.dispose(close=False)
        return super().perform_job(job, queue, execution)


def work_lane(lane: str, context: WorkerContext) -> None:
    """Works until SIGTERM or SIGINT."""
    _CONTEXT.set(context)
    redis, files, stopping = context.components.redis, StartedFiles(), threading.Event()
    refuse_hangup()
    # What was built so far lives as long as the process: no collection needs to walk through it.
    gc.freeze()
    # SIGTERM between two RQ workers.
    with suppress(StopRequested):
        while not stopping.is_set():
            wait_for_redis(redis, lane, stopping)
            _work_while_redis_lasts(lane, redis, files, stopping)
    structlog.get_logger().info("worker.stopped", lane=lane)


def _work_while_redis_lasts(lane: str, redis: Redis, files: StartedFiles, stopping: threading.Event) -> None:
    """Works until it is told to stop or RQ gives up, as it does when Redis is lost in the middle of a job."""
    try:
        worker = (HeavyWorker if lane == HEAVY else LaneWorker)(
            [queue_of(redis, lane)],
            connection=redis,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL,
            maintenance_interval=MAINTENANCE_SECONDS,
            job_monitoring_interval=5,
        )
        worker.files, worker.stopping = files, stopping
        worker.work(with_scheduler=False, logging_level="WARNING")
    except RedisError as error:
        structlog.get_logger().error(
            "worker.waiting", lane=lane, trouble=type(error).__name__, reason=failure_reason(error)
        )
    # RQ ends in the same way for any error of its own: a pause, so that it does not begin again without end.
    stopping.wait(1)


def wait_for_redis(redis: Redis, lane: str, stopping: threading.Event) -> None:
    """Waits until Redis answers, and logs why it does not: RQ gives up when it is away at the start."""
    while not stopping.is_set():
        try:
            redis.ping()
        except RedisError as error:
            structlog.get_logger().error(
                "worker.waiting", lane=lane, trouble=type(error).__name__, reason=failure_reason(error)
            )
            stopping.wait(1)
        else:
            return


def main(arguments: list[str]) -> int:
    """Works one lane; returns exit status 2 for a lane that does not exist."""
    if len(arguments) != 1 or arguments[0] not in WORKERS:
        sys.stderr.write(f"usage: python -m config.processes.worker {{{'|'.join(WORKERS)}}}\n")
        return 2
    work(arguments[0], build_or_exit(begin_process()))
    return 0


def work(lane: str, components: Components) -> None:
    """Works one lane with all periodic jobs until SIGTERM or SIGINT."""
    log_started("worker", lane=lane)
    report_readiness(components.application.engine, components.redis)
    work_lane(lane, WorkerContext(components))


if __name__ == "__main__":
    # RQ imports this module by its name: its jobs must find the context that was set there, not the one of __main__.
    from config.processes.worker import main as importable_main

    sys.exit(importable_main(sys.argv[1:]))
