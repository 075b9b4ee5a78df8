"""Announces committed events to live screens and to the relay.

A Redis stream carries ids and states to every desk; a list wakes the relay. The database is authoritative;
Redis only reduces latency. If Redis is away, a warning is logged; screens reload and the relay polls.
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
from hotline.rules.failures import failure_reason

STREAM = "hotline:live"
WAKE_LIST = "hotline:wake"
MAX_LENGTH = 10_000
# These events change no screen; a call becomes visible when it joins the queue.
NOT_ANNOUNCED: frozenset[type[Event]] = frozenset({CallArrived, NumberShown})
TIMEOUT_SECONDS = 0.5
# After a failure no event is announced for this long: a Redis that hangs must not make callers wait.
PAUSE_AFTER_FAILURE = timedelta(seconds=2)


def announcer_client(url: str) -> Redis:
    """Returns a client that gives up quickly, because an announcement is not worth a caller's time."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class RedisAnnouncer:
    """Implements `unit_of_work.Announce`. `wakes_relay` selects the events that have reactions."""

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
        except RedisError as error:
            self._silent_until = at + PAUSE_AFTER_FAILURE
            structlog.get_logger().warning(
                "live.unannounced",
                trouble=type(error).__name__,
                reason=failure_reason(error),
                events=len(events),
            )


def _message(at: datetime, event: Event) -> dict[str, Any]:
    kind, _subject, _id, data = pack(event)
    return {"kind": kind, "at": at.isoformat(), "data": data}


def announce_nothing(_at: datetime, _told: tuple[Event, ...]) -> None:
    """Announces nothing: for commands that run beside the service and for tests of rows alone."""
