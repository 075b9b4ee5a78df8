"""Measures the sound that a page plays: the loudest tone and its level (`ears.js`)."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

_SCRIPT = Path(__file__).with_name("ears.js")
_LISTEN_MS = 300
_ROUNDS = 30
AUDIBLE, SILENT = -60.0, -100.0
"""Decibels below full: a browser's noise suppression lowers a steady tone to -40, silence has no floor."""


def lend_ears(context: "BrowserContext") -> None:
    """Let every page of a context, from its next load on, be listened to."""
    context.add_init_script(path=_SCRIPT)


def hears(page: "Page", hertz: int) -> None:
    """Wait until this tone is the loudest thing the page plays (to the width of the analyser's bins)."""
    heard: list[dict[str, float]] = []
    for _ in range(_ROUNDS):
        heard.append(page.evaluate("ms => listen(ms)", _LISTEN_MS))
        if heard[-1]["decibels"] > AUDIBLE and abs(heard[-1]["hertz"] - hertz) < 12:
            return
    raise AssertionError(f"{hertz} Hz is not heard but {heard}")


def hears_nothing(page: "Page") -> None:
    """Wait until the page plays silence."""
    heard: list[dict[str, float]] = []
    for _ in range(_ROUNDS):
        heard.append(page.evaluate("ms => listen(ms)", _LISTEN_MS))
        if heard[-1]["decibels"] < SILENT:
            return
    raise AssertionError(f"no silence but {heard}")


def has_no_line(page: "Page") -> None:
    """Wait until every peer connection the page ever made is closed."""
    page.wait_for_function("() => openPeers() === 0")
