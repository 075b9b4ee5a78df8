"""Keeps the calendar of working days, seeded from the State Council's published notices and corrected by a CSV file.

A day that is not in the calendar counts as worked from Monday to Friday and marks every deadline over it
provisional. `services.city` counts the deadlines of open tickets anew when the city's days change.
"""

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import BinaryIO

import chinese_calendar
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from hotline.rules.city import DayEntry
from hotline.rules.errors import DomainError
from hotline.rules.figures.report import parse_day
from hotline.rules.text import clean, is_storable
from hotline.rules.tickets.deadlines import is_settled
from hotline.services.table_file import BrokenRow, UnreadableFile, open_table
from hotline.store.calendar import CalendarDay
from hotline.unit_of_work import UnitOfWork

SEED = "chinesecalendar"
# The source of a day that the city has decided about; earlier versions wrote "import".
CITY = "city"
COLUMNS = ("day", "is_working", "note")
CHINESE_COLUMNS = {
    "日期": "day",
    "是否工作日": "is_working",
    "工作日": "is_working",
    "说明": "note",
    "备注": "note",
}
_YES_NO = {
    "是": True,
    "否": False,
    "yes": True,
    "no": False,
    "true": True,
    "false": False,
    "1": True,
    "0": False,
}


@dataclass(frozen=True, slots=True)
class DayProblem:
    """An error in a line of the file; lines count from 1 with the header.

    `code`: wrong_header, wrong_cell_count, not_a_date, unknown_value, missing, not_yes_or_no, too_long,
    day_twice, not_text, empty_file, or a code of `services.table_file`.
    """

    line: int
    code: str


class CalendarRefused(DomainError):
    """Raised when a calendar file has errors; `problems` names every bad line. Nothing was changed."""

    def __init__(self, problems: tuple[DayProblem, ...]) -> None:
        super().__init__(f"{len(problems)} bad lines")
        self.problems = problems


def seed_known_years(work: UnitOfWork) -> int:
    """Writes every day as `chinesecalendar` knows it now; returns the number of days added or changed.

    An upgrade of the library renews the days that came from it: a year may have been known only in part, or its notice
    changed (2018-12-29 and 31). Days imported by the city take precedence and stay.
    """
    first = date(min(chinese_calendar.holidays).year, 1, 1)
    last = date(max(chinese_calendar.holidays).year, 12, 31)
    rows = select(CalendarDay).where(CalendarDay.day.between(first, last))
    known = {row.day: row for row in work.session.scalars(rows)}
    days = [_seed(first + timedelta(days=step)) for step in range((last - first).days + 1)]
    fresh = [_row(day, SEED) for day in days if day.day not in known]
    if fresh:
        work.session.execute(insert(CalendarDay), fresh)
    return len(fresh) + sum(_renew(known[day.day], day) for day in days if day.day in known)


def write_city_days(work: UnitOfWork, days: Sequence[DayEntry]) -> int:
    """Makes `days` the days that the city has decided about; any other day is as `chinesecalendar` knows it. Returns the changes."""
    decided = {entry.day: entry for entry in days}
    rows = {
        row.day: row for row in work.session.scalars(select(CalendarDay).where(CalendarDay.source != SEED))
    }
    given_back = [row for day, row in rows.items() if day not in decided]
    for row in given_back:
        if _seeded(row.day) is None:
            work.session.delete(row)
        else:
            seed = _seed(row.day)
            row.is_working, row.note, row.source = seed.is_working, seed.note, SEED
    changed = len(given_back)
    for entry in decided.values():
        found = rows.get(entry.day) or work.session.get(CalendarDay, entry.day)
        if found is None:
            found = CalendarDay(day=entry.day, is_working=entry.is_working, source=CITY, note=entry.note)
            work.session.add(found)
            changed += 1
        elif (found.is_working, found.note) != (entry.is_working, entry.note) or found.source == SEED:
            changed += 1
        found.is_working, found.note, found.source = entry.is_working, entry.note, CITY
    work.flush()
    return changed


def known_with(
    known: Mapping[date, bool], former: Sequence[DayEntry], days: Sequence[DayEntry]
) -> dict[date, bool]:
    """Returns the `known` working days as they are once the city's `former` decisions are replaced by `days`."""
    wanted = dict(known)
    for entry in former:
        seeded = _seeded(entry.day)
        if seeded is None:
            wanted.pop(entry.day, None)
        else:
            wanted[entry.day] = seeded
    return {**wanted, **{entry.day: entry.is_working for entry in days}}


def _seeded(day: date) -> bool | None:
    """Returns whether the national calendar counts `day` as worked; None for a year that it does not know."""
    first, last = min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year
    return _seed(day).is_working if first <= day.year <= last else None


