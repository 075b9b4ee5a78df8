"""Pages on a telephone and under the content security policy: width, reachable steps, no refused style, no axe violation."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hotline.rules.enums import TicketState
from tests.browser.test_two_tabs import sign_in
from tests.builders import make_call, make_ticket
from tests.journeys.city import UNIT, City

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
SUPERVISORS = ("/console/reports", "/console/tickets", "/console/calls", "/console/callbacks?state=all")


def violations(page: "Page") -> list[str]:
    """Returns the rules of axe that the page breaks, with the first element of each."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "() => axe.run().then(r => r.violations.map(v => `${v.id}: ${v.nodes[0].html.slice(0, 120)}`))"
    )
    return list(found)


def test_the_pages_of_a_supervisor_keep_the_rules_of_accessibility_and_of_the_policy(
    city: City, tab: "Tab"
) -> None:
    page = tab(f"{city.web}/login")
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    assert violations(page) == []
    at = city.application.clock()
    make_call(city.application, queued_at=at, answered_at=at, wait_seconds=3)
    sign_in(page, "supervisor")
    for address in SUPERVISORS:
        page.goto(f"{city.web}{address}")
        assert violations(page) == [], address
        chart = page.locator("[data-chart]")
        if chart.count():
            chart.hover()
            page.wait_for_timeout(100)
    assert refused == []


def test_the_unit_works_on_a_telephone(city: City, browser: "Browser") -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", has_touch=True)
    page = context.new_page()
    due = city.application.clock() + timedelta(minutes=11)
    words = {"title": "树枝挡住路灯", "place": "书院街道春秋路与静轩路路口东侧"}
    ticket = make_ticket(
        city.application,
        state=TicketState.DISPATCHED,
        unit_code=UNIT,
        acknowledge_due=due,
        contact_due=due + timedelta(days=1),
        due_at=due + timedelta(days=5),
        **words,
    )
    page.goto(f"{city.web}/login")
    sign_in(page, "handler")
    page.goto(f"{city.web}/console/unit")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
    page.click(f".section-list a:has-text('{ticket.number}')")
    page.wait_for_selector(".ticket-sheet-next .btn-act")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    step = page.locator(".ticket-sheet-next .btn-act").bounding_box()
    assert step is not None
    assert step["y"] + step["height"] < 844
    assert not page.is_visible(".section-list")
    assert violations(page) == []
    page.click(".inbox-back a")
    assert page.is_visible(".section-list")
    context.close()
