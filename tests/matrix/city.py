"""A whole city in one process and in virtual time: exchange, web, application, clock and outbox, with nothing pretended but time.

The exchange plays the carrier on loopback and its clock is everybody's: time stands while anybody works and jumps when
nobody does, so a story of an hour takes a second. Webhooks travel over HTTP to the real voice blueprint under a threaded
server, the real carrier gateway speaks REST, and the clock's turn is `config.processes.scheduler`'s own: its light jobs and its relay.
The one difference: what is relayed is delivered at once instead of travelling through RQ (`tests/outbox` tries that).
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol
from wsgiref.types import WSGIApplication

from flask import Flask
from sqlalchemy import Engine
from werkzeug.serving import WSGIRequestHandler, make_server

from config.processes.relay import relay_once
from config.processes.scheduler import Scheduler
from hotline import outbox
from hotline.events import Event
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.server import clock_of, serving
from hotline.exchange.time.clock import ExchangeClock
from hotline.exchange.time.virtual_clock import loop_for
from hotline.exchange.vocabulary.answer_modes import StaffedDesk
from hotline.exchange.vocabulary.settings import ExchangeSettings
from hotline.gateways.addresses import VoiceAddresses, VoiceRoute
from hotline.gateways.twilio import TwilioCarrier
from hotline.outbox import PendingDelivery
from hotline.reactions.context import ReactionContext
from hotline.reactions.registry import has_reactions
from hotline.rules.policies import Policies
from hotline.unit_of_work import Application
from ivr_flows.webhooks.blueprint import voice_blueprint
from ivr_flows.webhooks.flow_registry import FlowRegistry
from tests.exchange.line import ACCOUNT, HOTLINE, KEY, SECRET, TOKEN
from tests.fakes import FakeLookups, FakeUnits, MemoryStorage
from tests.matrix.ledger import nothing_is_open, still_open
from tests.policies import city_policies
from tests.ports import free_port

NINE = datetime(2026, 11, 23, 1, tzinfo=UTC)
"""A Monday, 09:00 in the city."""
POLICE = "+865370000110"
MOST_SECONDS = 4 * 3600.0
"""Every story is over, and everything it set off, within so many exchange seconds."""
_QUICKEST, _LIVE, _SLOWEST = 1.0, 5.0, 60.0
"""Seconds between two turns of the clock: like the real one's while something happens, fewer and fewer in a lull."""

Story = Callable[["City"], Awaitable[None]]
Gate = Callable[[WSGIApplication, ExchangeClock], WSGIApplication]
"""What may stand before the web's door, to look at what comes or to make it fail."""


def matrix_policies() -> Policies:
    """Return limits with which the whole story fits into some minutes, and a desk need not say that it is alive."""
    usual = city_policies()
    return replace(
        usual,
        queue=replace(usual.queue, offer_callback_after=30, presence_timeout=86_400),
        callbacks=replace(usual.callbacks, delay_seconds=5, spacing_seconds=60),
        follow_ups=replace(usual.follow_ups, delay_seconds=5, spacing_seconds=60),
    )


class Soul(Protocol):
    """Somebody whose life goes on while the city keeps time."""

    async def live(self) -> None: ...


