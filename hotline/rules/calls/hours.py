"""Opening hours: whether a local moment lies inside a schedule. Days are told apart by the city's own calendar."""

from dataclasses import dataclass
from datetime import datetime

from hotline.rules.calls.flow_actions import ActionOutcome
from hotline.rules.policies import Schedule


@dataclass(frozen=True, slots=True)
class DayKind:
    """What kind of day it is: worked (make-up weekends included), a public holiday, or neither (an ordinary day off)."""

    working: bool
    holiday: bool


def kind_of_day(weekday: int, working: bool | None, note: str) -> DayKind:
    """Return the kind of a day (`weekday` 1 = Monday). `working` None: not known, so Monday to Friday are worked.

    A weekday off is a public holiday; so is a weekend day that the calendar names (`note`).
    """
    works = weekday <= 5 if working is None else working
    return DayKind(works, holiday=not works and (weekday <= 5 or bool(note)))


def opening_state(schedule: Schedule, moment: datetime, day: DayKind) -> ActionOutcome:
    """Say whether `moment` (local) is OPEN; else whether it is CLOSED for an ordinary reason or for a HOLIDAY."""
    windows = schedule.holidays if day.holiday else schedule.workdays if day.working else schedule.days_off
    minute = moment.hour * 60 + moment.minute
    if any(window.start <= minute < window.end for window in windows):
        return ActionOutcome.OPEN
    return ActionOutcome.HOLIDAY if day.holiday else ActionOutcome.CLOSED
