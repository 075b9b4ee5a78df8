"""Reads the live stream once a process and passes its entries to the listening browsers.

The database is authoritative: every entry of the Redis stream `hotline:live` is also an event row. Each browser has a
bounded queue; one that cannot keep up is closed, and resumes from the last id it received.
"""

import json
import logging
import queue
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from redis import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

STREAM = "hotline:live"
FIELD = b"e"
BLOCK_MS = 3000
SOCKET_SECONDS = 10
RETRY_SECONDS = 1.0
QUEUE_SIZE = 500
# A page that hears nothing for so long is sent a heartbeat.
HEARTBEAT_SECONDS = 15.0
MAX_ID_LENGTH = 41


@dataclass(frozen=True, slots=True)
class Entry:
    """The events of one commit ({"kind","at","data"}) with their id in the stream."""

    id: str
    events: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Closed:
    """Ends a listener that was too slow, or whose Redis is gone. The browser reconnects by itself."""


StreamItem = Entry | Closed


class Listener(Protocol):
    """One browser's bounded queue, filled by the thread of the hub."""

    def offer(self, item: StreamItem) -> bool:
        """Adds an item; returns False if the queue is full."""
        ...

    def drop_one(self) -> None:
        """Removes the oldest item, if its reader has not taken it meanwhile."""
        ...


@dataclass(eq=False, slots=True)
class QueueListener:
    """A queue that is read by a thread of its own."""

    items: queue.Queue[StreamItem] = field(default_factory=lambda: queue.Queue(QUEUE_SIZE))

    def offer(self, item: StreamItem) -> bool:
        try:
            self.items.put_nowait(item)
        except queue.Full:
            return False
        return True

    def drop_one(self) -> None:
        with suppress(queue.Empty):
            self.items.get_nowait()

    def next(self) -> StreamItem | None:
        """Returns the oldest item as soon as there is one; None after a heartbeat without any."""
        try:
            return self.items.get(timeout=HEARTBEAT_SECONDS)
        except queue.Empty:
            return None


class StreamDown(Exception):
    """Redis cannot be read now, or this process has its maximum of listeners."""


class Hub:
    """Reads the stream in one thread and passes every entry to all listeners."""

    def __init__(self, redis_url: str, max_listeners: int) -> None:
        self._url = redis_url
        self._max = max_listeners
        self._lock = threading.Condition()
        self._listeners: set[Listener] = set()
        self._thread: threading.Thread | None = None
        self._is_up = False
        self._has_tried = False
        self._last_id = "0-0"
        self._stopping = threading.Event()

    @contextmanager
    def listen(self, listener: Listener) -> Iterator[None]:
        """Adds `listener` for the block. Raises StreamDown if Redis does not answer or the process is full."""
        with self._lock:
            if len(self._listeners) >= self._max:
                raise StreamDown("full")
            self._start()
            self._lock.wait_for(lambda: self._has_tried, timeout=SOCKET_SECONDS)
            if not self._is_up:
                raise StreamDown("redis")
            self._listeners.add(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners.discard(listener)

    @property
    def last_id(self) -> str:
        """The id of the newest entry that was passed on."""
        return self._last_id

    def since(self, entry_id: str) -> list[Entry] | None:
        """Returns the entries after `entry_id`; None if older entries were trimmed, so that some may be missing."""
        with self._client() as client:
            first = cast("list[Any]", client.xrange(STREAM, count=1))
            if first and entry_order(_text(first[0][0])) > entry_order(entry_id) and entry_id != "0-0":
                return None
            found = cast("list[Any]", client.xrange(STREAM, min=f"({entry_id}"))
        return [_entry(one) for one in found]

    def close(self) -> None:
        """Stops reading. The thread ends after its current read, within BLOCK_MS."""
        self._stopping.set()

    def _client(self) -> "Redis":
        # The socket time-out must be longer than the blocking read (BLOCK_MS).
        return Redis.from_url(self._url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=2)

    def _start(self) -> None:
        # The thread starts with the first listener, so that a forked web process does not inherit a dead one.
        if self._thread is None or not self._thread.is_alive():
            self._has_tried = False
            self._thread = threading.Thread(target=self._run, name="live-hub", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._client() as client:
                    newest = cast("list[Any]", client.xrevrange(STREAM, count=1))
                    self._last_id = _text(newest[0][0]) if newest else "0-0"
                    self._set_up(True)
                    self._read(client)
            except RedisError as error:
                if self._is_up or not self._has_tried:
                    log.warning("live stream lost: %s", type(error).__name__)
                self._set_up(False)
                self._stopping.wait(RETRY_SECONDS)
        self._set_up(False)

    def _read(self, client: "Redis") -> None:
        while not self._stopping.is_set():
            found = cast("list[Any]", client.xread({STREAM: self._last_id}, block=BLOCK_MS, count=200))
            for _stream, entries in found or ():
                for one in entries:
                    self._hand_out(_entry(one))

    def _hand_out(self, entry: Entry) -> None:
        with self._lock:
            for listener in [one for one in self._listeners if not one.offer(entry)]:
                self._drop(listener)
            # Only now: a heartbeat sends this id, and a page that resumes behind it is not given the entry again.
            self._last_id = entry.id

    def _drop(self, listener: Listener) -> None:
        """Ends a listener whose queue is full."""
        self._listeners.discard(listener)
        # One item is dropped to make room for the closing one; the browser reads it again after it reconnects.
        listener.drop_one()
        listener.offer(Closed())

    def _set_up(self, is_up: bool) -> None:
        with self._lock:
            self._is_up, self._has_tried = is_up, True
            if not is_up:
                for listener in list(self._listeners):
                    if not listener.offer(Closed()):
                        self._drop(listener)
                self._listeners.clear()
            self._lock.notify_all()


def _entry(raw: Any) -> Entry:
    entry_id, fields = raw
    return Entry(_text(entry_id), cast("list[dict[str, Any]]", json.loads(fields[FIELD])))


def _text(raw: Any) -> str:
    return raw.decode() if isinstance(raw, bytes) else str(raw)


def entry_order(entry_id: str) -> tuple[int, int]:
    """Returns a stream id as numbers. Raises ValueError otherwise; check a browser's id with `is_entry_id` first."""
    head, _, tail = entry_id.partition("-")
    return int(head), int(tail or 0)


def is_entry_id(raw: str) -> bool:
    """Returns True if a browser's Last-Event-ID is a possible stream id: two numbers of at most 64 bits."""
    if len(raw) > MAX_ID_LENGTH or not re.fullmatch(r"[0-9]+-[0-9]+", raw):
        return False
    return max(entry_order(raw)) < 2**64
