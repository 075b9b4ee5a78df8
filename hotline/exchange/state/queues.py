import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from hotline.exchange.state.calls import Call, DocumentRequest, Meeting


@dataclass(eq=False)
class Member:
    """A call in a queue. `joined` and `left` in exchange seconds.

    `connection_future` is resolved when a call dials the queue. `documents` is the number of documents that the call has
    been given once it is fully in the queue: its first wait document is the last of them.
    """

    call: Call
    joined: float
    enqueued: datetime
    connection_future: asyncio.Future["QueueConnection"]
    documents: int
    left: float | None = None

    @property
    def is_settled(self) -> bool:
        return self.call.documents >= self.documents

    @property
    def connection(self) -> "QueueConnection | None":
        """The connection to the call that dialled the queue, or None."""
        future = self.connection_future
        return future.result() if future.done() and not future.cancelled() else None


@dataclass(frozen=True, eq=False)
class QueueConnection:
    """The connection of a queued call to the call that dialled the queue; `over` ends it."""

    meeting: Meeting
    dialler: Call
    whisper: DocumentRequest | None
    connected: asyncio.Event
    over: asyncio.Event


@dataclass(eq=False)
class WaitingQueue:
    """The Queue resource."""

    sid: str
    name: str
    limit: int
    created: datetime
    updated: datetime
    members: list[Member] = field(default_factory=list)
    arrival: asyncio.Event = field(default_factory=asyncio.Event)
