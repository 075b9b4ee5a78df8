"""The legal clock: which days count, when a period ends, and what is admitted to be a guess."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.policies import Limit, TimeUnit
from hotline.rules.tickets.deadlines import (
    HORIZON_DAYS,
    LATE,
    DeadlineState,
    day_that_ends,
    deadline,
    deadline_state,
    is_past,
)

CITY = ZoneInfo("Asia/Shanghai")
U = TimeUnit


def _year_2026() -> dict[date, bool]:
    """The State Council's calendar around the Spring Festival of 2026; every other day of the year by its weekday."""
    first = date(2026, 1, 1)
    known = {day: day.isoweekday() <= 5 for day in (first + timedelta(days=step) for step in range(365))}
    known |= {date(2026, 2, 15) + timedelta(days=step): False for step in range(9)}
    known |= {date(2026, 2, 14): True, date(2026, 2, 28): True, date(2026, 1, 1): False}
    return known


KNOWN = _year_2026()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY)


def days_of(*texts: str) -> tuple[date, ...]:
    return tuple(date.fromisoformat(text) for text in texts)


@pytest.mark.parametrize(
    ("start", "amount", "ends", "days"),
    [
        pytest.param(
            "2026-02-13T10:00",
            5,
            "2026-02-28T00:00",
            ("2026-02-14", "2026-02-24", "2026-02-25", "2026-02-26", "2026-02-27"),
            id="a working Saturday counts, nine days of festival do not",
        ),
        pytest.param("2026-11-23T23:59", 1, "2026-11-25T00:00", ("2026-11-24",), id="day 0 is not counted"),
        pytest.param("2026-11-28T08:00", 1, "2026-12-01T00:00", ("2026-11-30",), id="begun on a day off"),
        pytest.param("2026-11-27T17:00", 1, "2026-12-01T00:00", ("2026-11-30",), id="over a weekend"),
    ],
)
def test_working_days_end_with_the_last_counted_day(
    start: str, amount: int, ends: str, days: tuple[str, ...]
) -> None:
    due = deadline(local(start), Limit(amount, U.BUSINESS_DAY), KNOWN, CITY)
    assert (due.due_at, due.counted, due.provisional) == (local(ends), days_of(*days), False)


def test_a_day_begins_by_the_citys_clock_not_by_utc() -> None:
    just_after_midnight = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # the 24th, 00:30 in the city
    due = deadline(just_after_midnight, Limit(1, U.BUSINESS_DAY), KNOWN, CITY)
    assert due.counted == days_of("2026-11-25")


def test_days_beyond_the_known_calendar_count_by_weekday_and_say_so() -> None:
    due = deadline(local("2026-12-28T09:00"), Limit(5, U.BUSINESS_DAY), KNOWN, CITY)
    expected = days_of("2026-12-29", "2026-12-30", "2026-12-31", "2027-01-01", "2027-01-04")
    assert (due.counted, due.provisional) == (expected, True)


def test_calendar_days_count_every_day() -> None:
    due = deadline(local("2026-02-13T10:00"), Limit(3, U.CALENDAR_DAY), KNOWN, CITY)
    assert due.counted == days_of("2026-02-14", "2026-02-15", "2026-02-16")
    assert (due.due_at, due.provisional) == (local("2026-02-17T00:00"), False)


@pytest.mark.parametrize(
    ("start", "limit", "ends"),
    [
        ("2026-11-23T23:50", Limit(30, U.MINUTE), "2026-11-24T00:20"),
        ("2026-02-14T20:00", Limit(24, U.HOUR), "2026-02-15T20:00"),
    ],
)
def test_minutes_and_hours_run_day_and_night(start: str, limit: Limit, ends: str) -> None:
    due = deadline(local(start), limit, KNOWN, CITY)
    assert (due.due_at, due.counted, due.provisional) == (local(ends), (), False)


def test_hours_are_real_hours_where_the_clocks_are_put_forward() -> None:
    vienna = ZoneInfo("Europe/Vienna")
    evening = datetime(2026, 3, 28, 20, 0, tzinfo=vienna)
    due = deadline(evening, Limit(24, U.HOUR), {}, vienna)
    assert due.due_at - evening.astimezone(UTC) == timedelta(hours=24)


def test_a_deadline_is_told_in_utc() -> None:
    for unit in U:
        due = deadline(local("2026-11-23T09:00"), Limit(1, unit), KNOWN, CITY).due_at
        assert due.tzinfo is UTC


@pytest.mark.parametrize("amount", [0, -1])
def test_a_limit_that_is_not_positive_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        deadline(local("2026-11-23T09:00"), Limit(amount, U.HOUR), KNOWN, CITY)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 10, 1), timezones=st.just(CITY))  # noqa: DTZ001 - the strategy adds the zone
small = st.integers(1, 40)


