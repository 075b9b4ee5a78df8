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

    def position_fields(self, member: Member, now: float) -> dict[str, str]:
        """Returns the queue parameters of a wait document's request at `now` (exchange seconds, as are its times).

        Position 1 is next; 0 stands for a member that has left.
        """
        waits = [now - other.joined for other in self.members]
        position = self.members.index(member) + 1 if member in self.members else 0
        return {
            "QueueSid": self.sid,
            "QueuePosition": str(position),
            "QueueTime": str(round(now - member.joined)),
            "AvgQueueTime": str(round(sum(waits) / len(waits)) if waits else 0),
            "CurrentQueueSize": str(len(self.members)),
            "MaxQueueSize": str(self.limit),
        }
