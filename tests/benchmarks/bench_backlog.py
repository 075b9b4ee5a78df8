"""Measures how fast the relay passes events that cause nothing, such as those that an earlier version left to it.

The floor is one UPDATE by the raw driver for each batch of the same size, committed durably.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, insert, text, update

from hotline import outbox
from hotline.clock import system_clock
from hotline.gateways.live import announce_nothing
from hotline.store.engine import open_engine
from hotline.store.outbox import EventRow
from hotline.store.tables import Base
from hotline.unit_of_work import Application
from tests.benchmarks.bench_handoffs import databases
from tests.benchmarks.results import compare, report
from tests.policies import city_policies

ROUNDS, EVENTS = 3, 200_000
CHUNK = 10_000


def fill(engine: Engine) -> None:
    """Writes the backlog, the first time; later it only makes it unrelayed again."""
    with engine.begin() as connection:
        if connection.execute(text("SELECT count(*) FROM events")).scalar_one():
            connection.execute(update(EventRow).values(relayed_at=None))
            return
        row = {"at": system_clock(), "kind": "CallQueued", "subject": "call", "actor": "carrier"}
        for begin in range(0, EVENTS, CHUNK):
            rows: list[dict[str, Any]] = [
                {**row, "subject_id": number, "data": {"call_id": number}}
                for number in range(begin, begin + CHUNK)
            ]
            connection.execute(insert(EventRow), rows)


def per_second(engine: Engine, pass_batch: Callable[[], int]) -> float:
    fill(engine)
    begin = time.monotonic()
    while pass_batch():
        pass
    return EVENTS / (time.monotonic() - begin)


def raw_batch(engine: Engine) -> Callable[[], int]:
    """Returns the floor: it marks the next batch in one statement, and knows nothing of kinds and reactions."""
    ids = f"SELECT id FROM events WHERE relayed_at IS NULL ORDER BY id LIMIT {outbox.BATCH_SIZE}"

    def pass_batch() -> int:
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(f"UPDATE events SET relayed_at = at WHERE id IN ({ids})")
            marked: int = cursor.rowcount
            connection.commit()
        finally:
            connection.close()
        return marked

    return pass_batch


def bench(database: str, url: str) -> bool:
    engine = open_engine(url)
    Base.metadata.create_all(engine)
    application = Application(engine, system_clock, city_policies(), announce_nothing)
    floors, ours = [], []
    for _ in range(ROUNDS):
        floors.append(per_second(engine, raw_batch(engine)))
        ours.append(per_second(engine, lambda: outbox.relay(application).events))
    engine.dispose()
    return report(compare("backlog: events that cause nothing", database, "per s", floors, ours))


def main() -> int:
    with databases() as each:
        met = [bench(name, url) for name, url in each]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
