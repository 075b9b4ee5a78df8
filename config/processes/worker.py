"""Time's door: an RQ worker for one lane. `python -m config.processes.worker calls` (or `notifications`).

It imports and builds the application before it forks, so that each job costs milliseconds; it listens to exactly one
queue, because only then does RQ pop safely; and a job is nothing but the id of a delivery.
"""

import sys
from contextvars import ContextVar

from redis import Redis
from rq import Queue, Retry, Worker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

from config.logs import begin_logging
from config.settings import settings_or_exit
from config.wiring import Components, build_or_exit
from hotline import outbox
from hotline.outbox import PendingDelivery
from hotline.reactions.registry import LANES

JOB_SECONDS = 45
"""Less than the lease of a delivery: a job is stopped before another worker may take it over."""
KEEP_FAILED_SECONDS = 3600

_HOTLINE: ContextVar[Components] = ContextVar("hotline")
"""The application this worker process was built with; a job finds it here because RQ calls it by name only."""


def carry_out(delivery_id: int) -> bool:
    """Carry one delivery out: the only job there is."""
    return outbox.deliver(_HOTLINE.get().tools, delivery_id)


class LaneWorker(Worker):
    """An RQ worker whose forked children open database connections of their own.

    It looks for a lost Redis every other second; RQ's own pauses double up to a minute, while callers wait unrung.
    """

    max_connection_wait_time = 2.0

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        _HOTLINE.get().application.engine.dispose(close=False)
        return super().perform_job(job, queue, execution)


def enqueue_into(redis: Redis) -> outbox.Enqueue:
    """Return the function that hands parcels to RQ, one queue a lane."""
    queues = {lane: Queue(lane, connection=redis, serializer=JSONSerializer) for lane in LANES}

    def enqueue(parcels: list[PendingDelivery]) -> None:
        for parcel in parcels:
            lane, job_id = queues[parcel.lane], f"delivery-{parcel.id}-{parcel.attempts}"
            if lane.get_job_position(job_id) is not None:
                continue  # the lane is slow, not lossy: it still waits its turn
            lane.enqueue(
                "config.processes.worker.carry_out",
                parcel.id,
                job_id=job_id,
                job_timeout=JOB_SECONDS,
                result_ttl=0,
                failure_ttl=KEEP_FAILED_SECONDS,
                retry=Retry(max=2),
            )

    return enqueue


def main(arguments: list[str]) -> int:
    """Work one lane until told to stop; 2 for a lane that does not exist."""
    if len(arguments) != 1 or arguments[0] not in LANES:
        sys.stderr.write(f"usage: python -m config.processes.worker {{{'|'.join(LANES)}}}\n")
        return 2
    settings = settings_or_exit()
    begin_logging(settings.mode)
    hotline = build_or_exit(settings)
    _HOTLINE.set(hotline)
    queue = Queue(arguments[0], connection=hotline.redis, serializer=JSONSerializer)
    worker = LaneWorker(
        [queue],
        connection=hotline.redis,
        serializer=JSONSerializer,
        worker_ttl=20,
        maintenance_interval=5,
        job_monitoring_interval=5,
    )
    worker.work(with_scheduler=False, logging_level="WARNING")
    return 0


if __name__ == "__main__":
    from config.processes.worker import main as importable_main

    sys.exit(importable_main(sys.argv[1:]))
