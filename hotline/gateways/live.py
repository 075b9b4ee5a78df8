"""Telling live screens and the relay, right after the commit, what was just committed.

A Redis stream carries ids and words of state to every desk; a list wakes the relay. Both are hurry, not memory: if
Redis is away this says so in the log and nothing is lost, because screens reload and the relay looks again by itself.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from hotline.events import CallArrived, Event, NumberShown, pack

STREAM = "hotline:live"
WAKE_LIST = "hotline:wake"
MAX_LENGTH = 10_000
NOT_ANNOUNCED: frozenset[type[Event]] = frozenset({CallArrived, NumberShown})
"""Nobody's screen changes by these; a call becomes visible when it joins the queue."""
TIMEOUT_SECONDS = 0.5
PAUSE_AFTER_FAILURE = timedelta(seconds=2)
"""After a failure nothing is announced for this long: a Redis that hangs must not make callers wait."""


def announcer_client(url: str) -> Redis:
    """Return a client that gives up quickly: telling screens is never worth a caller's time."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class RedisAnnouncer:
    """Implements `work.Announce`. `worth` says which events wake the relay (those with reactions)."""

    def __init__(self, redis: Redis, wakes_relay: Callable[[Event], bool]) -> None:
        self._redis = redis
        self._wakes_relay = wakes_relay
        self._silent_until = datetime.min.replace(tzinfo=UTC)

    def __call__(self, at: datetime, events: tuple[Event, ...]) -> None:
        messages = [_message(at, event) for event in events if type(event) not in NOT_ANNOUNCED]
        if not messages or at < self._silent_until:
            return
        try:
            pipe = self._redis.pipeline(transaction=False)
            pipe.xadd(STREAM, {"e": json.dumps(messages)}, maxlen=MAX_LENGTH, approximate=True)
            if any(self._wakes_relay(event) for event in events):
                pipe.lpush(WAKE_LIST, "1")
                pipe.ltrim(WAKE_LIST, 0, 9)
            pipe.execute()
        except RedisError as trouble:
            self._silent_until = at + PAUSE_AFTER_FAILURE
            structlog.get_logger().warning(
                "live.unannounced", trouble=type(trouble).__name__, events=len(events)
            )


def _message(at: datetime, event: Event) -> dict[str, Any]:
    kind, _subject, _id, data = pack(event)
    return {"kind": kind, "at": at.isoformat(), "data": data}


def announce_nothing(_at: datetime, _told: tuple[Event, ...]) -> None:
    """Announce nothing: for commands that run beside the service and for tests of rows alone."""
