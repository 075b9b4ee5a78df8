"""Measures lists, inboxes, searches and reports over HTTP while the number of tickets grows.

Run by `make bench`. Two sizes, the larger one `BENCH_TICKETS` (default 100,000: a million takes most of its time to be filled;
set it for the whole measurement). Lists are compared with themselves at the smaller size, so the machine's noise counts little;
the newest page and the reports also with the same rows read by hand-written SQL on the driver, and searches with a limit.
"""

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

import requests
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from config.city import CITY
from config.city.units import read_units
from config.demo.volume import LARGEST_UNIT, fill
from hotline.gateways.live import announce_nothing
from hotline.rules.enums import Role
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import Machine
from hotline.services.people import accounts, tokens
from hotline.store.engine import open_engine
from hotline.store.people.tables import Unit
from hotline.store.tables import Base
from hotline.unit_of_work import Application
from tests.benchmarks.bench_report import plain_statements
from tests.benchmarks.bench_webhook import served
from tests.benchmarks.results import compare, measure, report
from tests.databases import open_postgres
from tests.policies import city_policies

TICKETS = int(os.environ.get("BENCH_TICKETS", "100000"))
# The smaller size fills every page.
SIZES = (min(max(TICKETS // 100, 10_000), TICKETS), TICKETS)
ROUNDS, REQUESTS = 3, 12
PASSWORD = "bench-Password-1"
OPEN = "state=dispatched&state=acknowledged&state=in_progress&state=replied"
OLD_DAY = (datetime.now(UTC) - timedelta(days=183)).date()
LISTS = {
    "newest 50 open": f"/api/v1/tickets?{OPEN}&limit=50",
    "overdue, nearest first": "/api/v1/tickets?overdue=true&sort=due&limit=50",
    "rare channel": "/api/v1/tickets?channel=other&limit=50",
    "calls of an old day": f"/api/v1/calls?day={OLD_DAY}&limit=50",
    "calls by a rare end": "/api/v1/calls?end=failed&limit=50",
}
INBOX = {
    "unit inbox": "/console/unit",
    "unit inbox, done": "/console/unit?section=done",
    "unit inbox, counts": "/console/unit/sections",
}
SEARCHES = {
    "common word": "路灯",
    "two words": "路灯 影响附近",
    "a place": "裕隆路西段锦苑花园",
    "rare word": "龙屿公寓",
    "absent word": "飞碟降落",
    "absent two letters": "鲸鱼",
}
MOST_GROWTH, MOST_SEARCH_MS = 1.5, 50.0


@dataclass(frozen=True)
class Site:
    """One running console over a filled database, with somebody who reads everything and somebody of the largest unit."""

    address: str
    reader: requests.Session
    unit: requests.Session

    def seconds(self, session: requests.Session, path: str) -> list[float]:
        """Returns the durations of `REQUESTS` requests; raises RuntimeError for an answer that is not 200."""
        taken = []
        for _ in range(REQUESTS):
            begun = time.perf_counter()
            answer = session.get(self.address + path, timeout=120)
            taken.append(time.perf_counter() - begun)
            if answer.status_code != 200 or answer.history:
                raise RuntimeError(f"{path}: {answer.status_code}")
        return taken


def prepare(engine: Engine, tickets: int) -> str:
    """Fills a database and returns the API token of its reader."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(
            Unit(code=unit.code, name_zh=unit.name_zh, name_en=unit.name_en, kind=unit.kind)
            for unit in read_units(CITY / "units.toml")
        )
        session.commit()
    policies = city_policies()
    fill(engine, tickets, now=datetime.now(UTC), zone=policies.zone)
    application = Application(
        engine=engine, clock=lambda: datetime.now(UTC), policies=policies, announce=announce_nothing
    )
    with application.unit_of_work(Machine.SYSTEM) as work:
        people = (("reader", Role.SUPERVISOR, None), ("office", Role.HANDLER, LARGEST_UNIT))
        for name, role, unit in people:
            accounts.add_user(work, name, Account(name, role, unit), password=PASSWORD)
        work.flush()
        return tokens.create_token(work, name="bench", user_name="reader")


@contextmanager
def site(url: str, token: str) -> Iterator[Site]:
    """Serves the console and signs both people in."""
    with (
        tempfile.TemporaryDirectory(prefix="hl-b-") as home,
        served(
            "lists",
            "config.processes.serve:create_app()",
            url,
            f"unix://{home}/no-redis.sock?db=0",
            Path(home),
        ) as side,
    ):
        address = f"http://127.0.0.1:{side.port}"
        reader, unit = requests.Session(), requests.Session()
        reader.headers["Authorization"] = f"Bearer {token}"
        shown = unit.get(f"{address}/login", timeout=30).text
        csrf = shown.split('name="csrf_token" value="')[1].split('"')[0]
        form = {"name": "office", "password": PASSWORD, "csrf_token": csrf}
        unit.post(f"{address}/login", data=form, timeout=30).raise_for_status()
        yield Site(address, reader, unit)


def growth(database: str, small: Site, large: Site) -> list[bool]:
    """Reports each list at the larger size against the same list at the smaller one."""
    met = []
    for what, path in {**LISTS, **INBOX}.items():
        rounds: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for at, times in zip((small, large), rounds, strict=True):
                session = at.unit if what in INBOX else at.reader
                times.append(median(at.seconds(session, path)) * 1000)
        met.append(
            report(
                compare(f"{what}, {SIZES[0]:,} → {SIZES[1]:,}", database, "ms", *rounds, at_most=MOST_GROWTH)
            )
        )
    return met


def searches(database: str, large: Site) -> list[bool]:
    """Reports the 95th percentile of each search."""
    met = []
    for what, words in SEARCHES.items():
        path = f"/api/v1/tickets?limit=50&q={requests.utils.quote(words)}"
        rounds = [quantiles(large.seconds(large.reader, path), n=20)[-1] * 1000 for _ in range(ROUNDS)]
        met.append(
            report(
                measure(f"search, {what}, p95, {SIZES[1]:,}", database, "ms", rounds, at_most=MOST_SEARCH_MS)
            )
        )
    return met


def against_plain_sql(database: str, engine: Engine, large: Site) -> list[bool]:
    """Reports the newest page and two reports over HTTP against hand-written SQL for the same rows."""
    raw = engine.raw_connection()
    cursor = raw.cursor()
    day = f"/api/v1/reports/daily?date={OLD_DAY}"
    month = f"/api/v1/reports?from={OLD_DAY - timedelta(days=29)}&to={OLD_DAY}"
    newest = (
        "SELECT * FROM tickets WHERE state NOT IN ('closed', 'discarded', 'draft')"
        " ORDER BY received_at DESC, id DESC LIMIT 50"
    )
    statements = plain_statements(OLD_DAY, sqlite=engine.dialect.name == "sqlite")
    lines: tuple[tuple[str, str, list[str]], ...] = (
        ("newest 50 open, plain SQL in process", LISTS["newest 50 open"], [newest]),
        ("report of a day, plain SQL in process", day, statements),
        ("report of 30 days, plain SQL of one day", month, statements),
    )
    met = []
    for what, path, sql in lines:
        floors, ours = [], []
        for _ in range(ROUNDS):
            floors.append(
                median(_seconds_of(lambda sql=sql: [cursor.execute(s).fetchall() for s in sql])) * 1000
            )
            ours.append(median(large.seconds(large.reader, path)) * 1000)
            raw.rollback()
        met.append(report(compare(f"{what}, {SIZES[1]:,}", database, "ms", floors, ours)))
    raw.close()
    return met


def _seconds_of(work: Callable[[], object]) -> list[float]:
    taken = []
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return taken


def measure_database(database: str, urls: tuple[str, str]) -> list[bool]:
    """Fills both databases of one kind and reports all lines."""
    engines = [open_engine(url) for url in urls]
    tokens = []
    for engine, size in zip(engines, SIZES, strict=True):
        begun = time.perf_counter()
        tokens.append(prepare(engine, size))
        print(f"{database:<12}{size:,} tickets filled in {time.perf_counter() - begun:.0f} s", flush=True)
    with site(urls[0], tokens[0]) as small, site(urls[1], tokens[1]) as large:
        met = [
            *growth(database, small, large),
            *searches(database, large),
            *against_plain_sql(database, engines[1], large),
        ]
    for engine in engines:
        engine.dispose()
    return met


def main() -> int:
    print(f"## Lists, searches and reports over HTTP, {SIZES[0]:,} and {SIZES[1]:,} tickets")
    with tempfile.TemporaryDirectory(prefix="hl-b-") as folder:
        small, large = (f"sqlite:///{folder}/{size}.sqlite3" for size in ("small", "large"))
        met = measure_database("sqlite", (small, large))
    with open_postgres(f"bench_{secrets.token_hex(3)}", durable=True) as server:
        if server is None:
            print("postgresql  not measured: no server on this machine")
        else:
            with server.clone() as small, server.clone() as large:
                met += measure_database("postgresql", (small, large))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
