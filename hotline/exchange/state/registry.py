"""Everything that exists in one exchange, found by its id, and the latest of what it sent and what went wrong.

Bounded, so that it may run for weeks: whatever lives is kept, and of what is over the latest. Queues are not: there are as
many as the application has names for, and their size and limit stay as they are when nobody waits.
"""

import itertools
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hotline.exchange.state.calls import Call
from hotline.exchange.state.conferences import Conference
from hotline.exchange.state.queues import WaitingQueue
from hotline.exchange.state.recordings import Recording
from hotline.exchange.state.transcripts import TranscriptStore
from hotline.exchange.vocabulary.request_kinds import RequestKind

KEPT_REQUESTS = 200
KEPT_ENDED = 2000
"""How many calls that are over are kept, and how many conferences; the recordings of one go with it."""


@dataclass(eq=False)
class RequestRecord:
    """One request and its answer, for the status page: a webhook as sent, or (`is_rest`) a REST request as served.

    `status` is the HTTP status of the answer, None while there is none (`is_done` False) or when there never was
    (`error` says why); `fault` names the fault that hit it; `milliseconds` are real.
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
    """Something the application should be told about, with the carrier's error code."""

    id: int
    at: datetime
    code: int
    text: str
    call_sid: str


def _latest() -> deque[RequestRecord]:
    return deque(maxlen=KEPT_REQUESTS)


@dataclass(eq=False)
class Registry:
    """Everything that exists, found by its id. `requests` and `rest` hold the latest first."""

    calls: dict[str, Call] = field(default_factory=dict)
    queues: dict[str, WaitingQueue] = field(default_factory=dict)
    conferences: dict[str, Conference] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    transcripts: TranscriptStore = field(default_factory=TranscriptStore)
    webhooks: deque[RequestRecord] = field(default_factory=_latest)
    rest_requests: deque[RequestRecord] = field(default_factory=_latest)
    alerts: deque[DebuggerAlert] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _ended_calls: deque[str] = field(default_factory=deque)
    _ended_conferences: deque[str] = field(default_factory=deque)

    def call_ended(self, call: Call) -> None:
        """One more call is over: the one that has been over for longest makes room."""
        for sid in _too_many(self._ended_calls, call.sid):
            self.calls.pop(sid, None)
            self._forget_recordings(sid)

    def conference_ended(self, conference: Conference) -> None:
        """One more conference is over: the one that has been over for longest makes room."""
        for sid in _too_many(self._ended_conferences, conference.sid):
            self.conferences.pop(sid, None)
            self._forget_recordings(sid)

    def _forget_recordings(self, of: str) -> None:
        """Forget what was recorded of a call or conference, and its sound."""
        for tape in list(self.recordings.values()):
            if of in (tape.call_sid, tape.conference_sid):
                tape.audio.delete()
                del self.recordings[tape.sid]


def _too_many(ended: deque[str], sid: str) -> list[str]:
    """Add the latest; return what is too much, the oldest first."""
    ended.append(sid)
    return [ended.popleft() for _ in range(len(ended) - KEPT_ENDED)]
