"""The exchange as one value, handed to everything that acts: settings, time, what exists, and the ways to the outside."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from hotline.exchange.core.audio_mesh import Voices
from hotline.exchange.core.faults import Switchboard
from hotline.exchange.core.ordering import Traffic
from hotline.exchange.core.webhook_client import Courier
from hotline.exchange.state.calls import Call
from hotline.exchange.state.registry import DebuggerAlert, Registry
from hotline.exchange.time.clock import ExchangeClock
from hotline.exchange.vocabulary.settings import ExchangeSettings
from hotline.exchange.vocabulary.sounds import Endpoint, Sound

_LOG = logging.getLogger(__name__)


class Line(Endpoint, Protocol):
    """A registered telephone or softphone that can be rung."""

    @property
    def busy(self) -> bool: ...

    def ring(self, call: Call) -> None: ...

    def unring(self, call: Call) -> None: ...

    async def close(self, code: int, reason: str) -> None: ...


@dataclass(eq=False)
class Turns:
    """When the next call created over REST may leave its queue (exchange seconds)."""

    next_at: float = 0.0


@dataclass(frozen=True, eq=False)
class Exchange:
    """`lines` are the registered devices by address (`+86…` or `client:identity`); several tabs share an identity."""

    settings: ExchangeSettings
    clock: ExchangeClock
    registry: Registry
    courier: Courier
    turns: Turns = field(default_factory=Turns)
    faults: Switchboard = field(default_factory=Switchboard)
    traffic: Traffic = field(default_factory=Traffic)
    voices: Voices = field(default_factory=Voices)
    lines: dict[str, list[Line]] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` beside everything else; what it raises is reported, never lost."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("background work failed", exc_info=error)

    def trouble(self, code: int, text: str, call_sid: str) -> None:
        """Show a problem of the application on the status page and in the log (ids only, no numbers)."""
        self.registry.alerts.appendleft(
            DebuggerAlert(next(self.registry.ids), self.clock.wall(), code, text, call_sid)
        )
        _LOG.warning("%s %s (%s)", code, text, call_sid)

    def tell(self, call: Call, sound: Sound) -> None:
        """Let the person at the other end of `call` hear something, if there is one."""
        call.hear(sound)


EXCHANGE = web.AppKey("exchange", Exchange)
