"""The only module that reads the system time; all other code receives a moment."""

from collections.abc import Callable
from datetime import UTC, datetime

# Returns the current instant as an aware datetime in UTC.
Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Returns the current time in UTC."""
    return datetime.now(UTC)
