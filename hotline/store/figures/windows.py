"""A report's period as the database compares it, so that every cohort draws the same line between days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, SQLColumnExpression, and_

from hotline.rules.figures.report import Period


@dataclass(frozen=True, slots=True)
class Window:
    """A period as the database compares it: local days, and the UTC moments [start, end); `at` is now."""

    period: Period
    start: datetime
    end: datetime
    at: datetime

    def includes(self, day: SQLColumnExpression[date]) -> ColumnElement[bool]:
        """Say whether a local day lies in the period. One day is said as one day: planners trust that to be few rows."""
        if self.period.one_day:
            return day == self.period.first
        return day.between(self.period.first, self.period.last)

    def covers(self, moment: SQLColumnExpression[Any]) -> ColumnElement[bool]:
        return and_(moment >= self.start, moment < self.end)


def window_of(period: Period, zone: ZoneInfo, at: datetime) -> Window:
    """Return the window of `period` in `zone`, as seen at `at`."""
    return Window(period, period.start(zone), period.end(zone), at.astimezone(UTC))
