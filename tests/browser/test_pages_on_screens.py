"""Pages on a telephone and under the content security policy: width, reachable steps, no refused style, no axe violation."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hotline.rules.enums import Role, TicketState
from tests.browser.test_two_tabs import sign_in
from tests.builders import make_call, make_ticket, make_user
from tests.journeys.city import PASSWORD, UNIT, City

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
SUPERVISORS = (
    "/console/reports",
    "/console/tickets",
    "/console/calls",
    "/console/callbacks?state=all",
    "/console/notices",
    "/console/deliveries",
    "/console/flows",
    "/console/flows/inbound",
)
ADMINISTRATORS = ("/console/flows/draft", "/console/notices")
OPERATORS = ("/console",)


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


def test_the_pages_of_an_operator_and_an_administrator_keep_the_rules_of_accessibility(
    city: City, tab: "Tab"
) -> None:
    make_user(city.application, Role.ADMIN, name="admin", password=PASSWORD)
    for name, addresses in (("operator", OPERATORS), ("admin", ADMINISTRATORS)):
        page = tab(f"{city.web}/login")
        sign_in(page, name)
        for address in addresses:
            page.goto(f"{city.web}{address}")
            assert violations(page) == [], address


def test_the_table_of_units_is_sorted_by_its_column_heads_and_the_total_stays_last(
    city: City, tab: "Tab"
) -> None:
    at = city.application.clock()
    for tickets, code in ((2, UNIT), (3, "water")):
        for _ in range(tickets):
            make_ticket(city.application, state=TicketState.DISPATCHED, unit_code=code, dispatched_at=at)
    page = tab(f"{city.web}/login")
    sign_in(page, "supervisor")
    page.goto(f"{city.web}/console/reports")

    def column(number: int) -> list[str]:
        return page.locator(f"table.units tbody tr td:nth-child({number})").all_inner_texts()

    names = column(1)
    head = page.locator("table.units th").nth(1)
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    *counts, total = [int(text) for text in column(2)]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) > 1
    assert total == sum(counts)
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert [int(text) for text in column(2)] == [*sorted(counts), total]
    assert violations(page) == []
    page.locator("table.units th button").first.click()
    assert head.get_attribute("aria-sort") is None
    assert column(1) == names


def test_days_and_files_are_chosen_in_the_language_of_the_page(city: City, tab: "Tab") -> None:
    make_user(city.application, Role.ADMIN, name="admin2", password=PASSWORD)
    page = tab(f"{city.web}/login")
    sign_in(page, "admin2")
    page.goto(f"{city.web}/console/calls")
    page.fill("[name=day]", "12/01/2026")
    assert page.eval_on_selector(
        "[name=day]", "field => (field.form.reportValidity(), field.validationMessage)"
    ) == ("请按 2026-12-01 的格式填写日期")
    page.fill("[name=day]", "2026/12/1")
    page.keyboard.press("Enter")
    page.wait_for_url("**day=2026*")
    assert page.input_value("[name=day]") == "2026-12-01"
    page.goto(f"{city.web}/console/flows/draft")
    assert page.inner_text(".file-name") == "未选择文件"
    page.set_input_files("[name=file]", {"name": "夜间.toml", "mimeType": "text/plain", "buffer": b"x"})
    assert page.inner_text(".file-name") == "夜间.toml"


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
