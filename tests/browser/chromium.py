"""Debian's Chromium, headless, with the flags that let it work without a network, as root, and with an invented microphone."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Launch = Callable[..., "Browser"]

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
]


def chromium_path() -> str | None:
    """Return the browser's program, or None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def open_chromium() -> Iterator["Browser"]:
    """Run one browser. Raises FileNotFoundError where there is none."""
    with chromium_launcher() as launch:
        yield launch()


@contextmanager
def chromium_launcher() -> Iterator[Launch]:
    """Run any number of browsers, each with flags of its own, until the block is left. Raises FileNotFoundError."""
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    if path is None:
        raise FileNotFoundError("chromium")
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright, ExitStack() as stack:

        def launch(*flags: str) -> "Browser":
            browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *sandbox, *flags])
            stack.callback(browser.close)
            return browser

        yield launch
