"""The websocket of a telephone or softphone, whose writes never block the exchange, and the check of its origin.

In virtual time every message to a device is numbered (`still`). A program that answers `{type:"still", seen}` takes part
in that time: it stands until the program has nothing more to do about the message, or for two real seconds at most.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from hotline.exchange.time.clock import ExchangeClock

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LONGEST_MESSAGE = 16 * 1024
_HEARTBEAT_SECONDS = 20.0
_CLOSING_SECONDS = 0.5
_THINKING_SECONDS = 2.0

Message = Mapping[str, Any]


class BadMessageError(Exception):
    """A malformed message of a device; the text is sent back to it."""


def from_here(request: web.Request) -> bool:
    """Returns True if the page that opened a websocket was served from this machine."""
    # Programs send no Origin at all.
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).hostname in _LOOPBACK


class DeviceSocket:
    """One websocket: messages are queued at once and written in order by a task of their own."""

    def __init__(self, clock: ExchangeClock) -> None:
        self._clock = clock
        self._sent = 0
        self._answers_still = False
        self._held_time = contextlib.ExitStack()
        self._release_timer: asyncio.TimerHandle | None = None
        self.socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_LONGEST_MESSAGE)
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()

    def send(self, message: Message) -> None:
        if not self._clock.is_virtual:
            self._outbox.put_nowait(message)
            return
        self._sent += 1
        self._outbox.put_nowait({**message, "still": self._sent})
        if self._answers_still:
            self._hold_time()

    def _hold_time(self) -> None:
        """Stops virtual time until the device has nothing to do, or has not answered for `_THINKING_SECONDS`."""
        self._release_time()
        self._held_time.enter_context(self._clock.hold())
        loop = asyncio.get_running_loop()
        self._release_timer = loop.call_later(_THINKING_SECONDS, self._give_up_waiting)

    def _give_up_waiting(self) -> None:
        """Holds time for this device no longer, until it answers again."""
        self._answers_still = False
        self._release_time()

    def _release_time(self) -> None:
        self._held_time.close()
        if self._release_timer is not None:
            self._release_timer.cancel()
            self._release_timer = None

    def _handle_still(self, message: Message) -> None:
        self._answers_still = True
        # An answer to an earlier message does not count: the device has not acted on the latest yet.
        if message.get("seen") == self._sent:
            self._release_time()

    async def close(self, code: int, reason: str) -> None:
        """Closes the websocket; waits at most half a second for the other side to agree."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.socket.close(code=code, message=reason.encode()), _CLOSING_SECONDS)

    async def write(self) -> None:
        """Writes queued messages until it is cancelled or the other side has gone."""
        while not self.socket.closed:
            message = await self._outbox.get()
            try:
                await self.socket.send_json(message, dumps=_compact)
            except ConnectionError:
                return

    async def read(self) -> Message | bytes | None:
        """Returns the next message or piece of sound, None when the socket is closed.

        Raises BadMessageError for text that is not a JSON object.
        """
        message = await self.socket.receive()
        if message.type is WSMsgType.BINARY:
            return bytes(message.data)
        if message.type is not WSMsgType.TEXT:
            return None
        try:
            value = json.loads(message.data)
        except json.JSONDecodeError as error:
            raise BadMessageError("not JSON") from error
        if not isinstance(value, dict):
            raise BadMessageError("not a JSON object")
        return value

    async def listen(self, handle: Callable[[Message], None], add_samples: Callable[[bytes], None]) -> None:
        """Gives every message to `handle` and every piece of sound to `add_samples` until the socket is closed.

        A message with which either raises BadMessageError is answered with an error.
        """
        while True:
            try:
                message = await self.read()
                if message is None:
                    self._answers_still = False
                    self._release_time()
                    return
                if isinstance(message, bytes):
                    add_samples(message)
                elif message.get("type") == "still":
                    self._handle_still(message)
                else:
                    handle(message)
            except BadMessageError as error:
                self.send({"type": "error", "message": str(error)})


def text_of(message: Message, name: str, longest: int = 500) -> str:
    """Returns a required text field without surrounding space; raises BadMessageError."""
    value = message.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise BadMessageError(f'"{name}" must be a text of 1 to {longest} characters')
    return value.strip()


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
