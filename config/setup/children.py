"""Child processes that are started together and stopped in order, so that `make run` leaves none behind.

Each child has its own session: Ctrl-C in the terminal reaches the parent only, which decides the order of stopping. If
the parent is killed, the kernel (Linux) ends the children.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """A running process and its name in the output."""

    name: str
    process: "subprocess.Popen[bytes]"
    # Children of a higher group stop first.
    group: int


def _end_with_parent(parent: int) -> Callable[[], None] | None:
    """Returns a function for the child to call before it starts: the kernel then ends it with its parent (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)

    return ask


@dataclass(slots=True)
class Children:
    """The children of one run. Their output is passed on, each line with the name of the child."""

    environ: Mapping[str, str]
    out: IO[str] = field(default_factory=lambda: sys.stdout)
    running: list[Child] = field(default_factory=list)
    stopping: bool = False

    def start(self, name: str, command: Sequence[str], group: int) -> Child:
        """Starts a child and passes on its output until it ends."""
        process = subprocess.Popen(
            list(command),
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent(os.getpid()),  # noqa: PLW1509 - one thread forks; it only makes two system calls
        )
        child = Child(name, process, group)
        self.running.append(child)
        threading.Thread(target=self._pass_on, args=(child,), daemon=True).start()
        return child

    def _pass_on(self, child: Child) -> None:
        pipe = child.process.stdout
        for line in iter(pipe.readline, b"") if pipe else ():
            self.out.write(f"{child.name:>14} | {line.decode(errors='replace').rstrip()}\n")
            self.out.flush()

    def ended(self) -> Child | None:
        """Returns a child that has ended, if any."""
        return next((child for child in self.running if child.process.poll() is not None), None)

    def stop(self, patience: float) -> list[str]:
        """Stops all children, the highest group first, and kills a group after `patience` seconds.

        Returns the names of the children that were killed.
        """
        self.stopping = True
        killed: list[str] = []
        for group in sorted({child.group for child in self.running}, reverse=True):
            killed += _stop_group([child for child in self.running if child.group == group], patience)
        self.running.clear()
        return killed


def _stop_group(children: list[Child], patience: float) -> list[str]:
    for child in children:
        _signal(child, signal.SIGTERM)
    deadline = time.monotonic() + patience
    killed = []
    for child in children:
        try:
            child.process.wait(max(deadline - time.monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            killed.append(child.name)
        _signal_all(child, signal.SIGKILL)
        child.process.wait()
    return killed


def _signal(child: Child, number: signal.Signals) -> None:
    """Signals the child alone: a server passes the signal on to its workers."""
    if child.process.poll() is None:
        child.process.send_signal(number)


def _signal_all(child: Child, number: signal.Signals) -> None:
    """Signals all processes that are left of the child's session."""
    try:
        os.killpg(child.process.pid, number)
    except ProcessLookupError:
        return
