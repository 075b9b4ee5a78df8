"""A small application that answers webhooks from a script and keeps every request."""

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiohttp import web
from twilio.request_validator import RequestValidator

_PATIENCE = 8.0


@dataclass(frozen=True)
class ReceivedRequest:
    """One webhook as it arrived."""

    path: str
    method: str
    form: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.form[name] if self.method == "POST" else self.query[name]


@dataclass(frozen=True)
class Answer:
    """One scripted answer, TwiML by default. `wait_for` delays it until that event is set."""

    body: str | bytes = "<Response/>"
    status: int = 200
    content_type: str | None = "text/xml"
    headers: Mapping[str, str] | None = None
    wait_for: threading.Event | None = None


def twiml(inside: str) -> Answer:
    return Answer(f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>')


class Application:
    """Answers by path: with one answer every time, or with a list whose last answer is repeated."""

    def __init__(self, token: str) -> None:
        self._validator = RequestValidator(token)
        self._answers: dict[str, list[Answer]] = {}
        self._condition = threading.Condition()
        self.received: list[ReceivedRequest] = []
        self.badly_signed: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._work, daemon=True)

    def url(self, path: str) -> str:
        return self.base + path

    def on(self, path: str, *answers: str | Answer) -> None:
        """Scripts a path with TwiML bodies (without the Response element) or whole answers, in order."""
        self._answers[path] = [twiml(answer) if isinstance(answer, str) else answer for answer in answers]

    def to(self, path: str) -> list[ReceivedRequest]:
        with self._condition:
            return [request for request in self.received if request.path == path]

    def wait_for(
        self, path: str, fits: Callable[[ReceivedRequest], bool] = lambda _: True, *, count: int = 1
    ) -> list[ReceivedRequest]:
        """Waits until `count` matching requests have come to a path; returns them in order of arrival."""

        def found() -> list[ReceivedRequest]:
            return [request for request in self.received if request.path == path and fits(request)]

        with self._condition:
            came = self._condition.wait_for(lambda: len(found()) >= count, _PATIENCE)
            seen = [(request.path, dict(request.form)) for request in self.received]
            assert came, f"{count} fitting request(s) to {path} did not come; came: {seen}"
            return found()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_PATIENCE)

    def _work(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        await self._stop.wait()
        await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        received = ReceivedRequest(
            request.path,
            request.method,
            form,
            dict(request.query),
            dict(request.headers),
            dict(request.cookies),
        )
        if not self._is_genuine(request, received):
            return web.Response(status=403)
        answer = self._next(request.path)
        with self._condition:
            self.received.append(received)
            self._condition.notify_all()
        if answer.wait_for is not None:
            await asyncio.to_thread(answer.wait_for.wait, _PATIENCE)
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        response = web.Response(status=answer.status, body=body, headers=answer.headers)
        if answer.content_type is not None:
            response.content_type = answer.content_type
        return response

    def _is_genuine(self, request: web.Request, received: ReceivedRequest) -> bool:
        signature = request.headers.get("X-Twilio-Signature", "")
        if self._validator.validate(self.base + request.raw_path, dict(received.form), signature):
            return True
        with self._condition:
            self.badly_signed.append(f"{request.method} {request.raw_path}")
            self._condition.notify_all()
        return False

    def take_badly_signed(self, count: int) -> list[str]:
        """Waits until so many badly signed webhooks were refused with 403, and forgets them."""
        with self._condition:
            assert self._condition.wait_for(lambda: len(self.badly_signed) >= count, _PATIENCE)
            refused, self.badly_signed = self.badly_signed, []
            return refused

    def _next(self, path: str) -> Answer:
        answers = self._answers.get(path, [Answer()])
        return answers.pop(0) if len(answers) > 1 else answers[0]
