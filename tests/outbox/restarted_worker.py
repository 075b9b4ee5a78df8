"""`python -m tests.outbox.restarted_worker LANE`: a worker of the lane, started again whenever it ends.

So do process managers. Here each start is a fork of a process that has built the application, and costs milliseconds.
"""

import os
import sys

from config.processes.worker import WorkerContext, work_lane
from config.settings import settings_or_exit
from config.wiring import build_or_exit

if __name__ == "__main__":
    context = WorkerContext(build_or_exit(settings_or_exit()))
    while True:
        child = os.fork()
        if child == 0:
            work_lane(sys.argv[1], context)
            os._exit(0)
        os.waitpid(child, 0)
