"""When a periodic job is due: every n seconds, or daily at a local time."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Every:
    """A run every `seconds`, counted from the start of the run before."""

    seconds: int

    def __str__(self) -> str:
        return f"every {self.seconds} s"


@dataclass(frozen=True, slots=True)
class DailyAt:
    """A run each day at a time of the city's zone."""

    hour: int
    minute: int

    def __str__(self) -> str:
        return f"daily {self.hour:02}:{self.minute:02}"


Schedule = Every | DailyAt


def next_run(schedule: Schedule, after: datetime, zone: ZoneInfo) -> datetime:
    """Returns the first moment later than `after` (aware) at which the schedule is due, in UTC.

    A local time that a change of the clocks skips is due as much later as the clocks jump; one that comes twice is
    due the first time.
    """
    match schedule:
        case Every(seconds=seconds):
            return after.astimezone(UTC) + timedelta(seconds=seconds)
        case DailyAt(hour=hour, minute=minute):
            day = after.astimezone(zone).date()
            while True:
                # Compared in UTC: two moments with the same zone object compare by their local time, without offset.
                moment = datetime.combine(day, time(hour, minute), tzinfo=zone).astimezone(UTC)
                if moment > after:
                    return moment
                day += timedelta(days=1)


def first_run(schedule: Schedule, at: datetime, zone: ZoneInfo) -> datetime:
    """Returns when a new job is due: at once, or at its time of day."""
    return at if isinstance(schedule, Every) else next_run(schedule, at, zone)
