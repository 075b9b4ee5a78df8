"""What telephones and softphones share: a websocket that never blocks the exchange, and the check where it comes from.

In virtual time every message to a device is numbered (`still`). A program that answers `{type:"still", seen}` takes part
in that time: it stands until the program has nothing more to do about what it was sent, or for two real seconds at most.
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
    """Something a device sent that makes no sense; its text is sent back to it."""


def from_here(request: web.Request) -> bool:
    """Whether the page behind a websocket was served from this machine (programs send no Origin at all)."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).hostname in _LOOPBACK


class Wire:
    """The outgoing half of one websocket: messages are queued at once and written in order by its own task."""

    def __init__(self, clock: ExchangeClock) -> None:
        self._clock = clock
        self._sent = 0
        self._follows = False
        self._standing = contextlib.ExitStack()
        self._patience: asyncio.TimerHandle | None = None
        self.socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_LONGEST_MESSAGE)
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()

    def send(self, message: Message) -> None:
        if not self._clock.is_virtual:
            self._outbox.put_nowait(message)
            return
        self._sent += 1
        self._outbox.put_nowait({**message, "still": self._sent})
        if self._follows:
            self._stand()

    def _stand(self) -> None:
        """Let no virtual second pass until the device has nothing to do, or its patience is at an end."""
        self._go_on()
        self._standing.enter_context(self._clock.hold())
        self._patience = asyncio.get_running_loop().call_later(_THINKING_SECONDS, self._lose_patience)

    def _lose_patience(self) -> None:
        """Count on this device no longer, until it is heard of again."""
        self._follows = False
        self._go_on()

    def _go_on(self) -> None:
        self._standing.close()
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _hear_still(self, message: Message) -> None:
        self._follows = True
        if message.get("seen") == self._sent:
            self._go_on()

    async def close(self, code: int, reason: str) -> None:
        """Close the line, without waiting longer than a moment for the other side to agree."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.socket.close(code=code, message=reason.encode()), _CLOSING_SECONDS)

    async def write(self) -> None:
        """Write until cancelled or the other side is gone."""
        while not self.socket.closed:
            message = await self._outbox.get()
            try:
                await self.socket.send_json(message, dumps=_compact)
            except ConnectionError:
                return

    async def read(self) -> Message | bytes | None:
        """The next message or piece of sound, or None when the socket is closed; raises BadMessageError for what is not an object."""
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

    async def listen(self, obey: Callable[[Message], None], take: Callable[[bytes], None]) -> None:
        """Hand every message to `obey` and every piece of sound to `take` until the socket is closed.

        What makes no sense is answered with an error.
        """
        while True:
            try:
                message = await self.read()
                if message is None:
                    self._follows = False
                    self._go_on()
                    return
                if isinstance(message, bytes):
                    take(message)
                elif message.get("type") == "still":
                    self._hear_still(message)
                else:
                    obey(message)
            except BadMessageError as error:
                self.send({"type": "error", "message": str(error)})


def text_of(message: Message, name: str, longest: int = 500) -> str:
    """A required text field; raises BadMessageError."""
    value = message.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise BadMessageError(f'"{name}" must be a text of 1 to {longest} characters')
    return value.strip()


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
