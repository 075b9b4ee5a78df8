"""A synchronous WebSocket connection to the exchange, for programs.

`websockets.sync` carries the connection. This module adds two things that the library does not have: a thread that
receives while the program does something else, so that every other thread waits for a state on one condition variable,
and the acknowledgements that let virtual time pass (`still` messages, see `core.sockets`).
"""

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

_CONNECT_SECONDS = 10.0
_FINAL_MESSAGES = frozenset({"hangup", "reject"})

Message = Mapping[str, Any]


class LineError(Exception):
    """The exchange cannot be reached, refused the device, or closed the connection; the text says which."""


class WebSocketClient:
    """One WebSocket connection to the exchange, used as a context manager.

    Subclasses handle messages in `receive`, which runs in the receiving thread with the condition held.
    """

    def __init__(self, url: str) -> None:
        """Takes the http(s) `url` of the endpoint; the connection is opened on entering the context."""
        self._url = url.replace("http", "ws", 1)
        self._condition = threading.Condition()
        self._stack = ExitStack()
        self._connection: ClientConnection | None = None
        self._closed: str | None = None
        self._is_registered = False
        self._waiting: list[Callable[[], bool]] = []
        self._still = 0
        self._acknowledged = 0
        self._receiver = threading.Thread(target=self._receive_all, name="telephone", daemon=True)

    def __enter__(self) -> Self:
        self._open()
        self._receiver.start()
        try:
            self.wait_for(
                lambda: self._is_registered, _CONNECT_SECONDS, "the exchange did not register this device"
            )
            with self._condition:
                self._acknowledge_still()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hangs up by closing the connection; a second call has no effect."""
        self._stack.close()
        if self._receiver.is_alive():
            self._receiver.join(_CONNECT_SECONDS)

    def _open(self) -> None:
        try:
            self._connection = self._stack.enter_context(
                connect(
                    self._url,
                    # On loopback a proxy from the environment would be wrong, and compression only costs time.
                    proxy=None,
                    compression=None,
                    open_timeout=_CONNECT_SECONDS,
                    # The exchange's own heartbeat checks the connection.
                    ping_interval=None,
                    # With a bounded queue the library stops reading while `receive` waits for the condition, and a
                    # closing handshake begun in that moment would run into its time-out.
                    max_queue=None,
                )
            )
        except (OSError, WebSocketException) as error:
            raise LineError(f"no connection to the exchange: {error}") from error

    def receive(self, message: Message) -> None:
        """Handles one message of the exchange; called in the receiving thread with the condition held."""
        raise NotImplementedError

    def send(self, message: Message) -> None:
        """Sends one message; raises LineError when the connection is closed."""
        self._transmit(json.dumps(message))
        if message["type"] in _FINAL_MESSAGES:
            with self._condition:
                self._acknowledge_still()

    def _transmit(self, data: str | bytes) -> None:
        if self._connection is None or self._closed is not None:
            raise LineError(self._closed or "not connected")
        try:
            self._connection.send(data)
        except ConnectionClosed as error:
            raise LineError(f"the connection is closed: {error}") from error

    def _acknowledge_still(self) -> None:
        """Lets virtual time go on: nothing more follows from the messages received so far.

        Called with the condition held, only where the program has nothing to do: while it waits for something that has
        not come, and after it hung up. At any other moment it may be about to act.
        """
        if self._still > self._acknowledged:
            self._acknowledged = self._still
            try:
                self._transmit(json.dumps({"type": "still", "seen": self._still}))
            except LineError:
                return  # the receiving thread reports the reason

    def wait_for(
        self, wanted: Callable[[], bool], timeout: float, otherwise: str | Callable[[], str]
    ) -> None:
        """Blocks until `wanted()` is true, at most `timeout` real seconds.

        Raises TimeoutError or, if the connection was closed, LineError; the text begins with `otherwise`.
        """
        with self._condition:
            if not wanted():
                self._acknowledge_still()
            self._waiting.append(wanted)
            met = self._condition.wait_for(lambda: wanted() or self._closed is not None, timeout)
            self._waiting.remove(wanted)
            if wanted():
                return
            text = otherwise if isinstance(otherwise, str) else otherwise()
            if met:
                raise LineError(f"{text} ({self._closed})")
            raise TimeoutError(f"{text} (waited {timeout:g} s)")

    def _receive_all(self) -> None:
        connection = self._connection
        if connection is None:
            return
        reason = "the connection is closed"
        try:
            while True:
                self._take(json.loads(connection.recv()))
        except ConnectionClosed:
            reason = f"connection closed, code {connection.close_code}"
        finally:
            with self._condition:
                self._closed = reason
                self._condition.notify_all()

    def _take(self, message: Message) -> None:
        with self._condition:
            if message.get("type") == "registered":
                self._is_registered = True
            self.receive(message)
            self._still = message.get("still", 0)
            if self._waiting and not any(wanted() for wanted in self._waiting):
                self._acknowledge_still()
            self._condition.notify_all()
