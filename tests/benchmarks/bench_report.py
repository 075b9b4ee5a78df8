"""Measures the day's report over a million tickets against plain indexed SQL that counts the same rows in the same run.

Run by `make bench`. The plain side is hand-written SQL on the driver's own cursor: one statement per cohort that the
report counts, no object mapper, no rates, no units' names, no curve, no balance of the days before. Target: at most 10 times as long, for yesterday
and for a day half a year ago, on both databases. Rows are made by arithmetic alone: every run counts the same.
"""

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from statistics import median
from typing import Any

from sqlalchemy import Engine, insert, text
from sqlalchemy.orm import Session

from hotline.rules.enums import (
    CLASS_OF,
    CallEnd,
    CallPurpose,
    CallState,
    Channel,
    Closing,
    FollowUpState,
    RequestType,
    Satisfied,
    Solved,
    TicketState,
)
from hotline.rules.figures.report import Period
from hotline.services.figures.reports import Report, build_report
from hotline.store.calls.tables import Call
from hotline.store.engine import open_engine
from hotline.store.outbound import FollowUp
from hotline.store.people.tables import Unit
from hotline.store.tables import Base
from hotline.store.tickets.tables import Ticket
from tests.databases import open_postgres
from tests.policies import city_policies

TICKETS = int(os.environ.get("BENCH_TICKETS", "1000000"))
DAYS, UNITS, ROUNDS, TARGET = 365, 95, 5, 10.0
NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
"""08:00 in Shanghai: when the report of yesterday is written."""
FIRST = datetime(2025, 11, 22, 16, 0, tzinfo=UTC)
YESTERDAY, HALF_A_YEAR_AGO = date(2026, 11, 22), date(2026, 5, 22)
TYPES, CHANNELS = list(RequestType), list(Channel)
CHUNK = 5_000
Rows = Iterator[dict[str, Any]]


def tickets() -> Rows:
    """A year of tickets, the same number every hour; two in three handled by a unit, closed within nine days, some redone."""
    step = timedelta(days=DAYS) / TICKETS
    for number in range(TICKETS):
        received = (FIRST + number * step).replace(microsecond=0)
        unit = f"unit-{number * 7 % UNITS:02d}" if number % 3 else None
        closed = received + (timedelta(hours=1 + number * 13 % 220) if unit else timedelta(minutes=3))
        is_closed = closed < NOW and number % 97 != 5
        asked = closed + timedelta(days=1) if is_closed and unit and number % 2 else None
        kind = TYPES[number % len(TYPES)]
        redone = number - 999 if unit and number % 50 == 49 and number > 1_000 else None
        waiting = TicketState.IN_PROGRESS if unit else TicketState.DRAFT
        yield {
            "number": f"B{number:08d}",
            "external_number": None if unit else f"X{number:08d}",
            "state": TicketState.CLOSED if is_closed else waiting,
            "round": 2 if redone else 1,
            "redo_of": redone,
            "channel": CHANNELS[number * 5 % len(CHANNELS)],
            "type": kind,
            "request_class": CLASS_OF[kind],
            "title": "路灯不亮",
            "text": "书院街道春秋路与静轩路路口东侧三盏路灯不亮，请尽快处理。" * 3,
            "caller_number": f"+86138{number:08d}",
            "unit_code": unit,
            "closing": (Closing.HANDLED if unit else Closing.ANSWERED_DIRECT) if is_closed else None,
            "received_at": received,
            "received_on": (received + timedelta(hours=8)).date(),
            "dispatched_at": received if unit else None,
            "contact_due": received + timedelta(days=1) if unit else None,
            "first_contact_at": received + timedelta(hours=number % 30) if unit else None,
            "due_at": received + timedelta(days=7) if unit else None,
            "closed_at": closed if is_closed else None,
            "followed_up_at": asked,
            "solved": (Solved.YES if number % 11 else Solved.NO) if asked else None,
            "satisfied": Satisfied.YES if asked and number % 5 else None,
        }


