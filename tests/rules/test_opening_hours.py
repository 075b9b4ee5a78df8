"""Opening hours by the city's calendar: make-up Saturdays are worked, Spring Festival is a holiday, 24:00 is the end."""

from datetime import datetime

import pytest

from hotline.rules.calls.flow_actions import ActionOutcome
from hotline.rules.calls.opening_hours import DayKind, kind_of_day, opening_state
from hotline.rules.policies import OpeningHours, Schedule

OFFICE = Schedule(
    workdays=(OpeningHours(510, 720), OpeningHours(810, 1050)),
    days_off=(OpeningHours(600, 660),),
    holidays=(),
)


@pytest.mark.parametrize(
    ("weekday", "working", "note", "kind"),
    [
        (1, True, "", DayKind(working=True, holiday=False)),
        (6, True, "Spring Festival", DayKind(working=True, holiday=False)),
        (6, False, "", DayKind(working=False, holiday=False)),
        (7, False, "Spring Festival", DayKind(working=False, holiday=True)),
        (2, False, "", DayKind(working=False, holiday=True)),
        (5, None, "", DayKind(working=True, holiday=False)),
        (7, None, "", DayKind(working=False, holiday=False)),
    ],
)
def test_a_day_is_worked_off_or_a_holiday(
    weekday: int, working: bool | None, note: str, kind: DayKind
) -> None:
    assert kind_of_day(weekday, working, note) == kind


@pytest.mark.parametrize(
    ("at", "day", "answer"),
    [
        ("08:29", "worked", ActionOutcome.CLOSED),
        ("08:30", "worked", ActionOutcome.OPEN),
        ("11:59", "worked", ActionOutcome.OPEN),
        ("12:00", "worked", ActionOutcome.CLOSED),
        ("17:29", "worked", ActionOutcome.OPEN),
        ("10:30", "off", ActionOutcome.OPEN),
        ("09:30", "off", ActionOutcome.CLOSED),
        ("10:30", "holiday", ActionOutcome.HOLIDAY),
    ],
)
def test_a_window_includes_its_first_minute_and_not_its_last(
    at: str, day: str, answer: ActionOutcome
) -> None:
    kinds = {"worked": DayKind(True, False), "off": DayKind(False, False), "holiday": DayKind(False, True)}
    moment = datetime.fromisoformat(f"2026-11-23T{at}+08:00")
    assert opening_state(OFFICE, moment, kinds[day]) is answer


def test_round_the_clock_has_no_gap_at_midnight() -> None:
    always = Schedule(*[(OpeningHours(0, 1440),)] * 3)
    for at in "00:00", "23:59":
        moment = datetime.fromisoformat(f"2026-11-23T{at}+08:00")
        assert opening_state(always, moment, DayKind(True, False)) is ActionOutcome.OPEN
