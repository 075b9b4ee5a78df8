"""The calendar of working days: known years are seeded once, the city's file wins, a wrong file changes nothing."""

import io
from datetime import UTC, date, datetime
from typing import BinaryIO

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from hotline.rules.enums import RequestType, Urgency
from hotline.rules.people.actors import Machine
from hotline.rules.policies import Limit, TimeUnit
from hotline.rules.tickets.deadlines import deadline
from hotline.services.calendar import (
    CalendarRefused,
    DayProblem,
    city_days,
    known_years,
    listed_days,
    read_days,
    seed_known_years,
    write_city_days,
)
from hotline.services.tickets import due_dates
from hotline.store.calendar import CalendarDay, working_days
from hotline.unit_of_work import Application, UnitOfWork
from tests.stopped_clock import StoppedClock


def days_of(application: Application, first: date, last: date) -> dict[date, bool]:
    with application.read_session() as session:
        return working_days(session, first, last)


def set_days(work: UnitOfWork, file: BinaryIO) -> int:
    """Sets the days of a file beside those that the city has decided about before; returns the number of the file's days."""
    listed = read_days(file)
    kept = {entry.day: entry for entry in (*city_days(work.session), *listed)}
    write_city_days(work, tuple(kept.values()))
    return len(listed)


def load(application: Application, text: str) -> int:
    with application.unit_of_work(Machine.SYSTEM) as work:
        return set_days(work, io.BytesIO(text.encode()))


def test_known_years_are_seeded_with_their_make_up_days_and_only_once(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert seed_known_years(work) > 20 * 365
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert seed_known_years(work) == 0
    year = days_of(application, date(2026, 1, 1), date(2026, 12, 31))
    assert len(year) == 365
    worked_weekends = {day for day, works in year.items() if works and day.isoweekday() > 5}
    assert worked_weekends == {
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    }
    assert not year[date(2026, 10, 1)]
    assert year[date(2026, 11, 23)]


def test_a_make_up_day_is_not_named_like_the_holiday_it_is_not(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        seed_known_years(work)
        row = work.session.scalar(select(CalendarDay).where(CalendarDay.day == date(2026, 2, 14)))
        assert row is not None
        assert (row.is_working, row.source) == (True, "chinesecalendar")


def test_the_citys_file_wins_over_the_seed_and_stays(application: Application) -> None:
    text = "\ufeffday,is_working,note\r\n2026-11-23,no,停水抢修\r\n2027-01-02,yes,元旦调休\r\n\r\n"
    assert load(application, text) == 2
    with application.unit_of_work(Machine.SYSTEM) as work:
        seed_known_years(work)
    assert days_of(application, date(2026, 11, 23), date(2026, 11, 23)) == {date(2026, 11, 23): False}
    assert days_of(application, date(2027, 1, 1), date(2027, 12, 31)) == {date(2027, 1, 2): True}
    assert load(application, "day,is_working,note\n2026-11-23,YES,\n") == 1
    assert load(application, "日期,是否工作日,备注\n2026/12/26,是,调休\n2026-12-28,否,\n") == 2
    assert days_of(application, date(2026, 11, 23), date(2026, 11, 23)) == {date(2026, 11, 23): True}


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", [(1, "empty_file")]),
        ("day,is_working,note\n", [(1, "empty_file")]),
        ("date,working\n2026-11-23,no\n", [(1, "wrong_header")]),
        ("day,is_working,note\n2026-11-23,no\n", [(2, "wrong_cell_count")]),
        (
            "day,is_working,note\n23.11.2026,no,\n2026-11-24,maybe,\n",
            [(2, "not_a_date"), (3, "not_yes_or_no")],
        ),
        ("day,is_working,note\n2026-11-23,no,\n2026-11-23,yes,\n", [(3, "day_twice")]),
        (f"day,is_working,note\n2026-11-23,no,{'长' * 81}\n", [(2, "too_long")]),
        ("day,is_working,note\n,no,\n", [(2, "missing")]),
        ('day,is_working,note\n2026-11-23,no,"x"y\n', [(2, "broken_csv")]),
    ],
)
def test_a_wrong_file_names_its_lines_and_changes_nothing(
    application: Application, text: str, problems: list[tuple[int, str]]
) -> None:
    with pytest.raises(CalendarRefused) as refused:
        load(application, text)
    assert list(refused.value.problems) == [DayProblem(line, code) for line, code in problems]
    assert days_of(application, date(2020, 1, 1), date(2030, 1, 1)) == {}


def test_a_file_of_many_years_is_taken(application: Application) -> None:
    rows = "".join(f"{date.fromordinal(730_000 + n)},yes,\n" for n in range(2_500))
    assert load(application, f"day,is_working,note\n{rows}") == 2_500


