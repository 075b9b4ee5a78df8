"""`python -m tests.benchmarks.lane_worker LANE`: a worker of the lane for a carrier that answers at once.

The moments at which the carrier is asked to ring are kept in the Redis list `RINGS`, as `OFFER MOMENT`.
"""

import secrets
import sys
import time
from dataclasses import dataclass, replace
from datetime import datetime

from redis import Redis

from config.processes.lifecycle import begin_process
from config.processes.worker import WorkerContext, work_lane
from config.wiring import build_or_exit
from hotline.gateways.carrier import CallRequest, RecordingMedia

RINGS = "bench:rings"


@dataclass(frozen=True)
class InstantCarrier:
    """Implements `Carrier`: does everything, and takes no time."""

    redis: Redis

    def place(self, request: CallRequest) -> str:
        at = time.time()
        self.redis.rpush(RINGS, f"{request.answer_url.rsplit('/', 1)[1]} {at}")
        return f"CA{secrets.token_hex(16)}"

    def find_placed(self, _to: str, _since: datetime) -> str | None:
        return None

    def take_from_queue(self, _queue: str, _sid: str, _url: str) -> None:
        return

    def redirect(self, _sid: str, _url: str) -> None:
        return

    def status_of(self, _sid: str) -> str | None:
        return "in-progress"

    def hang_up(self, _sid: str) -> None:
        return

    def fetch_recording(self, _sid: str) -> RecordingMedia:
        raise NotImplementedError


if __name__ == "__main__":
    components = build_or_exit(begin_process())
    context = replace(components.reaction_context, carrier=InstantCarrier(components.redis))
    work_lane(sys.argv[1], WorkerContext(replace(components, reaction_context=context)))
