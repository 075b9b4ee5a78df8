"""The resources of one exchange by their id, and its latest requests and alerts.

The registry is bounded, so that an exchange can run for weeks: it keeps everything that is in progress and the latest of
what is over. Queues are not bounded: the application decides how many names it uses, and the limit of an empty queue is
kept.
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
# Calls that are over, and as many conferences. Their recordings are removed with them.
KEPT_ENDED = 2000


@dataclass(eq=False)
class RequestRecord:
    """One request and its answer, for the status page: a webhook as sent, or (`is_rest`) a REST request as served.

    `status` is the HTTP status of the answer. It is None while there is no answer (`is_done` False) and when none came
    (`error` holds the reason). `fault` names the fault that was applied; `milliseconds` are real.
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
    """A problem that the application caused, with the carrier's error code, as in the carrier's debugger."""

    id: int
    at: datetime
    code: int
    text: str
    call_sid: str


def _latest() -> deque[RequestRecord]:
    return deque(maxlen=KEPT_REQUESTS)


@dataclass(eq=False)
class Registry:
    """All resources by their id. `webhooks`, `rest_requests` and `alerts` hold the latest first."""

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
        """Counts a call that is over and removes those that have been over for longest."""
        for sid in _excess(self._ended_calls, call.sid):
            self.calls.pop(sid, None)
            self._remove_recordings(sid)

    def conference_ended(self, conference: Conference) -> None:
        """Counts a conference that is over and removes those that have been over for longest."""
        for sid in _excess(self._ended_conferences, conference.sid):
            self.conferences.pop(sid, None)
            self._remove_recordings(sid)

    def _remove_recordings(self, of: str) -> None:
        """Removes the recordings of a call or conference, with their sound."""
        for recording in list(self.recordings.values()):
            if of in (recording.call_sid, recording.conference_sid):
                recording.audio.delete()
                del self.recordings[recording.sid]


def _excess(ended: deque[str], sid: str) -> list[str]:
    """Adds the latest sid; returns the excess, the oldest first."""
    ended.append(sid)
    return [ended.popleft() for _ in range(len(ended) - KEPT_ENDED)]