def calls() -> Rows:
    """A call for every second ticket, one in twelve given up."""
    step = timedelta(days=DAYS) / (TICKETS // 2)
    for number in range(TICKETS // 2):
        arrived = (FIRST + number * step).replace(microsecond=0)
        wait = number * 17 % 40
        lost = number % 12 == 0
        yield {
            "sid": f"CA{number:032x}",
            "purpose": CallPurpose.INBOUND,
            "number_raw": "anonymous",
            "dialed": "+865374412345",
            "state": CallState.ENDED,
            "flow": "main",
            "flow_version": "1",
            "position": "end",
            "arrived_at": arrived,
            "arrived_on": (arrived + timedelta(hours=8)).date(),
            "queued_at": arrived + timedelta(seconds=10),
            "answered_at": None if lost else arrived + timedelta(seconds=10 + wait),
            "wait_seconds": wait,
            "talk_seconds": None if lost else 240 - 10 - wait,
            "ended_at": arrived + timedelta(minutes=4),
            "end": CallEnd.ABANDONED if lost else CallEnd.COMPLETED,
        }


def follow_ups() -> Rows:
    for number in range(0, TICKETS, 2):
        if number % 3:
            at = NOW - timedelta(days=1)
            yield {
                "ticket_id": number + 1,
                "state": FollowUpState.UNREACHED,
                "attempts": 3,
                "promised_at": at,
                "next_try_at": at,
            }


def seed(engine: Engine) -> None:
    units = (
        {"code": f"unit-{n:02d}", "name_zh": f"单位{n}", "name_en": f"Unit {n}", "kind": "department"}
        for n in range(UNITS)
    )
    tables: tuple[tuple[type[Base], Rows], ...] = (
        (Unit, units),
        (Ticket, tickets()),
        (Call, calls()),
        (FollowUp, follow_ups()),
    )
    with engine.begin() as connection:
        for table, rows in tables:
            while chunk := list(islice(rows, CHUNK)):
                connection.execute(insert(table), chunk)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def plain_statements(day: date, *, sqlite: bool) -> list[str]:
    """Return one hand-written statement per cohort of the report."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)
    end = start + timedelta(days=1)

    def at(moment: datetime) -> str:
        return f"'{moment:%Y-%m-%d %H:%M:%S}{'.000000' if sqlite else '+00'}'"

    real = "state NOT IN ('draft', 'discarded')"
    return [
        f"SELECT request_class, type, channel, state, count(*) FROM tickets WHERE received_on = '{day}' GROUP BY 1, 2, 3, 4",
        f"SELECT unit_code, closed_at <= due_at, count(*) FROM tickets WHERE due_at > {at(start)} AND due_at <= {at(end)} AND {real} GROUP BY 1, 2",
        f"SELECT unit_code, first_contact_at <= contact_due, count(*) FROM tickets WHERE dispatched_at >= {at(start)} AND dispatched_at < {at(end)} AND {real} GROUP BY 1, 2",
        f"SELECT t.unit_code, t.closing, count(*), count(f.id), count(r.id) FROM tickets t LEFT JOIN follow_ups f ON f.ticket_id = t.id LEFT JOIN tickets r ON r.redo_of = t.id WHERE t.closed_at >= {at(start)} AND t.closed_at < {at(end)} GROUP BY 1, 2",
        f"SELECT r.state, count(*) FROM tickets t JOIN tickets r ON r.redo_of = t.id WHERE t.received_on = '{day}' AND t.round = 1 GROUP BY 1",
        f"SELECT unit_code, solved, satisfied, count(*) FROM tickets WHERE followed_up_at >= {at(start)} AND followed_up_at < {at(end)} GROUP BY 1, 2, 3",
        f"SELECT unit_code, count(*), count(CASE WHEN due_at <= {at(NOW)} THEN 1 END) FROM tickets WHERE state NOT IN ('closed', 'discarded') GROUP BY 1",
        f"SELECT \"end\", count(*) FROM calls WHERE arrived_on = '{day}' AND purpose = 'inbound' AND queued_at IS NOT NULL GROUP BY 1",
        f"SELECT count(*) FROM callbacks WHERE promised_at >= {at(start)} AND promised_at < {at(end)} AND state = 'reached'",
    ]


def milliseconds(*sides: Callable[[], object]) -> list[float]:
    """Return each side's median of several runs, the sides in turn, after one round to warm up."""
    taken: list[list[float]] = [[] for _ in sides]
    for _ in range(ROUNDS + 1):
        for work, times in zip(sides, taken, strict=True):
            begun = time.perf_counter()
            work()
            times.append((time.perf_counter() - begun) * 1000)
    return [median(times[1:]) for times in taken]


def measure(name: str, engine: Engine, day: date) -> float:
    """Print one line per side; return how many times longer the report takes."""
    policies = city_policies()

    def report() -> Report:
        with Session(engine.execution_options(reading=True)) as session:
            return build_report(session, Period(day, day), at=NOW, policies=policies)

    raw = engine.raw_connection()
    statements = plain_statements(day, sqlite=engine.dialect.name == "sqlite")

    def plain() -> list[Any]:
        cursor = raw.cursor()
        return [cursor.execute(statement).fetchall() for statement in statements]

    ours, floor = milliseconds(report, plain)
    raw.close()
    made = report()
    if not all(line.ok for line in made.reconciliation) or not made.figures.requests.total:
        raise RuntimeError(f"the report of {day} does not add up")
    rates = made.rates["on_time_closure_rate"]
    print(
        f"{name:<12}{day}  report {ours:8.1f} ms   plain SQL {floor:8.1f} ms   ratio {ours / floor:6.2f}   (target <= {TARGET:.0f})   {made.figures.requests.total} requests, {rates.denominator} due"
    )
    return ours / floor


def both_days(name: str, url: str) -> list[float]:
    engine = open_engine(url)
    Base.metadata.create_all(engine)
    begun = time.perf_counter()
    seed(engine)
    print(f"{name:<12}seeded in {time.perf_counter() - begun:.0f} s")
    ratios = [measure(name, engine, day) for day in (YESTERDAY, HALF_A_YEAR_AGO)]
    engine.dispose()
    return ratios


def main() -> int:
    print(f"## The day's report over {TICKETS:,} tickets and {TICKETS // 2:,} calls (median of {ROUNDS})")
    with tempfile.TemporaryDirectory(prefix="hl-b-") as folder:
        ratios = both_days("sqlite", f"sqlite:///{folder}/bench.sqlite3")
    with open_postgres(f"bench_{secrets.token_hex(3)}") as server:
        if server is None:
            print("postgresql  not measured: no server on this machine")
        else:
            with server.clone() as url:
                ratios += both_days("postgresql", url)
    return 0 if max(ratios) <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
