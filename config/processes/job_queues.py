"""The RQ queue of each lane, and the jobs that the scheduler appends to them.

A job is nothing but a reference to a row of the database: the id of a delivery or the name of a periodic job. The functions
that it names are those of `config.processes.worker`.
"""

from collections.abc import Callable

from redis import Redis
from rq import Queue, Retry
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from hotline import outbox
from hotline.outbox import PendingDelivery
from hotline.reactions.registry import LANES
from hotline.services.periodic_jobs import HEAVY
from hotline.store.jobs import PeriodicJob

# Less than the lease of a delivery: RQ stops a job before another worker may take it over.
JOB_SECONDS = 45
# Less than hotline.services.periodic_jobs.HEAVY_LEASE, for the same reason.
HEAVY_SECONDS = 15 * 60
KEEP_FAILED_SECONDS = 3600

EnqueueRuns = Callable[[list[PeriodicJob]], None]


def enqueue_into(redis: Redis) -> outbox.Enqueue:
    """Returns the function that hands deliveries to RQ, one queue a lane."""
    queues = {lane: queue_of(redis, lane) for lane in LANES}

    def enqueue(deliveries: list[PendingDelivery]) -> None:
        for lane in {delivery.lane for delivery in deliveries}:
            jobs = [
                _job("carry_out", due.id, f"delivery-{due.id}-{due.attempts}", JOB_SECONDS)
                for due in deliveries
                if due.lane == lane
            ]
            _enqueue(queues[lane], jobs)

    return enqueue


def enqueue_runs_into(redis: Redis) -> EnqueueRuns:
    """Returns the function that hands the runs of heavy jobs to the lane of their worker."""
    queue = queue_of(redis, HEAVY)

    def enqueue(runs: list[PeriodicJob]) -> None:
        jobs = [
            _job(
                "run_periodic_job",
                run.name,
                f"{run.name}-{run.due_at:%Y%m%d%H%M%S}-{run.attempts}",
                HEAVY_SECONDS,
            )
            for run in runs
        ]
        _enqueue(queue, jobs)

    return enqueue


def queue_of(redis: Redis, lane: str) -> Queue:
    """Returns the queue of a lane."""
    return Queue(lane, connection=redis, serializer=JSONSerializer)


def _job(function: str, argument: int | str, job_id: str, seconds: int) -> EnqueueData:
    return Queue.prepare_data(
        f"config.processes.worker.{function}",
        (argument,),
        job_id=job_id,
        timeout=seconds,
        result_ttl=0,
        failure_ttl=KEEP_FAILED_SECONDS,
        retry=Retry(max=2),
    )


def _enqueue(queue: Queue, jobs: list[EnqueueData]) -> None:
    """Appends the jobs in their order, in two round trips; those that wait in the queue already are left out."""
    with queue.connection.pipeline(transaction=False) as look:
        for job in jobs:
            look.lpos(queue.key, str(job.job_id))
        positions = look.execute()
    # One that still waits was enqueued before: the lane is slow, not lossy.
    new = [job for job, position in zip(jobs, positions, strict=True) if position is None]
    if new:
        queue.enqueue_many(new)
