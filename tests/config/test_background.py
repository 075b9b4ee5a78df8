"""The background processes of `make run` share one process's memory; one that ends is started again."""

import os
import signal
from pathlib import Path

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from config.processes.background import PROCESSES
from config.processes.worker import WORKERS
from tests.outbox.workers import wait_for, worker


def lanes_with_a_worker(redis: Redis) -> set[str]:
    """Returns the lanes whose queue somebody listens to: a job that nobody knows is taken and thrown away."""
    waiting = {lane for lane in WORKERS if Queue(lane, connection=redis, serializer=JSONSerializer).job_ids}
    return set(WORKERS) - waiting


def test_every_lane_has_a_worker_that_is_started_again_until_the_group_is_told_to_stop(
    redis: Redis, redis_url: str, database_url: str, tmp_path: Path
) -> None:
    def ask() -> None:
        for lane in WORKERS:
            redis.rpush(f"rq:queue:{lane}", "nobody-knows-this-job")

    with worker(database_url, redis_url, tmp_path, "config.processes.background") as group:
        ask()
        wait_for(lambda: lanes_with_a_worker(redis) == set(WORKERS), "all lanes work", every=0.05)
        first = group.children()
        assert len(first) == len(PROCESSES)
        os.kill(first[1], signal.SIGKILL)
        wait_for(lambda: first[1] not in group.children(), "the worker is dead", every=0.02)
        ask()
        wait_for(lambda: lanes_with_a_worker(redis) == set(WORKERS), "it was started again", every=0.05)
        assert group.children()[: len(first) - 1] == [first[0], *first[2:]], "the others go on"
        children = group.children()
        assert group.process is not None
        group.process.send_signal(signal.SIGTERM)
        assert group.process.wait(20) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in children)
