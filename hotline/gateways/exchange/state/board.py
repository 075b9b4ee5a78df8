"""Everything that exists in one exchange, found by its id, and the latest of what it sent and what went wrong."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from hotline.gateways.exchange.state.calls import Call
from hotline.gateways.exchange.state.conferences import Conference
from hotline.gateways.exchange.state.queues import WaitingQueue
from hotline.gateways.exchange.state.recordings import Recording

KEPT_REQUESTS = 200


@dataclass(frozen=True)
class RequestRecord:
    """One webhook as sent, for the status page. `status` None = no answer; `milliseconds` are real."""

    at: datetime
    kind: str
    method: str
    url: str
    call_sid: str
    status: int | None
    milliseconds: int
    error: str


@dataclass(frozen=True)
class Trouble:
    """Something the application should be told about, with the carrier's error code."""

    at: datetime
    code: int
    text: str
    call_sid: str


@dataclass(eq=False)
class Board:
    """Everything that exists, found by its id."""

    calls: dict[str, Call] = field(default_factory=dict)
    queues: dict[str, WaitingQueue] = field(default_factory=dict)
    conferences: dict[str, Conference] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    requests: deque[RequestRecord] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    troubles: deque[Trouble] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
