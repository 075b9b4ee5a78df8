"""An RQ worker for one lane: `python -m config.processes.worker calls` (or `notifications`, `heavy`).

It builds the application before it forks, so that each job costs milliseconds. It listens to exactly one queue,
because only then does RQ pop safely. A job is nothing but a reference to a row of the database: the id of a delivery
or the name of a periodic job.
"""

import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry, Worker
from rq.executions import Execution
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from config.periodic_jobs import HEAVY, JOBS, HeavyJob, Job, run_heavy
from config.processes.lifecycle import begin_process, log_started, refuse_hangup
from config.readiness import StartedFiles, report_readiness
from config.wiring import Components, build_or_exit
from hotline import outbox
from hotline.outbox import PendingDelivery
from hotline.reactions.registry import LANES
from hotline.rules.failures import failure_reason
from hotline.store.jobs import PeriodicJob

WORKERS = (*LANES, HEAVY)
# Less than the lease of a delivery: RQ stops a job before another worker may take it over.
JOB_SECONDS = 45
# Less than hotline.services.periodic_jobs.HEAVY_LEASE, for the same reason.
HEAVY_SECONDS = 15 * 60
KEEP_FAILED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """The application of a worker process, and the periodic jobs that it may run."""

    components: Components
    jobs: tuple[Job, ...] = JOBS


# RQ calls a job by its name and knows no arguments but those in Redis; so a job finds the application here.
_CONTEXT: ContextVar[WorkerContext] = ContextVar("worker")

EnqueueRuns = Callable[[list[PeriodicJob]], None]


def carry_out(delivery_id: int) -> bool:
    """Executes one delivery."""
    return outbox.deliver(_CONTEXT.get().components.reaction_context, delivery_id)


def run_periodic_job(name: str) -> bool:
    """Makes the run of the heavy job `name` that is due."""
    context = _CONTEXT.get()
    jobs = {job.name: job for job in context.jobs if isinstance(job, HeavyJob)}
    # While versions change, the scheduler may know a job that this worker does not.
    return name in jobs and run_heavy(context.components.application, jobs[name])


class LaneWorker(Worker):
    """An RQ worker whose forked children open their own connections to the database."""

    # RQ doubles the pause between two looks for a lost Redis up to a minute, while calls do not ring.
    max_connection_wait_time = 2.0
    files: StartedFiles

    def run_maintenance_tasks(self) -> None:
        self.files.report_changes()
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]

    def perform_job(self, job: RqJob, queue: Queue, execution: Execution) -> bool:
        _CONTEXT.get().components.application.engine.dispose(close=False)
        return super().perform_job(job, queue, execution)


def enqueue_into(redis: Redis) -> outbox.Enqueue:
    """Returns the function that hands deliveries to RQ, one queue a lane."""
    queues = {lane: _queue(redis, lane) for lane in LANES}

    def enqueue(deliveries: list[PendingDelivery]) -> None:
        for delivery in deliveries:
            job_id = f"delivery-{delivery.id}-{delivery.attempts}"
            _enqueue(queues[delivery.lane], "carry_out", delivery.id, job_id, JOB_SECONDS)

    return enqueue


def enqueue_runs_into(redis: Redis) -> EnqueueRuns:
    """Returns the function that hands the runs of heavy jobs to the lane of their worker."""
    queue = _queue(redis, HEAVY)

    def enqueue(runs: list[PeriodicJob]) -> None:
        for run in runs:
            job_id = f"{run.name}-{run.due_at:%Y%m%d%H%M%S}-{run.attempts}"
            _enqueue(queue, "run_periodic_job", run.name, job_id, HEAVY_SECONDS)

    return enqueue


def _queue(redis: Redis, lane: str) -> Queue:
    return Queue(lane, connection=redis, serializer=JSONSerializer)


def _enqueue(queue: Queue, function: str, argument: int | str, job_id: str, seconds: int) -> None:
    if queue.get_job_position(job_id) is not None:
        return  # it was enqueued before and still waits: the lane is slow, not lossy
    queue.enqueue(
        f"config.processes.worker.{function}",
        argument,
        job_id=job_id,
        job_timeout=seconds,
        result_ttl=0,
        failure_ttl=KEEP_FAILED_SECONDS,
        retry=Retry(max=2),
    )


def work_lane(lane: str, context: WorkerContext) -> None:
    """Works until SIGTERM or SIGINT."""
    _CONTEXT.set(context)
    worker = LaneWorker(
        [_queue(context.components.redis, lane)],
        connection=context.components.redis,
        serializer=JSONSerializer,
        worker_ttl=20,
        maintenance_interval=5,
        job_monitoring_interval=5,
    )
    worker.files = StartedFiles()
    refuse_hangup()
    wait_for_redis(context.components.redis, lane)
    worker.work(with_scheduler=False, logging_level="WARNING")
    structlog.get_logger().info("worker.stopped", lane=lane)


def wait_for_redis(redis: Redis, lane: str) -> None:
    """Waits until Redis answers, and logs why it does not: RQ gives up when it is away at the start."""
    while True:
        try:
            redis.ping()
        except RedisError as error:
            structlog.get_logger().error(
                "worker.waiting", lane=lane, trouble=type(error).__name__, reason=failure_reason(error)
            )
            time.sleep(1)
        else:
            return


def main(arguments: list[str]) -> int:
    """Works one lane; returns exit status 2 for a lane that does not exist."""
    if len(arguments) != 1 or arguments[0] not in WORKERS:
        sys.stderr.write(f"usage: python -m config.processes.worker {{{'|'.join(WORKERS)}}}\n")
        return 2
    settings = begin_process()
    components = build_or_exit(settings)
    log_started("worker", lane=arguments[0])
    report_readiness(components)
    work_lane(arguments[0], WorkerContext(components))
    return 0


if __name__ == "__main__":
    # RQ imports this module by its name: its jobs must find the context that was set there, not the one of __main__.
    from config.processes.worker import main as importable_main

    sys.exit(importable_main(sys.argv[1:]))
