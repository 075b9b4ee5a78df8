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
from hotline.exchange.core.exchange import EXCHANGE, Exchange
from hotline.exchange.core.sockets import from_here
from hotline.exchange.core.webhook_client import Courier
from hotline.exchange.devices.phones import serve_telephone
from hotline.exchange.devices.softphones import serve_device
from hotline.exchange.rest.dispatch import CONCURRENT_REQUESTS, ConcurrentRequests, rest_middleware
from hotline.exchange.rest.routes import rest_routes
from hotline.exchange.state.calls import EndCall
from hotline.exchange.state.registry import Registry
from hotline.exchange.time.clock import ExchangeClock
from hotline.exchange.time.virtual_clock import VirtualClock, loop_for
from hotline.exchange.vocabulary.enums import Initiator
from hotline.exchange.vocabulary.settings import ExchangeSettings

_SETTINGS = web.AppKey("settings", ExchangeSettings)
_CLOCK = web.AppKey("clock", ExchangeClock)
_SHUTDOWN_SECONDS = 0.5
_GOING_AWAY = 1001
_START_SECONDS = 10.0


def clock_of(settings: ExchangeSettings) -> ExchangeClock:
    """The clock these settings ask for."""
    return (
        VirtualClock(settings.begins) if settings.virtual else ExchangeClock(settings.pace, settings.begins)
    )


def build_app(settings: ExchangeSettings, clock: ExchangeClock) -> web.Application:
    """The whole exchange as an application; its state is made when it starts and gone when it stops."""
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
    board = Registry()
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        app[EXCHANGE] = Exchange(settings, clock, board, Courier(session, settings.auth_token, clock, board))
        yield
        await _stop_tasks(app[EXCHANGE])
        for tape in board.recordings.values():
            tape.audio.delete()


async def _hang_up_all(app: web.Application) -> None:
    """End every call and close every line first, so that open websockets never hold up the end."""
    exchange = app[EXCHANGE]
    for call in exchange.registry.calls.values():
        call.interrupt(EndCall(Initiator.PARTY))
    lines = [line for several in exchange.lines.values() for line in several]
    await asyncio.gather(*(line.close(_GOING_AWAY, "the exchange is closing") for line in lines))
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
    """Run until SIGINT or SIGTERM, then stop cleanly within two seconds."""
    clock = clock_of(settings)
    with asyncio.Runner(loop_factory=lambda: loop_for(clock)) as runner:
        runner.run(_serve(settings, clock))


async def _serve(settings: ExchangeSettings, clock: ExchangeClock) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with listening_at(settings, clock):
        await stop.wait()


@contextlib.asynccontextmanager
async def listening_at(settings: ExchangeSettings, clock: ExchangeClock) -> AsyncIterator[Exchange]:
    """Serve on the running loop (one of `loop_for`) while the block lasts; yields the exchange itself."""
    app = build_app(settings, clock)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        yield app[EXCHANGE]
    finally:
        await runner.cleanup()


@contextlib.contextmanager
def in_thread(settings: ExchangeSettings, clock: ExchangeClock | None = None) -> Iterator[str]:
    """Run an exchange beside the caller's own code, in a thread with its own loop; yields its base URL (for tests).

    Whoever wants to share its time makes the `clock` (see `clock_of`) and reads `clock.now`.
    """
    clock = clock or clock_of(settings)
    ready: Future[None] = Future()
    loop = loop_for(clock)
    stop = asyncio.Event()

    async def body() -> None:
        async with listening_at(settings, clock):
            ready.set_result(None)
            await stop.wait()

    def work() -> None:
        try:
            loop.run_until_complete(body())
        except OSError as error:  # the port is taken: told to the thread that waits
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
