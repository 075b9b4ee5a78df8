"""`make run`: the whole city on one machine, in the foreground. Redis and exchange begin first and end last; Ctrl-C stops all.

The commands of the processes are the Procfile's own, so that what is tried here is what production runs. Live streams
are served by the web group: there is no proxy here that could send them to the `events` group.
"""

import fcntl
import os
import shlex
import shutil
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from honcho.environ import parse_procfile

from config.demo.secrets import demo_secrets
from config.processes.prepare import CannotStart, prepare_database
from config.processes.welcome import welcome
from config.settings import Mode, Settings, redis_socket, settings_or_exit
from config.setup.children import Children
from config.setup.redis_server import NoRedis, find_redis, prepare_socket, redis_command

PROCFILE = Path(__file__).parent.parent.parent / "Procfile"
STARTED = ("web", "worker", "worker_notifications", "worker_heavy", "clock")
FIRST, MIDDLE, LAST = 2, 1, 0
"""Who stops first: our own processes, then the exchange, then Redis."""
PATIENCE_SECONDS = 8.0
READY_SECONDS = 120.0


class Broken(Exception):
    """Something that had started has failed; the message is one line."""


def main() -> int:
    """Run until Ctrl-C (0), a process dies (1), or something is wrong from the start (2)."""
    settings = settings_or_exit()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    children = Children(_environ(settings))
    try:
        with ExitStack() as held:
            _claim(settings, held)
            _start(settings, children, stop)
            return _watch(children, stop)
    except CannotStart as error:
        print(f"hotline: {error}", file=sys.stderr)
        return 2
    except Broken as error:
        print(f"hotline: {error}", file=sys.stderr)
        return 1
    finally:
        if children.running:
            print("\n正在停止… / stopping …", flush=True)
            for name in children.stop(PATIENCE_SECONDS):
                print(f"hotline: {name} did not stop in time and was killed", file=sys.stderr)


def _environ(settings: Settings) -> dict[str, str]:
    """Returns what children are told: our own settings, and this environment's programs first on the PATH."""
    programs = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": os.pathsep.join((programs, os.environ.get("PATH", ""))),
        "PYTHONUNBUFFERED": "1",
        "HOTLINE_HOME": str(settings.home),
    }


def _claim(settings: Settings, held: ExitStack) -> None:
    """Refuse what cannot work: production, a second run on the same data, a port in use."""
    if settings.mode is Mode.PRODUCTION:
        raise CannotStart("make run is the demonstration; with HOTLINE_ENV=production use the Procfile")
    lock = held.enter_context((settings.home / "run.lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CannotStart(
            f"another make run is using {settings.home}; set HOTLINE_HOME to run a second one"
        ) from None
    for name, port in (("PORT", settings.port), ("EXCHANGE_PORT", settings.exchange_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.bind if name == "PORT" else "127.0.0.1", port))
            except OSError as error:
                raise CannotStart(
                    f"port {port} cannot be used ({error.strerror}); set {name} to another"
                ) from None


def _start(settings: Settings, children: Children, stop: threading.Event) -> None:
    """Start everything in order, each when what it needs answers. Returns early when asked to stop."""
    if settings.embedded_redis:
        _start_redis(settings, children, stop)
    prepare_database(settings)
    if stop.is_set():
        return
    if settings.local_exchange:
        children.start("exchange", [sys.executable, "-m", "config.processes.exchange"], MIDDLE)
        _wait_for(f"{settings.exchange_url}/healthz", children, stop)
    commands = parse_procfile(PROCFILE.read_text(encoding="utf-8")).processes
    for name in STARTED:
        command = shlex.split(commands[name])
        program = shutil.which(command[0], path=children.environ["PATH"]) or command[0]
        children.start(name, [program, *command[1:]], FIRST)
    _wait_for(f"http://127.0.0.1:{settings.port}/readyz", children, stop)
    if not stop.is_set():
        print(welcome(settings, demo_secrets(settings.home)["DEMO_PASSWORD"]), flush=True)


def _start_redis(settings: Settings, children: Children, stop: threading.Event) -> None:
    at = redis_socket(settings.home)
    try:
        program = find_redis()
        prepare_socket(at)
    except NoRedis as error:
        raise CannotStart(str(error)) from None
    at.unlink(missing_ok=True)
    children.start("redis", redis_command(program, settings.home, at), LAST)
    deadline = time.monotonic() + READY_SECONDS
    while not stop.is_set() and not _answers(at):
        _still_fine(children, deadline, "redis")
        stop.wait(0.02)


def _answers(at: Path) -> bool:
    """Says whether the server at the socket has loaded its data and takes commands."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        try:
            line.connect(str(at))
            line.sendall(b"PING\r\n")
            return line.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _wait_for(url: str, children: Children, stop: threading.Event) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not stop.is_set():
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            _still_fine(children, deadline, url)
            stop.wait(0.1)


def _still_fine(children: Children, deadline: float, what: str) -> None:
    dead = children.ended()
    if dead is not None:
        raise Broken(f"{dead.name} ended with status {dead.process.returncode} while starting")
    if time.monotonic() > deadline:
        raise Broken(f"{what} did not answer within {READY_SECONDS:.0f} s")


def _watch(children: Children, stop: threading.Event) -> int:
    """Wait for the signal to stop, or for a child that dies."""
    while not stop.wait(0.5):
        dead = children.ended()
        if dead is not None:
            raise Broken(f"{dead.name} ended with status {dead.process.returncode}; stopping the rest")
    return 0


if __name__ == "__main__":
    sys.exit(main())
