"""Where an announced outage stands, told from its own moments: nothing has to be kept up to date for it."""

from datetime import datetime
from enum import StrEnum


class NoticeState(StrEnum):
    """What callers hear of it: nothing yet, all of it, nothing any more (by itself, or because somebody stopped it)."""

    UPCOMING = "upcoming"
    RUNNING = "running"
    OVER = "over"
    STOPPED = "stopped"


def notice_state(
    starts_at: datetime, ends_at: datetime, stopped_at: datetime | None, at: datetime
) -> NoticeState:
    """Return where a notice stands at `at`; its end itself is already outside."""
    if stopped_at is not None:
        return NoticeState.STOPPED
    if ends_at <= at:
        return NoticeState.OVER
    return NoticeState.RUNNING if starts_at <= at else NoticeState.UPCOMING
