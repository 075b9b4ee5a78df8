"""A browser for the tests, or a clear reason why there is none; the city is the journeys' own."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import chromium_path, open_chromium
from tests.journeys.city import City
from tests.journeys.conftest import city, running_city

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["city", "running_city"]

Tab = Callable[[str], "Page"]


@pytest.fixture(scope="module")  # not session: two drivers at once in one process refuse each other
def browser() -> Iterator["Browser"]:
    if chromium_path() is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    with open_chromium() as opened:
        yield opened


@pytest.fixture
def tab(browser: "Browser", city: City) -> Iterator[Tab]:
    """Open tabs of people who share nothing; any error a page's script throws fails the test."""
    contexts = []
    errors: list[str] = []

    def open_tab(address: str) -> "Page":
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{address}: {error}"))
        page.goto(address)
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert errors == []
