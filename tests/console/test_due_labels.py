"""The words of a deadline."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from agent_console.tickets.due_labels import deadline_status, left
from agent_console.web.locale import due
from tests.stopped_clock import StoppedClock


@pytest.fixture
def speaking(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


@pytest.mark.usefixtures("speaking")
def test_a_deadline_at_midnight_belongs_to_the_day_that_ends(clock: StoppedClock) -> None:
    midnight = clock.at + timedelta(hours=15)
    assert due(midnight) == "11月23日 周一 24:00"
    assert due(midnight + timedelta(minutes=1)) == "11月24日 周二 00:01"
    assert due(None) == "–"
    # Another year is written, by the day that ends: midnight after New Year's Eve is the old year's.
    assert due(datetime(2026, 12, 31, 16, tzinfo=UTC)) == "12月31日 周四 24:00"
    assert due(datetime(2027, 12, 31, 16, tzinfo=UTC)) == "2027 12月31日 周五 24:00"


def test_the_end_of_a_day_is_written_so_in_english_too(app: Flask) -> None:
    with app.test_request_context("/", headers={"Cookie": "locale=en"}):
        assert due(datetime(2026, 11, 27, 16, tzinfo=UTC)) == "Fri 27 Nov 24:00"
        assert due(datetime(2026, 11, 27, 1, 30, tzinfo=UTC)) == "Fri 27 Nov 09:30"


@pytest.mark.usefixtures("speaking")
@pytest.mark.parametrize(
    ("met", "closed", "now", "status"),
    [
        (0, None, 1, "met"),
        (1, 2, 3, "met_late"),
        (None, None, 0, "soon"),
        (None, None, 1, "over"),
        (None, -1, 1, "missed"),
    ],
    ids=[
        "at the due moment",
        "a second later",
        "open at the due moment",
        "open after it",
        "closed without it",
    ],
)
def test_the_due_moment_itself_is_in_time(
    clock: StoppedClock, met: int | None, closed: int | None, now: int, status: str
) -> None:
    def after(seconds: int | None) -> datetime | None:
        return None if seconds is None else clock.at + timedelta(seconds=seconds)

    at = clock.at + timedelta(seconds=now)
    assert deadline_status(clock.at, after(met), after(closed), at) == status


@pytest.mark.usefixtures("speaking")
@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(days=3), "剩 3 天"),
        (timedelta(hours=47), "剩 47 小时"),
        (timedelta(minutes=59), "剩 59 分钟"),
        (timedelta(), "剩 0 分钟"),
        (-timedelta(seconds=1), "超 0 分钟"),
        (-timedelta(days=2), "超 2 天"),
    ],
)
def test_what_is_left_is_said_in_the_largest_unit(clock: StoppedClock, away: timedelta, words: str) -> None:
    assert left(clock.at + away) == words
