"""Derives the state of an announced outage from its times; no state is stored."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

# Callers hear all running outages before the menu: ten of maximum length take five minutes and fill a sixth
# of a carrier's document.
MAX_CONCURRENT = 10


class OutageState(StrEnum):
    """The state of an announced outage; `OVER` ended by itself, `STOPPED` was stopped by a member of staff."""

    UPCOMING = "upcoming"
    RUNNING = "running"
    OVER = "over"
    STOPPED = "stopped"


def outage_state(
    starts_at: datetime, ends_at: datetime, stopped_at: datetime | None, at: datetime
) -> OutageState:
    """Returns the state of an outage at `at`; the end itself is already outside."""
    if stopped_at is not None:
        return OutageState.STOPPED
    if ends_at <= at:
        return OutageState.OVER
    return OutageState.RUNNING if starts_at <= at else OutageState.UPCOMING


def max_concurrent(spans: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> int:
    """Returns the largest number of `spans` (start, end) that run together from `start` until before `end`."""
    within = [span for span in spans if span[0] < end and span[1] > start]
    moments = {max(start, begins) for begins, _ in within}
    return max((sum(begins <= moment < ends for begins, ends in within) for moment in moments), default=0)
