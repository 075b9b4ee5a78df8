"""The desk as a person sees it: a call rings by itself, words are never lost, two pages do not overwrite each other."""

import re
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from redis import Redis
from sqlalchemy import delete
from werkzeug.serving import make_server

from agent_console.app import ConsoleOptions, register
from agent_console.live.views import HUB
from agent_console.web.console_context import read_assets
from hotline.gateways.live import RedisAnnouncer
from hotline.rules.enums import CallState, NoMatterReason, PresenceState, TicketState
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Presence, SignIn
from hotline.unit_of_work import Application
from tests.browser.chromium import chromium_path, open_chromium
from tests.builders import make_unit, make_user, person_of
from tests.console.browser_desk import Desk
from tests.console.desk_scenes import MASKED

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]
PASSWORD = "an invented password"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if chromium_path() is None:
        pytest.skip("no Chromium on the PATH: the desk is not tried in a browser")
    if not read_assets():
        pytest.skip("the browser files are not built: run `npm run build`")
    with open_chromium() as opened:
        yield opened


@pytest.fixture
def live_hall(application: Application, redis: "Redis") -> Application:
    return replace(application, announce=RedisAnnouncer(redis, lambda _event: False))


@pytest.fixture
def address(live_hall: Application, console_options: ConsoleOptions) -> Iterator[str]:
    """Returns the address of the application, served by threads as in production."""
    app = Flask("hotline-in-a-browser", static_folder=None)
    register(app, live_hall, console_options)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    app.extensions[HUB].close()
    server.shutdown()
    thread.join(10)


@pytest.fixture
def desk(chromium: Browser, address: str, live_hall: Application) -> Iterator[Desk]:
    """A ready desk. Any error of a script, and anything the page's policy had to block, fails the test."""
    person = person_of(make_user(live_hall, name="zhang", password=PASSWORD))
    with live_hall.unit_of_work(Machine.SYSTEM) as work:
        work.session.add(
            Presence(
                user_id=person.id,
                state=PresenceState.READY,
                since=work.at,
                idle_since=work.at,
                seen_at=work.at,
            )
        )
    context = chromium.new_context(base_url=address, viewport={"width": 1366, "height": 768}, locale="zh-CN")
    troubles: list[str] = []
    context.on("weberror", lambda error: troubles.append(str(error.error)))
    context.on(
        "console", lambda said: troubles.append(said.text) if "Content Security" in said.text else None
    )
    # Without an exchange the telephone would be cut off, and its operator offered no call.
    context.route_web_socket(re.compile("/device"), lambda socket: socket.send('{"type": "registered"}'))
    page = context.new_page()
    page.goto("/login")
    page.fill("[name=name]", "zhang")
    page.fill("[name=password]", PASSWORD)
    page.click("form.login button")
    expect(page.locator("#live-state[data-state=on]")).to_be_visible()
    yield Desk(context, page, person, live_hall)
    context.close()
    assert troubles == []


def test_a_call_rings_by_itself_and_its_form_opens_when_it_is_answered(desk: Desk) -> None:
    call_id = desk.caller_arrives()
    card = desk.page.locator("#card")
    expect(card.locator(".is-ringing")).to_contain_text(MASKED, timeout=2000)
    desk.carrier_connects(call_id)
    expect(card.locator(".is-talking")).to_be_visible()
    expect(desk.page.locator("#ticket")).to_be_visible()
    assert desk.ticket().call_id == call_id


def test_what_is_typed_while_the_server_is_away_survives_and_is_saved_later(desk: Desk) -> None:
    desk.talk()
    desk.page.fill("#f-title", "路灯不亮")
    desk.saved()
    desk.context.set_offline(True)
    desk.page.fill("#f-text", "断网时写下的话。")
    expect(desk.page.locator("#save-state[data-kind=unsaved]")).to_be_visible()
    assert "断网时写下的话" in desk.page.evaluate("JSON.stringify({ ...localStorage })")
    desk.context.set_offline(False)
    desk.saved()
    assert desk.ticket().text == "断网时写下的话。"
    kept = desk.page.evaluate("Object.keys(localStorage)")
    assert kept == ["hotline:desk-tabs"], "nothing of a caller stays in the browser"


def test_a_session_that_ends_in_a_talk_is_told_and_what_is_typed_is_saved_after_signing_in_again(
    desk: Desk,
) -> None:
    desk.talk()
    # As the softphone marks the page while its call is open.
    desk.page.evaluate("document.body.setAttribute('data-in-talk', '')")
    with desk.application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(delete(SignIn))
    desk.page.fill("#f-text", "登录结束后写下的话。")
    expect(desk.page.locator("#toast")).to_contain_text("登录已结束")
    expect(desk.page.locator("#save-state[data-kind=unsaved]")).to_be_visible()
    other = desk.context.new_page()
    other.goto("/login")
    other.fill("[name=name]", "zhang")
    other.fill("[name=password]", PASSWORD)
    other.click("form.login button")
    other.wait_for_url("**/console")
    other.close()
    # Two tries: the first brings the new session's token.
    expect(desk.page.locator("#save-state[data-kind=saved]")).to_be_visible(timeout=15_000)
    assert desk.ticket().text == "登录结束后写下的话。"


