"""A proxy between a client and the exchange that forwards every request unchanged and keeps it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests


@dataclass(frozen=True)
class ForwardedRequest:
    """One request with its answer; `answer` None = no body."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    form: tuple[tuple[str, str], ...]
    status: int
    answer: Any


@dataclass(frozen=True)
class Proxy:
    url: str
    exchanged: list[ForwardedRequest]


@contextmanager
def running_proxy(target: str) -> Iterator[Proxy]:
    """Listens on a free port and forwards every request to `target`."""
    kept: list[ForwardedRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def hand_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            names = ("Authorization", "Content-Type")
            headers = {name: self.headers[name] for name in names if name in self.headers}
            answer = requests.request(
                self.command, target + self.path, data=body, headers=headers, timeout=10
            )
            parts = urlsplit(self.path)
            kept.append(
                ForwardedRequest(
                    self.command,
                    parts.path,
                    tuple(parse_qsl(parts.query, keep_blank_values=True)),
                    tuple(parse_qsl(body.decode(), keep_blank_values=True)),
                    answer.status_code,
                    answer.json() if answer.content else None,
                )
            )
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_DELETE = hand_on  # noqa: N815 - the server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's name
            """Suppresses the server's log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Proxy(f"http://127.0.0.1:{server.server_address[1]}", kept)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
