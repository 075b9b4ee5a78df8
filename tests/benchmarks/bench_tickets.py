"""Measures tickets that programs create and hand off, against a hand-written view: same machine, run, database, server.

Run by `make bench`. `BENCH_TICKETS` tickets (20,000) are there already. Ours checks token and rights, counts deadlines,
takes the day's number, writes ticket and events and wakes the relay; the floor see `ticket_floor`. PostgreSQL writes to
the disk before it answers.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

from hotline.clock import system_clock
from hotline.gateways.live import announce_nothing
from hotline.rules.enums import CLASS_OF, Channel, Closing, RequestType, Role, TicketState
from hotline.rules.people.actors import Machine
from hotline.services import calendar
from hotline.services.people import tokens
from hotline.store.engine import open_engine
from hotline.store.tables import Base
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.benchmarks.bench_webhook import GUNICORN, NUMBER, ROOT, TOKEN, wait_for
from tests.benchmarks.load import drive
from tests.benchmarks.redis_server import own_redis
from tests.benchmarks.results import compare, report
from tests.benchmarks.ticket_floor import FLOOR_TOKEN, create_table
from tests.builders import make_unit, make_user, person_of
from tests.databases import find_binaries, open_postgres
from tests.policies import city_policies
from tests.ports import free_port

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "9"))
REQUESTS, CLIENTS, TARGET = 320, 8, 0.4
TICKETS = int(os.environ.get("BENCH_TICKETS", "20000"))
UNIT, DAYS, CHUNK = "city-management", 365, 2_000
TYPES = list(RequestType)


@contextmanager
def served(app: str, database_url: str, redis_url: str, home: Path) -> Iterator[int]:
    """Serves `app` under gunicorn and yields its port."""
    port = free_port()
    environ = os.environ | {
        "DATABASE_URL": database_url,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "HOTLINE_NUMBER": NUMBER,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "HOTLINE_HOME": str(home),
        "REDIS_URL": redis_url,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "gunicorn", *GUNICORN, "--log-level", "error"]
    server = subprocess.Popen([*command, "-b", f"127.0.0.1:{port}", app], env=environ, cwd=ROOT)
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def prepare(engine: Engine) -> str:
    """Writes a unit, the calendar and the tickets of a year; returns the token of a program."""
    Base.metadata.create_all(engine)
    create_table(engine)
    application = Application(engine, system_clock, city_policies(), announce_nothing)
    make_unit(application, UNIT)
    user = make_user(application, Role.OPERATOR)
    with application.unit_of_work(Machine.SYSTEM) as work:
        calendar.seed_known_years(work)
    for start in range(0, TICKETS, CHUNK):
        with engine.begin() as connection:
            rows = [_ticket(place) for place in range(start, min(start + CHUNK, TICKETS))]
            connection.execute(insert(Ticket), rows)
    with application.unit_of_work(person_of(user)) as work:
        return tokens.create_token(work, name="benchmark", user_name=user.name)


def _ticket(place: int) -> dict[str, Any]:
    """Returns the columns of a ticket of the last year; one in fifty is still open."""
    received = system_clock() - timedelta(days=1 + DAYS * place / TICKETS)
    is_open, kind = place % 50 == 0, TYPES[place % len(TYPES)]
    return {
        "number": f"B{place:08d}",
        "state": TicketState.IN_PROGRESS if is_open else TicketState.CLOSED,
        "channel": Channel.PHONE,
        "type": kind,
        "request_class": CLASS_OF[kind],
        "title": "路灯不亮",
        "text": "书院街道春秋路与静轩路路口东侧三盏路灯不亮，请尽快处理。" * 3,
        "caller_number": f"+86138{place:08d}",
        "unit_code": UNIT,
        "closing": None if is_open else Closing.HANDLED,
        "received_at": received,
        "received_on": received.date(),
        "dispatched_at": received,
        "contact_due": received + timedelta(days=1),
        "due_at": received + timedelta(days=7),
        "closed_at": None if is_open else received + timedelta(days=3),
    }


def ticket_request(port: int, token: str) -> bytes:
    """Returns one request that creates a ticket and hands it off, as bytes on the wire."""
    body = {
        "type": "complaint",
        "title": "路灯不亮",
        "text": "书院街道春秋路与静轩路路口东侧三盏路灯不亮，请尽快处理。" * 3,
        "place": "书院街道春秋路",
        "caller_number": f"138{secrets.randbelow(10**8):08d}",
        "unit": UNIT,
    }
    text = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"POST /api/v1/tickets HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text


def measure(name: str, database_url: str, redis_url: str) -> bool:
    """Alternates floor and ours and reports the line; returns whether the target is met."""
    engine = open_engine(database_url)
    token = prepare(engine)
    engine.dispose()
    rates: dict[str, list[float]] = {"floor": [], "ours": []}
    with (
        tempfile.TemporaryDirectory(prefix="hl-b-") as home,
        served("tests.benchmarks.ticket_floor:create_app()", database_url, redis_url, Path(home)) as floor,
        served("config.processes.serve:create_app()", database_url, redis_url, Path(home)) as ours,
    ):
        for round_number in range(ROUNDS + 1):
            for side, port, secret in (("floor", floor, FLOOR_TOKEN), ("ours", ours, token)):
                posts = [ticket_request(port, secret) for _ in range(REQUESTS)]
                result = drive(port, posts, CLIENTS)
                if result.failed:
                    raise RuntimeError(f"{side}: {result.failed} answers were no success")
                # The first round only fills caches and pools.
                if round_number:
                    rates[side].append(result.per_second)
    line = compare(
        "ticket created and handed off", name, "per s", rates["floor"], rates["ours"], at_least=TARGET
    )
    return report(line)


def main() -> int:
    print(f"## Tickets by API, {CLIENTS} clients, {TICKETS} tickets there (2 processes x 8 threads)")
    with own_redis() as redis_url:
        with tempfile.TemporaryDirectory(prefix="hl-b-") as folder:
            met = [measure("sqlite", f"sqlite:///{folder}/bench.sqlite3", redis_url)]
        if find_binaries() is None and not os.environ.get("TEST_DATABASE_URL"):
            print("postgresql  not measured: no server on this machine")
        else:
            with open_postgres(f"bench_{secrets.token_hex(3)}", durable=True) as server:
                if server is not None:
                    with server.clone() as url:
                        met.append(measure("postgresql", url, redis_url))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
