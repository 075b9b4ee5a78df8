"""The latest requests between exchange and application and the latest alerts, for the status page."""

import itertools
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hotline.exchange.vocabulary.request_kinds import RequestKind

KEPT_REQUESTS = 200


@dataclass(eq=False)
class RequestRecord:
    """One request and its answer: a webhook as sent, or (`is_rest`) a REST request as served.

    `status` is the HTTP status of the answer, None while there is none (`is_done` False) or when there never was one
    (`error` gives the reason); `fault` names the fault that hit the request; `milliseconds` are real time.
    """

    id: int
    at: datetime
    kind: RequestKind | None
    method: str
    url: str
    call_sid: str
    sent: Mapping[str, str]
    is_rest: bool = False
    is_done: bool = False
    status: int | None = None
    content_type: str = ""
    answer: str = ""
    milliseconds: int = 0
    tries: int = 0
    error: str = ""
    fault: str = ""


@dataclass(frozen=True)
class DebuggerAlert:
    """A problem of the application, with the code of the carrier's error dictionary."""

    id: int
    at: datetime
    code: int
    text: str
    call_sid: str


def _latest_requests() -> deque[RequestRecord]:
    return deque(maxlen=KEPT_REQUESTS)


@dataclass(eq=False)
class RequestLog:
    """Keeps the latest KEPT_REQUESTS of each kind, the latest first; `ids` numbers all three kinds together."""

    webhooks: deque[RequestRecord] = field(default_factory=_latest_requests)
    rest_requests: deque[RequestRecord] = field(default_factory=_latest_requests)
    alerts: deque[DebuggerAlert] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
