"""A whole city in processes of its own on loopback: Redis, the exchange, web, both workers and the clock.

Nothing is pretended: the web process answers signed webhooks of the exchange over HTTP, the clock relays, RQ carries.
Every wait is on something that happens and has a bound; every process started here is ended here.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import requests

from config.settings import Settings, read_settings
from config.wiring import build
from hotline.rules.enums import Role
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import Machine
from hotline.services.people import accounts
from hotline.store.people.tables import Unit
from hotline.store.schema import migrate
from hotline.unit_of_work import Application
from tests.ports import free_port

T = TypeVar("T")
PASSWORD = "a-long-enough-password"
PACE = "0.05"
UNIT = "urban-management"
DOORS: Mapping[str, Sequence[str]] = {
    "exchange": ["-m", "config.processes.exchange"],
    "web": ["-m", "config.processes.serve", "web"],
    "calls": ["-m", "config.processes.worker", "calls"],
    "notifications": ["-m", "config.processes.worker", "notifications"],
    "clock": ["-m", "config.processes.scheduler"],
}


def until(what: str, look: Callable[[], T | None], seconds: float = 15) -> T:
    """Return the first thing `look` finds. Raises AssertionError naming `what` when the time is over."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = look()
        if found:
            return found
        _breathe()
    raise AssertionError(f"did not happen in {seconds} s: {what}")


def _breathe() -> None:
    """Let other processes run; the only pause in these tests, and never what they wait for."""
    time.sleep(0.02)


@dataclass
class City:
    """The addresses, the application (for looking), and the processes by name."""

    settings: Settings
    environ: dict[str, str]
    application: Application
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def web(self) -> str:
        return self.settings.public_url

    @property
    def exchange(self) -> str:
        return self.settings.exchange_url

    def start(self, name: str, arguments: Sequence[str] = ()) -> None:
        """Start one process, with `arguments` one that is not among the usual ones; its words go to a file in the city's home."""
        log = (self.settings.home / f"{name}.log").open("ab")
        command = [sys.executable, *(arguments or DOORS[name])]
        self.processes[name] = subprocess.Popen(
            command, env=self.environ, stdout=log, stderr=log, start_new_session=True
        )

    def kill(self, name: str) -> None:
        """SIGKILL a process and all its children: no farewell."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(8)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)

    def logs(self) -> str:
        parts = [f"--- {path.name}\n{path.read_text()[-3000:]}" for path in self.settings.home.glob("*.log")]
        return "\n".join(parts)


def found_city(redis_url: str, database_url: str | None = None) -> City:
    """Settle an empty city: tables, units, people, settings. Nothing runs yet."""
    home = Path(tempfile.mkdtemp(prefix="hl-c-"))
    port, exchange_port = free_port(), free_port()
    environ = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}},
        "HOTLINE_ENV": "demo",
        "HOTLINE_HOME": str(home),
        "PORT": str(port),
        "EXCHANGE_PORT": str(exchange_port),
        "EXCHANGE_PACE": PACE,
        "REDIS_URL": redis_url,
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    if database_url is not None:
        environ["DATABASE_URL"] = database_url
    settings = read_settings(environ)
    components = build(settings)
    migrate(components.application.engine)
    settle(components.application)
    return City(settings=settings, environ=environ, application=components.application)


def settle(application: Application) -> None:
    """Give the city two units and somebody for every part of the story. All are invented."""
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(Unit(code=UNIT, name_zh="城市管理局", name_en="Urban Management", kind="department"))
        work.session.add(Unit(code="water", name_zh="水务公司", name_en="Water Company", kind="utility"))
        work.session.flush()
        staff = {
            "operator": (Role.OPERATOR, "甄接听", None, "017"),
            "operator2": (Role.OPERATOR, "贾接听", None, "018"),
            "handler": (Role.HANDLER, "郝办理", UNIT, None),
            "other-handler": (Role.HANDLER, "何办理", "water", None),
            "supervisor": (Role.SUPERVISOR, "督查员", None, None),
        }
        for name, (role, display, unit, number) in staff.items():
            accounts.add_user(work, name, Account(display, role, unit, number), password=PASSWORD)


def open_city(city: City) -> None:
    """Start every process and wait until the doors answer."""
    for name in DOORS:
        city.start(name)
    for address in (f"{city.web}/readyz", f"{city.exchange}/healthz"):
        until(f"{address} answers", lambda address=address: _answers(address), 60)


def close_city(city: City) -> None:
    city.stop()
    city.application.engine.dispose()
    shutil.rmtree(city.settings.home, ignore_errors=True)


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).status_code == 200
    except requests.ConnectionError:
        return False
