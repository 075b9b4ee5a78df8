"""The calendar of working days: known years are seeded once, the city's file wins, a wrong file changes nothing."""

from datetime import date

import pytest
from sqlalchemy import select

from hotline.rules.people.actors import Machine
from hotline.services.calendar import CalendarRefused, DayProblem, import_days, seed_known_years
from hotline.store.calendar import CalendarDay, working_days
from hotline.unit_of_work import Application


def days_of(application: Application, first: date, last: date) -> dict[date, bool]:
    with application.read_session() as session:
        return working_days(session, first, last)


def load(application: Application, text: str) -> int:
    with application.unit_of_work(Machine.SYSTEM) as work:
        return import_days(work, text)


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
