"""The only reader of time. Everything else is handed a moment."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current instant as an aware datetime in UTC."""


def system_clock() -> datetime:
    """Return now, in UTC."""
    return datetime.now(UTC)
