"""Measures lists, inboxes, searches and reports over HTTP on PostgreSQL while the number of tickets grows.

Run by `make bench`; `bench_lists_sqlite` does the same for the other database. Three sizes up to `BENCH_TICKETS` (a million, most
of the time of this benchmark is spent filling it). Lists are compared with themselves at the smallest size, so the machine's noise
counts little; the newest page and the reports also with the same rows read by hand-written SQL on the driver, and searches with
a limit.
"""

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import quote

import requests
from sqlalchemy import Engine, select
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.orm import Session

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
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.benchmarks.bench_webhook import served
from tests.benchmarks.report_floor import plain_statements
from tests.benchmarks.results import compare, measure, report
from tests.city_texts import EXAMPLE, source
from tests.databases import open_postgres
from tests.policies import city_policies

TICKETS = int(os.environ.get("BENCH_TICKETS", "1000000"))
# The smallest size fills every page.
SIZES = tuple(sorted({min(10_000, TICKETS), min(100_000, TICKETS), TICKETS}))
ROUNDS, REQUESTS = 3, 12
PASSWORD = "bench-Password-1"
OPEN = "state=dispatched&state=acknowledged&state=in_progress&state=replied"
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date()
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

    def seconds(self, session: requests.Session, path: str, times: int = REQUESTS) -> list[float]:
        """Returns the durations of `times` requests; raises RuntimeError for an answer that is not 200."""
        taken = []
        # The first one reads what the others find in memory.
        for _ in range(times + 1):
            begun = time.perf_counter()
            answer = session.get(self.address + path, timeout=120)
            taken.append(time.perf_counter() - begun)
            if answer.status_code != 200 or answer.history:
                raise RuntimeError(f"{path}: {answer.status_code}")
        return taken[1:]


def prepare(engine: Engine, tickets: int) -> str:
    """Fills a database and returns the API token of its reader."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(
            Unit(code=unit.code, name_zh=unit.name_zh, name_en=unit.name_en, kind=unit.kind)
            for unit in read_units(source(EXAMPLE / "units.toml"))
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


def growth(database: str, sites: Sequence[Site]) -> list[bool]:
    """Reports each list at the larger sizes against the same list at the smallest one."""
    met = []
    for what, path in {**LISTS, **INBOX}.items():
        rounds: list[list[float]] = [[] for _ in sites]
        for _ in range(ROUNDS):
            for site_, times in zip(sites, rounds, strict=True):
                session = site_.unit if what in INBOX else site_.reader
                times.append(median(site_.seconds(session, path)) * 1000)
        for size, times in zip(SIZES[1:], rounds[1:], strict=True):
            name = f"{what}, {SIZES[0]:,} → {size:,}"
            met.append(report(compare(name, database, "ms", rounds[0], times, at_most=MOST_GROWTH)))
    return met


def searches(database: str, engine: Engine, large: Site) -> list[bool]:
    """Reports the 95th percentile of each search."""
    with Session(engine.execution_options(reading=True)) as session:
        some = select(Ticket.number, Ticket.caller_number).where(Ticket.id == TICKETS // 2)
        number, telephone = session.execute(some).one()
    met = []
    for what, words in {**SEARCHES, "ticket number": number, "telephone": telephone}.items():
        path = f"/api/v1/tickets?limit=50&q={quote(words or '')}"
        rounds = [quantiles(large.seconds(large.reader, path), n=20)[-1] * 1000 for _ in range(ROUNDS)]
        met.append(
            report(
                measure(f"search, {what}, p95, {SIZES[-1]:,}", database, "ms", rounds, at_most=MOST_SEARCH_MS)
            )
        )
    return met


def against_plain_sql(database: str, engine: Engine, large: Site) -> list[bool]:
    """Reports the newest page and the reports over HTTP against hand-written SQL for the same rows."""
    raw = engine.raw_connection()
    cursor = raw.cursor()
    month = f"/api/v1/reports?from={OLD_DAY - timedelta(days=29)}&to={OLD_DAY}"
    newest = (
        "SELECT * FROM tickets WHERE state NOT IN ('closed', 'discarded', 'draft')"
        " ORDER BY received_at DESC, id DESC LIMIT 50"
    )
    is_sqlite = engine.dialect.name == "sqlite"
    yesterday, old = (
        plain_statements(day, datetime.now(UTC), sqlite=is_sqlite) for day in (YESTERDAY, OLD_DAY)
    )
    lines: tuple[tuple[str, str, list[str], int], ...] = (
        ("newest 50 open / plain SQL in process", LISTS["newest 50 open"], [newest], REQUESTS),
        ("report of yesterday / plain SQL", f"/api/v1/reports/daily?date={YESTERDAY}", yesterday, REQUESTS),
        ("report of an old day / plain SQL", f"/api/v1/reports/daily?date={OLD_DAY}", old, REQUESTS),
        ("report of 30 days / plain SQL of one day", month, old, 2),
    )
    met = []
    for what, path, statements, times in lines:
        floors, ours = [], []
        for _ in range(ROUNDS):
            floors.append(_seconds_of(cursor, statements) * 1000)
            ours.append(median(large.seconds(large.reader, path, times)) * 1000)
            raw.rollback()
        met.append(report(compare(f"{what}, {SIZES[-1]:,}", database, "ms", floors, ours)))
    raw.close()
    return met


def _seconds_of(cursor: DBAPICursor, statements: Sequence[str]) -> float:
    taken = []
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()
        taken.append(time.perf_counter() - begun)
    return median(taken)


def measure_database(database: str, urls: Sequence[str]) -> list[bool]:
    """Fills a database of each size and reports all lines."""
    engines = [open_engine(url) for url in urls]
    with ExitStack() as stack:
        sites = []
        for engine, url, size in zip(engines, urls, SIZES, strict=True):
            begun = time.perf_counter()
            token = prepare(engine, size)
            print(f"{database:<12}{size:,} tickets filled in {time.perf_counter() - begun:.0f} s", flush=True)
            sites.append(stack.enter_context(site(url, token)))
        met = [
            *growth(database, sites),
            *searches(database, engines[-1], sites[-1]),
            *against_plain_sql(database, engines[-1], sites[-1]),
        ]
    for engine in engines:
        engine.dispose()
    return met


def main() -> int:
    print(f"## Lists, searches and reports over HTTP, {' and '.join(f'{size:,}' for size in SIZES)} tickets")
    with open_postgres(f"bench_{secrets.token_hex(3)}", durable=True) as server, ExitStack() as stack:
        if server is None:
            print("postgresql  not measured: no server on this machine")
            return 0
        return (
            0
            if all(measure_database("postgresql", [stack.enter_context(server.clone()) for _ in SIZES]))
            else 1
        )


if __name__ == "__main__":
    sys.exit(main())
