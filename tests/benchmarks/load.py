"""A load from one process on loopback: prepared requests over keep-alive connections, bounded in count and time."""

import base64
import hashlib
import hmac
import secrets
import socket
import statistics
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True)
class Result:
    """Requests per second of one round, and how many answers were not 200."""

    per_second: float
    failed: int


def voice_request(port: int, token: str, number: str) -> bytes:
    """Return one signed first webhook of a new call, as bytes on the wire (26 fields, as a carrier sends)."""
    places = {
        f"{who}{what}": "CN" if what == "Country" else ""
        for who in ("From", "To", "Caller", "Called")
        for what in ("City", "State", "Zip", "Country")
    }
    caller = f"+86138{secrets.randbelow(10**8):08d}"
    form = {
        "CallSid": f"CA{secrets.token_hex(16)}",
        "AccountSid": "AC" + "0" * 32,
        "From": caller,
        "Caller": caller,
        "To": number,
        "Called": number,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        "CallToken": "x" * 40,
        **places,
    }
    url = f"http://127.0.0.1:{port}/voice/incoming"
    signed = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    body = urlencode(form)
    head = (
        f"POST /voice/incoming HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        f"X-Twilio-Signature: {signature}\r\nI-Twilio-Idempotency-Token: {secrets.token_hex(16)}\r\n\r\n"
    )
    return (head + body).encode()


def drive(port: int, requests: list[bytes], connections: int) -> Result:
    """Send `requests` over `connections` keep-alive connections as fast as they are answered."""
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


def _send(port: int, requests: list[bytes], failed: list[int], place: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        for request in requests:
            line.sendall(request)
            if not _answer(line).startswith(b"HTTP/1.1 200"):
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


def median(values: list[float]) -> float:
    return statistics.median(values)
