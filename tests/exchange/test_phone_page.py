"""The browser phone in headless Chromium."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from hotline.exchange.clients import Softphone
from tests.exchange.application import Application
from tests.exchange.line import Line

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
MENU = '<Gather action="/menu" numDigits="1" timeout="600"><Say language="cmn-CN">投诉求助请按1，咨询请按2，重听请按星号键。</Say></Gather>'
ROOM = '<Say>请稍候</Say><Dial><Conference waitUrl="">room</Conference></Dial>'

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="CHROMIUM IS MISSING: the phone page is not tested"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, line: Line) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda entry: problems.append(entry.text) if entry.type == "error" else None)
    opened.goto(f"{line.url}/phone")
    expect(opened.locator("#line")).to_have_text("可以通话")
    yield opened
    context.close()
    assert problems == []


def test_a_call_with_the_keyboard_alone(page: Page, application: Application) -> None:
    application.on("/voice", MENU)
    application.on("/menu", "<Say>您选择了咨询</Say><Pause length='600'/>")
    page.keyboard.press("Enter")
    expect(page.locator("#chips button")).to_have_text(["1投诉求助", "2咨询", "*重听"])
    page.keyboard.press("2")
    expect(page.locator(".heard")).to_contain_text("您选择了咨询")
    expect(page.locator("#keys")).to_have_text("2")
    page.keyboard.press("Escape")
    expect(page.locator("#state")).to_have_text("通话结束 · 已挂断")
    assert application.wait_for("/voice")[0]["From"] == "+8613800001234"


def test_who_dials_the_number_that_is_there_already_dials_it_once(
    page: Page, application: Application
) -> None:
    application.on("/voice", "<Say>您好</Say>")
    for _ in range(2):
        for key in "4412345":
            page.keyboard.press(key)
        expect(page.locator("#to")).to_have_value("4412345")
        page.keyboard.press("Enter")
        expect(page.locator(".heard")).to_contain_text("您好")
        expect(page.locator("#state")).to_contain_text("通话结束")
    assert len(application.wait_for("/voice", count=2)) == 2


def test_a_choice_is_pressed_and_two_people_talk_by_typing(
    page: Page, line: Line, application: Application
) -> None:
    application.on("/voice", MENU)
    application.on("/menu", ROOM)
    page.get_by_role("button", name="拨打").click()
    page.locator("#chips button", has_text="投诉求助").click()
    expect(page.locator(".heard")).to_contain_text("请稍候")
    agent = line.softphone()
    facts = {"to": "client:agent_7", "from_": line.settings.number, "label": "工号017"}
    line.client.conferences("room").participants.create(**facts)
    agent.wait_incoming()
    agent.accept()
    expect(page.locator("#with")).to_have_text("在线：工号017")
    agent.wait_connected()
    agent.say("您好")
    expect(page.locator("#now")).to_have_text("工号017：您好")
    page.locator("#words").fill("路灯坏了")
    page.locator("#words").press("Enter")
    agent.hear("路灯坏了")
    assert application.wait_for("/menu")[0]["Digits"] == "1"


def test_the_phone_says_once_that_the_other_side_has_left(
    page: Page, line: Line, application: Application
) -> None:
    application.on("/voice", ROOM + "<Say>请您评价</Say><Pause length='600'/>")
    page.get_by_role("button", name="拨打").click()
    expect(page.locator(".heard")).to_contain_text("请稍候")
    agent = line.softphone()
    line.client.conferences("room").participants.create(
        to="client:agent_7", from_=line.settings.number, label="工号017", end_conference_on_exit=True
    )
    agent.wait_incoming()
    agent.accept()
    expect(page.locator("#with")).to_have_text("在线：工号017")
    agent.hang_up()
    expect(page.locator(".heard")).to_contain_text("请您评价")
    expect(page.get_by_text("对方已离开")).to_have_count(1)


def test_an_incoming_call_is_answered_in_english(page: Page, line: Line) -> None:
    page.get_by_role("button", name="English").click()
    document = "<Response><Say>For complaints, press 1. Press 2 to hear it again.</Say><Pause length='600'/></Response>"
    line.client.calls.create(to="+8613800001234", from_=line.settings.number, twiml=document)
    expect(page.locator("#caller")).to_have_text("05374412345")
    page.get_by_role("button", name="Answer").click()
    expect(page.locator("#chips button")).to_have_text(["1complaints", "2hear it again"])
    page.get_by_role("button", name="Hang up").click()
    expect(page.locator("#state")).to_have_text("Call ended · hung up")


def test_the_own_number_is_kept_and_used(page: Page, application: Application) -> None:
    page.locator("#me").fill("139 0000 5678")
    page.get_by_role("button", name="更换").click()
    expect(page.locator("#me")).to_have_value("13900005678")
    page.reload()
    expect(page.locator("#me")).to_have_value("13900005678")
    expect(page.locator("#line")).to_have_text("可以通话")
    page.get_by_role("button", name="拨打").click()
    assert application.wait_for("/voice")[0]["From"] == "+8613900005678"


def talk_with_label(page: Page, line: Line, application: Application, label: str) -> Softphone:
    application.on("/voice", MENU)
    application.on("/menu", ROOM)
    page.get_by_role("button", name="拨打").click()
    page.locator("#chips button", has_text="投诉求助").click()
    expect(page.locator(".heard")).to_contain_text("请稍候")
    agent = line.softphone()
    line.client.conferences("room").participants.create(
        to="client:agent_7", from_=line.settings.number, label=label, end_conference_on_exit=True
    )
    agent.wait_incoming()
    agent.accept()
    agent.wait_connected()
    return agent


def test_a_citizen_reads_no_id_of_the_hotline_or_the_exchange(
    page: Page, line: Line, application: Application
) -> None:
    agent = talk_with_label(page, line, application, "operator-271")
    expect(page.locator("#with")).to_have_text("在线：话务员")
    agent.say("您好")
    expect(page.locator("#now")).to_have_text("话务员：您好")
    assert "271" not in page.inner_text("body")


def test_the_own_number_stays_as_it_is_while_a_call_goes_on(page: Page, application: Application) -> None:
    application.on("/voice", MENU)
    page.get_by_role("button", name="拨打").click()
    expect(page.locator("#state")).to_have_text("通话中")
    expect(page.locator("#me")).to_be_disabled()
    expect(page.locator("#change")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.locator("#state")).to_have_text("通话结束 · 已挂断")
    page.locator("#me").fill("13900005678")
    page.locator("#change").click()
    expect(page.locator("#line")).to_have_text("可以通话")
    page.get_by_role("button", name="拨打").click()
    expect(page.locator("#state")).to_have_text("通话中")
    assert [request["From"] for request in application.wait_for("/voice", count=2)] == [
        "+8613800001234",
        "+8613900005678",
    ]


def test_a_late_key_for_a_call_that_is_over_is_no_part_of_the_next_number(
    page: Page, application: Application
) -> None:
    application.on("/voice", "<Say>请您评价，满意请按1。</Say>")
    page.get_by_role("button", name="拨打").click()
    expect(page.locator("#state")).to_contain_text("通话结束")
    page.locator("#to").focus()
    for key in "1*":
        page.keyboard.press(key)
        page.locator(f"#pad button[data-key='{key}']").click()
    expect(page.locator("#to")).to_have_value("4412345")


@pytest.mark.parametrize("width", [390, 1366])
def test_the_page_fits_its_width(page: Page, application: Application, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    application.on("/voice", MENU)
    page.get_by_role("button", name="拨打").click()
    expect(page.locator("#chips button").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.locator("#chips button").last.click(trial=True)
