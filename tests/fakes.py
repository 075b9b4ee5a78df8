"""Stand-ins for whom we talk to. Each passes the same contract tests as the real thing, so it is no kinder."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hotline.gateways.carrier import CallRequest, CarrierGone, CarrierRefused, RecordingMedia
from hotline.gateways.lookups import LookupRequest, LookupResponse
from hotline.gateways.notifications.channel import NotificationFailed, UnitAddress, UnitNotification
from hotline.gateways.storage.object_storage import (
    CHUNK_BYTES,
    NoSuchObject,
    ObjectStorage,
    check_key,
)

LIVE = frozenset({"queued", "ringing", "in-progress"})
_CALLABLE = re.compile(r"\+[1-9][0-9]{6,14}|client:[A-Za-z0-9_]+")
_LAG = timedelta(seconds=5)


@dataclass(slots=True)
class FakeCall:
    """One call as the carrier sees it."""

    sid: str
    to: str
    placed_at: datetime
    status: str = "ringing"
    outbound: bool = True
    queue: str | None = None
    url: str | None = None


@dataclass(slots=True)
class FakeCarrier:
    """Implements `Carrier` in memory. `fail_next` makes a request fail, before or after it took effect."""

    clock: Callable[[], datetime]
    calls: dict[str, FakeCall] = field(default_factory=dict)
    orders: list[CallRequest] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    sounds: dict[str, bytes] = field(default_factory=dict)
    _before: dict[str, Exception] = field(default_factory=dict)
    _after: dict[str, Exception] = field(default_factory=dict)

    def fail_next(self, name: str, trouble: Exception, *, after: bool = False) -> None:
        """Let the next request `name` raise `trouble`; with `after` it takes effect and only its answer is lost."""
        (self._after if after else self._before)[name] = trouble

    def dial_in(self, queue: str | None = None) -> str:
        """Let somebody phone us, and wait in `queue` if one is named; returns the sid."""
        sid = f"CA{len(self.calls) + 1:032x}"
        self.calls[sid] = FakeCall(sid, "us", self.clock(), "in-progress", outbound=False, queue=queue)
        return sid

    def place(self, order: CallRequest) -> str:
        self._begin("place")
        number = order.to.split("?", 1)[0]
        if _CALLABLE.fullmatch(number) is None:
            raise CarrierRefused(21211, "Invalid 'To' Phone Number")
        sid = f"CA{len(self.calls) + 1:032x}"
        self.orders.append(order)
        self.calls[sid] = FakeCall(sid, number, self.clock(), url=order.answer_url)
        self._end()
        return sid

    def find_placed(self, to: str, since: datetime) -> str | None:
        self._begin("find_placed")
        found = [
            call
            for call in self.calls.values()
            if call.outbound and call.to == to and call.placed_at >= since - _LAG
        ]
        self._end()
        return found[-1].sid if found else None

    def take_from_queue(self, queue: str, sid: str, url: str) -> None:
        self._begin("take_from_queue")
        call = self.calls.get(sid)
        if call is None or call.queue != queue or call.status not in LIVE:
            raise CarrierGone("not in the queue")
        call.queue, call.url = None, url
        self._end()

    def redirect(self, sid: str, url: str) -> None:
        self._begin("redirect")
        call = self.calls.get(sid)
        if call is None or call.status != "in-progress":
            raise CarrierGone("not in progress")
        call.queue, call.url = None, url
        self._end()

    def status_of(self, sid: str) -> str | None:
        self._begin("status_of")
        self._end()
        return self.calls[sid].status if sid in self.calls else None

    def hang_up(self, sid: str) -> None:
        self._begin("hang_up")
        call = self.calls.get(sid)
        if call is not None and call.status in LIVE:
            call.status = "completed" if call.status == "in-progress" else "no-answer"
            call.queue = None
        self._end()

    def record(self, sound: bytes) -> str:
        """Let a recording be finished; returns its sid."""
        sid = f"RE{len(self.sounds) + 1:032x}"
        self.sounds[sid] = sound
        return sid

    def fetch_recording(self, sid: str) -> RecordingMedia:
        self._begin("fetch_recording")
        if sid not in self.sounds:
            raise CarrierGone("no such recording")
        self._end()
        return RecordingMedia("audio/x-wav", self.sounds[sid])

    def _begin(self, name: str) -> None:
        self.asked.append(name)
        if name in self._before:
            raise self._before.pop(name)

    def _end(self) -> None:
        if self.asked[-1] in self._after:
            raise self._after.pop(self.asked[-1])


@dataclass(slots=True)
class FakeUnits:
    """Implements `NotificationChannel`: keeps its notifications; the next `failures` sends fail."""

    told: list[UnitNotification] = field(default_factory=list)
    failures: int = 0

    def reaches(self, unit: UnitAddress) -> bool:
        return unit.webhook_url is not None

    def send(self, notification: UnitNotification) -> None:
        self.told.append(notification)
        if self.failures:
            self.failures -= 1
            raise NotificationFailed("HTTP 503")


@dataclass(slots=True)
class FakeLookups:
    """Implements `Lookups`: answers what it was told to, or nothing."""

    reply: LookupResponse | None = None
    asked: list[LookupRequest] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)

    def ask(self, question: LookupRequest, at: datetime) -> LookupResponse | None:
        self.moments.append(at)
        self.asked.append(question)
        return self.reply


@dataclass(slots=True)
class MemoryStorage:
    """Implements `ObjectStorage` in memory."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def put(self, key: str, data: bytes) -> None:
        self.objects[check_key(key)] = bytes(data)

    def size(self, key: str) -> int:
        return len(self._object(key))

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        found = self._object(key)
        part = found[start : len(found) if length is None else start + length]
        return (part[at : at + CHUNK_BYTES] for at in range(0, len(part), CHUNK_BYTES))

    def delete(self, key: str) -> None:
        self.objects.pop(check_key(key), None)

    def _object(self, key: str) -> bytes:
        if check_key(key) not in self.objects:
            raise NoSuchObject(key)
        return self.objects[key]


@dataclass(slots=True)
class FaultyStorage:
    """Implements `ObjectStorage` by another storage. `fail_next` makes a request fail, before or after it took effect."""

    inner: ObjectStorage
    asked: list[tuple[str, str]] = field(default_factory=list)
    _before: dict[str, BaseException] = field(default_factory=dict)
    _after: dict[str, BaseException] = field(default_factory=dict)

    def fail_next(self, name: str, trouble: BaseException, *, after: bool = False) -> None:
        """Let the next request `name` raise `trouble`; with `after` it takes effect before."""
        (self._after if after else self._before)[name] = trouble

    def put(self, key: str, data: bytes) -> None:
        self._begin("put", key)
        self.inner.put(key, data)
        self._end("put")

    def size(self, key: str) -> int:
        self._begin("size", key)
        return self.inner.size(key)

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        self._begin("read", key)
        return self.inner.read(key, start, length)

    def delete(self, key: str) -> None:
        self._begin("delete", key)
        self.inner.delete(key)
        self._end("delete")

    def _begin(self, name: str, key: str) -> None:
        self.asked.append((name, key))
        if name in self._before:
            raise self._before.pop(name)

    def _end(self, name: str) -> None:
        if name in self._after:
            raise self._after.pop(name)
