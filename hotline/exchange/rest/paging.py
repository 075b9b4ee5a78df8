"""Lists in pages, in the shape the SDK walks: one key with the records, the rest are the carrier's page fields.

The page token is the sid of the last record of the page before, so that records made meanwhile never repeat others.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from hotline.exchange.rest.errors import invalid

T = TypeVar("T")
DEFAULT_SIZE = 50
LARGEST_SIZE = 1000


def page_response(
    request: web.Request,
    key: str,
    items: Sequence[T],
    sid_of: Callable[[T], str],
    shape: Callable[[T], dict[str, Any]],
) -> web.Response:
    """Answer one page of `items` (already filtered and in order) under `key`."""
    size = _number(request, "PageSize", DEFAULT_SIZE)
    number = _number(request, "Page", 0)
    size = min(LARGEST_SIZE, max(1, size))
    start = _start(request, [sid_of(item) for item in items], number * size)
    chosen = items[start : start + size]
    more = start + size < len(items)
    following = {"Page": str(number + 1), "PageToken": f"PA{sid_of(chosen[-1])}"} if more else None
    body = {
        key: [shape(item) for item in chosen],
        "first_page_uri": _uri(request, size, {"Page": "0"}),
        "next_page_uri": None if following is None else _uri(request, size, following),
        "previous_page_uri": _uri(request, size, {"Page": str(number - 1)}) if number else None,
        "uri": _uri(request, size, {"Page": str(number)}),
        "page": number,
        "page_size": size,
        "start": start,
        "end": max(start, start + len(chosen) - 1),
    }
    return web.json_response(body)


def _start(request: web.Request, sids: list[str], otherwise: int) -> int:
    """Return where the page begins: after the token's record, or by counting."""
    token = request.query.get("PageToken", "").removeprefix("PA")
    return sids.index(token) + 1 if token in sids else otherwise


def _number(request: web.Request, name: str, default: int) -> int:
    value = request.query.get(name, "")
    if value and not value.isdecimal():
        raise invalid(name, "must be a number")
    return int(value) if value else default


def _uri(request: web.Request, size: int, extra: dict[str, str]) -> str:
    kept = [
        (name, value)
        for name, value in request.query.items()
        if name not in {"Page", "PageSize", "PageToken"}
    ]
    return f"{request.path}?{urlencode([*kept, ('PageSize', str(size)), *extra.items()])}"
