"""The status page in headless Chromium: it updates, and no row moves under the pointer."""

import shutil
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import open_chromium
from tests.exchange.application import Application
from tests.exchange.line import ACCOUNT, HOTLINE, TOKEN, Line

CHROMIUM = shutil.which("chromium")
WAIT = "<Gather timeout='6000'><Say>请按键</Say></Gather>"
SIZES = [(1366, 768), (1920, 1080), (390, 800)]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="CHROMIUM IS MISSING: the board is not tested"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, line: Line) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda entry: problems.append(entry.text) if entry.type == "error" else None)
    opened.goto(line.url)
    expect(opened.locator("#state")).to_contain_text("live")
    yield opened
    context.close()
    assert [problem for problem in problems if "status of 400" not in problem] == []


def calling(line: Line, application: Application, number: str) -> None:
    application.on("/voice", WAIT)
    line.calling(number).hear("请按键")


def test_calls_appear_with_masked_numbers_and_troubles_with_their_words(
    page: Page, line: Line, application: Application
) -> None:
    expect(page.locator("#calls .empty")).to_be_visible()
    application.on("/voice", "<Say>你好</Say><Foo/>")
    line.calling("13900005678").hear("application error")
    expect(page.locator("#calls tbody")).to_contain_text("+86139****5678")
    expect(page.locator("#troubles tbody")).to_contain_text("unknown verb <Foo>")
    expect(page.locator("#requests tbody")).to_contain_text("POST /voice")
    assert "13900005678" not in page.locator("body").inner_text()


def test_a_row_under_the_pointer_stays_and_new_ones_wait_at_the_edge(
    page: Page, line: Line, application: Application
) -> None:
    calling(line, application, "13900000001")
    rows = page.locator("#calls tbody tr")
    expect(rows).to_have_count(1)
    rows.first.hover()
    before = rows.first.bounding_box()
    calling(line, application, "13900000002")
    expect(page.locator("#calls .news")).to_have_text("＋1 条新 new · N")
    assert rows.count() == 1
    assert rows.first.bounding_box() == before
    expect(page.locator("#figures")).to_contain_text("live 2")
    page.keyboard.press("n")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("0002")


def test_new_rows_come_in_when_the_pointer_leaves(page: Page, line: Line, application: Application) -> None:
    calling(line, application, "13900000001")
    page.locator("#calls tbody tr").first.hover()
    calling(line, application, "13900000002")
    expect(page.locator("#calls .news")).to_be_visible()
    page.locator("h1").hover()
    expect(page.locator("#calls tbody tr")).to_have_count(2)
    expect(page.locator("#calls .news")).to_be_hidden()


def test_a_request_is_opened_with_the_keyboard_and_closed_with_escape(
    page: Page, line: Line, application: Application
) -> None:
    calling(line, application, "13900005678")
    page.locator("#requests tbody tr").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#opened-sent")).to_contain_text("+8613900005678")
    expect(page.locator("#opened-answer")).to_contain_text("<Say>请按键</Say>")
    page.keyboard.press("Escape")
    expect(page.locator("#opened")).to_be_hidden()


def test_a_fault_is_set_turned_off_and_removed(page: Page, line: Line) -> None:
    page.locator("[name=fault]").select_option("unavailable")
    page.locator("[name=step]").select_option("list-calls")
    page.locator("[name=times]").fill("")
    page.get_by_role("button", name="设置").click()
    row = page.locator("#faults tbody tr")
    expect(row).to_contain_text("暂不可用 unavailable")
    url = f"{line.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    assert requests.get(url, auth=(ACCOUNT, TOKEN), timeout=5).status_code == 503
    expect(page.locator("#requests tbody tr").first).to_contain_text("503")
    row.get_by_role("checkbox").uncheck()
    expect(row).to_have_class("over")
    assert requests.get(url, auth=(ACCOUNT, TOKEN), timeout=5).status_code == 200
    row.get_by_role("button", name="移除").click()
    page.locator("h1").hover()
    expect(page.locator("#faults .empty")).to_be_visible()
    expect(page.locator("#faults .empty")).to_contain_text("No faults are set.")


def test_what_the_exchange_refuses_to_set_is_told(page: Page) -> None:
    page.locator("#new-fault").evaluate("form => { form.noValidate = true; }")
    page.locator("[name=nth]").fill("0")
    page.get_by_role("button", name="设置").click()
    expect(page.locator("#fault-note")).to_have_text("nth: must be 1 or more")


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_board_fits_with_three_hundred_legs(page: Page, line: Line, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    with requests.Session() as session:
        session.auth = (ACCOUNT, TOKEN)
        url = f"{line.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
        for number in range(300):
            form = {"To": f"+8613800{number:06}", "From": HOTLINE, "Twiml": "<Response/>", "Timeout": "600"}
            assert session.post(url, data=form, timeout=5).status_code == 201
    expect(page.locator("#calls tbody tr")).to_have_count(300)
    expect(page.locator("#calls .count")).to_have_text("300")
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    if size[0] > 1100:
        assert page.evaluate("document.documentElement.scrollHeight") == size[1]
