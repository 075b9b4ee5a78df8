"""Forms come from pages of PUBLIC_URL: judged by Origin, or by Referer without one, and never by the Host header."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from structlog.testing import capture_logs

from agent_console.app import ConsoleOptions, register
from hotline.rules.enums import Role
from hotline.unit_of_work import Application
from tests.builders import make_user

PASSWORD = "an invented password"


def sign_in(
    application: Application, options: ConsoleOptions, public_url: str, address: str, headers: dict[str, str]
) -> int:
    """Signs in at `address`, as the web process sees it behind a proxy, and returns the status."""
    make_user(application, Role.OPERATOR, name="zhang", password=PASSWORD)
    app = Flask("hotline-behind-a-proxy", static_folder=None)
    register(app, application, replace(options, public_url=public_url))
    browser = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/login", base_url=address).text)
    assert token
    form = {"name": "zhang", "password": PASSWORD, "csrf_token": token[1]}
    return browser.post("/login", data=form, headers=headers, base_url=address).status_code


@pytest.mark.parametrize(
    ("public_url", "headers"),
    [
        ("https://line.example:8443", {"Origin": "https://line.example:8443"}),
        ("https://line.example:8443", {"Referer": "https://line.example:8443/login?next=/console"}),
        (
            "https://line.example",
            {"Origin": "https://line.example:443", "Referer": "https://elsewhere.example/"},
        ),
        ("https://line.example:443", {"Origin": "https://line.example"}),
        ("https://LINE.example", {"Origin": "https://line.example"}),
        ("https://热线.example", {"Origin": "https://xn--lrxu80a.example"}),
        ("https://[2001:db8::1]:8443", {"Origin": "https://[2001:db8::1]:8443"}),
        ("http://line.example:8080", {"Origin": "http://line.example:8080"}),
        ("http://line.example:8080", {}),
    ],
)
@pytest.mark.parametrize("address", ["http://10.0.0.1:8000", "https://line.example"])
def test_a_form_of_our_own_page_is_taken_whatever_host_the_proxy_names(
    application: Application,
    console_options: ConsoleOptions,
    public_url: str,
    headers: dict[str, str],
    address: str,
) -> None:
    assert sign_in(application, console_options, public_url, address, headers) == 303


def test_over_plain_http_a_form_may_come_from_the_host_it_was_sent_to(
    application: Application, console_options: ConsoleOptions
) -> None:
    by_another_name = {"Origin": "http://localhost:8000"}
    public_url = "http://127.0.0.1:8000"
    assert sign_in(application, console_options, public_url, "http://localhost:8000", by_another_name) == 303


@pytest.mark.parametrize(
    ("public_url", "headers"),
    [
        ("https://line.example", {"Origin": "https://evil.example"}),
        ("https://line.example", {"Origin": "https://line.example.evil.example"}),
        ("https://line.example", {"Origin": "http://line.example"}),
        ("https://line.example:8443", {"Origin": "https://line.example"}),
        ("https://line.example", {"Origin": "https://line.example:8443"}),
        ("https://line.example", {"Origin": "null", "Referer": "https://line.example/login"}),
        ("https://line.example", {"Origin": "https://line.example:port"}),
        ("https://line.example", {"Referer": "https://evil.example/?https://line.example/"}),
        ("https://line.example", {"Origin": "https://localhost"}),
        ("https://line.example", {}),
        ("http://line.example:8080", {"Origin": "http://evil.example:8080"}),
        ("http://line.example:8080", {"Origin": "https://line.example:8080"}),
    ],
)
def test_a_form_from_elsewhere_is_refused_with_a_line_in_the_log(
    application: Application, console_options: ConsoleOptions, public_url: str, headers: dict[str, str]
) -> None:
    with capture_logs() as logs:
        assert sign_in(application, console_options, public_url, "http://localhost", headers) == 400
    (line,) = [line for line in logs if line["event"] == "form.refused"]
    assert line["public_url"] == public_url
    assert "Origin" in line["reason"] or "origin" in line["reason"]
