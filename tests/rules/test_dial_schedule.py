"""When a phone may ring, and when attempts stop."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.calls.dial_schedule import may_ring, next_allowed, next_try
from hotline.rules.policies import DialPolicy

CITY = ZoneInfo("Asia/Shanghai")
BY_DAY = DialPolicy(
    attempts=3, spacing_seconds=1800, ring_seconds=30, from_hour=8, to_hour=20, delay_seconds=60
)
BY_NIGHT = replace(BY_DAY, from_hour=20, to_hour=6)
ALWAYS = replace(BY_DAY, from_hour=0, to_hour=0)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY).astimezone(UTC)


@pytest.mark.parametrize(
    ("policy", "moment", "allowed"),
    [
        (BY_DAY, "2026-11-23T07:59:59", "2026-11-23T08:00"),
        (BY_DAY, "2026-11-23T08:00", "2026-11-23T08:00"),
        (BY_DAY, "2026-11-23T19:59:59", "2026-11-23T19:59:59"),
        (BY_DAY, "2026-11-23T20:00", "2026-11-24T08:00"),
        (BY_DAY, "2026-11-23T00:10", "2026-11-23T08:00"),
        (BY_DAY, "2026-12-31T23:00", "2027-01-01T08:00"),
        (BY_NIGHT, "2026-11-23T12:00", "2026-11-23T20:00"),
        (BY_NIGHT, "2026-11-23T23:30", "2026-11-23T23:30"),
        (BY_NIGHT, "2026-11-24T05:59", "2026-11-24T05:59"),
        (BY_NIGHT, "2026-11-24T06:00", "2026-11-24T20:00"),
        (ALWAYS, "2026-11-23T03:33:33", "2026-11-23T03:33:33"),
    ],
)
def test_quiet_hours_move_a_call_to_the_next_opening(policy: DialPolicy, moment: str, allowed: str) -> None:
    assert next_allowed(local(moment), policy, CITY) == local(allowed)
    assert may_ring(local(moment), policy, CITY) == (moment == allowed)


hours = st.integers(0, 23)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone


@given(moments, hours, st.integers(0, 24))
def test_an_allowed_moment_is_near_never_earlier_and_stays_as_it_is(
    moment: datetime, start: int, end: int
) -> None:
    policy = replace(BY_DAY, from_hour=start, to_hour=end)
    allowed = next_allowed(moment, policy, CITY)
    assert moment <= allowed < moment + timedelta(days=1)
    assert next_allowed(allowed, policy, CITY) == allowed
    assert may_ring(allowed, policy, CITY)


def test_the_next_try_comes_after_the_spacing_and_outside_quiet_hours() -> None:
    assert next_try(local("2026-11-23T12:00"), 1, BY_DAY, CITY) == local("2026-11-23T12:30")
    assert next_try(local("2026-11-23T19:40"), 2, BY_DAY, CITY) == local("2026-11-24T08:00")


def test_after_the_last_attempt_there_is_no_other() -> None:
    assert next_try(local("2026-11-23T12:00"), 3, BY_DAY, CITY) is None
    assert next_try(local("2026-11-23T12:00"), 4, BY_DAY, CITY) is None
