"""Decides when outbound calls may ring and when the next attempt follows."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hotline.rules.policies import DialPolicy

# An attempt that met a person who was already on the line with us is moved by this much.
PAUSE_WHEN_ENGAGED = timedelta(seconds=60)


class Tried(StrEnum):
    """The result of an attempt for the count: only one that rang a person who was not in a call with us counts."""

    YES = "yes"
    NEVER_PLACED = "never_placed"
    ENGAGED = "engaged"


# The carrier rings a little longer than the time-out says (Twilio: 5 s), and reports the end a moment later.
RING_GRACE = timedelta(seconds=10)


def may_ring(moment: datetime, policy: DialPolicy, zone: ZoneInfo) -> bool:
    """Returns whether a phone may ring at `moment` by the local hour (outside quiet hours)."""
    hour, start, end = moment.astimezone(zone).hour, policy.from_hour, policy.to_hour
    if start <= end:
        return start == end or start <= hour < end
    return hour >= start or hour < end


def next_allowed(moment: datetime, policy: DialPolicy, zone: ZoneInfo) -> datetime:
    """Returns `moment`, or the next local `from_hour` if `moment` lies in the quiet hours."""
    if may_ring(moment, policy, zone):
        return moment
    local = moment.astimezone(zone)
    opening = local.replace(hour=policy.from_hour, minute=0, second=0, microsecond=0)
    if opening <= local:
        opening += timedelta(days=1)
    return opening.astimezone(UTC)


def next_try(
    at: datetime, attempts: int, policy: DialPolicy, zone: ZoneInfo, tried: Tried = Tried.YES
) -> datetime | None:
    """Returns the moment of the next attempt after `attempts` that count, or None after the last one."""
    if attempts >= policy.attempts:
        return None
    pause = PAUSE_WHEN_ENGAGED if tried is Tried.ENGAGED else timedelta(seconds=policy.spacing_seconds)
    return next_allowed(at + pause, policy, zone)
