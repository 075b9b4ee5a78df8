"""How many callers took each way through a flow yesterday: counted once a minute at most, and never without end."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock

from sqlalchemy.orm import Session

from hotline.store.calls.flow_paths import Version, paths_of_day

MOST_CALLS = 50_000
"""A capital's day. Beyond it the picture is of the first so many, and says so."""
KEPT_FOR = timedelta(minutes=1)
MOST_KEPT = 32


@dataclass(frozen=True, slots=True)
class Traffic:
    """`ways`: `node>exit` -> callers who took it, each counted once. `cut`: there were more calls than are counted."""

    day: date
    calls: int
    ways: Mapping[str, int]
    cut: bool


@dataclass(slots=True)
class TrafficCounts:
    """Counts and remembers; one for each running application."""

    _kept: dict[tuple[date, Version], tuple[datetime, Traffic]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, session: Session, version: Version, day: date, at: datetime) -> Traffic:
        """Return the traffic of `version` on `day`, at most a minute old at `at`."""
        key = (day, version)
        with self._lock:
            known = self._kept.get(key)
        if known is not None and known[0] <= at < known[0] + KEPT_FOR:
            return known[1]
        counted = count_ways(session, version, day)
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = (at, counted)
        return counted


def count_ways(session: Session, version: Version, day: date) -> Traffic:
    """Count callers on each way in one query. A caller who took a way twice is one caller."""
    ways: Counter[str] = Counter()
    calls = 0
    for path in paths_of_day(session, day, version, MOST_CALLS + 1):
        if calls == MOST_CALLS:
            return Traffic(day, calls, ways, cut=True)
        calls += 1
        ways.update(set(path.splitlines()))
    return Traffic(day, calls, ways, cut=False)
