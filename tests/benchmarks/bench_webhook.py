"""Measures the webhooks of callers against a hand-written floor: same machine, same run, same database, same server.

Run by `make bench`. First webhook, key press that leads to the queue and wait document as fast as they are answered, and
all three together at a fixed rate. The floor see `floor`. Both sides write durably; Redis runs beside ours.
"""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import requests
from sqlalchemy import select, update

from hotline.clock import system_clock
from hotline.gateways.addresses import VoiceRoute
from hotline.gateways.live import announce_nothing
from hotline.rules.enums import CallState, PresenceState
from hotline.rules.people.actors import Machine
from hotline.store.calls.tables import Call
from hotline.store.engine import open_engine
from hotline.store.people.tables import Presence
from hotline.store.tables import Base
from hotline.unit_of_work import Application
from tests.benchmarks.floor import create_table
from tests.benchmarks.load import Caller, drive, drive_at, new_caller, percentile, voice_request
from tests.benchmarks.redis_server import own_redis
from tests.benchmarks.results import compare, measure, report
from tests.builders import make_call, make_operator
from tests.databases import open_postgres
from tests.policies import city_policies
from tests.ports import free_port

TOKEN = "benchmark-token-of-32-characters-x"
NUMBER = "+865374412345"
DATABASES = ("sqlite", "postgresql")
INCOMING, HEARD, WAIT = (route.value for route in (VoiceRoute.INCOMING, VoiceRoute.HEARD, VoiceRoute.WAIT))
CONNECTIONS = 16
ROUNDS, REQUESTS = 9, 160
# Callers who wait while wait documents are measured, and answered calls from which the wait is estimated.
WAITING, ANSWERED = 60, 20
MIXED_ROUNDS, MIXED_SECONDS, MIXED_RATE, MIXED_CONNECTIONS = 3, 5, 200, 32
# Calls that have arrived before the measured mixture begins, so that a key press follows its arrival by half a second.
AHEAD = 40
TARGETS = {
    "first webhook": {"sqlite": 0.6, "postgresql": 0.8},
    "key press": {"sqlite": 0.5, "postgresql": 0.5},
    "wait document": {"sqlite": 0.5, "postgresql": 0.5},
}
MIXED_TARGET_MS = {"postgresql": 20.0}
ROOT = Path(__file__).resolve().parents[2]
GUNICORN = ("-k", "gthread", "-w", "2", "--threads", "8", "--keep-alive", "65", "--no-control-socket")


