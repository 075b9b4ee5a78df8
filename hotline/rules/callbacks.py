"""When we may phone people, and when we stop trying."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hotline.rules.policies import DialPolicy

RETRY_OUTCOMES: frozenset[str] = frozenset(
    {"busy", "no-answer", "canceled", "failed", "completed", "refused"}
)
"""Outcomes of a dial after which, the person not reached, another attempt may follow."""


def next_allowed(moment: datetime, policy: DialPolicy, zone: ZoneInfo) -> datetime:
    """Return `moment`, or the next local `from_hour` if a phone may not ring then (quiet hours)."""
    local = moment.astimezone(zone)
    start, end = policy.from_hour, policy.to_hour
    if start == end:
        return moment
    if start <= local.hour < end if start < end else local.hour >= start or local.hour < end:
        return moment
    opening = local.replace(hour=start, minute=0, second=0, microsecond=0)
    if opening <= local:
        opening += timedelta(days=1)
    return opening.astimezone(UTC)


def next_try(at: datetime, attempts: int, policy: DialPolicy, zone: ZoneInfo) -> datetime | None:
    """Return when to try again after `attempts` tries, or None when that was the last one."""
    if attempts >= policy.attempts:
        return None
    return next_allowed(at + timedelta(seconds=policy.spacing_seconds), policy, zone)