@dataclass
class City:
    """The city of a story. `hands` act for the people at desks and in offices, once each turn.

    Each says whether there was something to do.
    """

    exchange: Exchange
    application: Application
    tools: ReactionContext
    woken: asyncio.Event
    scheduler: Scheduler
    hands: list[Callable[[], bool]] = field(default_factory=list)
    people: list[Soul] = field(default_factory=list)
    plans: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        """Let `act` be done once, in the first turn at or after so many exchange seconds."""
        self.plans.append((seconds, act))

    def turn(self) -> bool:
        """Let clock, workers, desks and offices do what is due; say whether everything is over."""
        self.scheduler.tick()
        relay_once(self.application, self._deliver)
        for act in self._due():
            act()
        acted = [hand() for hand in self.hands]
        return not (any(acted) or self.plans or self.exchange.tasks) and nothing_is_open(self.application)

    def _due(self) -> list[Callable[[], None]]:
        now = self.exchange.clock.seconds()
        due = [act for at, act in self.plans if at <= now]
        self.plans = [plan for plan in self.plans if plan[0] > now]
        return due

    @property
    def is_live(self) -> bool:
        """Says whether a call is live or something is about to happen."""
        return bool(self.plans) or any(not call.is_over for call in self.exchange.registry.calls.values())

    async def keep_time(self) -> None:
        """Turn until everything is over. Raises AssertionError when it never is."""
        lives = [asyncio.create_task(person.live()) for person in self.people]
        time = asyncio.create_task(self._turn_until_over())
        await asyncio.wait([time, *lives], return_when=asyncio.FIRST_COMPLETED)
        for task in (time, *lives):
            task.cancel()
        for ended in await asyncio.gather(time, *lives, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

    async def _turn_until_over(self) -> None:
        clock, pause = self.exchange.clock, _QUICKEST
        while True:
            self.woken.clear()
            async with clock.hold():
                is_over = await asyncio.to_thread(self.turn)
            if is_over and not self.woken.is_set():
                return
            assert clock.seconds() < MOST_SECONDS, (
                f"the story does not come to an end: {still_open(self.application)}"
            )
            try:
                async with clock.timeout(self._until_plan(pause)):
                    await self.woken.wait()
                pause = _QUICKEST
            except TimeoutError:
                pause = min(pause * 2, _LIVE if self.is_live else _SLOWEST)

    def _until_plan(self, pause: float) -> float:
        """Return `pause`, or less if something is planned before it is over."""
        now = self.exchange.clock.seconds()
        return min([pause, *(at - now for at, _ in self.plans)])

    def _deliver(self, parcels: list[PendingDelivery]) -> None:
        for parcel in parcels:
            outbox.deliver(self.tools, parcel.id)


@dataclass(frozen=True)
class Played:
    """The result of a story."""

    city: City
    units: FakeUnits

    @property
    def exchange(self) -> Exchange:
        return self.city.exchange

    @property
    def application(self) -> Application:
        return self.city.application


@dataclass(frozen=True)
class Ground:
    """The parts that cities share: a database with all tables, and the flows, read once."""

    engine: Engine
    make_registry: Callable[[], FlowRegistry]
    web_engine: Engine | None = None
    """The web's own way to the database, where it is not everybody's."""
    narrow: bool = False
    """The carrier has neither queues nor conferences."""

    def with_web(self, engine: Engine) -> "Ground":
        return replace(self, web_engine=engine)


def play(ground: Ground, story: Story, gate: Gate | None = None) -> Played:
    """Found a city, and let `story` and everything it sets off come to their end."""
    settings = replace(_exchange_settings(), narrow=ground.narrow)
    clock = clock_of(settings)

    async def body(web_port: int, application: Application, woken: asyncio.Event) -> Played:
        units = FakeUnits()
        async with serving(replace(settings, **_webhooks(web_port)), clock) as exchange:
            tools = replace(_tools(application, settings, web_port, units), narrow_carrier=ground.narrow)
            city = City(exchange, application, tools, woken, Scheduler(application, lambda _runs: None))
            await story(city)
            await city.keep_time()
            return Played(city, units)

    with asyncio.Runner(loop_factory=lambda: loop_for(clock)) as runner:
        woken = asyncio.Event()
        application = _hall(ground.engine, clock, runner.get_loop(), woken)
        with _web(ground, application, clock, gate) as port:
            return runner.run(body(port, application, woken))


def _hall(
    engine: Engine, clock: ExchangeClock, loop: asyncio.AbstractEventLoop, woken: asyncio.Event
) -> Application:
    def announce(_at: datetime, told: tuple[Event, ...]) -> None:
        if any(has_reactions(event) for event in told):
            loop.call_soon_threadsafe(woken.set)

    return Application(engine, clock.now, matrix_policies(), announce, has_reactions, sounds=MemoryStorage())


def _tools(
    application: Application, settings: ExchangeSettings, web_port: int, units: FakeUnits
) -> ReactionContext:
    carrier = TwilioCarrier(
        account_sid=ACCOUNT, username=KEY, password=SECRET, api_url=settings.base_url, from_number=HOTLINE
    )
    return ReactionContext(application, carrier, (units,), FakeLookups(), VoiceAddresses(_public(web_port)))


def _public(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _exchange_settings() -> ExchangeSettings:
    return ExchangeSettings(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        api_key=KEY,
        api_secret=SECRET,
        number=HOTLINE,
        voice_url="http://127.0.0.1/",
        status_url="http://127.0.0.1/",
        port=free_port(),
        calls_per_second=0.0,
        virtual=True,
        begins=NINE,
        answers={POLICE: StaffedDesk("公安")},
    )


def _webhooks(port: int) -> dict[str, str]:
    addresses = VoiceAddresses(_public(port))
    return {
        "voice_url": addresses.url(VoiceRoute.INCOMING),
        "status_url": addresses.url(VoiceRoute.STATUS),
        "fallback_url": addresses.url(VoiceRoute.FALLBACK),
    }


class _Silent(WSGIRequestHandler):
    """The exchange's own book tells every request; the server need not."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def _web(ground: Ground, application: Application, clock: ExchangeClock, gate: Gate | None) -> Iterator[int]:
    """Serve the voice blueprint on a thread for each request; yields the port."""
    port = free_port()
    application = replace(application, engine=ground.web_engine or ground.engine)
    app = Flask("matrix")
    addresses = VoiceAddresses(_public(port), "pbx.example" if ground.narrow else "")
    app.register_blueprint(
        voice_blueprint(
            application,
            ground.make_registry(),
            TOKEN,
            addresses,
            narrow=ground.narrow,
            reports_lost_devices=True,
        )
    )
    if gate is not None:
        app.wsgi_app = gate(app.wsgi_app, clock)  # type: ignore[method-assign]
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
