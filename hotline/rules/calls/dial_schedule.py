"""When we may phone people, and when we stop trying."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hotline.rules.policies import DialPolicy


def may_ring(moment: datetime, policy: DialPolicy, zone: ZoneInfo) -> bool:
    """Say whether a phone may ring at `moment` by the local hour (outside quiet hours)."""
    hour, start, end = moment.astimezone(zone).hour, policy.from_hour, policy.to_hour
    if start <= end:
        return start == end or start <= hour < end
    return hour >= start or hour < end


def next_allowed(moment: datetime, policy: DialPolicy, zone: ZoneInfo) -> datetime:
    """Return `moment`, or the next local `from_hour` if a phone may not ring then (quiet hours)."""
    if may_ring(moment, policy, zone):
        return moment
    local = moment.astimezone(zone)
    opening = local.replace(hour=policy.from_hour, minute=0, second=0, microsecond=0)
    if opening <= local:
        opening += timedelta(days=1)
    return opening.astimezone(UTC)


def next_try(at: datetime, attempts: int, policy: DialPolicy, zone: ZoneInfo) -> datetime | None:
    """Return when to try again after `attempts` tries, or None when that was the last one."""
    if attempts >= policy.attempts:
        return None
    return next_allowed(at + timedelta(seconds=policy.spacing_seconds), policy, zone)
