"""Decides whether a local moment lies inside a schedule of opening hours."""

from dataclasses import dataclass
from datetime import datetime

from hotline.rules.calls.flow_actions import ActionOutcome
from hotline.rules.policies import Schedule


@dataclass(frozen=True, slots=True)
class DayKind:
    """The kind of a day: worked (make-up weekends included), a public holiday, or neither (an ordinary day off)."""

    working: bool
    holiday: bool


def kind_of_day(weekday: int, working: bool | None, note: str) -> DayKind:
    """Returns the kind of a day (`weekday` 1 = Monday).

    `working` None means that the calendar does not know the day: Monday to Friday are worked. A weekday off
    is a public holiday, and so is a weekend day off that the calendar names (`note`).
    """
    works = weekday <= 5 if working is None else working
    return DayKind(works, holiday=not works and (weekday <= 5 or bool(note)))


def opening_state(schedule: Schedule, moment: datetime, day: DayKind) -> ActionOutcome:
    """Returns OPEN if `moment` (local) lies inside the schedule, else HOLIDAY or CLOSED."""
    windows = schedule.holidays if day.holiday else schedule.workdays if day.working else schedule.days_off
    minute = moment.hour * 60 + moment.minute
    if any(window.start <= minute < window.end for window in windows):
        return ActionOutcome.OPEN
    return ActionOutcome.HOLIDAY if day.holiday else ActionOutcome.CLOSED
