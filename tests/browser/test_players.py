"""A player whose sound does not arrive says so in words, and only as long as that is true."""

import io
import wave
from typing import TYPE_CHECKING

import pytest

from tests.browser.test_two_tabs import sign_in
from tests.journeys.city import City

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser

PLAYER = """
document.querySelector('main').insertAdjacentHTML('afterbegin',
  '<audio class="player" src="/console/recordings/1/sound"></audio><span class="player-failed" hidden>失败</span>')
"""


def silence() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    return file.getvalue()


def test_a_player_says_that_its_sound_does_not_arrive(city: City, tab: "Tab") -> None:
    page = tab(f"{city.web}/login")
    sign_in(page, "supervisor")
    answers = [{"status": 503}, {"status": 200, "body": silence(), "content_type": "audio/wav"}]

    def answer(route: "Route") -> None:
        route.fulfill(**answers[0])  # type: ignore[arg-type]

    page.route("**/recordings/1/sound", answer)
    page.evaluate(PLAYER)
    page.wait_for_selector(".player-failed", state="visible")
    del answers[0]
    page.evaluate("document.querySelector('.player').load()")
    page.wait_for_selector(".player-failed", state="hidden")
