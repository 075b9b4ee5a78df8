"""The exchange as a web server: one aiohttp application, run in the foreground or in a thread of a test."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future

import aiohttp
from aiohttp import web

from hotline.exchange.board.fault_api import fault_routes
from hotline.exchange.board.pages import page_routes
from hotline.exchange.core.exchange import EXCHANGE, Exchange, Registry
from hotline.exchange.core.sockets import from_here
from hotline.exchange.core.webhook_client import WebhookClient
from hotline.exchange.devices.phones import serve_telephone
from hotline.exchange.devices.softphones import serve_device
from hotline.exchange.rest.dispatch import CONCURRENT_REQUESTS, ConcurrentRequests, rest_middleware
from hotline.exchange.rest.routes import rest_routes
from hotline.exchange.state.calls import HangUpCall
from hotline.exchange.time.clock import ExchangeClock
from hotline.exchange.time.virtual_clock import VirtualClock, loop_for
from hotline.exchange.verbs.interpreter import interpret
from hotline.exchange.vocabulary.enums import Initiator
from hotline.exchange.vocabulary.settings import ExchangeSettings
from hotline.exchange.webhooks.delivery import deliver

_SETTINGS = web.AppKey("settings", ExchangeSettings)
_CLOCK = web.AppKey("clock", ExchangeClock)
_SHUTDOWN_SECONDS = 0.5
_GOING_AWAY = 1001
_START_SECONDS = 10.0


def clock_of(settings: ExchangeSettings) -> ExchangeClock:
    """Returns the clock these settings ask for: virtual, or real time at their pace."""
    return (
        VirtualClock(settings.begins) if settings.virtual else ExchangeClock(settings.pace, settings.begins)
    )


def build_app(settings: ExchangeSettings, clock: ExchangeClock) -> web.Application:
    """Builds the application of a whole exchange; its state exists from its start to its stop."""
    app = web.Application(middlewares=[rest_middleware])
    app[_CLOCK] = clock
    app[CONCURRENT_REQUESTS] = ConcurrentRequests()
    app[_SETTINGS] = settings
    app.cleanup_ctx.append(_open)
    app.on_shutdown.append(_hang_up_all)
    app.router.add_get("/healthz", _health)
    app.router.add_get("/phone/ws", _telephone)
    app.router.add_get("/device", _device)
    app.router.add_routes(page_routes())
    app.router.add_routes(fault_routes())
    app.router.add_routes(rest_routes(narrow=settings.narrow))
    return app


async def _open(app: web.Application) -> AsyncIterator[None]:
    settings = app[_SETTINGS]
    clock = app[_CLOCK]
    registry = Registry()
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        client = WebhookClient(session, settings.auth_token, clock, registry.log, registry.transcripts)
        app[EXCHANGE] = Exchange(settings, clock, registry, client, deliver, interpret)
        yield
        await _stop_tasks(app[EXCHANGE])
        for recording in registry.recordings.values():
            recording.audio.delete()


async def _hang_up_all(app: web.Application) -> None:
    """Ends every call and closes every device's websocket."""
    # aiohttp waits for open websockets when it stops; closed here first, they do not delay it.
    exchange = app[EXCHANGE]
    for call in exchange.registry.calls.values():
        call.interrupt(HangUpCall(Initiator.PARTY))
    devices = [device for several in exchange.devices.values() for device in several]
    await asyncio.gather(*(device.close(_GOING_AWAY, "the exchange is closing") for device in devices))
    await _stop_tasks(exchange)


async def _stop_tasks(exchange: Exchange) -> None:
    tasks = list(exchange.tasks)
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_SHUTDOWN_SECONDS)


async def _health(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _telephone(request: web.Request) -> web.StreamResponse:
    if not from_here(request):
        raise web.HTTPForbidden(text="telephones connect from this machine only")
    return await serve_telephone(request.app[EXCHANGE], request)


async def _device(request: web.Request) -> web.StreamResponse:
    if not from_here(request):
        raise web.HTTPForbidden(text="softphones connect from this machine only")
    return await serve_device(request.app[EXCHANGE], request)


def serve(settings: ExchangeSettings) -> None:
    """Runs until SIGINT or SIGTERM, then stops within two seconds."""
    clock = clock_of(settings)
    with asyncio.Runner(loop_factory=lambda: loop_for(clock)) as runner:
        runner.run(_serve(settings, clock))


async def _serve(settings: ExchangeSettings, clock: ExchangeClock) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with serving(settings, clock):
        await stop.wait()


@contextlib.asynccontextmanager
async def serving(settings: ExchangeSettings, clock: ExchangeClock) -> AsyncIterator[Exchange]:
    """Serves on the running loop (one of `loop_for`) for the duration of the block; yields the exchange itself."""
    app = build_app(settings, clock)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        yield app[EXCHANGE]
    finally:
        await runner.cleanup()


@contextlib.contextmanager
def running_in_thread(settings: ExchangeSettings, clock: ExchangeClock | None = None) -> Iterator[str]:
    """Runs an exchange in a thread with its own event loop and yields its base URL (for tests).

    To share its time, make the `clock` with `clock_of` and read `clock.now`. Raises OSError if the port is taken.
    """
    clock = clock or clock_of(settings)
    ready: Future[None] = Future()
    loop = loop_for(clock)
    stop = asyncio.Event()

    async def body() -> None:
        async with serving(settings, clock):
            ready.set_result(None)
            await stop.wait()

    def work() -> None:
        try:
            loop.run_until_complete(body())
        except OSError as error:
            # The port is taken: the thread that waits for `ready` raises the error.
            ready.set_exception(error)
        finally:
            loop.close()

    thread = threading.Thread(target=work, name="exchange", daemon=True)
    thread.start()
    ready.result(_START_SECONDS)
    try:
        yield settings.base_url
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_START_SECONDS)
