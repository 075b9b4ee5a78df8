"""The exchange's pages: the browser phone, and a board that shows what is going on to whoever develops against it.

Everything is served from the package itself under a strict content security policy; numbers on the board are masked.
"""

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources

from aiohttp import web

from hotline.gateways.exchange.exchange import EXCHANGE, Exchange
from hotline.gateways.exchange.numbers import masked
from hotline.gateways.exchange.state.calls import Call

_TYPES = {
    "phone.html": "text/html",
    "phone.css": "text/css",
    "console.css": "text/css",
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
_REFRESH_SECONDS = 3
_SHOWN_ENDED = 20
Row = Sequence[str]


def page_routes() -> list[web.RouteDef]:
    return [
        web.get("/", board),
        web.get("/phone", phone),
        web.get("/static/{name}", static),
    ]


def _file(name: str) -> web.Response:
    body = (resources.files("hotline.gateways.exchange") / "static" / name).read_bytes()
    return web.Response(body=body, content_type=_TYPES[name], charset="utf-8", headers=_HEADERS)


async def phone(_: web.Request) -> web.Response:
    return _file("phone.html")


async def static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in _TYPES:
        raise web.HTTPNotFound
    return _file(name)


async def board(request: web.Request) -> web.Response:
    """Show live calls, queues, conferences, the latest troubles and the last 200 webhooks."""
    exchange = request.app[EXCHANGE]
    sections = (
        _table("通话 Calls", ("编号", "方向", "主叫", "被叫", "状态", "秒", "上级"), _calls(exchange)),
        _table("排队 Queues", ("编号", "名称", "人数", "上限", "通话"), _queues(exchange)),
        _table("会议 Conferences", ("编号", "名称", "状态", "参与者"), _conferences(exchange)),
        _table("话机 Devices", ("地址", "个数", "状态"), _devices(exchange)),
        _table("问题 Troubles", ("时刻", "代码", "说明", "通话"), _troubles(exchange)),
        _table(
            "请求 Webhooks (200)",
            ("时刻", "种类", "方法", "地址", "结果", "毫秒", "通话"),
            _requests(exchange),
        ),
    )
    number = escape(exchange.settings.number)
    html = (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="refresh" content="{_REFRESH_SECONDS}"><title>交换机 Exchange</title>'
        '<link rel="icon" href="/static/phone.svg"><link rel="stylesheet" href="/static/console.css"></head><body>'
        f'<h1>交换机 Exchange · {number}</h1><p><a href="/phone">打开电话 Open a phone</a></p>'
        f"{''.join(sections)}</body></html>"
    )
    return web.Response(text=html, content_type="text/html", headers=_HEADERS)


def _table(title: str, heads: Sequence[str], rows: Iterable[Row]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    empty = f'<tr><td colspan="{len(heads)}">—</td></tr>'
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f'<h2>{escape(title)}</h2><div class="scroll"><table><tr>{head}</tr>{body or empty}</table></div>'


def _sid(sid: str) -> str:
    return f'<code title="{escape(sid)}">{escape(sid[:2] + "…" + sid[-6:] if sid else "")}</code>'


def _calls(exchange: Exchange) -> Iterable[Row]:
    """List those that live, then the latest that ended."""
    calls = list(reversed(exchange.board.calls.values()))
    live = [call for call in calls if not call.is_over]
    ended = [call for call in calls if call.is_over][:_SHOWN_ENDED]
    return [_call_row(exchange, call) for call in live + ended]


def _call_row(exchange: Exchange, call: Call) -> Row:
    seconds = call.seconds()
    if call.answered_at is not None and not call.is_over:
        seconds = round(exchange.clock.seconds() - call.answered_at)
    return (
        _sid(call.sid),
        escape(call.direction),
        escape(masked(call.from_)),
        escape(masked(call.to)),
        f'<span class="{"" if call.is_over else "ok"}">{escape(call.status)}</span>',
        str(seconds),
        _sid(call.parent or ""),
    )


def _queues(exchange: Exchange) -> Iterable[Row]:
    for queue in exchange.board.queues.values():
        members = " ".join(_sid(member.call.sid) for member in queue.members)
        yield _sid(queue.sid), escape(queue.name), str(len(queue.members)), str(queue.limit), members


def _conferences(exchange: Exchange) -> Iterable[Row]:
    for conference in list(reversed(exchange.board.conferences.values()))[:_SHOWN_ENDED]:
        seats = ", ".join(
            f"{escape(seat.label or masked(seat.call.party))} ({escape(seat.status)})"
            for seat in conference.seats.values()
        )
        yield _sid(conference.sid), escape(conference.name), escape(conference.status), seats


def _devices(exchange: Exchange) -> Iterable[Row]:
    for address, lines in exchange.lines.items():
        if lines:
            busy = any(line.busy for line in lines)
            yield escape(masked(address)), str(len(lines)), "通话中 busy" if busy else "空闲 free"


def _troubles(exchange: Exchange) -> Iterable[Row]:
    for trouble in exchange.board.troubles:
        text = f'<span class="bad">{escape(trouble.text)}</span>'
        yield f"{trouble.at:%H:%M:%S}", str(trouble.code), text, _sid(trouble.call_sid)


def _requests(exchange: Exchange) -> Iterable[Row]:
    for sent in exchange.board.requests:
        good = sent.status is not None and sent.status < 400
        result = str(sent.status) if sent.status is not None else escape(sent.error)
        yield (
            f"{sent.at:%H:%M:%S}",
            escape(sent.kind),
            sent.method,
            escape(sent.url),
            f'<span class="{"ok" if good else "bad"}">{result}</span>',
            str(sent.milliseconds),
            _sid(sent.call_sid),
        )
