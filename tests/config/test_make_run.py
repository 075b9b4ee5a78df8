"""`make run` with real processes: it starts, keeps its data, stops, and reports errors in one line."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from config.settings import read_settings
from hotline.clock import system_clock
from hotline.rules.enums import Role
from hotline.store.engine import open_engine
from hotline.store.people.tables import User
from hotline.store.schema import migrate
from tests.architecture.sources import ROOT
from tests.ports import free_port

PATIENCE = 90.0


class Run:
    """One `python -m config.processes.run`, its output, and the processes it has started."""

    def __init__(self, home: Path, **environ: str) -> None:
        self.environ = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOTLINE_HOME": str(home),
            "PORT": str(free_port()),
            "EXCHANGE_PORT": str(free_port()),
            "WEB_CONCURRENCY": "1",
            # Servers that rename their process by setproctitle must not overwrite /proc/PID/environ: `children` reads it.
            "SPT_NOENV": "1",
            **environ,
        }
        self.lines: list[str] = []
        self._said = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.processes.run"],
            cwd=ROOT,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._said:
                self.lines.append(line.rstrip())
                self._said.notify_all()

    def wait_for(self, words: str) -> None:
        with self._said:
            heard = self._said.wait_for(lambda: any(words in line for line in self.lines), PATIENCE)
        assert heard, "\n".join(self.lines)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.status()

    def status(self) -> int:
        code = self.process.wait(PATIENCE)
        self._reader.join(10)
        return code

    def children(self) -> list[int]:
        """Processes that run with this run's home, itself left out (Linux)."""
        mark = f"HOTLINE_HOME={self.environ['HOTLINE_HOME']}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
            except OSError:
                continue
        return [pid for pid in found if pid != self.process.pid]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose database is settled already, so that no city is invented."""
    engine = open_engine(read_settings({"HOTLINE_HOME": str(tmp_path)}).database_url)
    migrate(engine)
    with Session(engine) as session:
        session.add(
            User(
                name="op1",
                display_name="甲",
                password_hash="!",
                role=Role.OPERATOR,
                created_at=system_clock(),
            )
        )
        session.commit()
    engine.dispose()
    return tmp_path


@pytest.fixture
def run(home: Path) -> Iterator[Run]:
    started = Run(home)
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGTERM)


pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not Path("/proc").exists(), reason="looks for orphans in /proc"),
]


def test_it_starts_answers_refuses_a_second_run_and_stops_without_leaving_anybody(
    run: Run, home: Path
) -> None:
    run.wait_for("Ctrl-C")
    with urllib.request.urlopen(f"http://127.0.0.1:{run.environ['PORT']}/readyz", timeout=10) as answer:
        assert answer.status == 200
    said = "\n".join(run.lines)
    assert f"http://127.0.0.1:{run.environ['PORT']}/login" in said
    assert f"http://127.0.0.1:{run.environ['EXCHANGE_PORT']}/phone" in said
    assert "op1" in said
    assert len(run.children()) >= 7
    second = Run(home)
    assert second.status() == 2
    assert second.lines == [
        f"hotline: another make run is using {home}; set HOTLINE_HOME to run a second one"
    ]
    assert run.end() == 0
    assert run.children() == []


def test_a_child_that_dies_is_named_and_ends_the_rest(run: Run) -> None:
    run.wait_for("Ctrl-C")
    background = next(
        pid
        for pid in run.children()
        if b"config.processes.background" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    )
    os.kill(background, signal.SIGKILL)
    assert run.status() == 1
    assert any("background ended with status -9" in line for line in run.lines)
    assert run.children() == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's word to orphans is Linux only")
def test_killed_outright_it_leaves_nobody_behind(run: Run) -> None:
    run.wait_for("Ctrl-C")
    assert run.end(signal.SIGKILL) == -signal.SIGKILL
    pause = threading.Event()
    for _ in range(200):
        if not run.children():
            return
        pause.wait(0.1)
    raise AssertionError(f"still there: {run.children()}")


def test_a_port_in_use_is_named(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = Run(home, PORT=str(port))
        assert refused.status() == 2
    assert refused.lines == [
        f"hotline: port {port} cannot be used (Address already in use); set PORT to another"
    ]


def test_production_is_refused_before_anything_starts(home: Path) -> None:
    refused = Run(home, HOTLINE_ENV="production")
    assert refused.status() == 2
    assert refused.lines == ["hotline: DATABASE_URL must be set when HOTLINE_ENV=production"]
