"""Keeps the calendar of working days, seeded from the State Council's published notices and corrected by a CSV file.

A day that is not in the calendar counts as worked from Monday to Friday and marks every deadline over it
provisional. Importing days changes deadlines counted from then on, not those already promised.
"""

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar
from sqlalchemy import delete, insert, select

from hotline.rules.errors import DomainError
from hotline.rules.figures.report import parse_day
from hotline.store.calendar import CalendarDay
from hotline.unit_of_work import UnitOfWork

SEED = "chinesecalendar"
# The most days named in one query.
BATCH_SIZE = 1_000
COLUMNS = ("day", "is_working", "note")
_YES_NO = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class DayProblem:
    """An error in a line of the file; lines count from 1 with the header.

    `code`: wrong_header, wrong_cell_count, not_a_date, unknown_value, missing, not_yes_or_no, too_long,
    day_twice, broken_csv or empty_file.
    """

    line: int
    code: str


class CalendarRefused(DomainError):
    """Raised when a calendar file has errors; `problems` names every bad line. Nothing was changed."""

    def __init__(self, problems: tuple[DayProblem, ...]) -> None:
        super().__init__(f"{len(problems)} bad lines")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    is_working: bool
    note: str


def seed_known_years(work: UnitOfWork) -> int:
    """Writes every day that `chinesecalendar` knows and the calendar does not; returns their number."""
    first = date(min(chinese_calendar.holidays).year, 1, 1)
    last = date(max(chinese_calendar.holidays).year, 12, 31)
    known = set(work.session.scalars(select(CalendarDay.day).where(CalendarDay.day.between(first, last))))
    days = (first + timedelta(days=step) for step in range((last - first).days + 1))
    # Days already there stay as they are: corrections made by the city take precedence.
    rows = [_seed(day) for day in days if day not in known]
    if rows:
        work.session.execute(insert(CalendarDay), rows)
    return len(rows)


def _seed(day: date) -> dict[str, object]:
    _is_off, name = chinese_calendar.get_holiday_detail(day)
    return {
        "day": day,
        "is_working": chinese_calendar.is_workday(day),
        "source": SEED,
        "note": name or "",
    }


def import_days(work: UnitOfWork, text: str) -> int:
    """Sets the days of a CSV text `day,is_working,note` (yes or no); returns their number. Raises CalendarRefused."""
    days = _read(text)
    for start in range(0, len(days), BATCH_SIZE):
        listed = [day.day for day in days[start : start + BATCH_SIZE]]
        work.session.execute(delete(CalendarDay).where(CalendarDay.day.in_(listed)))
    work.session.execute(
        insert(CalendarDay),
        [
            {"day": day.day, "is_working": day.is_working, "source": "import", "note": day.note}
            for day in days
        ],
    )
    return len(days)


def _read(text: str) -> list[_Day]:
    """Returns the days of the file. Raises CalendarRefused with every bad line."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    problems: list[DayProblem] = []
    days: dict[date, _Day] = {}
    try:
        header = next(reader, None)
        if header is None or tuple(cell.strip() for cell in header) != COLUMNS:
            raise CalendarRefused((DayProblem(1, "wrong_header" if header else "empty_file"),))
        for cells in reader:
            parsed = _parse(cells) if cells else None
            if isinstance(parsed, str):
                problems.append(DayProblem(reader.line_num, parsed))
            elif parsed is not None and parsed.day in days:
                problems.append(DayProblem(reader.line_num, "day_twice"))
            elif parsed is not None:
                days[parsed.day] = parsed
    except csv.Error:
        problems.append(DayProblem(reader.line_num, "broken_csv"))
    if problems or not days:
        raise CalendarRefused(tuple(problems) or (DayProblem(1, "empty_file"),))
    return list(days.values())


def _parse(cells: list[str]) -> _Day | str:
    if len(cells) != len(COLUMNS):
        return "wrong_cell_count"
    day = parse_day(cells[0])
    if isinstance(day, str):
        return day
    is_working = _YES_NO.get(cells[1].strip().lower())
    if is_working is None:
        return "not_yes_or_no"
    note = cells[2].strip()
    return "too_long" if len(note) > 80 else _Day(day, is_working, note)
