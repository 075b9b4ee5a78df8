"""Serves live streams on an event loop, so that an open page costs no thread: an ASGI application around the WSGI one.

Every request is answered by the WSGI application in a thread, with its sessions, rights and headers. Where that opened a
stream, the texts of the stream follow here. Only requests without a body are taken: this server is for `/events` and
the health checks.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, cast
from wsgiref.types import WSGIApplication, WSGIEnvironment

import structlog
from asgiref.wsgi import WsgiToAsgiInstance
from flask import Flask

from agent_console.live.hub import HEARTBEAT_SECONDS, QUEUE_SIZE, StreamItem
from agent_console.live.streams import EventStream, SessionWatch, StreamEnded
from agent_console.live.views import NEW_LISTENER, SESSIONS, STREAM
from hotline.store.engine import UNAVAILABLE

# Requests answered at once; the others wait. After a restart all pages connect again.
THREADS = 8
# More often than the streams ask, so that no stream reads the database on the event loop.
SESSION_SECONDS = HEARTBEAT_SECONDS / 3

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]


class Waker:
    """Wakes tasks of an event loop from other threads; all that are to be woken at once cost the loop one call."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ready: deque[asyncio.Event] = deque()
        self._is_called = False

    def wake(self, waiting: asyncio.Event) -> None:
        self._ready.append(waiting)
        if not self._is_called:
            self._is_called = True
            self._loop.call_soon_threadsafe(self._set)

    def _set(self) -> None:
        # First: an event that is added from now on calls again.
        self._is_called = False
        while self._ready:
            self._ready.popleft().set()


@dataclass(eq=False, slots=True)
class LoopListener:
    """A queue that is filled by the thread of the hub and read on the event loop."""

    waker: Waker
    items: deque[StreamItem] = field(default_factory=deque)
    _filled: asyncio.Event = field(default_factory=asyncio.Event)
    _is_beat_due: bool = False
    # Whether it has heard nothing since the last heartbeat of the server.
    _is_silent: bool = False

    def offer(self, item: StreamItem) -> bool:
        if len(self.items) >= QUEUE_SIZE:
            return False
        self.items.append(item)
        self.waker.wake(self._filled)
        return True

    def drop_one(self) -> None:
        self.take()

    def take(self) -> StreamItem | None:
        """Removes and returns the oldest item; None if there is none."""
        # The hub drops an item of a full queue in its own thread.
        try:
            return self.items.popleft()
        except IndexError:
            return None

    async def next(self) -> StreamItem | None:
        """Returns the oldest item as soon as there is one; None when a heartbeat is due."""
        while True:
            self._filled.clear()
            if (item := self.take()) is not None:
                self._is_silent = False
                return item
            if self._is_beat_due:
                self._is_beat_due = False
                return None
            await self._filled.wait()

    def beat_if_silent(self) -> None:
        """Makes a heartbeat due if nothing was heard since the last call. It belongs to the event loop."""
        self._is_beat_due, self._is_silent = self._is_silent, True
        if self._is_beat_due:
            self._filled.set()


@dataclass(slots=True)
class _Answer:
    """The answer of the WSGI application to one request."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    content: bytes = b""
    opened: tuple[EventStream, LoopListener] | None = None


class LiveServer:
    """The ASGI application. `sessions` are those of the WSGI application's streams."""

    def __init__(self, wsgi: WSGIApplication, sessions: SessionWatch) -> None:
        self._wsgi = wsgi
        self._sessions = sessions
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live-request")
        self._listeners: set[LoopListener] = set()
        self._waker: Waker | None = None
        self._watching: tuple[asyncio.Task[None], ...] = ()

    async def __call__(self, scope: Message, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        if self._waker is None:
            # Made with the first request, because a forked process has an event loop of its own.
            self._waker = Waker(asyncio.get_running_loop())
            self._watching = (
                asyncio.create_task(self._watch_sessions()),
                asyncio.create_task(self._beat()),
            )
        answer = await self._ask(scope, self._waker)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if answer.opened is None:
            await send(_body(answer.content, more=False))
            return
        stream, listener = answer.opened
        self._listeners.add(listener)
        try:
            with stream.resources:
                await _send_texts(stream, listener, send)
        finally:
            self._listeners.discard(listener)

    async def _ask(self, scope: Message, waker: Waker) -> "_Answer":
        """Returns the answer of the WSGI application."""
        # Nothing of the request is kept: it weighs more than the stream, which lasts for hours.
        environ = _environ(self._wsgi, scope)
        environ[NEW_LISTENER] = lambda: LoopListener(waker)
        answering = self._threads.submit(_answer, self._wsgi, environ)
        try:
            return await asyncio.wrap_future(answering)
        except asyncio.CancelledError:
            # The page went away; what the thread opens meanwhile is closed when it is done.
            answering.add_done_callback(_close_unused)
            raise

    async def _beat(self) -> None:
        """Makes heartbeats due: one timer for all pages costs less than one for each event of each page."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS / 2)
            for listener in self._listeners:
                listener.beat_if_silent()

    async def _watch_sessions(self) -> None:
        while True:
            await asyncio.sleep(SESSION_SECONDS)
            try:
                await asyncio.get_running_loop().run_in_executor(self._threads, self._sessions.refresh)
            except UNAVAILABLE as trouble:
                structlog.get_logger().warning("live.sessions_unread", trouble=type(trouble).__name__)


def live_server(app: Flask) -> LiveServer:
    """Returns the server of an application that `views.start` has prepared."""
    return LiveServer(app, cast("SessionWatch", app.extensions[SESSIONS]))


async def _send_texts(stream: EventStream, listener: LoopListener, send: Send) -> None:
    """Sends the texts of a stream until it is over. The server cancels it when the page goes away."""
    await send(_body(stream.opening().encode()))
    try:
        while True:
            item = await listener.next()
            text = stream.beat() if item is None else stream.text_of(item)
            if text:
                await send(_body(text.encode()))
    except StreamEnded:
        await send(_body(b"", more=False))


def _body(content: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more}


def _environ(wsgi: WSGIApplication, scope: Message) -> WSGIEnvironment:
    instance = WsgiToAsgiInstance(wsgi)  # type: ignore[no-untyped-call]  # asgiref ships no types for it
    instance.scope = scope
    return cast("WSGIEnvironment", instance.build_environ(scope, BytesIO()))  # type: ignore[no-untyped-call]


def _answer(wsgi: WSGIApplication, environ: WSGIEnvironment) -> _Answer:
    """Lets the WSGI application answer one request."""
    answer = _Answer()

    def start_response(
        status: str, headers: list[tuple[str, str]], _error: object = None
    ) -> Callable[[bytes], object]:
        answer.status = int(status.split(" ", 1)[0])
        # The length of a stream is unknown.
        answer.headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers
            if STREAM not in environ or name.lower() != "content-length"
        ]
        return lambda _content: None

    parts: Iterable[bytes] = wsgi(environ, start_response)
    try:
        answer.content = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    answer.opened = environ.get(STREAM)
    return answer


def _close_unused(answering: "Future[_Answer]") -> None:
    if answering.cancelled() or answering.exception() is not None:
        return
    opened = answering.result().opened
    if opened is not None:
        opened[0].resources.close()
