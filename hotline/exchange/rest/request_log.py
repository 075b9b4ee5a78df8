"""Logs REST requests with their answers, for the status page."""

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from hotline.exchange.core.exchange import EXCHANGE
from hotline.exchange.state.request_log import RequestRecord
from hotline.exchange.vocabulary.request_kinds import RequestKind

LOGGED_REQUEST = web.RequestKey("logged_request", RequestRecord)


def request_kind(request: web.Request) -> RequestKind | None:
    """Returns the kind of a REST request by its handler's name, or None for an unknown address."""
    name: str = getattr(request.match_info.handler, "__name__", "")
    return RequestKind.__members__.get(name.upper())


async def log_request(
    request: web.Request, serve: Callable[[], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Serves a request and keeps it with its answer."""
    exchange = request.app[EXCHANGE]
    began = exchange.clock.stopwatch()
    entry = RequestRecord(
        id=next(exchange.registry.log.ids),
        at=exchange.clock.wall(),
        kind=request_kind(request),
        method=request.method,
        url=request.path,
        call_sid=request.match_info.get("call_sid", ""),
        sent=dict(request.query),
        is_rest=True,
        tries=1,
    )
    request[LOGGED_REQUEST] = entry
    exchange.registry.log.rest_requests.appendleft(entry)
    response: web.StreamResponse | None = None
    try:
        response = await serve()
        return response
    finally:
        _close(entry, response)
        entry.milliseconds = round((exchange.clock.stopwatch() - began) * 1000)


def log_form(request: web.Request, fields: Iterable[tuple[str, str]]) -> None:
    """Adds the posted fields to the log; the values of a repeated field are joined by spaces."""
    entry = request[LOGGED_REQUEST]
    posted: dict[str, str] = {}
    for name, value in fields:
        posted[name] = f"{posted[name]} {value}" if name in posted else value
    entry.sent = {**entry.sent, **posted}


def _close(entry: RequestRecord, response: web.StreamResponse | None) -> None:
    entry.is_done = True
    if response is None:
        entry.error = entry.error or "not answered"
    elif not entry.error:
        entry.status, entry.content_type = response.status, response.content_type
        body = response.body if isinstance(response, web.Response) else None
        if isinstance(body, bytes) and not response.content_type.startswith("audio/"):
            entry.answer = body.decode(errors="replace")
