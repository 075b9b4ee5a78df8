"""Measures the idle stack of `make run`: the memory of all its processes (PSS) and the CPU that they use.

It runs with a home and ports of its own. PSS counts a page that several processes share in parts.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.results import measure, report
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS, SETTLE_SECONDS, ROUNDS, ROUND_SECONDS = 180.0, 8.0, 3, 20.0
MOST_MB, MOST_CPU_PERCENT = 450.0, 1.0
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def stack() -> Iterator[int]:
    """Runs the stack and yields the id of its first process."""
    with tempfile.TemporaryDirectory(prefix="hl-i-", ignore_cleanup_errors=True) as home:
        port = free_port()
        environ = {
            **os.environ,
            "HOTLINE_HOME": home,
            "PORT": str(port),
            "EXCHANGE_PORT": str(free_port()),
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", "config.processes.run"]
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
        try:
            wait_until_ready(port, process)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def wait_until_ready(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Waits until `/readyz` answers. Raises RuntimeError if the stack ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the stack did not start")


def tree(pid: int) -> list[int]:
    """Returns the process and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in tree(int(child)))]


def pss_mb(pid: int) -> float:
    found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    return int(found[1]) / 1024 if found else 0.0


def cpu_seconds(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS


def name_of(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    named = words[words.index("-m") + 1 :] if "-m" in words else words
    return " ".join(named).strip()[:60]


def main() -> int:
    with stack() as first:
        time.sleep(SETTLE_SECONDS)
        pids = tree(first)
        memory, cpu = [], []
        for _ in range(ROUNDS):
            before = {pid: cpu_seconds(pid) for pid in pids}
            time.sleep(ROUND_SECONDS)
            used = {pid: 100 * (cpu_seconds(pid) - before[pid]) / ROUND_SECONDS for pid in pids}
            kept = {pid: pss_mb(pid) for pid in pids}
            memory.append(sum(kept.values()))
            cpu.append(sum(used.values()))
        for pid in pids:
            print(f"  {name_of(pid):<60} {kept[pid]:7.1f} MB {used[pid]:6.2f} % of a core")
    met = [
        report(measure("idle stack: memory (PSS)", "sqlite", "MB", memory, at_most=MOST_MB)),
        report(measure("idle stack: CPU of one core", "sqlite", "%", cpu, at_most=MOST_CPU_PERCENT)),
    ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
