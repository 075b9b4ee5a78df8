"""A clock that stands still until a test moves it: `Clock` for every Application under test."""

from datetime import UTC, datetime, timedelta

MONDAY_MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""2026-11-23 09:00 in Shanghai, an ordinary working day."""


class StoppedClock:
    """Call it for the moment; set `at` or `advance` it by seconds to let time pass."""

    def __init__(self, at: datetime = MONDAY_MORNING) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> datetime:
        """Let `seconds` pass and return the new moment."""
        self.at += timedelta(seconds=seconds)
        return self.at
