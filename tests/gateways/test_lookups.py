"""The lookup gateway: what it sends, what counts as an answer, and that no answer delays the caller beyond the limit."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from hotline.gateways.lookups import MAX_BYTES, HttpLookups, LookupRequest, LookupResponse, Lookups
from hotline.gateways.webhook_signature import sign
from tests.fakes import FakeLookups
from tests.ports import free_port

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SECRET = "invented-secret-of-the-waterworks"
# Seconds: for who answers at once, and for who does not.
PATIENCE, SHORT = 5.0, 0.3
WATER = LookupResponse(found=True, text_zh="您所在小区今天停水。", text_en="No water today.")
TOLD = {"found": True, "zh-CN": WATER.text_zh, "en": WATER.text_en}


def document(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Waterworks:
    """A system of the city: answers every request with `pieces`, `pause` seconds apart."""

    url: str = ""
    pieces: list[bytes] = field(default_factory=list)
    pause: float = 0
    # Says nothing more and does not hang up either.
    stays: bool = False
    asked: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def says(self, body: bytes, *headers: str, status: str = "200 OK") -> None:
        self.pieces = [document(body, *headers, status=status)]

    def serve(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                line, _ = listening.accept()
                with line, suppress(OSError):
                    self.asked.append(_read_question(line))
                    self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        for piece in self.pieces:
            line.sendall(piece)
            if self.over.wait(self.pause):
                return
        if self.stays:
            self.over.wait(20)


def _read_question(line: socket.socket) -> bytes:
    text = b""
    while b"\r\n\r\n" not in text:
        text += line.recv(65536)
    head, _, body = text.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += line.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def waterworks() -> Iterator[Waterworks]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        there = Waterworks(f"http://127.0.0.1:{listening.getsockname()[1]}/hotline")
        thread = threading.Thread(target=there.serve, args=(listening,), daemon=True)
        thread.start()
        yield there
        there.over.set()
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def question(url: str, seconds: float = PATIENCE) -> LookupRequest:
    return LookupRequest("lookup-7", url, SECRET, seconds, "+8613800001234")


def ask(there: Waterworks, seconds: float = PATIENCE) -> LookupResponse | None:
    return HttpLookups().ask(question(there.url, seconds), AT)


@dataclass(frozen=True)
class Side:
    """One implementation of `Lookups`, and the function that sets its answer (None: no valid answer)."""

    lookups: Lookups
    url: str
    answers: Callable[[LookupResponse | None], None]


@pytest.fixture(params=["fake", "http"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "fake":
        fake = FakeLookups()
        return Side(fake, "https://water.example", lambda reply: setattr(fake, "reply", reply))
    there: Waterworks = request.getfixturevalue("waterworks")

    def answers(reply: LookupResponse | None) -> None:
        if reply is None:
            there.says(b"", status="503 Service Unavailable")
        else:
            told = {"found": reply.found, "zh-CN": reply.text_zh, "en": reply.text_en}
            there.says(json.dumps(told).encode())

    return Side(HttpLookups(), there.url, answers)


@pytest.mark.parametrize(
    "reply", [WATER, LookupResponse(True, "停水。", ""), LookupResponse(False, "", ""), None]
)
def test_both_tell_what_was_answered_and_none_for_no_answer(side: Side, reply: LookupResponse | None) -> None:
    side.answers(reply)
    assert side.lookups.ask(question(side.url), AT) == reply
    assert side.lookups.ask(question(side.url), AT) == reply


def test_a_question_is_signed_and_repeatable_and_names_the_caller(waterworks: Waterworks) -> None:
    waterworks.says(json.dumps(TOLD).encode())
    assert ask(waterworks) == WATER
    head, _, body = waterworks.asked[0].partition(b"\r\n\r\n")
    assert json.loads(body) == {"id": "lookup-7", "caller": "+8613800001234"}
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /hotline HTTP/1.1"
    assert "Content-Type: application/json" in lines
    assert "Idempotency-Key: lookup-7" in lines
    assert f"X-Hotline-Signature: {sign(SECRET, int(AT.timestamp()), body)}" in lines


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/html; charset=gb2312", "nonsense"])
def test_the_words_count_and_not_what_they_are_called(waterworks: Waterworks, kind: str) -> None:
    waterworks.says(json.dumps(TOLD).encode(), f"Content-Type: {kind}")
    assert ask(waterworks) == WATER


def test_an_answer_may_be_squeezed_and_come_in_pieces(waterworks: Waterworks) -> None:
    squeezed = gzip.compress(json.dumps(TOLD).encode())
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (squeezed[:9], squeezed[9:])]
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    waterworks.pieces, waterworks.pause = [head, *chunks, b"0\r\n\r\n"], 0.02
    assert ask(waterworks) == WATER


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\xfd",
        b"<html>404</html>",
        b"[]",
        b"null",
        b'{"zh-CN": "x"}',
        b'{"found": "perhaps"}',
        b'{"found": true, "zh-CN": 5}',
        b'{"found": true, "zh-CN": "\\ud800"}',
        json.dumps({"found": True, "zh-CN": "水" * 301}).encode(),
        b'{"found":' + b"[" * 5000,
    ],
)
def test_what_cannot_be_understood_is_no_answer(waterworks: Waterworks, body: bytes) -> None:
    waterworks.says(body)
    assert ask(waterworks) is None


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "307 Temporary", "400 Bad", "404 Not Found", "500 Oh", "700 What"]
)
def test_only_success_is_an_answer_and_no_redirect_is_followed(waterworks: Waterworks, status: str) -> None:
    waterworks.says(json.dumps(TOLD).encode(), f"Location: {waterworks.url}/there", status=status)
    assert ask(waterworks) is None
    assert len(waterworks.asked) == 1


@pytest.mark.parametrize("length", [MAX_BYTES, 40 * MAX_BYTES])
def test_an_answer_far_too_long_is_not_read_to_its_end(waterworks: Waterworks, length: int) -> None:
    long = json.dumps({**TOLD, "more": "x" * length}).encode()
    waterworks.says(long)
    assert ask(waterworks) is None
    waterworks.says(gzip.compress(long), "Content-Encoding: gzip")
    assert ask(waterworks) is None


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200 + b"\r\n",
        document(b"{" + b" " * 399)[:-200],
        document(b"x" * 400, "Content-Encoding: gzip"),
        document(gzip.compress(json.dumps(TOLD).encode())[:-20], "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"found"',
    ],
    ids=["hangs up", "no HTTP", "headers", "cut", "no gzip", "cut gzip", "bad chunk", "cut chunk"],
)
def test_an_answer_broken_on_its_way_is_no_answer(waterworks: Waterworks, said: bytes) -> None:
    waterworks.pieces = [said]
    assert ask(waterworks) is None


@pytest.mark.parametrize(
    ("pieces", "pause", "stays"),
    [
        ([], 0, True),
        ([document(b" " * 400)[:-399]], 0, True),
        ([document(b" " * 400)[:-400], *[b" "] * 400], 0.1, False),
        ([b"HTTP/1.1 200 OK\r\n", *[b"X-A: b\r\n"] * 90], 0.1, False),
    ],
    ids=["silent", "stalls in the body", "trickles the body", "trickles the headers"],
)
def test_a_slow_system_costs_a_caller_no_more_than_the_question_is_worth(
    waterworks: Waterworks, pieces: list[bytes], pause: float, *, stays: bool
) -> None:
    waterworks.pieces, waterworks.pause, waterworks.stays = pieces, pause, stays
    began = time.monotonic()
    assert ask(waterworks, SHORT) is None
    assert time.monotonic() - began < SHORT + 1


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/", "ftp://127.0.0.1/", "nonsense", "http://", "http://[::1", "http://.x./"],
)
def test_an_address_without_a_server_gives_no_answer(url: str) -> None:
    assert HttpLookups().ask(question(url.format(port=free_port())), AT) is None