def test_what_was_not_saved_before_a_reload_is_found_again(desk: Desk) -> None:
    desk.talk()
    desk.context.set_offline(True)
    desk.page.fill("#f-answer", "重载之前写的答复")
    expect(desk.page.locator("#save-state[data-kind=unsaved]")).to_be_visible()
    desk.context.set_offline(False)
    desk.page.on("dialog", lambda dialog: dialog.accept())
    desk.page.goto("/console")
    expect(desk.page.locator("#f-answer")).to_have_value("重载之前写的答复")
    desk.saved()
    assert desk.ticket().answer == "重载之前写的答复"


def test_two_pages_merge_and_ask_about_what_both_changed(desk: Desk) -> None:
    desk.talk()
    other = desk.context.new_page()
    other.goto("/console")
    other.fill("#f-place", "春秋路")
    other.fill("#f-wanted", "另一页的诉求")
    desk.saved(other)
    desk.page.fill("#f-wanted", "我的诉求")
    desk.page.fill("#f-people", "只有我写的")
    theirs = desk.page.locator("[data-field=wanted] .theirs")
    expect(theirs).to_contain_text("另一页的诉求")
    expect(desk.page.locator("#f-place")).to_have_value("春秋路")
    assert desk.ticket().wanted == "另一页的诉求", "nothing is overwritten before a person chose"
    theirs.get_by_text("两者都留").click()
    expect(desk.page.locator("#conflict")).to_be_hidden()
    desk.saved()
    expect(desk.page.locator("#f-wanted")).to_have_value("我的诉求 另一页的诉求")
    ticket = desk.ticket()
    assert (ticket.wanted, ticket.people) == ("我的诉求 另一页的诉求", "只有我写的")


def test_what_is_missing_is_named_at_its_field_and_then_the_ticket_goes_to_its_unit(desk: Desk) -> None:
    make_unit(desk.application, "municipal-works", name_zh="市政工程服务中心")
    desk.reload()
    desk.talk()
    desk.page.fill("#f-title", "路灯不亮")
    desk.page.check("#f-type input[value=complaint]", force=True)
    desk.page.keyboard.press("Control+Shift+Enter")
    expect(desk.page.locator("#e-text")).to_have_text("请填写")
    expect(desk.page.locator("#e-unit_code")).to_have_text("请选择承办单位")
    expect(desk.page.locator("#f-text")).to_be_focused()
    desk.page.keyboard.type("三盏路灯不亮。")
    desk.page.keyboard.press("Alt+KeyU")
    desk.page.keyboard.type("szgc")
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Control+Shift+Enter")
    expect(desk.page.locator("#toast")).to_contain_text("已转办")
    ticket = desk.ticket()
    assert (ticket.state, ticket.unit_code, ticket.text) == (
        TicketState.DISPATCHED,
        "municipal-works",
        "三盏路灯不亮。",
    )


def test_no_matter_is_recorded_by_keyboard_alone(desk: Desk) -> None:
    call_id = desk.talk()
    desk.application.clock.advance(30)
    with desk.application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid="CA" + "1" * 32, status="completed")
    expect(desk.page.locator("#card .is-wrap_up")).to_be_visible()
    desk.page.keyboard.press("Alt+KeyX")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#no-matter")).to_be_visible()
    desk.page.keyboard.press("2")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#card .is-idle")).to_be_visible()
    with desk.application.read_session() as reading:
        call = reading.get_one(Call, call_id)
        assert (call.state, call.no_matter) == (CallState.ENDED, NoMatterReason.WRONG_NUMBER)
        assert reading.get_one(Presence, desk.person.id).state is PresenceState.READY


def test_the_sheet_of_shortcuts_opens_and_closes_without_losing_a_word(desk: Desk) -> None:
    desk.talk()
    desk.page.fill("#f-title", "路灯不亮")
    desk.page.locator("#card").click()
    desk.page.keyboard.press("?")
    expect(desk.page.locator("#shortcuts")).to_be_visible()
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator("#shortcuts")).to_be_hidden()
    expect(desk.page.locator("#f-title")).to_have_value("路灯不亮")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_desk_fits_the_screen_without_scrolling(
    desk: Desk, width: int, height: int, language: str
) -> None:
    desk.context.add_cookies([{"name": "locale", "value": language, "url": desk.page.url}])
    desk.page.set_viewport_size({"width": width, "height": height})
    desk.reload()
    desk.talk()
    beyond = desk.page.evaluate(
        "() => [document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"
    )
    assert max(beyond) <= 0
    cut = desk.page.evaluate(
        "() => [...document.querySelectorAll('.bar, #card, .work-foot')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        ".map(e => e.className || e.id)"
    )
    assert cut == []
