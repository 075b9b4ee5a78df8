"""Announces committed events to live screens and to the relay.

A Redis stream carries ids and states to every desk; a list wakes the relay. The database is authoritative;
Redis only reduces latency. If Redis is away, a warning is logged; screens reload and the relay polls.
"""

import atexit
import json
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from hotline.events import CallArrived, ConfidentialOpened, Event, NumberShown, TicketsExported, pack
from hotline.rules.failures import failure_reason

STREAM = "hotline:live"
WAKE_LIST = "hotline:wake"
MAX_LENGTH = 10_000
# These events change no screen; a call becomes visible when it joins the queue.
NOT_ANNOUNCED: frozenset[type[Event]] = frozenset(
    {CallArrived, NumberShown, ConfidentialOpened, TicketsExported}
)
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
        self.announce_all([(at, events)])

    def announce_all(self, committed: Sequence[tuple[datetime, tuple[Event, ...]]]) -> None:
        """Announces the events of several units of work, in their order and in one round trip."""
        told = [
            (at, event) for at, events in committed for event in events if type(event) not in NOT_ANNOUNCED
        ]
        if not told or told[-1][0] < self._silent_until:
            return
        try:
            pipe = self._redis.pipeline(transaction=False)
            messages = json.dumps([_message(at, event) for at, event in told])
            pipe.xadd(STREAM, {"e": messages}, maxlen=MAX_LENGTH, approximate=True)
            if any(self._wakes_relay(event) for _at, event in told):
                pipe.lpush(WAKE_LIST, "1")
                pipe.ltrim(WAKE_LIST, 0, 9)
            pipe.execute()
        except RedisError as error:
            self._silent_until = told[-1][0] + PAUSE_AFTER_FAILURE
            structlog.get_logger().warning(
                "live.unannounced",
                trouble=type(error).__name__,
                reason=failure_reason(error),
                events=len(told),
            )


class BackgroundAnnouncer:
    """Announces from a thread of its own, so that no request waits for Redis.

    What is committed while the thread waits for Redis travels in the next round trip. The thread begins with the first
    announcement of a process, also of a forked one, and announces what is left when the process ends.
    """

    def __init__(self, announcer: RedisAnnouncer) -> None:
        self._announcer = announcer
        self._queue: SimpleQueue[tuple[datetime, tuple[Event, ...]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def __call__(self, at: datetime, events: tuple[Event, ...]) -> None:
        if all(type(event) in NOT_ANNOUNCED for event in events):
            return
        self._queue.put((at, events))
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def close(self) -> None:
        """Waits until everything is announced, at most a second."""
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(2 * TIMEOUT_SECONDS)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            gathered = [first]
            with suppress(Empty):
                while (further := self._queue.get_nowait()) is not None:
                    gathered.append(further)
                self._queue.put(None)
            self._announcer.announce_all(gathered)


def _message(at: datetime, event: Event) -> dict[str, Any]:
    kind, _subject, _id, data = pack(event)
    return {"kind": kind, "at": at.isoformat(), "data": data}


def announce_nothing(_at: datetime, _told: tuple[Event, ...]) -> None:
    """Announces nothing: for commands that run beside the service and for tests of rows alone."""
