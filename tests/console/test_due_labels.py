"""The words of a deadline."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from agent_console.tickets.due_labels import due, left
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


@pytest.mark.usefixtures("speaking")
@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(days=3), "剩 3 天"),
        (timedelta(hours=47), "剩 47 小时"),
        (timedelta(minutes=59), "剩 59 分钟"),
        (timedelta(), "超 0 分钟"),
        (-timedelta(days=2), "超 2 天"),
    ],
)
def test_what_is_left_is_said_in_the_largest_unit(clock: StoppedClock, away: timedelta, words: str) -> None:
    assert left(clock.at + away) == words
