"""Runs the whole demonstration in the foreground for `make run`; Ctrl-C stops it.

Redis and the exchange start first and stop last. The web group is started by the command of the Procfile, so that the
demonstration runs what production runs; scheduler and workers are forked from one process, so that they share its memory.
The web group serves the live streams: no proxy could send them to the `events` group.
"""

import fcntl
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unicodedata
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from honcho.environ import parse_procfile

from config.demo.people import SHOWN
from config.demo.secrets import demo_secrets
from config.settings import Mode, Settings, redis_socket, settings_or_exit, unknown_settings
from config.setup.children import Children
from config.setup.redis_server import NoRedis, find_redis, prepare_socket, redis_command
from hotline.rules.enums import Role
from hotline.rules.phone_numbers import format_national

PROCFILE = Path(__file__).parent.parent.parent / "Procfile"
# Order of stopping: the processes of the Procfile, then the exchange, then Redis.
FIRST, MIDDLE, LAST = 2, 1, 0
PATIENCE_SECONDS = 8.0
READY_SECONDS = 120.0
# The status of config.processes.demo_database for a database of a newer version.
NEWER = 2
ROLES: dict[Role, tuple[str, str]] = {
    Role.OPERATOR: ("话务员", "operator"),
    Role.SHIFT_LEADER: ("班长", "shift leader"),
    Role.DISPATCHER: ("派单员", "dispatcher"),
    Role.HANDLER: ("承办单位", "unit handler"),
    Role.SUPERVISOR: ("督办员", "supervisor"),
    Role.LEADER: ("市领导", "leader"),
    Role.INSPECTOR: ("质检员", "inspector"),
    Role.ADMIN: ("管理员", "administrator"),
}


class CannotStart(Exception):
    """The demonstration cannot start before the user changes something; the message is one line."""


class Broken(Exception):
    """A process failed after its start; the message is one line."""


def main() -> int:
    """Runs until Ctrl-C. Returns the exit status: 0 stopped, 1 a process failed, 2 it cannot start."""
    settings = settings_or_exit()
    for line in unknown_settings(os.environ):
        print(f"hotline: {line}", file=sys.stderr)
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
    """Returns the environment of the child processes, with the programs of this virtual environment first on the PATH."""
    programs = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": os.pathsep.join((programs, os.environ.get("PATH", ""))),
        "PYTHONUNBUFFERED": "1",
        "HOTLINE_HOME": str(settings.home),
    }


def _claim(settings: Settings, held: ExitStack) -> None:
    """Locks the data folder and checks the ports. Raises CannotStart in production, for a second run, or a port in use."""
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
    """Starts the processes in order, each when those it needs respond. Returns early if `stop` is set."""
    if settings.embedded_redis:
        _start_redis(settings, children, stop)
    prepare_database(children, stop)
    if stop.is_set():
        return
    if settings.local_exchange:
        children.start("exchange", [sys.executable, "-m", "config.processes.exchange"], MIDDLE)
        _wait_for(f"{settings.exchange_url}/healthz", children, stop)
    command = shlex.split(parse_procfile(PROCFILE.read_text(encoding="utf-8")).processes["web"])
    program = shutil.which(command[0], path=children.environ["PATH"]) or command[0]
    children.start("web", [program, *command[1:]], FIRST)
    children.start("background", [sys.executable, "-m", "config.processes.background"], FIRST)
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
    """Says whether the server at the socket has loaded its data and accepts commands."""
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
    """Waits until `stop` is set. Raises Broken if a process ends."""
    while not stop.wait(0.5):
        dead = children.ended()
        if dead is not None:
            raise Broken(f"{dead.name} ended with status {dead.process.returncode}; stopping the rest")
    return 0


def welcome(settings: Settings, password: str) -> str:
    """Returns the message for the terminal: addresses and log-ins, in Chinese and English."""
    short = format_national(settings.number).split(" ", 1)[-1].replace(" ", "")
    lines = [
        "",
        f"市民热线 {short} 已就绪 / the hotline {short} is up",
        "",
        f"  坐席与办公 desk and offices   {settings.public_url}/login",
    ]
    if settings.local_exchange:
        lines += [f"  市民电话   caller's phone     {settings.exchange_url}/phone    (拨 dial {short})"]
    lines += ["", f"  演示口令 demo password: {password}    (所有账号通用 for every log-in)", ""]
    for user in SHOWN:
        chinese, english = ROLES[user.role]
        unit = f" · {user.unit_code}" if user.unit_code else ""
        lines.append(f"  {_padded(user.name, 13)}{_padded(user.display_name, 9)}{chinese} {english}{unit}")
    lines += ["", f"  数据 data: {settings.home}", "  按 Ctrl-C 停止 / press Ctrl-C to stop", ""]
    return "\n".join(lines)


def _padded(text: str, width: int) -> str:
    """Pads the text to `width` columns of a terminal; a Chinese character takes two."""
    columns = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return text + " " * max(width - columns, 1)


def prepare_database(children: Children, stop: threading.Event) -> None:
    """Migrates and seeds the database in a process of its own, whose memory is given back.

    Raises CannotStart for a database of a newer version, Broken for one that does not answer.
    """
    command = [sys.executable, "-m", "config.processes.demo_database"]
    preparing = subprocess.Popen(
        command, env=dict(children.environ), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    with preparing:
        while preparing.poll() is None and not stop.wait(0.05):
            pass
        if stop.is_set():
            preparing.terminate()
        _, said = preparing.communicate()
    if stop.is_set() or preparing.returncode == 0:
        return
    if preparing.returncode == NEWER:
        raise CannotStart(said.strip().removeprefix("hotline: "))
    print(said, file=sys.stderr)
    raise Broken(f"the database cannot be prepared (status {preparing.returncode})")


if __name__ == "__main__":
    sys.exit(main())
