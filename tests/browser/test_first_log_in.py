"""A newcomer logs in for the first time as a browser shows it: link, password, second factor, then a passkey."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pyotp
import pytest
from flask import Flask
from werkzeug.serving import make_server

from agent_console.app import ConsoleOptions, register
from hotline.rules.enums import Role
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import Machine
from hotline.rules.policies import Policies
from hotline.services.people import accounts
from hotline.unit_of_work import Application
from tests.console.conftest import console_options, english, flow_catalog
from tests.policies import city_policies
from tests.ports import free_port
from tests.stopped_clock import StoppedClock

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["console_options", "english", "flow_catalog"]
pytestmark = pytest.mark.browser

PASSWORD = "A-password-of-my-own"


@pytest.fixture
def policies() -> Policies:
    city = city_policies()
    return replace(city, accounts=replace(city.accounts, second_factor_roles=frozenset({Role.SUPERVISOR})))


@pytest.fixture
def web(application: Application, console_options: ConsoleOptions) -> Iterator[str]:
    """The console on loopback, under a name: browsers have passkeys on `localhost`, and on no address."""
    port = free_port()
    address = f"http://localhost:{port}"
    app = Flask("hotline-under-test", static_folder=None)
    register(app, application, replace(console_options, public_url=address))
    server = make_server("localhost", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


def enter_password(page: "Page", web: str) -> None:
    page.goto(f"{web}/login")
    page.fill("input[name=name]", "newcomer")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form >> nth=0 >> button")


def test_a_newcomer_sets_a_password_and_a_second_factor_and_later_uses_a_passkey(
    page: "Page", web: str, application: Application, clock: StoppedClock
) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        _, link = accounts.invite_user(work, "newcomer", Account("林一诺", Role.SUPERVISOR))

    page.goto(f"{web}/account/{link}")
    page.fill("[name=new]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.click("main form .btn-act")
    page.wait_for_url("**/console/profile/second-factor")
    page.wait_for_selector("text=您的角色登录时须有第二验证")
    # Every other page leads back here.
    page.goto(f"{web}/console/tickets")
    assert page.url == f"{web}/console/profile/second-factor"

    totp = pyotp.TOTP(page.inner_text(".totp-secret").replace("-", ""))
    page.fill("[name=code]", totp.at(clock.at))
    page.click("main form >> nth=0 >> .btn-act")
    page.wait_for_selector("text=恢复码只显示这一次")
    recovery = page.inner_text(".recovery-codes li >> nth=0")
    page.click("text=已保存，继续")
    page.wait_for_url(f"{web}/console/tickets")

    page.context.clear_cookies()
    enter_password(page, web)
    page.wait_for_url("**/login/second-factor")
    page.fill("[name=code]", recovery)
    page.click("main form .btn-act")
    page.wait_for_url(f"{web}/console/tickets")

    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.goto(f"{web}/console/profile/second-factor")
    page.fill("[name=passkey_name]", "办公电脑")
    page.click("text=添加通行密钥")
    page.wait_for_selector("text=通行密钥已添加")
    assert "办公电脑" in page.inner_text("main")

    page.context.clear_cookies()
    enter_password(page, web)
    page.click("text=用通行密钥")
    page.wait_for_url(f"{web}/console/tickets")

    page.context.clear_cookies()
    page.goto(f"{web}/login?next=/console/reports")
    page.click("text=用通行密钥登录")
    page.wait_for_url(f"{web}/console/reports**")