@given(moments, small, st.sampled_from(U))
def test_one_more_is_never_earlier(start: datetime, amount: int, unit: TimeUnit) -> None:
    less = deadline(start, Limit(amount, unit), KNOWN, CITY)
    more = deadline(start, Limit(amount + 1, unit), KNOWN, CITY)
    assert start < less.due_at < more.due_at


@given(moments, small)
def test_a_known_day_off_is_never_counted_and_no_working_day_is_left_out(
    start: datetime, amount: int
) -> None:
    due = deadline(start, Limit(amount, U.BUSINESS_DAY), KNOWN, CITY)
    first, last = start.date() + timedelta(days=1), due.counted[-1]
    between = (first + timedelta(days=step) for step in range((last - first).days + 1))
    assert due.counted == tuple(day for day in between if KNOWN[day])
    assert len(due.counted) == amount
    assert due.due_at == datetime.combine(last + timedelta(days=1), datetime.min.time(), CITY)


@given(moments, st.integers(1, 60))
def test_the_horizon_reaches_for_any_limit_a_city_would_set(start: datetime, amount: int) -> None:
    due = deadline(start, Limit(amount, U.BUSINESS_DAY), KNOWN, CITY)
    assert (due.counted[-1] - start.date()).days <= HORIZON_DAYS


def test_calendar_days_are_the_citys_days_wherever_the_moment_was_written() -> None:
    """16:30 UTC is the next day in Shanghai, whatever zone the machine of the test is in."""
    for zone in (UTC, CITY, ZoneInfo("America/New_York")):
        moment = datetime(2026, 11, 23, 16, 30, tzinfo=UTC).astimezone(zone)
        due = deadline(moment, Limit(1, U.CALENDAR_DAY), {}, CITY)
        assert due.counted == (date(2026, 11, 25),)
        assert due.due_at == local("2026-11-26T00:00")
        assert due.due_at.tzinfo is UTC


def test_a_deadline_within_the_known_calendar_is_not_provisional() -> None:
    due = deadline(local("2026-11-23T09:00"), Limit(1, U.BUSINESS_DAY), KNOWN, CITY)
    assert due.provisional is False


NEXT_YEAR = KNOWN | {date(2027, 1, 1): False}


@pytest.mark.parametrize(
    ("start", "amount", "known", "provisional"),
    [
        pytest.param("2026-12-24T10:00", 5, KNOWN, True, id="over the last days of December"),
        pytest.param("2026-12-18T10:00", 1, KNOWN, True, id="counted on 21 December, a Monday"),
        pytest.param("2026-12-17T10:00", 1, KNOWN, False, id="ends before 20 December"),
        pytest.param("2026-12-14T10:00", 4, KNOWN, False, id="ends on 18 December"),
        pytest.param("2026-12-18T10:00", 5, NEXT_YEAR, False, id="the next notice is loaded"),
        pytest.param("2026-12-24T10:00", 5, NEXT_YEAR, False, id="ends on 31 December"),
        pytest.param(
            "2026-12-28T10:00", 5, NEXT_YEAR, True, id="over days of the next year that are unknown"
        ),
    ],
)
def test_the_last_days_of_the_newest_year_are_a_guess_until_the_next_notice(
    start: str, amount: int, known: dict[date, bool], provisional: bool
) -> None:
    assert deadline(local(start), Limit(amount, U.BUSINESS_DAY), known, CITY).provisional is provisional


def test_calendar_days_and_hours_over_the_last_days_of_december_are_certain() -> None:
    for unit in (U.CALENDAR_DAY, U.HOUR, U.MINUTE):
        assert not deadline(local("2026-12-24T10:00"), Limit(5, unit), KNOWN, CITY).provisional


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_the_due_moment_is_in_time_for_the_rule_of_every_reader(seconds: int) -> None:
    due = datetime(2026, 11, 27, 16, tzinfo=UTC)
    moment = due + timedelta(seconds=seconds)
    late = seconds > 0
    assert is_past(due, moment) is late
    assert (deadline_state(due, moment, None, due) in LATE) is late
    assert (deadline_state(due, None, None, moment) in LATE) is late
    assert deadline_state(due, None, moment, moment) is DeadlineState.MISSED


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-11-28T00:00", date(2026, 11, 27)),
        ("2027-01-01T00:00", date(2026, 12, 31)),
        ("2026-11-28T00:01", None),
        ("2026-11-27T23:59", None),
    ],
)
def test_midnight_as_an_end_belongs_to_the_day_before_it(moment: str, day: date | None) -> None:
    assert day_that_ends(local(moment).astimezone(UTC), CITY) == day
