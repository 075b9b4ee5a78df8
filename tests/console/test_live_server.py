"""The server of live streams: the same sessions, rights and headers as elsewhere, and no thread for an open page."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from agent_console.live.hub import HEARTBEAT_SECONDS, QUEUE_SIZE, STREAM, Entry
from agent_console.live.server import LiveServer, LoopListener, Waker, live_server
from agent_console.live.views import HUB
from hotline.unit_of_work import Application
from tests.builders import make_operator
from tests.console.conftest import SignIn
from tests.stopped_clock import StoppedClock

PATIENCE = 5.0
Message = dict[str, Any]


def announce(redis: "Redis", **data: object) -> None:
    event = {"kind": "CallQueued", "at": "2026-11-23T01:00:00+00:00", "data": data}
    redis.xadd(STREAM, {"e": json.dumps([event])})


def scope_of(path: str, cookie: str = "") -> Message:
    headers = [(b"host", b"localhost"), (b"cookie", cookie.encode())]
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 50000),
        "headers": headers,
    }


def cookie_of(browser: FlaskClient) -> str:
    found = browser.get_cookie("hotline")
    assert found is not None
    return f"hotline={found.value}"


class Page:
    """One request to the server, and what it has sent so far."""

    def __init__(self) -> None:
        self._sent: asyncio.Queue[Message] = asyncio.Queue()
        self.head: Message = {}

    async def send(self, message: Message) -> None:
        await self._sent.put(message)

    async def receive(self) -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def next(self) -> Message:
        async with asyncio.timeout(PATIENCE):
            return await self._sent.get()


@asynccontextmanager
async def opened(server: LiveServer, scope: Message) -> AsyncIterator[Page]:
    """A page whose request goes on during the block and is cancelled behind it, as when the page is closed."""
    page = Page()
    task = asyncio.create_task(server(scope, page.receive, page.send))
    page.head = await page.next()
    yield page
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 4 * PATIENCE))


@pytest.fixture
def server(app: Flask) -> Iterator[LiveServer]:
    yield live_server(app)
    app.extensions[HUB].close()


def test_a_page_hears_events_without_a_thread_of_its_own_and_leaves_nothing_behind(
    app: Flask, server: LiveServer, redis: "Redis", application: Application, signed_in: SignIn
) -> None:
    cookie = cookie_of(signed_in(make_operator(application)))

    async def story() -> None:
        async with opened(server, scope_of("/events", cookie)) as page:
            assert page.head["status"] == 200
            headers = dict(page.head["headers"])
            assert headers[b"content-type"].startswith(b"text/event-stream")
            assert b"content-length" not in headers
            assert b"content-security-policy" in headers
            assert (await page.next())["body"] == b"retry: 1000\n\n"
            announce(redis, call_id=1)
            assert b"QueueChanged" in (await page.next())["body"]
            assert len(app.extensions[HUB]._listeners) == 1
        assert not app.extensions[HUB]._listeners

    run(story)


def test_a_request_for_the_headers_alone_opens_no_stream(
    app: Flask, server: LiveServer, application: Application, signed_in: SignIn
) -> None:
    scope = {**scope_of("/events", cookie_of(signed_in(make_operator(application)))), "method": "HEAD"}

    async def story() -> None:
        async with opened(server, scope) as page:
            assert page.head["status"] == 200
            assert dict(page.head["headers"])[b"content-type"].startswith(b"text/event-stream")
            assert await page.next() == {"type": "http.response.body", "body": b"", "more_body": False}
        assert not app.extensions[HUB]._listeners

    run(story)


def test_a_stranger_is_sent_to_the_sign_in_page_and_health_checks_are_answered(server: LiveServer) -> None:
    async def story() -> None:
        async with opened(server, scope_of("/events")) as page:
            assert page.head["status"] == 303
        async with opened(server, scope_of("/nothing-here")) as page:
            assert page.head["status"] == 404
            assert (await page.next())["body"]

    run(story)


def test_a_session_that_ended_hears_nothing_more(
    server: LiveServer,
    redis: "Redis",
    application: Application,
    clock: StoppedClock,
    signed_in: SignIn,
) -> None:
    browser = signed_in(make_operator(application))
    cookie = cookie_of(browser)

    async def story() -> None:
        async with opened(server, scope_of("/events", cookie)) as page:
            await page.next()
            announce(redis, call_id=1)
            assert b"QueueChanged" in (await page.next())["body"]
            browser.post("/logout")
            clock.advance(HEARTBEAT_SECONDS)
            announce(redis, call_id=2)
            assert await page.next() == {"type": "http.response.body", "body": b"", "more_body": False}

    run(story)


def test_a_heartbeat_is_due_for_a_page_that_heard_nothing_between_two_looks() -> None:
    async def story() -> None:
        listener = LoopListener(Waker(asyncio.get_running_loop()))
        entry = Entry("1-0", [])
        listener.beat_if_silent()
        listener.offer(entry)
        assert await listener.next() == entry
        listener.beat_if_silent()
        waiting = asyncio.create_task(listener.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        listener.beat_if_silent()
        assert await waiting is None

    run(story)


def test_pages_that_hear_something_at_once_are_woken_by_one_call_of_the_loop() -> None:
    class CountingLoop:
        """Keeps what is called soon."""

        def __init__(self) -> None:
            self.called: list[Callable[[], None]] = []

        def call_soon_threadsafe(self, call: Callable[[], None]) -> None:
            self.called.append(call)

    async def story() -> None:
        loop = CountingLoop()
        waker = Waker(cast("asyncio.AbstractEventLoop", loop))
        listeners = [LoopListener(waker) for _ in range(3)]
        waiting = [asyncio.create_task(listener.next()) for listener in listeners]
        await asyncio.sleep(0)
        for number in range(2):
            for listener in listeners:
                listener.offer(Entry(f"{number}-0", []))
        assert len(loop.called) == 1
        loop.called.pop()()
        assert [item.id for item in await asyncio.gather(*waiting) if isinstance(item, Entry)] == ["0-0"] * 3
        listeners[0].offer(Entry("2-0", []))
        assert len(loop.called) == 1

    run(story)


def test_a_page_that_does_not_read_holds_a_bounded_number_of_entries() -> None:
    async def story() -> None:
        listener = LoopListener(Waker(asyncio.get_running_loop()))
        taken = [listener.offer(Entry(f"{number}-0", [])) for number in range(QUEUE_SIZE + 1)]
        assert taken.count(False) == 1
        listener.drop_one()
        assert listener.offer(Entry("9-9", []))
        for _ in range(QUEUE_SIZE):
            assert listener.take() is not None
        listener.drop_one()
        assert listener.take() is None

    run(story)
