"""The exchange as a process: its health, its origin checks, and its end on a signal."""

import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest
import requests

from hotline.exchange.clients.telephone import LineError, Softphone, Telephone
from hotline.exchange.server import running_in_thread
from hotline.exchange.vocabulary.settings import ExchangeSettings
from tests.exchange.application import Application
from tests.exchange.line import ACCOUNT, KEY, SECRET, TOKEN, Line, token_for
from tests.ports import free_port

SCRIPT = """
import sys
from hotline.exchange.server import serve
from hotline.exchange.vocabulary.settings import ExchangeSettings
account, token, key, secret, port, voice = sys.argv[1:]
serve(ExchangeSettings(account_sid=account, auth_token=token, api_key=key, api_secret=secret, number="+865374412345",
                       voice_url=voice, status_url=voice, port=int(port)))
"""


def command_for(application: Application) -> tuple[str, list[str]]:
    port = free_port()
    facts = [ACCOUNT, TOKEN, KEY, SECRET, str(port), application.url("/voice")]
    return f"http://127.0.0.1:{port}", [sys.executable, "-c", SCRIPT, *facts]


def wait_until_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        assert process.poll() is None, "the exchange ended by itself"
        try:
            if requests.get(f"{url}/healthz", timeout=1).status_code == 200:
                return
        except requests.ConnectionError:
            continue
    pytest.fail("the exchange did not start")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_within_two_seconds_with_open_lines_and_a_running_call(
    application: Application, number: signal.Signals
) -> None:
    application.on("/voice", "<Say>你好</Say><Pause length='600'/>")
    url, command = command_for(application)
    with subprocess.Popen(command) as process, ExitStack() as stack:
        try:
            wait_until_healthy(url, process)
            telephone = stack.enter_context(Telephone(url, "13800001234"))
            stack.enter_context(Softphone(url, token_for("agent_7")))
            telephone.dial("4412345")
            telephone.hear("你好")
            process.send_signal(number)
            began = time.monotonic()
            assert process.wait(5) == 0
            assert time.monotonic() - began < 2
            with pytest.raises(LineError):
                telephone.wait_for_ring()
        finally:
            process.kill()


def test_pages_are_served_under_a_strict_policy(line: Line) -> None:
    for path in ("/", "/board.json", "/phone", "/static/phone.js", "/static/board.css"):
        answer = requests.get(line.url + path, timeout=5)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
    for path in ("/static/..%2fsettings.py", "/static/secret", "/nothing"):
        assert requests.get(line.url + path, timeout=5).status_code == 404


@pytest.mark.parametrize(("origin", "status"), [("http://127.0.0.1:8000", 101), ("http://localhost", 101), ("https://evil.example", 403), ("null", 403)])  # fmt: skip
@pytest.mark.parametrize("path", ["/phone/ws?number=13800001234", "/device?token=x"])
def test_websockets_are_for_pages_of_this_machine(line: Line, path: str, origin: str, status: int) -> None:
    headers = {
        "Origin": origin,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    with requests.get(line.url + path, headers=headers, timeout=5, stream=True) as answer:
        assert answer.status_code == status


@pytest.mark.parametrize(
    "wrong",
    [
        {"pace": 0},
        {"calls_per_second": -1},
        {"number": "4412345"},
        {"voice_url": "/v"},
        {"app_voice_url": ""},
    ],
)
def test_settings_with_which_nothing_could_work_are_refused(wrong: dict[str, object]) -> None:
    facts: dict[str, object] = {
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "api_key": KEY,
        "api_secret": SECRET,
        "number": "+865374412345",
        "voice_url": "http://127.0.0.1/v",
        "status_url": "http://127.0.0.1/s",
    }
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ExchangeSettings(**(facts | wrong))  # type: ignore[arg-type]


def test_a_port_that_is_taken_is_told_at_once(line: Line) -> None:
    with pytest.raises(OSError, match="address already in use"), running_in_thread(line.settings):
        pass
