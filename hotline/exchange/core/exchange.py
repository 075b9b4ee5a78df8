"""The exchange as one value that every part receives: settings, clock, state, and the ways to the outside."""

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from hotline.exchange.core.audio_mesh import AudioMesh
from hotline.exchange.core.faults import FaultInjector
from hotline.exchange.core.webhook import DeliveryOrder, OutgoingWebhook, WebhookResponse
from hotline.exchange.core.webhook_client import WebhookClient
from hotline.exchange.state.calls import Activity, Call, DocumentSource, Endpoint
from hotline.exchange.state.conferences import Conference
from hotline.exchange.state.queues import WaitingQueue
from hotline.exchange.state.recordings import Recording
from hotline.exchange.state.request_log import DebuggerAlert, RequestLog
from hotline.exchange.state.transcripts import TranscriptStore
from hotline.exchange.time.clock import ExchangeClock
from hotline.exchange.vocabulary.enums import Continuation, DocumentContext
from hotline.exchange.vocabulary.settings import ExchangeSettings

# Calls that are over are kept up to this number, and as many conferences; their recordings are dropped with them.
KEPT_ENDED = 2000
_LOG = logging.getLogger(__name__)


class RegisteredDevice(Endpoint, Protocol):
    """A registered telephone or softphone that can be rung."""

    @property
    def busy(self) -> bool: ...

    def ring(self, call: Call) -> None: ...

    def unring(self, call: Call) -> None: ...

    async def close(self, code: int, reason: str) -> None: ...


@dataclass(eq=False)
class CallRateLimit:
    """`next_at` is the moment (exchange seconds) at which the next call created over REST may leave the call queue."""

    next_at: float = 0.0


@dataclass(eq=False)
class Registry:
    """Everything that exists in one exchange, by sid.

    It is bounded, so that an exchange may run for weeks: every live call and conference is kept, and the KEPT_ENDED
    latest of those that are over. Queues are never dropped: there are as many as the application has names for, and an
    empty queue keeps its sid and its limit.
    """

    calls: dict[str, Call] = field(default_factory=dict)
    queues: dict[str, WaitingQueue] = field(default_factory=dict)
    conferences: dict[str, Conference] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    transcripts: TranscriptStore = field(default_factory=TranscriptStore)
    log: RequestLog = field(default_factory=RequestLog)
    _ended_calls: deque[str] = field(default_factory=deque)
    _ended_conferences: deque[str] = field(default_factory=deque)

    def call_ended(self, call: Call) -> None:
        """Counts a call as over and drops the one that has been over for longest, if there are too many."""
        for sid in _excess(self._ended_calls, call.sid):
            self.calls.pop(sid, None)
            self._drop_recordings(sid)

    def conference_ended(self, conference: Conference) -> None:
        """Counts a conference as over and drops the one that has been over for longest, if there are too many."""
        for sid in _excess(self._ended_conferences, conference.sid):
            self.conferences.pop(sid, None)
            self._drop_recordings(sid)

    def _drop_recordings(self, owner: str) -> None:
        for recording in list(self.recordings.values()):
            if owner in (recording.call_sid, recording.conference_sid):
                recording.audio.delete()
                del self.recordings[recording.sid]


def _excess(ended: deque[str], sid: str) -> list[str]:
    """Adds the latest sid and returns those beyond KEPT_ENDED, the oldest first."""
    ended.append(sid)
    return [ended.popleft() for _ in range(len(ended) - KEPT_ENDED)]


class Deliver(Protocol):
    """Sends one webhook, with the faults that are set; raises DocumentError when there is no answer."""

    async def __call__(
        self, exchange: "Exchange", webhook: OutgoingWebhook, cookies: Mapping[str, str]
    ) -> WebhookResponse: ...


class Interpret(Protocol):
    """Runs a document of a call and every document it leads to; raises DocumentError."""

    async def __call__(
        self, exchange: "Exchange", call: Call, source: DocumentSource, context: DocumentContext
    ) -> Continuation: ...


@dataclass(frozen=True, eq=False)
class Exchange:
    """`devices` are the registered devices by address (`+86…` or `client:identity`); several tabs share an identity.

    `deliver` and `interpret` are given by `server`, so that whatever runs documents or sends webhooks need not import
    the code of every verb and every fault.
    """

    settings: ExchangeSettings
    clock: ExchangeClock
    registry: Registry
    webhook_client: WebhookClient
    deliver: Deliver
    interpret: Interpret
    call_rate: CallRateLimit = field(default_factory=CallRateLimit)
    faults: FaultInjector = field(default_factory=FaultInjector)
    delivery_order: DeliveryOrder = field(default_factory=DeliveryOrder)
    audio_mesh: AudioMesh = field(default_factory=AudioMesh)
    devices: dict[str, list[RegisteredDevice]] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def send_webhook(self, webhook: OutgoingWebhook, cookies: Mapping[str, str]) -> WebhookResponse:
        """Returns the answer the carrier acts on, whatever its status; raises DocumentError when there is none."""
        return await self.deliver(self, webhook, cookies)

    async def run_documents(
        self, call: Call, source: DocumentSource, context: DocumentContext
    ) -> Continuation:
        """Runs `source` and every document it leads to; raises DocumentError."""
        return await self.interpret(self, call, source, context)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs `work` as a background task; an exception it raises is logged."""
        task = asyncio.create_task(work)
        # The event loop itself holds tasks only weakly: without this reference one could vanish while it waits.
        self.tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("background work failed", exc_info=error)

    def alert(self, code: int, text: str, call_sid: str) -> None:
        """Shows a problem of the application on the status page and in the log (sids only, no telephone numbers)."""
        self.registry.log.alerts.appendleft(
            DebuggerAlert(next(self.registry.log.ids), self.clock.wall(), code, text, call_sid)
        )
        _LOG.warning("%s %s (%s)", code, text, call_sid)

    @contextmanager
    def activity(self, call: Call, what: str, detail: str) -> Iterator[None]:
        """Shows on the status page what `call` is doing while the block lasts; blocks may be nested."""
        activity = Activity(what, detail, self.clock.seconds())
        call.activities.append(activity)
        try:
            yield
        finally:
            call.activities.remove(activity)

    def has_most_calls(self) -> bool:
        """Returns True if the account has as many live legs as its settings allow."""
        most = self.settings.concurrent_calls
        return most > 0 and sum(not call.is_over for call in self.registry.calls.values()) >= most


EXCHANGE = web.AppKey("exchange", Exchange)
