"""Counts statutory deadlines: from an event and a limit to a moment, with every day that was counted.

Counting rule (Civil Code art. 201, 203; Guangzhou 2020): the day of the event is day 0, working or not; a period
of N days ends with the N-th counted day at 24:00 local; minutes and hours run from the moment itself, day
and night. Beyond the known calendar Monday to Friday are counted, and the deadline is marked provisional. So is one over
the last days of a December whose next year is unknown: the notice about New Year may move their working days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hotline.rules.policies import Limit, TimeUnit

# The calendar days after the event that suffice to count any limit of working days, and to see whether New Year's Day after
# them is known.
HORIZON_DAYS = 132
# The first day of December about which the State Council's notice for the next year may still decide.
_PROVISIONAL_FROM = 20


@dataclass(frozen=True, slots=True)
class Deadline:
    """A due moment (UTC), the days that were counted, and whether one of them lies beyond the known calendar."""

    due_at: datetime
    counted: tuple[date, ...]
    provisional: bool


class DeadlineState(StrEnum):
    """The state of a deadline. `MISSED`: the ticket was closed and the step was never recorded."""

    MET = "met"
    MET_LATE = "met_late"
    RUNNING = "running"
    OVERDUE = "overdue"
    MISSED = "missed"


LATE: frozenset[DeadlineState] = frozenset(
    {DeadlineState.MET_LATE, DeadlineState.OVERDUE, DeadlineState.MISSED}
)


def is_past(due_at: datetime, at: datetime) -> bool:
    """Returns whether `due_at` has passed at `at`. The due moment itself is in time (`store.tickets.deadlines` agrees)."""
    return due_at < at


def deadline_state(
    due_at: datetime, met_at: datetime | None, closed_at: datetime | None, at: datetime
) -> DeadlineState:
    """Returns the state at `at` of the deadline of a step that was taken at `met_at`, None if never."""
    if met_at is not None:
        return DeadlineState.MET_LATE if is_past(due_at, met_at) else DeadlineState.MET
    if closed_at is not None:
        return DeadlineState.MISSED
    return DeadlineState.OVERDUE if is_past(due_at, at) else DeadlineState.RUNNING


def day_that_ends(moment: datetime, zone: ZoneInfo) -> date | None:
    """Returns the local day that ends at `moment`, or None if `moment` is no local midnight.

    Midnight as the end of a period is written and spoken as 24:00 of the day that ends, never as 00:00 of the next.
    """
    local = moment.astimezone(zone)
    return local.date() - timedelta(days=1) if local.time() == time() else None


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
        guessed = guessed or not is_settled(day, working)
        if working.get(day, day.isoweekday() <= 5):
            counted.append(day)
    return tuple(counted), guessed


def is_settled(day: date, working: Mapping[date, bool]) -> bool:
    """Returns whether `day` is known and no notice to come can change it; every year's notice names New Year's Day."""
    in_question = (day.month, day.day) >= (12, _PROVISIONAL_FROM)
    return day in working and not (in_question and date(day.year + 1, 1, 1) not in working)


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    """Returns the last moment that is in time: the local midnight that ends `day`, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
