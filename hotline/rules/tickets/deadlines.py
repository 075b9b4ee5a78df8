"""Counts statutory deadlines: from an event and a limit to a moment, with every day that was counted.

Counting rule (Civil Code art. 201, 203; Guangzhou 2020): the day of the event is day 0, working or not; a period
of N days ends with the N-th counted day at 24:00 local; minutes and hours run from the moment itself, day
and night. Beyond the known calendar Monday to Friday are counted, and the deadline is marked provisional.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hotline.rules.policies import Limit, TimeUnit

# The calendar days after the event that suffice to count any limit of working days.
HORIZON_DAYS = 120


@dataclass(frozen=True, slots=True)
class Deadline:
    """A due moment (UTC), the days that were counted, and whether one of them lies beyond the known calendar."""

    due_at: datetime
    counted: tuple[date, ...]
    provisional: bool


def deadline(start: datetime, limit: Limit, working: Mapping[date, bool], zone: ZoneInfo) -> Deadline:
    """Returns the deadline of `limit` counted from `start` (aware).

    `working` holds the known days and whether they are working days; of the others Monday to Friday count. Raises
    ValueError for a limit that is not positive.
    """
    if limit.amount <= 0:
        raise ValueError(f"a limit must be positive: {limit}")
    match limit.unit:
        case TimeUnit.MINUTE:
            return Deadline(start.astimezone(UTC) + timedelta(minutes=limit.amount), (), provisional=False)
        case TimeUnit.HOUR:
            return Deadline(start.astimezone(UTC) + timedelta(hours=limit.amount), (), provisional=False)
        case TimeUnit.CALENDAR_DAY:
            day0 = start.astimezone(zone).date()
            days = tuple(day0 + timedelta(days=step) for step in range(1, limit.amount + 1))
            return Deadline(_end_of(days[-1], zone), days, provisional=False)
        case TimeUnit.BUSINESS_DAY:  # pragma: no branch - the type checker knows there is no other
            days, guessed = _count_working(start.astimezone(zone).date(), limit.amount, working)
            return Deadline(_end_of(days[-1], zone), days, provisional=guessed)


def _count_working(day0: date, amount: int, working: Mapping[date, bool]) -> tuple[tuple[date, ...], bool]:
    counted: list[date] = []
    guessed = False
    day = day0
    while len(counted) < amount:
        day += timedelta(days=1)
        guessed = guessed or day not in working
        if working.get(day, day.isoweekday() <= 5):
            counted.append(day)
    return tuple(counted), guessed


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    """Returns the first moment that is late: the local midnight after `day`, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
