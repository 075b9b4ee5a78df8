"""The client's half of a websocket, made synchronous.

A thread with its own loop reads; everybody else waits on one condition variable. Nothing here sleeps or polls.
Where the exchange's time is virtual (its messages carry `still`), it is told when the program has nothing to do: while it
waits for something that has not come, and once it has hung up. In any other moment it may be about to act.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp

_CONNECT_SECONDS = 10.0
_LAST_DEEDS = frozenset({"hangup", "reject"})

Message = Mapping[str, Any]


class LineError(Exception):
    """The exchange cannot be reached, refused the device, or closed the line; the text says which."""


class WebSocketClient:
    """One websocket to the exchange. Subclasses take messages in `receive`, which runs under the condition."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._condition = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._stop: asyncio.Event | None = None
        self._closed: str | None = None
        self._ready = False
        self._waiting: list[Callable[[], bool]] = []
        self._still = 0
        self._told = 0
        self._thread = threading.Thread(target=self._work, name="telephone", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.wait_for(lambda: self._ready, _CONNECT_SECONDS, "the exchange did not register this device")
            with self._condition:
                self._tell_still()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up by closing the line; safe to call twice."""
        if not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(self._request_stop)
            except RuntimeError:  # the loop ended between the two lines
                return
        if self._thread.is_alive():
            self._thread.join(_CONNECT_SECONDS)

    def _request_stop(self) -> None:
        if self._stop is not None:
            self._stop.set()

    def receive(self, message: Message) -> None:
        """Take one message from the exchange; called in the reading thread with the condition held."""
        raise NotImplementedError

    def send(self, message: Message) -> None:
        """Send one message; raises LineError when the line is closed."""
        with self._condition:
            socket, closed = self._socket, self._closed
        if socket is None or closed is not None:
            raise LineError(closed or "not connected")
        asyncio.run_coroutine_threadsafe(socket.send_json(message), self._loop).result(_CONNECT_SECONDS)
        if message["type"] in _LAST_DEEDS:
            with self._condition:
                self._tell_still()

    def _tell_still(self) -> None:
        """Let virtual time go on: nothing more follows from what was heard so far. Called with the condition held."""
        if self._socket is not None and self._still > self._told and self._closed is None:
            self._told = self._still
            said = self._socket.send_json({"type": "still", "seen": self._still})
            asyncio.run_coroutine_threadsafe(said, self._loop)

    def wait_for(
        self, wanted: Callable[[], bool], timeout: float, otherwise: str | Callable[[], str]
    ) -> None:
        """Block until `wanted`, at most `timeout` real seconds; raises TimeoutError or, if the line closed, LineError."""
        with self._condition:
            if not wanted():
                self._tell_still()
            self._waiting.append(wanted)
            met = self._condition.wait_for(lambda: wanted() or self._closed is not None, timeout)
            self._waiting.remove(wanted)
            if wanted():
                return
            words = otherwise if isinstance(otherwise, str) else otherwise()
            if met:
                raise LineError(f"{words} ({self._closed})")
            raise TimeoutError(f"{words} (waited {timeout:g} s)")

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self._session())
        finally:
            self._loop.close()

    async def _session(self) -> None:
        self._stop = asyncio.Event()
        reason = "the line is closed"
        try:
            async with aiohttp.ClientSession() as session, session.ws_connect(self._url) as socket:
                with self._condition:
                    self._socket = socket
                stopping = asyncio.create_task(self._close_when_asked(socket))
                async for frame in socket:
                    self._take(json.loads(frame.data))
                stopping.cancel()
                reason = f"closed by the exchange, code {socket.close_code}"
        except aiohttp.ClientError as error:
            reason = f"no connection to the exchange: {error}"
        finally:
            with self._condition:
                self._closed = reason
                self._condition.notify_all()

    async def _close_when_asked(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        if self._stop is not None:
            await self._stop.wait()
            await socket.close()

    def _take(self, message: Message) -> None:
        with self._condition:
            if message.get("type") == "registered":
                self._ready = True
            self.receive(message)
            self._still = message.get("still", 0)
            if self._waiting and not any(wanted() for wanted in self._waiting):
                self._tell_still()
            self._condition.notify_all()
