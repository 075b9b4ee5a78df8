from datetime import UTC, datetime, timedelta

# 2026-11-23 09:00 in Shanghai, an ordinary working day.
MONDAY_MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class StoppedClock:
    """A `Clock` that shows `at` until a test sets or advances it."""

    def __init__(self, at: datetime = MONDAY_MORNING) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> datetime:
        """Moves the clock by `seconds` and returns the new moment."""
        self.at += timedelta(seconds=seconds)
        return self.at
