"""Measures the time from the carrier's webhook to the new call in an operator's browser: real page, real stream, real Redis.

Run by `make bench`. The moment is taken in the page when the ringing card enters the document, on the same machine's
clock. The target: 95 of 100 within 300 ms.
"""

import shutil
import statistics
import sys
import time
from typing import TYPE_CHECKING

import requests

from tests.benchmarks.carrier import SignedCarrier
from tests.benchmarks.redis_server import own_redis
from tests.browser.chromium import open_chromium
from tests.journeys.city import PASSWORD, City, close_city, found_city, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

CALLS = 60
WATCH = """() => {
  window.seenAt = 0;
  new MutationObserver(() => {
    if (!window.seenAt && document.querySelector('[data-stage="ringing"]')) window.seenAt = Date.now();
  }).observe(document.body, {childList: true, subtree: true});
}"""


def main() -> int:
    if shutil.which("chromium") is None:
        print("## New call in the operator's browser: not measured, no chromium on this machine")
        return 0
    with own_redis() as redis_url:
        city = found_city(redis_url)
        try:
            # A desk whose telephone cannot reach the exchange is not ready.
            for name in ("web", "exchange"):
                city.start(name)
            until("the web answers", lambda: _ready(city), 60)
            with open_chromium() as browser:
                waits = measure(city, browser.new_page())
        finally:
            close_city(city)
    waits.sort()
    p95 = waits[int(len(waits) * 0.95) - 1]
    print("## New call in the operator's browser, after the carrier's webhook was sent")
    print(
        f"calls {len(waits)}   p50 {statistics.median(waits):.0f} ms   p95 {p95:.0f} ms   max {waits[-1]:.0f} ms   (target p95 <= 300 ms)"
    )
    return 0 if p95 <= 300 else 1


def measure(city: City, page: "Page") -> list[float]:
    """Ring the desk `CALLS` times; return the milliseconds each took to appear."""
    page.goto(f"{city.web}/login")
    page.fill("input[name=name]", "operator")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/console")
    page.click("[data-act=ready]:visible")
    page.wait_for_selector("#card [data-act=ready]", state="hidden")
    page.evaluate(WATCH)
    carrier = SignedCarrier(city)
    waits = []
    for _ in range(CALLS):
        sid = carrier.incoming()
        page.evaluate("() => { window.seenAt = 0 }")
        began = time.time() * 1000
        carrier.heard(sid, "0")
        page.wait_for_function("() => window.seenAt > 0", timeout=10_000)
        waits.append(page.evaluate("() => window.seenAt") - began)
        carrier.ended(sid)
        page.wait_for_selector('[data-stage="ringing"]', state="detached")
    return waits


def _ready(city: City) -> bool:
    try:
        return requests.get(f"{city.web}/readyz", timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


if __name__ == "__main__":
    sys.exit(main())
