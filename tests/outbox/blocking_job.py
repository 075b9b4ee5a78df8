"""`python -m tests.outbox.blocking_job FOLDER`: a worker of the heavy lane whose only job blocks.

The job adds a line to the file `begun` and reads from the named pipe `gate`: it goes on when the test opens the pipe.
"""

import sys
from pathlib import Path

from config.periodic_jobs import HeavyJob, Job
from config.processes.worker import WorkerContext, work_lane
from config.settings import settings_or_exit
from config.wiring import build_or_exit
from hotline.rules.schedules import Every
from hotline.services.periodic_jobs import HEAVY
from hotline.unit_of_work import Application


def blocking_jobs(folder: Path) -> tuple[Job, ...]:
    def block(_application: Application) -> int:
        with (folder / "begun").open("a") as file:
            file.write("begun\n")
        (folder / "gate").read_bytes()
        return 7

    return (HeavyJob("block", Every(3600), block),)


if __name__ == "__main__":
    work_lane(HEAVY, WorkerContext(build_or_exit(settings_or_exit()), blocking_jobs(Path(sys.argv[1]))))
