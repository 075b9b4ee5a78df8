"""The number of callers at each exit of a flow on one day, cached for a minute."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock

from hotline.store.calls.flow_paths import Version, paths_of_day
from hotline.unit_of_work import ReadSession

# One day of a capital's hotline. Beyond it only the first calls are counted, and the page says so.
MAX_CALLS = 50_000
CACHE_LIFETIME = timedelta(minutes=1)
MAX_CACHED = 32


@dataclass(frozen=True, slots=True)
class Traffic:
    """`callers_by_exit` maps `node>exit` to callers, each counted once. `is_cut`: more calls exist than were counted."""

    day: date
    calls: int
    callers_by_exit: Mapping[str, int]
    is_cut: bool


@dataclass(slots=True)
class TrafficCounts:
    """Counts traffic and caches it; one instance for each running application."""

    max_calls: int = MAX_CALLS
    _kept: dict[tuple[date, Version], tuple[datetime, Traffic]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, session: ReadSession, version: Version, day: date, at: datetime) -> Traffic:
        """Returns the traffic of `version` on `day`, at most a minute old at `at`."""
        key = (day, version)
        with self._lock:
            known = self._kept.get(key)
        if known is not None and known[0] <= at < known[0] + CACHE_LIFETIME:
            return known[1]
        counted = count_exits(session, version, day, self.max_calls)
        with self._lock:
            if len(self._kept) >= MAX_CACHED:
                self._kept.clear()
            self._kept[key] = (at, counted)
        return counted


def count_exits(session: ReadSession, version: Version, day: date, max_calls: int) -> Traffic:
    """Counts callers at each exit in one query of at most `max_calls` calls. A caller who took an exit twice counts once."""
    callers_by_exit: Counter[str] = Counter()
    calls = 0
    for path in paths_of_day(session, day, version, max_calls + 1):
        if calls == max_calls:
            return Traffic(day, calls, callers_by_exit, is_cut=True)
        calls += 1
        callers_by_exit.update(set(path.splitlines()))
    return Traffic(day, calls, callers_by_exit, is_cut=False)
