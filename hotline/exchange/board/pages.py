"""The exchange's own pages and their data: the browser phone, the status page, transcripts, and the clock.

Everything is served from the package itself under a strict content security policy. The status page requests its values
(`board_view`) every second.
"""

import json
from importlib import resources

from aiohttp import web

from hotline.exchange.board.board_view import board_json, request_json
from hotline.exchange.board.transcript_file import write_transcript
from hotline.exchange.core.exchange import EXCHANGE

_TYPES = {
    "phone.html": "text/html",
    "phone.css": "text/css",
    "board.html": "text/html",
    "board.css": "text/css",
    "board.js": "text/javascript",
    "board-rows.js": "text/javascript",
    "board-words.js": "text/javascript",
    "board-faults.js": "text/javascript",
    "board-request.js": "text/javascript",
    "phone.svg": "image/svg+xml",
    "phone.js": "text/javascript",
    "words.js": "text/javascript",
    "tones.js": "text/javascript",
    "captions.js": "text/javascript",
    "voice.js": "text/javascript",
    "link.js": "text/javascript",
    "mixer.js": "text/javascript",
    "tape.js": "text/javascript",
    "levels.js": "text/javascript",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def page_routes() -> list[web.RouteDef]:
    return [
        web.get("/", board),
        web.get("/board.json", board_values),
        web.get(r"/requests/{id:\d{1,9}}", one_request),
        web.get("/phone", phone),
        web.get("/static/{name}", static),
        web.get("/calls/{call_sid:CA[0-9a-f]{32}}/transcript", transcript),
        web.get("/clock", clock),
    ]


def _file(name: str) -> web.Response:
    body = (resources.files("hotline.exchange") / "static" / name).read_bytes()
    return web.Response(body=body, content_type=_TYPES[name], charset="utf-8", headers=_HEADERS)


async def phone(_: web.Request) -> web.Response:
    return _file("phone.html")


async def static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in _TYPES:
        raise web.HTTPNotFound
    return _file(name)


async def board(_: web.Request) -> web.Response:
    return _file("board.html")


async def board_values(request: web.Request) -> web.Response:
    return web.json_response(board_json(request.app[EXCHANGE]), headers=_HEADERS, dumps=_compact)


async def one_request(request: web.Request) -> web.Response:
    """Returns one webhook or REST request with what was sent and answered."""
    shape = request_json(request.app[EXCHANGE], int(request.match_info["id"]))
    if shape is None:
        raise web.HTTPNotFound(text="this request is no longer kept")
    return web.json_response(shape, headers=_HEADERS, dumps=_compact)


async def transcript(request: web.Request) -> web.Response:
    """Returns the transcript of a call so far; answers 404 for a call that is unknown or no longer kept."""
    sid = request.match_info["call_sid"]
    found = request.app[EXCHANGE].registry.transcripts.by_call.get(sid)
    if found is None:
        raise web.HTTPNotFound(text="no such call is kept")
    return web.Response(
        text=write_transcript(found),
        content_type="application/json",
        headers={
            "Content-Disposition": f'inline; filename="{sid}.json"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


async def clock(request: web.Request) -> web.Response:
    """Returns the exchange's time (ISO 8601, UTC), its seconds since the start, its pace, and whether it is virtual."""
    exchange = request.app[EXCHANGE]
    return web.json_response(
        {
            "now": exchange.clock.now().isoformat(),
            "seconds": round(exchange.clock.seconds(), 6),
            "pace": exchange.settings.pace,
            "virtual": exchange.clock.is_virtual,
        }
    )


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
