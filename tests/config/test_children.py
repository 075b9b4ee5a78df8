"""Child processes of `make run`: output with names, order of stopping, killed after the patience."""

import io
import os
import sys
import threading
from collections.abc import Iterator

import pytest

from config.setup.children import Children

OBEYS = "import sys, threading; print('ready', flush=True); threading.Event().wait()"
IGNORES = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + OBEYS


class Output(io.StringIO):
    """Records what the children write and wakes the test."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Condition()

    def write(self, text: str) -> int:
        with self.written:
            count = super().write(text)
            self.written.notify_all()
            return count

    def wait_for(self, text: str) -> None:
        with self.written:
            assert self.written.wait_for(lambda: text in self.getvalue(), 30), self.getvalue()


@pytest.fixture
def output() -> Output:
    return Output()


@pytest.fixture
def children(output: Output) -> Iterator[Children]:
    started = Children(dict(os.environ), output)
    yield started
    started.stop(0.01)


def test_lines_of_a_child_are_passed_on_with_its_name(children: Children, output: Output) -> None:
    children.start("web", [sys.executable, "-c", OBEYS], 1)
    output.wait_for("           web | ready\n")
    assert children.ended() is None


def test_a_child_that_ends_is_found(children: Children) -> None:
    child = children.start("short", [sys.executable, "-c", "raise SystemExit(3)"], 1)
    assert child.process.wait(30) == 3
    assert children.ended() is child


def test_a_child_that_does_not_stop_is_killed_and_named(children: Children, output: Output) -> None:
    for name, program in (("obeys", OBEYS), ("ignores", IGNORES)):
        children.start(name, [sys.executable, "-c", program], 1)
        output.wait_for(f"{name:>14} | ready")
    processes = [child.process for child in children.running]
    assert children.stop(2.0) == ["ignores"]
    assert [process.returncode for process in processes] == [-15, -9]
    assert children.running == []


def test_a_higher_group_stops_first(children: Children, output: Output) -> None:
    records_its_end = (
        "import signal, sys, time\n"
        "def end(*_):\n    print('stopped', time.monotonic_ns(), flush=True)\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nprint('ready', flush=True)\nsignal.pause()"
    )
    for name, group in (("last", 0), ("first", 2), ("middle", 1)):
        children.start(name, [sys.executable, "-c", records_its_end], group)
        output.wait_for(f"{name:>14} | ready")
    children.stop(10)
    for name in ("first", "middle", "last"):
        output.wait_for(f"{name:>14} | stopped")
    ends = [line.split() for line in output.getvalue().splitlines() if "stopped" in line]
    in_order = sorted(ends, key=lambda words: int(words[-1]))
    assert [words[0] for words in in_order] == ["first", "middle", "last"]