def days_as_an_old_library_knew_them(application: Application) -> None:
    """Writes the end of 2018 as chinesecalendar 1.1.0 knew it, before the notice that moved a working day, and a day of the city."""
    old = {
        date(2018, 12, 29): False,
        date(2018, 12, 31): True,
        date(2018, 12, 27): True,
        date(2018, 12, 28): True,
    }
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add_all(
            CalendarDay(day=day, is_working=works, source="chinesecalendar", note="")
            for day, works in old.items()
        )
        work.session.add(CalendarDay(day=date(2018, 12, 24), is_working=False, source="import", note="停水"))


def test_an_upgrade_renews_the_days_that_came_from_the_library(application: Application) -> None:
    days_as_an_old_library_knew_them(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        seed_known_years(work)
    december = days_of(application, date(2018, 12, 24), date(2018, 12, 31))
    assert (december[date(2018, 12, 29)], december[date(2018, 12, 31)]) == (True, False)
    assert december[date(2018, 12, 24)] is False
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert seed_known_years(work) == 0


def test_a_deadline_over_the_renewed_days_ends_on_the_worked_saturday(
    application: Application, clock: StoppedClock
) -> None:
    days_as_an_old_library_knew_them(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        seed_known_years(work)
    clock.at = datetime(2018, 12, 26, 2, tzinfo=UTC)
    with application.unit_of_work(Machine.SYSTEM) as work:
        known = due_dates.known_days(work, date(2018, 12, 26), date(2018, 12, 26))
    due = deadline(clock.at, Limit(3, TimeUnit.BUSINESS_DAY), known, application.policies.zone)
    # The end of Saturday the 29th, which is worked in place of Monday the 31st.
    assert (due.due_at, due.provisional) == (datetime(2018, 12, 29, 16, tzinfo=UTC), False)


def test_a_hand_off_before_new_year_is_provisional_until_the_next_notice_is_loaded(
    application: Application, clock: StoppedClock
) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        seed_known_years(work)
    clock.at = datetime(2026, 12, 24, 2, tzinfo=UTC)

    def provisional() -> object:
        with application.unit_of_work(Machine.SYSTEM) as work:
            return due_dates.for_hand_off(work, RequestType.HELP, Urgency.NORMAL)["due_provisional"]

    assert provisional() is True
    # A single day of the next year is no notice; every notice names New Year's Day.
    load(application, "day,is_working,note\n2027-02-05,yes,调休\n")
    assert provisional() is True
    load(application, "day,is_working,note\n2027-01-01,no,元旦\n")
    assert provisional() is False


def test_the_known_years_say_their_sources_and_what_may_still_change(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        seed_known_years(work)
    load(application, "day,is_working,note\n2026-11-23,no,停水\n2027-01-01,no,元旦\n2027-01-02,no,元旦\n")
    with application.read_session() as session:
        years = {each.year: each for each in known_years(session)}
        days = listed_days(session, 2026)
    assert years[2025].provisional_from is None
    assert (years[2026].days, years[2026].sources) == (365, {"chinesecalendar": 364, "city": 1})
    assert years[2026].provisional_from is None
    assert (years[2027].days, years[2027].working, years[2027].provisional_from) == (2, 0, date(2027, 1, 3))
    assert (date(2026, 11, 23), "停水") in {(row.day, row.note) for row in days}
    assert date(2026, 11, 24) not in {row.day for row in days}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_calendar_in_another_encoding_is_read(application: Application, encoding: str) -> None:
    text = "day,is_working,note,,\n2027/1/1,no,元旦放假,,\n,,,,\n2027-02-06,yes,春节调休,,\n"
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert set_days(work, io.BytesIO(text.encode(encoding))) == 2
        assert work.session.get_one(CalendarDay, date(2027, 1, 1)).note == "元旦放假"


def test_a_calendar_in_a_workbook_is_read(application: Application) -> None:
    book = Workbook()
    for row in (["day", "is_working", "note"], [date(2027, 1, 1), False, "元旦"], ["2027-02-06", 1, None]):
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert set_days(work, io.BytesIO(target.getvalue())) == 2
    assert days_of(application, date(2027, 1, 1), date(2027, 12, 31)) == {
        date(2027, 1, 1): False,
        date(2027, 2, 6): True,
    }


def test_a_stray_quotation_mark_in_a_calendar_hides_no_day(application: Application) -> None:
    text = 'day,is_working,note\n2027-01-01,no,"元旦\n2027-02-06,yes,春节"\n2027-02-07,yes,\n'
    with pytest.raises(CalendarRefused) as refused:
        load(application, text)
    assert list(refused.value.problems) == [DayProblem(2, "swallowed_lines")]
