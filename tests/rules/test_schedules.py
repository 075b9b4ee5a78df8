from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hotline.rules.schedules import DailyAt, Every, Schedule, first_run, next_run

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "zone", "after", "due"),
    [
        (Every(5), SHANGHAI, "2026-11-23 01:00", "2026-11-23 01:00:05"),
        (DailyAt(0, 5), SHANGHAI, "2026-11-23 16:04:59", "2026-11-23 16:05"),
        (DailyAt(0, 5), SHANGHAI, "2026-11-23 16:05", "2026-11-24 16:05"),
        (DailyAt(23, 59), SHANGHAI, "2026-11-23 15:30", "2026-11-23 15:59"),
        # Clocks go forward at 02:00 on 2026-03-29: 02:30 does not exist and comes at 03:30.
        (DailyAt(2, 30), BERLIN, "2026-03-29 00:00", "2026-03-29 01:30"),
        (DailyAt(2, 30), BERLIN, "2026-03-29 01:30", "2026-03-30 00:30"),
        # Clocks go back at 03:00 on 2026-10-25: 02:30 comes twice, the job runs the first time only.
        (DailyAt(2, 30), BERLIN, "2026-10-24 23:00", "2026-10-25 00:30"),
        (DailyAt(2, 30), BERLIN, "2026-10-25 00:30", "2026-10-26 01:30"),
    ],
)
def test_the_next_run_is_later_and_at_its_time(
    schedule: Schedule, zone: ZoneInfo, after: str, due: str
) -> None:
    assert next_run(schedule, utc(after), zone) == utc(due)


def test_a_new_job_runs_at_once_or_at_its_time_of_day() -> None:
    at = utc("2026-11-23 01:00")
    assert first_run(Every(60), at, SHANGHAI) == at
    assert first_run(DailyAt(9, 0), at, SHANGHAI) == utc("2026-11-24 01:00")


def test_a_schedule_is_named_in_plain_words() -> None:
    assert (str(Every(5)), str(DailyAt(0, 5))) == ("every 5 s", "daily 00:05")
