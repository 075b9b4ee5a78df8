"""Runs scripted callers on an exchange of their own in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.server import clock_of, serving
from hotline.exchange.time.virtual_clock import loop_for
from hotline.exchange.vocabulary.settings import ExchangeSettings
from tests.exchange.application import Application
from tests.exchange.line import ACCOUNT, TOKEN, default_settings

MORNING = datetime(2026, 11, 23, tzinfo=UTC)


def run_script(settings: ExchangeSettings, story: Callable[[Exchange], Awaitable[None]]) -> Exchange:
    """Runs a script to its end, and until everything that it caused is over."""
    clock = clock_of(settings)

    async def body() -> Exchange:
        async with serving(settings, clock) as exchange:
            await story(exchange)
            while exchange.tasks:
                await asyncio.wait(exchange.tasks)
            return exchange

    with asyncio.Runner(loop_factory=lambda: loop_for(clock)) as runner:
        return runner.run(body())


def settings_for(application: Application, **changes: object) -> ExchangeSettings:
    facts = default_settings(application) | {"virtual": True, "begins": MORNING}
    return ExchangeSettings(**(facts | changes))  # type: ignore[arg-type]


class Rest:
    """The account's REST API for a script on the exchange's own event loop."""

    def __init__(self, exchange: Exchange) -> None:
        self._root = exchange.settings.base_url + exchange.settings.api_root

    async def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Returns the HTTP status and the body of the answer."""
        headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(self._root + path) as answer,
        ):
            return answer.status, await answer.json()

    async def post(self, path: str, **form: str) -> dict[str, Any]:
        headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(self._root + path, data=form) as answer,
        ):
            body: dict[str, Any] = await answer.json()
            assert answer.status < 300, body
            return body
