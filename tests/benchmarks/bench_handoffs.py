"""Measures hand-offs end to end: from the commit to the ticket in the unit's inbox, against RQ's own no-op jobs.

Scheduler and worker are the processes of the Procfile; the floor is RQ's worker that does not fork, in the same run and on
the same Redis. The unit has no system of its own.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from statistics import median

from sqlalchemy import select

from hotline import events
from hotline.reactions.registry import NOTIFICATIONS
from hotline.rules.enums import TicketState
from hotline.rules.people.actors import Machine
from hotline.store.tickets.tables import Assignment
from tests.benchmarks.lanes import Lane, p95, running_lane, ticks
from tests.benchmarks.results import compare, measure, report
from tests.builders import make_ticket, make_unit
from tests.databases import open_postgres

ROUNDS, BURST, NOOPS = 3, 300, 600
PER_SECOND, STARTS = 10, 60
UNIT = "city-management"


def hand_offs(lane: Lane, tickets: list[int]) -> None:
    with lane.application.unit_of_work(Machine.SYSTEM) as work:
        for ticket_id in tickets:
            work.record(events.TicketHandedOff(ticket_id, UNIT))


def make_tickets(lane: Lane, count: int) -> list[int]:
    return [
        make_ticket(lane.application, state=TicketState.DISPATCHED, unit_code=UNIT).id for _ in range(count)
    ]


def starts(lane: Lane) -> list[float]:
    """Returns the milliseconds from each commit to the start of its reaction."""
    tickets = make_tickets(lane, STARTS)
    commits = {}

    def begun_at() -> dict[int, float]:
        with lane.application.read_session() as session:
            rows = session.execute(
                select(Assignment.ticket_id, Assignment.delivered_at).where(Assignment.ticket_id.in_(tickets))
            ).all()
        return {ticket_id: delivered_at.timestamp() for ticket_id, delivered_at in rows}

    for number in ticks(STARTS, 1 / PER_SECOND):
        hand_offs(lane, [tickets[number]])
        commits[tickets[number]] = lane.commits[-1].timestamp()
    lane.wait_until_done()
    return [1000 * (begun - commits[ticket_id]) for ticket_id, begun in begun_at().items()]


def bench(database: str, url: str) -> bool:
    with running_lane(NOTIFICATIONS, url) as lane:
        make_unit(lane.application, UNIT)
        lane.rate(20, lambda: hand_offs(lane, make_tickets(lane, 20)))
        lane.noop_rate(20)
        floors, ours, floor_p95, ours_p50, ours_p95 = [], [], [], [], []
        for _ in range(ROUNDS):
            floors.append(lane.noop_rate(NOOPS))
            tickets = make_tickets(lane, BURST)
            ours.append(lane.rate(BURST, lambda some=tickets: hand_offs(lane, some)))
            floor_p95.append(p95(lane.noop_starts(STARTS, 1 / PER_SECOND)))
            times = starts(lane)
            ours_p50.append(median(times))
            ours_p95.append(p95(times))
    at = f"at {PER_SECOND}/s"
    lines = [
        compare("hand-offs, a burst (floor: RQ no-op jobs)", database, "per s", floors, ours, at_least=0.5),
        measure(f"hand-off: commit to start, p50, {at}", database, "ms", ours_p50),
        replace(
            measure(f"hand-off: commit to start, p95, {at}", database, "ms", ours_p95, at_most=20),
            floor=median(floor_p95),
        ),
    ]
    met = [report(line) for line in lines]
    return all(met)


@contextmanager
def databases() -> Iterator[list[tuple[str, str]]]:
    """Yields the names and URLs of a database of each kind that this machine has, without tables."""
    with tempfile.TemporaryDirectory(prefix="hl-b-") as folder:
        found = [("sqlite", f"sqlite:///{folder}/bench.sqlite3")]
        with open_postgres("bench_lanes", durable=True) as server:
            if server is None:
                print("postgresql  not measured: no server on this machine")
                yield found
                return
            with server.clone() as url:
                yield [*found, ("postgresql", url)]


def main() -> int:
    with databases() as each:
        met = [bench(name, url) for name, url in each]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