@dataclass(frozen=True)
class Side:
    """A server under load: `floor` or `ours`."""

    name: str
    port: int
    master: int

    def request(self, path: str, caller: Caller, **fields: str) -> bytes:
        return voice_request(self.port, TOKEN, path, caller, NUMBER, **fields)

    def drive(self, posts: list[bytes]) -> float:
        """Returns the requests per second; raises RuntimeError if an answer was not 200."""
        result = drive(self.port, posts, CONNECTIONS)
        if result.failed:
            raise RuntimeError(f"{self.name}: {result.failed} answers were not 200")
        return result.per_second

    def cpu_seconds(self) -> float:
        """Returns the processor time that the server's workers have used."""
        children = (
            Path(f"/proc/{self.master}/task/{self.master}/children").read_text(encoding="utf-8").split()
        )
        stats = (Path(f"/proc/{child}/stat").read_text(encoding="utf-8") for child in children)
        fields = (stat.rpartition(")")[2].split() for stat in stats)
        return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(name: str, app: str, database_url: str, redis_url: str, home: Path) -> Iterator[Side]:
    """Serves `app` under gunicorn."""
    port = free_port()
    environ = os.environ | {
        "DATABASE_URL": database_url,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "HOTLINE_HOME": str(home),
        "REDIS_URL": redis_url,
        "PYTHONPATH": str(ROOT),
    }
    listen = ("--log-level", "error", "-b", f"127.0.0.1:{port}")
    command = [sys.executable, "-m", "gunicorn", *GUNICORN, *listen, app]
    server = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield Side(name, port, server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def wait_for(port: int) -> None:
    """Waits until the server answers anything at all."""
    for _ in range(300):
        try:
            requests.get(f"http://127.0.0.1:{port}/nothing-here", timeout=5)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")


class City:
    """The database behind both servers."""

    def __init__(self, database_url: str) -> None:
        engine = open_engine(database_url)
        Base.metadata.create_all(engine)
        create_table(database_url)
        self.application = Application(engine, system_clock, city_policies(), announce_nothing)
        self._prepare()

    def _prepare(self) -> None:
        """Writes an operator who talks all day, so that callers wait, and the calls that this operator has answered."""
        person, now = make_operator(self.application, PresenceState.TALKING), self.application.clock()
        with self.application.unit_of_work(Machine.SYSTEM) as work:
            work.session.execute(update(Presence).values(seen_at=now + timedelta(days=1)))
        answer = {"state": CallState.ENDED, "answered_at": now, "wait_seconds": 70, "operator_id": person.id}
        for _ in range(ANSWERED):
            make_call(self.application, **answer)

    def end_waiting(self, kept: int = 0) -> None:
        """Ends the calls of all who wait but the first `kept`, so that every round begins alike."""
        with self.application.unit_of_work(Machine.SYSTEM) as work:
            waiting = select(Call.id).where(Call.state == CallState.QUEUED).order_by(Call.id)
            ended = work.session.scalars(waiting.offset(kept)).all()
            work.session.execute(update(Call).where(Call.id.in_(ended)).values(state=CallState.ENDED))


def arrived(side: Side, count: int) -> list[Caller]:
    """Lets `count` callers arrive."""
    callers = [new_caller() for _ in range(count)]
    side.drive([side.request(INCOMING, caller, CallStatus="ringing") for caller in callers])
    return callers


def first_webhooks(side: Side, _waiting: list[Caller]) -> list[bytes]:
    return [side.request(INCOMING, new_caller(), CallStatus="ringing") for _ in range(REQUESTS)]


def key_presses(side: Side, _waiting: list[Caller]) -> list[bytes]:
    return [side.request(HEARD, caller, Digits="1") for caller in arrived(side, REQUESTS)]


def wait_documents(side: Side, waiting: list[Caller]) -> list[bytes]:
    return [side.request(WAIT, waiting[place % len(waiting)]) for place in range(REQUESTS)]


PREPARED: dict[str, Callable[[Side, list[Caller]], list[bytes]]] = {
    "first webhook": first_webhooks,
    "key press": key_presses,
    "wait document": wait_documents,
}


def mixture(side: Side) -> list[bytes]:
    """Returns first webhooks, key presses and wait documents in turn; each caller arrives, presses a key and waits."""
    count = MIXED_SECONDS * MIXED_RATE // 3
    new = [new_caller() for _ in range(count)]
    pressing = [*arrived(side, AHEAD), *new]
    waiting = [*arrived(side, AHEAD), *pressing]
    side.drive([side.request(HEARD, caller, Digits="1") for caller in waiting[:AHEAD]])
    return [
        post
        for arrives, presses, waits in zip(new, pressing, waiting, strict=False)
        for post in (
            side.request(INCOMING, arrives, CallStatus="ringing"),
            side.request(HEARD, presses, Digits="1"),
            side.request(WAIT, waits),
        )
    ]


def run(database: str, database_url: str, redis_url: str) -> bool:
    """Measures one database in alternating rounds; returns whether every target is met."""
    city = City(database_url)
    with (
        tempfile.TemporaryDirectory(prefix="hl-b-") as home,
        served("floor", "tests.benchmarks.floor:create_app()", database_url, redis_url, Path(home)) as floor,
        served(
            "ours", "tests.benchmarks.wide_hotline:create_app()", database_url, redis_url, Path(home)
        ) as ours,
    ):
        sides = (floor, ours)
        waiting = arrived(ours, WAITING)
        ours.drive([ours.request(HEARD, caller, Digits="1") for caller in waiting])
        return all([_rates(database, city, sides, waiting), _mixed(database, city, sides)])


def _rates(database: str, city: City, sides: tuple[Side, Side], waiting: list[Caller]) -> bool:
    met = []
    for what, prepare in PREPARED.items():
        rates: dict[str, list[float]] = {side.name: [] for side in sides}
        costs: dict[str, list[float]] = {side.name: [] for side in sides}
        for place in range(ROUNDS + 1):
            for side in sides:
                posts = prepare(side, waiting)
                before = side.cpu_seconds()
                rate = side.drive(posts)
                # The first round fills the caches.
                if place:
                    rates[side.name].append(rate)
                    costs[side.name].append((side.cpu_seconds() - before) * 1000 / REQUESTS)
                city.end_waiting(kept=WAITING)
        met.append(
            report(
                compare(
                    what, database, "req/s", rates["floor"], rates["ours"], at_least=TARGETS[what][database]
                )
            )
        )
        report(compare(f"{what}: processor", database, "ms", costs["floor"], costs["ours"]))
    return all(met)


def _mixed(database: str, city: City, sides: tuple[Side, Side]) -> bool:
    times: dict[str, list[float]] = {side.name: [] for side in sides}
    for _ in range(MIXED_ROUNDS):
        for side in sides:
            city.end_waiting()
            posts = mixture(side)
            taken = drive_at(side.port, posts, MIXED_CONNECTIONS, MIXED_RATE)
            times[side.name].append(percentile(taken, 0.99))
    what = f"mixed webhooks at {MIXED_RATE}/s, p99"
    report(measure(f"{what} (floor)", database, "ms", times["floor"]))
    return report(measure(what, database, "ms", times["ours"], at_most=MIXED_TARGET_MS.get(database)))


def main(databases: Sequence[str] = DATABASES) -> int:
    print("## Webhooks: ours against a hand-written view (2 processes x 8 threads, 16 connections)")
    met = []
    with own_redis() as redis_url, tempfile.TemporaryDirectory(prefix="hl-b-") as folder:
        if "sqlite" in databases:
            met.append(run("sqlite", f"sqlite:///{folder}/bench.sqlite3", redis_url))
        if "postgresql" in databases:
            with open_postgres(f"bench_{secrets.token_hex(3)}", durable=True) as server:
                if server is None:
                    print("postgresql  not measured: no server on this machine")
                else:
                    with server.clone() as url:
                        met.append(run("postgresql", url, redis_url))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or DATABASES))
