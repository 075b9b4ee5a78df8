"""Real worker processes for tests that kill them, and a unit's own system that can stall."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30.0


def wait_for(what: Callable[[], bool], why: str, *, every: float = 0.002) -> None:
    """Look `every` so many seconds until `what` is true; fail with `why` after a bounded time."""
    pause = threading.Event()
    for _ in range(int(PATIENCE_SECONDS / every)):
        if what():
            return
        pause.wait(every)
    raise AssertionError(f"waited {PATIENCE_SECONDS} s in vain: {why}")


@dataclass
class WorkerProcess:
    """A worker process, such as `python -m config.processes.worker LANE` of the Procfile."""

    environment: dict[str, str]
    log: Path
    module: tuple[str, ...] = ("config.processes.worker", "notifications")
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.module],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def children(self) -> list[int]:
        """Return the ids of the processes that this one has started: runs of heavy jobs, or a worker that is restarted."""
        if self.process is None:
            return []
        pid = self.process.pid
        with suppress(FileNotFoundError, ProcessLookupError):
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return []

    def kill_children(self) -> None:
        """SIGKILL the children alone: a worker that is restarted begins again at once."""
        for child in self.children():
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def kill(self) -> None:
        """SIGKILL the process and its children."""
        if self.process is not None:
            children = self.children()
            self.process.kill()
            self.process.wait(10)
            self.process = None
            for child in children:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM the process and its children, as systemd does; returns the exit status."""
        if self.process is None:
            raise AssertionError("it does not run")
        for each in (self.process.pid, *self.children()):
            os.kill(each, signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def worker(database_url: str, redis_url: str, folder: Path, *module: str) -> Iterator[WorkerProcess]:
    """Runs the module, or else a worker of the notifications lane; kills it at the end."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOTLINE_HOME": str(folder),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    process = WorkerProcess(environment, folder / "worker.log")
    if module:
        process.module = module
    process.start()
    try:
        yield process
    finally:
        process.kill()


@contextmanager
def redis_process(socket: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a Redis of the test's own on `socket`; it remembers nothing when it is stopped."""
    program = shutil.which("redis-server") or str(Path(sys.executable).with_name("redis-server"))
    options = ["--port", "0", "--unixsocket", str(socket), "--dir", str(socket.parent), "--save", ""]
    server = subprocess.Popen([program, *options, "--appendonly", "no"], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: _answers(socket), "Redis answers", every=0.01)
        yield server
    finally:
        server.kill()
        server.wait(10)


def _answers(socket: Path) -> bool:
    with Redis.from_url(f"unix://{socket}") as client, suppress(RedisError):
        return bool(client.ping())
    return False


@dataclass
class UnitSystem:
    """The system of a unit: it keeps the key of every notification, and delays its answer while `stalled` is set."""

    keys: list[str] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def stall(self) -> None:
        self.go_on.clear()
        self.stalled.set()

    def resume(self) -> None:
        self.stalled.clear()
        self.go_on.set()


@contextmanager
def unit_system() -> Iterator[UnitSystem]:
    """Run a unit's system on loopback."""
    system = UnitSystem()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            system.keys.append(self.headers["X-Hotline-Event"])
            if system.stalled.is_set():
                system.go_on.wait(PATIENCE_SECONDS)
            with suppress(OSError):
                self.send_response(204)
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: tests read `keys`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    system.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield system
    finally:
        system.resume()
        server.shutdown()
        server.server_close()
        thread.join(10)
