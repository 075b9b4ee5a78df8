"""The scheduler and the workers of all lanes, for `make run`: `python -m config.processes.background`.

The first process builds the application and forks the others, which share its memory. One that ends is started again, as
a process manager does. In production each is a service of its own (Procfile).
"""

import gc
import os
import signal
import sys
import threading

import structlog

from config.processes import scheduler, worker
from config.processes.lifecycle import begin_process, refuse_hangup
from config.wiring import Components, build_or_exit

CLOCK = "clock"
PROCESSES = (CLOCK, *worker.WORKERS)
_STOP = (signal.SIGTERM, signal.SIGINT)


def run(components: Components) -> None:
    """Keeps the scheduler and a worker of each lane alive until SIGTERM or SIGINT; they finish the jobs in their hands."""
    stopping, running = threading.Event(), dict[int, str]()

    def stop(*_: object) -> None:
        stopping.set()
        for pid in running:
            os.kill(pid, signal.SIGTERM)

    for number in _STOP:
        signal.signal(number, stop)
    # The collector would write to every page that the processes share.
    gc.collect()
    gc.freeze()
    for name in PROCESSES:
        _start(name, components, running)
    while running:
        pid, status = os.wait()
        name = running.pop(pid)
        if not stopping.is_set():
            structlog.get_logger().error(
                "process.ended", name=name, status=os.waitstatus_to_exitcode(status), remedy="started again"
            )
            stopping.wait(1)
        if not stopping.is_set():
            _start(name, components, running)


def _start(name: str, components: Components, running: dict[int, str]) -> None:
    """Forks a process and notes it in `running`."""
    # A signal to stop must find the new process noted.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    pid = os.fork()
    if pid:
        running[pid] = name
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP)
        return
    for number in _STOP:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP)
    if name == CLOCK:
        scheduler.work(components)
    else:
        worker.work(name, components)
    sys.exit(0)


def main() -> int:
    # Nothing connects before the forks: a connection must not be shared.
    components = build_or_exit(begin_process())
    refuse_hangup()
    run(components)
    return 0


if __name__ == "__main__":
    sys.exit(main())
