"""The story of the README in two tabs (and a third for the unit): clicked, typed and read as people do."""

import re
from typing import TYPE_CHECKING

import pytest

from tests.journeys.city import PASSWORD, City

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser


def sign_in(page: "Page", name: str) -> None:
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    # A click before the next page's script has run is lost.
    page.wait_for_url(re.compile("/console"), wait_until="load")


def heard(page: "Page", words: str) -> None:
    """Wait until the telephone has said `words`."""
    page.wait_for_function(
        "words => document.querySelector('.heard').innerText.includes(words)", arg=words, timeout=20_000
    )


def test_a_caller_and_an_operator_meet_and_the_matter_is_followed_until_solved(
    city: City, tab: "Tab"
) -> None:
    desk = tab(f"{city.web}/login")
    sign_in(desk, "operator")
    desk.click("[data-act=ready]:visible")
    desk.wait_for_selector("[data-act=ready]:visible", state="hidden")

    phone = tab(f"{city.exchange}/phone")
    phone.fill("#me", "13800009001")
    phone.click("#own button")
    phone.click("#call")
    heard(phone, "投诉求助请按1")
    phone.keyboard.press("1")

    desk.wait_for_selector('[data-stage="ringing"]', timeout=20_000)
    assert "138****9001" in desk.inner_text("[data-stage=ringing]")
    desk.keyboard.press("F2")
    desk.wait_for_selector('[data-stage="talking"]', timeout=20_000)
    phone.fill("#words", "书院街道的路灯坏了三天了")
    phone.keyboard.press("Enter")
    desk.wait_for_function("() => document.body.innerText.includes('书院街道的路灯坏了三天了')")

    desk.wait_for_selector("#ticket")
    desk.wait_for_function("() => document.activeElement?.id === 'f-title'")
    assert desk.is_checked("input[name=type][value=complaint]")
    desk.fill("#f-title", "路灯连续三天不亮")
    desk.fill("#f-text", "书院街道春秋路东段五盏路灯三天不亮，夜间出行不便。")
    desk.fill("#f-place", "书院街道春秋路")
    desk.fill("#unit-q", "城市管理")
    desk.click("#unit-list [data-code=urban-management]")
    desk.wait_for_function("() => /已保存/.test(document.querySelector('#save-state').innerText)")
    desk.keyboard.press("Control+Shift+Enter")
    desk.wait_for_function("() => /QF\\d{14}/.test(document.body.innerText)", timeout=10_000)
    number = re.search(r"QF\d{14}", desk.inner_text("body"))
    assert number is not None
    desk.keyboard.press("F9")
    heard(phone, "再见")

    office = tab(f"{city.web}/login")
    sign_in(office, "handler")
    office.wait_for_selector(".inbox")
    office.goto(f"{city.web}/console/unit?ticket={number.group()}")
    for needed in (None, "contact_note", "reply", None):
        if needed:
            office.fill(
                f".ticket-sheet-next form.step >> nth=0 >> [name={needed}]", "已联系来电人并修复，欢迎监督。"
            )
        office.click(".ticket-sheet-next form.step >> nth=0 >> .btn-act")
        office.wait_for_load_state()
    assert "已办结" in office.inner_text("main")

    phone.wait_for_selector("#answer:visible", timeout=30_000)
    phone.click("#answer")
    heard(phone, "解决了吗")
    phone.keyboard.press("1")
    heard(phone, "满意吗")
    phone.keyboard.press("1")
    heard(phone, "感谢您的评价")

    report = tab(f"{city.web}/login")
    sign_in(report, "supervisor")
    report.goto(f"{city.web}/console/reports")
    assert "解决率" in report.inner_text("main")
