"""Sound from tab to tab: two browsers with invented microphones, a high tone the caller, a low one the operator."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
import requests

from tests.browser.chromium import chromium_launcher, chromium_path
from tests.browser.ears import has_no_line, hears, hears_nothing, lend_ears
from tests.browser.tones import CALLER, OPERATOR, Recorded, read_wav, write_tone
from tests.exchange.conftest import application, make_line
from tests.exchange.line import ACCOUNT, TOKEN, Line
from tests.journeys.city import PASSWORD, City

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.exchange.application import Application

__all__ = ["application", "make_line"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

Tab = Callable[..., "Page"]
BRIDGED = '<Dial record="record-from-answer"><Number>+8613900005678</Number></Dial><Pause length="60"/>'
LOUD = 500
"""Amplitude of a tone that is clearly there; what is not there stays below a twentieth of it."""


@pytest.fixture(scope="module")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, "Browser"]]:
    """A browser for each voice: tabs of one browser would share its microphone."""
    if chromium_path() is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    home = tmp_path_factory.mktemp("voices")
    with chromium_launcher() as launch:
        yield {
            hertz: launch(f"--use-file-for-fake-audio-capture={write_tone(home / f'{hertz}.wav', hertz)}")
            for hertz in (CALLER, OPERATOR)
        }


@pytest.fixture
def tab(browsers: dict[int, "Browser"]) -> Iterator[Tab]:
    """Open tabs of people with a voice; any error a page's script throws, or policy it breaks, fails the test."""
    contexts = []
    errors: list[str] = []

    def open_tab(hertz: int, address: str, number: str = "") -> "Page":
        context = browsers[hertz].new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
        contexts.append(context)
        lend_ears(context)
        if number:
            keep = f"localStorage.setItem('phone.number', '{number}')"
            context.add_init_script(f"if (location.protocol !== 'about:') {keep}")
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on("console", lambda said: errors.append(said.text) if "Policy" in said.text else None)
        page = context.new_page()
        page.goto(address)
        return page

    yield open_tab
    for context in contexts:
        context.close()
    assert errors == []


def bridged(line: Line, tab: Tab) -> tuple["Page", "Page"]:
    """Two people with telephones, connected by the hotline."""
    callee = tab(OPERATOR, f"{line.url}/phone", "13900005678")
    caller = tab(CALLER, f"{line.url}/phone", "13800001234")
    caller.click("#call")
    callee.click("#answer")
    return caller, callee


def sound_of(line: Line, sid: str) -> Recorded:
    url = f"{line.settings.base_url}{line.settings.api_root}/Recordings/{sid}.wav"
    return read_wav(requests.get(url, auth=(ACCOUNT, TOKEN), timeout=5).content)


def test_a_caller_and_an_operator_hear_each_other_until_one_hangs_up(city: City, tab: Tab) -> None:
    desk = tab(OPERATOR, f"{city.web}/login")
    desk.fill("input[name=name]", "operator2")
    desk.fill("input[name=password]", PASSWORD)
    desk.click("main button")
    # A click before the page's script has run is lost.
    desk.wait_for_url("**/console", wait_until="load")
    desk.click("[data-act=ready]:visible")
    desk.wait_for_selector("[data-act=ready]:visible", state="hidden")
    phone = tab(CALLER, f"{city.exchange}/phone", "13800009077")
    phone.click("#call")
    desk.wait_for_selector('[data-stage="ringing"]', timeout=20_000)
    desk.keyboard.press("F2")

    hears(phone, OPERATOR)
    hears(desk, CALLER)
    assert "您听得到对方" in desk.inner_text("#voice")
    assert "对方听得到您" in phone.inner_text("#voice")

    for page, place in ((desk, "#voice [data-taped]:visible"), (phone, "[data-taped]:visible")):
        page.wait_for_selector(place)
    desk.keyboard.press("F8")
    hears_nothing(phone)
    hears(desk, CALLER)
    assert "静音，对方听不到" in desk.inner_text("#voice")
    desk.keyboard.press("F8")
    hears(phone, OPERATOR)

    desk.keyboard.press("F9")
    for page in (phone, desk):
        has_no_line(page)
        hears_nothing(page)
    desk.wait_for_selector('[data-stage="wrap_up"]', timeout=20_000)
    desk.click("[data-act=no-matter]")
    desk.click("#no-matter .choice >> nth=0")
    desk.click("#no-matter .btn-act")
    desk.wait_for_selector('[data-stage="idle"]', timeout=20_000)
    desk.click(".presence > summary")
    desk.click("[data-act='not-ready'] >> nth=0")
    desk.wait_for_selector("[data-act=ready]:visible")


