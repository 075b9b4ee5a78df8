"""`python -m tests.outbox.hanging_worker FOLDER`: a worker of the notifications lane whose channel hangs as C code does.

The channel adds a line to the file `begun` and reads from the named pipe `gate`, and no signal reaches it meanwhile.
"""

import signal
import sys
from dataclasses import replace
from pathlib import Path

from config.processes.worker import WorkerContext, work_lane
from config.settings import settings_or_exit
from config.wiring import build_or_exit
from hotline.gateways.notifications.channel import UnitAddress, UnitNotification
from hotline.reactions.registry import NOTIFICATIONS


class HangingChannel:
    """Implements `NotificationChannel`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reaches(self, _unit: UnitAddress) -> bool:
        return True

    def send(self, _notification: UnitNotification) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        with (self._folder / "begun").open("a") as file:
            file.write("begun\n")
        (self._folder / "gate").read_bytes()


if __name__ == "__main__":
    components = build_or_exit(settings_or_exit())
    hanging = replace(components.reaction_context, channels=(HangingChannel(Path(sys.argv[1])),))
    context = WorkerContext(replace(components, reaction_context=hanging), hang_seconds=0.2)
    work_lane(NOTIFICATIONS, context)