def city_days(session: Session) -> tuple[DayEntry, ...]:
    """Returns the days in the database that the city has decided about, in order."""
    rows = session.scalars(select(CalendarDay).where(CalendarDay.source != SEED).order_by(CalendarDay.day))
    return tuple(DayEntry(row.day, row.is_working, row.note) for row in rows)


def _seed(day: date) -> DayEntry:
    _is_off, name = chinese_calendar.get_holiday_detail(day)
    return DayEntry(day, chinese_calendar.is_workday(day), name or "")


def _renew(row: CalendarDay, day: DayEntry) -> bool:
    if row.source != SEED or (row.is_working, row.note) == (day.is_working, day.note):
        return False
    row.is_working, row.note = day.is_working, day.note
    return True


def _row(day: DayEntry, source: str) -> dict[str, object]:
    return {"day": day.day, "is_working": day.is_working, "source": source, "note": day.note}


@dataclass(frozen=True, slots=True)
class KnownYear:
    """The known days of a year: their number, the working ones, and the number from each source.

    `provisional_from`: the first day of the year that is unknown or may still change with a notice to come.
    """

    year: int
    days: int
    working: int
    sources: dict[str, int]
    provisional_from: date | None


def known_years(session: Session) -> tuple[KnownYear, ...]:
    """Returns every year of which a day is known, the earliest first."""
    rows = session.scalars(select(CalendarDay).order_by(CalendarDay.day)).all()
    working = {row.day: row.is_working for row in rows}
    years = []
    for year, days in groupby(rows, key=lambda row: row.day.year):
        listed = list(days)
        sources = Tally(row.source for row in listed)
        count = sum(row.is_working for row in listed)
        years.append(KnownYear(year, len(listed), count, dict(sources), _provisional_from(year, working)))
    return tuple(years)


def _provisional_from(year: int, working: Mapping[date, bool]) -> date | None:
    first = date(year, 1, 1)
    days = (first + timedelta(days=step) for step in range((date(year + 1, 1, 1) - first).days))
    return next((day for day in days if not is_settled(day, working)), None)


def listed_days(session: Session, year: int) -> tuple[CalendarDay, ...]:
    """Returns the known days of a year that are no ordinary ones: worked weekends, free weekdays, the city's own days."""
    days = select(CalendarDay).where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
    rows = session.scalars(days.order_by(CalendarDay.day))
    return tuple(row for row in rows if row.is_working != (row.day.isoweekday() <= 5) or row.source != SEED)


def read_days(source: BinaryIO) -> tuple[DayEntry, ...]:
    """Returns the days of a file with the columns `day,is_working,note` (yes or no); CSV and XLSX are read.

    Raises CalendarRefused with every bad line.
    """
    problems: list[DayProblem] = []
    days: dict[date, DayEntry] = {}
    try:
        table = open_table(source)
        header = table.header()
        if isinstance(header, BrokenRow) or header is None or _columns(header.cells) != COLUMNS:
            raise CalendarRefused((DayProblem(1, "wrong_header" if header else "empty_file"),))
        for row in table.rows(lambda cells: not isinstance(_parse(cells), str)):
            parsed = row.code if isinstance(row, BrokenRow) else _parse(row.cells)
            if isinstance(parsed, str):
                problems.append(DayProblem(row.line, parsed))
            elif parsed.day in days:
                problems.append(DayProblem(row.line, "day_twice"))
            else:
                days[parsed.day] = parsed
    except UnreadableFile as unreadable:
        raise CalendarRefused((DayProblem(1, unreadable.code),)) from unreadable
    if problems or not days:
        raise CalendarRefused(tuple(problems) or (DayProblem(1, "empty_file"),))
    return tuple(days.values())


def _columns(cells: Sequence[str]) -> tuple[str, ...]:
    """Returns the English names of the columns of a header in English or Chinese, without the empty ones at the end."""
    texts = [CHINESE_COLUMNS.get(clean(cell), clean(cell)) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def _parse(cells: Sequence[str]) -> DayEntry | str:
    if len(cells) < len(COLUMNS) or any(cell.strip() for cell in cells[len(COLUMNS) :]):
        return "wrong_cell_count"
    # A cell of a workbook holds a day with a time of day.
    day = parse_day(cells[0].strip().removesuffix(" 00:00:00").replace("/", "-"))
    if isinstance(day, str):
        return day
    is_working = _YES_NO.get(cells[1].strip().lower())
    if is_working is None:
        return "not_yes_or_no"
    note = cells[2].strip()
    if not is_storable(note):
        return "not_text"
    return "too_long" if len(note) > 80 else DayEntry(day, is_working, note)
