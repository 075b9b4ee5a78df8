"""What telephones and softphones share: a websocket that never blocks the exchange, and the check where it comes from."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LONGEST_MESSAGE = 16 * 1024
_HEARTBEAT_SECONDS = 20.0
_CLOSING_SECONDS = 0.5

Message = Mapping[str, Any]


class BadMessageError(Exception):
    """Something a device sent that makes no sense; its text is sent back to it."""


def from_here(request: web.Request) -> bool:
    """Whether the page behind a websocket was served from this machine (programs send no Origin at all)."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).hostname in _LOOPBACK


class Wire:
    """The outgoing half of one websocket: messages are queued at once and written in order by its own task."""

    def __init__(self) -> None:
        self.socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS, max_msg_size=_LONGEST_MESSAGE)
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()

    def send(self, message: Message) -> None:
        self._outbox.put_nowait(message)

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
                    return
                if isinstance(message, bytes):
                    take(message)
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
