"""A load from one process on loopback: prepared requests over keep-alive connections, bounded in count and time."""

import base64
import hashlib
import hmac
import secrets
import socket
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlencode

LATEST_SECONDS = 3.0


@dataclass(frozen=True)
class Result:
    """Requests per second of one round, and how many answers were neither 200 nor 201."""

    per_second: float
    failed: int


@dataclass(frozen=True)
class Caller:
    """One call as the carrier reports it: its sid and the caller's number."""

    sid: str
    number: str


def new_caller() -> Caller:
    return Caller(f"CA{secrets.token_hex(16)}", f"+86138{secrets.randbelow(10**8):08d}")


def voice_request(port: int, token: str, path: str, caller: Caller, dialled: str, **fields: str) -> bytes:
    """Returns one signed webhook as bytes on the wire, with the 26 fields that a carrier sends and `fields`."""
    places = {
        f"{who}{what}": "CN" if what == "Country" else ""
        for who in ("From", "To", "Caller", "Called")
        for what in ("City", "State", "Zip", "Country")
    }
    form = {
        "CallSid": caller.sid,
        "AccountSid": "AC" + "0" * 32,
        "From": caller.number,
        "Caller": caller.number,
        "To": dialled,
        "Called": dialled,
        "CallStatus": "in-progress",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        "CallToken": "x" * 40,
        **places,
        **fields,
    }
    signed = f"http://127.0.0.1:{port}{path}" + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    body = urlencode(form)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        f"X-Twilio-Signature: {signature}\r\nI-Twilio-Idempotency-Token: {secrets.token_hex(16)}\r\n\r\n"
    )
    return (head + body).encode()


def drive(port: int, requests: Sequence[bytes], connections: int) -> Result:
    """Sends `requests` over `connections` keep-alive connections as fast as they are answered."""
    shares = [requests[start::connections] for start in range(connections)]
    failed = [0] * connections
    threads = [
        threading.Thread(target=_send, args=(port, share, failed, place))
        for place, share in enumerate(shares)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return Result(len(requests) / (time.perf_counter() - began), sum(failed))


def drive_at(port: int, requests: Sequence[bytes], connections: int, per_second: float) -> list[float]:
    """Sends `requests` at a fixed rate, whether or not earlier ones are answered; returns the milliseconds of each.

    A time counts from the moment at which the request was due, so that a slow server cannot slow its load down. A
    server that is LATEST_SECONDS behind cannot bear the rate: the requests that are due by then are not sent, and count
    as that late. Raises RuntimeError if an answer is not 200.
    """
    times = [0.0] * len(requests)
    turns = count()
    failed: list[bytes] = []
    began = time.perf_counter() + 0.2

    def send() -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
            while (place := next(turns)) < len(requests):
                due = began + place / per_second
                ahead = due - time.perf_counter()
                if ahead < -LATEST_SECONDS:
                    times[place] = LATEST_SECONDS * 1000
                    continue
                time.sleep(max(ahead, 0))
                line.sendall(requests[place])
                head = _answer(line)
                times[place] = (time.perf_counter() - due) * 1000
                if not head.startswith(b"HTTP/1.1 200"):
                    failed.append(head)

    threads = [threading.Thread(target=send) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if failed:
        raise RuntimeError(f"{len(failed)} answers were not 200")
    return times


def _send(port: int, requests: Sequence[bytes], failed: list[int], place: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        for request in requests:
            line.sendall(request)
            if not _answer(line).startswith(b"HTTP/1.1 20"):
                failed[place] += 1


def _answer(line: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        got += _more(line)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += _more(line)
    return head


def _more(line: socket.socket) -> bytes:
    got = line.recv(65536)
    if not got:
        raise ConnectionError("the server closed the connection")
    return got


def percentile(values: Sequence[float], share: float) -> float:
    """Returns the value that `share` of `values` do not exceed."""
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]
