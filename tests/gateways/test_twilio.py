"""The Twilio gateway: the requests it sends, and its mapping of every failure to our four errors."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hotline.clock import system_clock
from hotline.gateways.carrier import (
    CallRequest,
    CarrierError,
    CarrierGone,
    CarrierOutcomeUnknown,
    CarrierRefused,
    CarrierUnavailable,
)
from hotline.gateways.twilio import TwilioCarrier
from tests.exchange.application import Application
from tests.exchange.line import ACCOUNT, HOTLINE, Line
from tests.gateways.conftest import gateway
from tests.ports import free_port

ORDER = CallRequest(
    "+8613800001234",
    "https://hotline.example/a",
    "https://hotline.example/s",
    "https://hotline.example/f",
    30,
)
NOBODY = "CA" + "f" * 32


def carrier_at(url: str, timeout: float = 5.0) -> TwilioCarrier:
    return TwilioCarrier(
        account_sid=ACCOUNT,
        username=ACCOUNT,
        password="token",
        api_url=url,
        from_number=HOTLINE,
        timeout=timeout,
    )


@dataclass
class BrokenCarrier:
    """A server that answers every request with `status` and `body`; None: it closes the connection; `slow`: no answer."""

    url: str = ""
    status: int | None = 500
    body: bytes = b""
    slow: bool = False
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def broken() -> Iterator[BrokenCarrier]:
    state = BrokenCarrier()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if state.slow:
                state.over.wait(20)
            if state.status is None or state.slow:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(state.body)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(state.body)

        do_GET = do_POST = answer  # noqa: N815 - the names http.server calls

        def log_message(self, *_: object) -> None:
            """Logs nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    state.over.set()
    server.shutdown()
    server.server_close()
    thread.join(10)


def said(status: int, code: int) -> bytes:
    return json.dumps({"code": code, "message": f"no {ORDER.to}", "status": status}).encode()


PROBLEM = {"type": "about:blank", "title": "no", "status": 503, "code": 20503}


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (400, said(400, 21211), CarrierRefused),
        (401, said(401, 20003), CarrierRefused),
        (403, b"forbidden", CarrierRefused),
        (307, b"", CarrierRefused),
        (400, said(400, 21220), CarrierGone),
        (404, said(404, 20404), CarrierGone),
        (404, b"<html>", CarrierGone),
        (429, said(429, 20429), CarrierUnavailable),
        (500, said(500, 20500), CarrierOutcomeUnknown),
        (502, b"<html>Bad Gateway</html>", CarrierOutcomeUnknown),
        (503, json.dumps(PROBLEM).encode(), CarrierOutcomeUnknown),
        (201, b"<html>ok</html>", CarrierOutcomeUnknown),
        (None, b"", CarrierOutcomeUnknown),
    ],
)
def test_what_the_carrier_says_when_it_does_not_place_a_call(
    broken: BrokenCarrier, status: int | None, body: bytes, trouble: type[CarrierError]
) -> None:
    broken.status, broken.body = status, body
    with pytest.raises(CarrierError) as raised:
        carrier_at(broken.url).place(ORDER)
    assert raised.type is trouble
    assert ORDER.to not in str(raised.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_list_that_cannot_be_read_is_asked_for_again(broken: BrokenCarrier, status: int) -> None:
    broken.status, broken.body = status, said(status, 20500)
    carrier = carrier_at(broken.url)
    asks: tuple[Callable[[], object], ...] = (
        lambda: carrier.find_placed(ORDER.to, system_clock()),
        lambda: carrier.take_from_queue("hotline", NOBODY, ORDER.answer_url),
    )
    for ask in asks:
        with pytest.raises(CarrierUnavailable):
            ask()


def test_a_refusal_keeps_the_carriers_code(broken: BrokenCarrier) -> None:
    broken.status, broken.body = 400, said(400, 21215)
    with pytest.raises(CarrierRefused) as refused:
        carrier_at(broken.url).place(ORDER)
    assert refused.value.code == 21215


def test_a_refused_connection_certainly_had_no_effect() -> None:
    with pytest.raises(CarrierUnavailable):
        carrier_at(f"http://127.0.0.1:{free_port()}").place(ORDER)


def test_an_answer_that_does_not_come_in_time_is_a_doubt(broken: BrokenCarrier) -> None:
    broken.slow = True
    with pytest.raises(CarrierOutcomeUnknown):
        carrier_at(broken.url, timeout=0.2).place(ORDER)


def test_the_address_is_ours_alone_whatever_the_environment_says(
    broken: BrokenCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    broken.status, broken.body = 429, said(429, 20429)
    with pytest.raises(CarrierUnavailable, match="429"):
        carrier_at(broken.url).place(ORDER)


def test_the_requests_the_carrier_receives(line: Line, application: Application) -> None:
    application.on("/dial/7", "<Say>您好</Say>")
    order = CallRequest(
        "+8613800005678",
        application.url("/dial/7"),
        application.url("/dial/7/status"),
        application.url("/dial/7"),
        45,
    )
    telephone = line.telephone("13800005678")
    sid = gateway(line).place(order)
    telephone.wait_for_ring()
    telephone.answer()
    telephone.hear("您好")
    asked = application.wait_for("/dial/7")[0]
    assert (asked["CallSid"], asked["From"], asked["To"]) == (sid, HOTLINE, "+8613800005678")
    ended = application.wait_for("/dial/7/status")[0]
    assert (ended["CallSid"], ended["CallStatus"]) == (sid, "completed")
    assert [one["CallStatus"] for one in application.to("/dial/7/status")] == ["completed"]


def test_a_wrong_password_is_refused(line: Line) -> None:
    with pytest.raises(CarrierRefused) as refused:
        gateway(line, "wrong").place(ORDER)
    assert refused.value.code == 20003


def test_a_queue_that_was_made_anew_is_found_again(line: Line, application: Application) -> None:
    application.on("/voice", '<Enqueue action="/left" waitUrl="/wait">hotline</Enqueue>')
    application.on("/wait", "<Say>请稍候</Say><Pause length='2'/>")
    application.on("/talk", "<Say>接通</Say>")
    carrier = gateway(line)
    line.calling().hear("请稍候")
    first = application.wait_for("/wait")[0]["CallSid"]
    carrier.take_from_queue("hotline", first, application.url("/talk"))
    line.client.queues(line.client.queues.list()[0].sid).delete()
    line.calling("13900005678").hear("请稍候")
    second = application.wait_for("/wait", lambda request: request["CallSid"] != first)[0]["CallSid"]
    with pytest.raises(CarrierGone):
        carrier.take_from_queue("hotline", second, application.url("/talk"))
    carrier.take_from_queue("hotline", second, application.url("/talk"))
