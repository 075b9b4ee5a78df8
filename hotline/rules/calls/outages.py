"""Where an announced outage stands, told from its own moments: nothing has to be kept up to date for it."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

MAX_CONCURRENT = 10
"""Callers hear all of them before anything else: ten of the longest are five minutes, and a sixth of a carrier's document."""


class OutageState(StrEnum):
    """What callers hear of it: nothing yet, all of it, nothing any more (by itself, or because somebody stopped it)."""

    UPCOMING = "upcoming"
    RUNNING = "running"
    OVER = "over"
    STOPPED = "stopped"


def outage_state(
    starts_at: datetime, ends_at: datetime, stopped_at: datetime | None, at: datetime
) -> OutageState:
    """Return where a notice stands at `at`; its end itself is already outside."""
    if stopped_at is not None:
        return OutageState.STOPPED
    if ends_at <= at:
        return OutageState.OVER
    return OutageState.RUNNING if starts_at <= at else OutageState.UPCOMING


def max_concurrent(spans: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> int:
    """Return how many of `spans` (start, end) run together at the worst moment from `start` until before `end`."""
    within = [span for span in spans if span[0] < end and span[1] > start]
    moments = {max(start, begins) for begins, _ in within}
    return max((sum(begins <= moment < ends for begins, ends in within) for moment in moments), default=0)
