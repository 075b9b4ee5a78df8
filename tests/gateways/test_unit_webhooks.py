"""Webhooks to units: contents, signature, and what counts as confirmed."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hotline.gateways.notifications.channel import NotificationFailed, UnitAddress, UnitNotification
from hotline.gateways.notifications.webhook import WebhookChannel
from hotline.gateways.webhook_signature import sign
from tests.ports import free_port

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SECRET = "invented-secret-of-a-unit"


@dataclass
class Unit:
    """A unit's system: answers with `status`, or not at all while `slow`."""

    url: str = ""
    status: int = 204
    slow: bool = False
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def unit() -> Iterator[Unit]:
    state = Unit()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            state.headers.append(dict(self.headers))
            if state.slow:
                state.over.wait(20)
            with suppress(OSError):
                self.send_response(state.status)
                self.send_header("Location", state.url)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Logs nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield state
    state.over.set()
    server.shutdown()
    server.server_close()
    thread.join(10)


def notice(unit: Unit) -> UnitNotification:
    return UnitNotification(
        key="assignment-7",
        ticket_number="QF20261123000014",
        unit=UnitAddress("city-management", unit.url, SECRET),
        title="路灯不亮",
        link="https://hotline.example/console/unit?ticket=QF20261123000014",
        due_at=AT,
    )


def test_a_signature_is_the_one_a_unit_computes_by_itself() -> None:
    body = b'{"ticket":"QF20261123000014"}'
    assert sign("secret", 1_795_395_600, body) == (
        "t=1795395600,v1=" + hmac.new(b"secret", b"1795395600." + body, hashlib.sha256).hexdigest()
    )
    assert sign("key", 0, b"") == "t=0,v1=85841b4efc3cd7776c3c8f9b7cca9e281c550e5d19889d78e9e669c6337f000d"


def test_a_unit_is_told_the_ticket_and_its_clock_and_nothing_of_the_caller(unit: Unit) -> None:
    WebhookChannel().send(notice(unit))
    assert json.loads(unit.bodies[0]) == {
        "event": "assignment-7",
        "kind": "ticket.delivered",
        "unit_code": "city-management",
        "ticket": "QF20261123000014",
        "link": "https://hotline.example/console/unit?ticket=QF20261123000014",
        "title": "路灯不亮",
        "due_at": "2026-11-23T01:00:00+00:00",
    }
    headers = unit.headers[0]
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["X-Hotline-Event"] == "assignment-7"
    signature = hmac.new(SECRET.encode(), unit.bodies[0], hashlib.sha256).hexdigest()
    assert headers["X-Hotline-Signature"] == f"sha256={signature}"


def test_a_repetition_is_the_same_event_with_the_same_signature(unit: Unit) -> None:
    for _ in range(2):
        WebhookChannel().send(notice(unit))
    first, second = unit.headers
    assert (first["X-Hotline-Event"], first["X-Hotline-Signature"]) == (
        second["X-Hotline-Event"],
        second["X-Hotline-Signature"],
    )


def test_without_a_secret_nothing_is_sent_and_the_failure_says_what_to_do(unit: Unit) -> None:
    with pytest.raises(NotificationFailed, match="hotline unit secret city-management"):
        WebhookChannel().send(replace(notice(unit), unit=UnitAddress("city-management", unit.url, "")))
    assert unit.bodies == []


def test_the_secret_is_not_in_the_notification_s_text(unit: Unit) -> None:
    assert SECRET not in repr(notice(unit))


def test_a_ticket_without_a_deadline_says_so(unit: Unit) -> None:
    WebhookChannel().send(replace(notice(unit), due_at=None))
    assert json.loads(unit.bodies[0])["due_at"] is None


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_confirms(unit: Unit, status: int) -> None:
    unit.status = status
    WebhookChannel().send(notice(unit))
    assert len(unit.bodies) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 409, 410, 429, 500, 502, 503])
def test_nothing_else_does_and_no_redirect_is_followed(unit: Unit, status: int) -> None:
    unit.status = status
    with pytest.raises(NotificationFailed, match=f"HTTP {status}"):
        WebhookChannel().send(notice(unit))
    assert len(unit.bodies) == 1


def test_a_unit_that_does_not_answer_in_time_did_not_confirm(unit: Unit) -> None:
    unit.slow = True
    with pytest.raises(NotificationFailed, match="ReadTimeout"):
        WebhookChannel(timeout=0.2).send(notice(unit))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/hook", "ftp://127.0.0.1/", "nonsense", "http://", "http://[::1"]
)
def test_an_unreachable_address_is_a_failure_not_a_crash(unit: Unit, url: str) -> None:
    with pytest.raises(NotificationFailed):
        WebhookChannel().send(
            replace(notice(unit), unit=UnitAddress("city-management", url.format(port=free_port()), SECRET))
        )