def test_a_recorded_call_holds_both_voices_for_as_long_as_it_was_recorded(
    make_line: Callable[..., Line], application: "Application", tab: Tab
) -> None:
    line = make_line(pace=1.0)
    application.on("/voice", BRIDGED)
    caller, callee = bridged(line, tab)
    hears(caller, OPERATOR)
    hears(callee, CALLER)
    for page in (caller, callee):  # each has heard the other for a while, so both are on the tape
        page.wait_for_function("() => document.querySelector('#timer').textContent >= '0:02'")
    assert ["录音中" in page.inner_text("#voice") for page in (caller, callee)] == [True, True]
    callee.click("#hangup")
    has_no_line(caller)
    (tape,) = line.client.recordings.list()
    sound = sound_of(line, tape.sid)
    assert abs(sound.seconds - int(tape.duration)) <= 0.5
    assert 2 <= sound.seconds <= 12
    last = (sound.seconds - 1.0, sound.seconds - 0.3)
    assert sound.strength(CALLER, *last) > LOUD
    assert sound.strength(OPERATOR, *last) > LOUD
    assert sound.strength(700, *last) < LOUD / 20


def test_what_is_said_while_the_recording_is_paused_is_not_kept(
    make_line: Callable[..., Line], application: "Application", tab: Tab
) -> None:
    line = make_line(pace=1.0)
    application.on("/voice", BRIDGED)
    caller, callee = bridged(line, tab)
    hears(callee, CALLER)
    (tape,) = line.client.recordings.list()
    recording = line.client.calls(tape.call_sid).recordings("Twilio.CURRENT")
    recording.update(status="paused")
    caller.wait_for_selector("#voice [data-taped]", state="hidden")
    caller.wait_for_function("() => document.querySelector('#timer').textContent >= '0:03'")
    callee.click("#hangup")
    has_no_line(caller)
    sound = sound_of(line, tape.sid)
    assert sound.strength(CALLER, sound.seconds - 0.7, sound.seconds) < LOUD / 20
    before = max(sound.strength(CALLER, at / 10, at / 10 + 0.2) for at in range(20))
    assert before > LOUD


def test_who_is_on_hold_is_heard_by_nobody_and_hears_nobody_until_taken_back(
    make_line: Callable[..., Line], application: "Application", tab: Tab
) -> None:
    line = make_line(pace=1.0)
    application.on("/voice", '<Dial><Conference waitUrl="">room</Conference></Dial>')
    one, other = (
        tab(hertz, f"{line.url}/phone", number)
        for hertz, number in ((CALLER, "13800001234"), (OPERATOR, "13900005678"))
    )
    for page in (one, other):
        page.click("#call")
    hears(one, OPERATOR)
    hears(other, CALLER)
    (room,) = line.client.conferences.list()
    held = room.participants.list()[0]
    held.update(hold=True)
    for page in (one, other):
        has_no_line(page)
        hears_nothing(page)
    held.update(hold=False)
    hears(one, OPERATOR)
    hears(other, CALLER)


def test_a_message_is_recorded_from_the_microphone(
    make_line: Callable[..., Line], application: "Application", tab: Tab
) -> None:
    line = make_line(pace=1.0)
    application.on("/voice", '<Record action="/left" maxLength="3" playBeep="false"/>')
    application.on("/left", "<Say>已收到</Say>")
    phone = tab(CALLER, f"{line.url}/phone", "13800001234")
    phone.click("#call")
    left = application.wait_for("/left")[0]
    sound = sound_of(line, left["RecordingSid"])
    assert (left["RecordingDuration"], round(sound.seconds)) == ("3", 3)
    assert sound.strength(CALLER, 2.0, 2.7) > LOUD


def test_without_a_microphone_one_hears_and_types(
    make_line: Callable[..., Line], application: "Application", tab: Tab
) -> None:
    line = make_line(pace=1.0)
    application.on("/voice", BRIDGED)
    callee = tab(OPERATOR, f"{line.url}/phone", "13900005678")
    caller = tab(CALLER, "about:blank", "13800001234")
    caller.context.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
    )
    caller.goto(f"{line.url}/phone")
    caller.click("#call")
    callee.click("#answer")
    caller.wait_for_function(
        "() => document.querySelector('#voice').innerText.includes('没有麦克风，请打字')"
    )
    hears(caller, OPERATOR)
    hears_nothing(callee)
    caller.fill("#words", "我没有麦克风")
    caller.keyboard.press("Enter")
    callee.wait_for_function("() => document.querySelector('.heard').innerText.includes('我没有麦克风')")
