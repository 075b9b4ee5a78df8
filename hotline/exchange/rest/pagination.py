"""Date filters and pages of list resources.

The filters are `StartTime=`, `StartTime<=` (in the query `StartTime<`), `StartTime>=` and the same for other dates.
Source: "Read multiple Call resources": a bare date means midnight UTC, equality means that whole day.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from hotline.exchange.rest.errors import invalid

T = TypeVar("T")
DEFAULT_SIZE = 50
LARGEST_SIZE = 1000


def matches_date_filter(query: Mapping[str, str], name: str, moment: datetime) -> bool:
    """Returns whether `moment` passes the filters called `name`; raises ApiError 20001 for a filter that is no date."""
    on, before, after = (query.get(name + mark) for mark in ("", "<", ">"))
    if on and not _moment(name, on) <= moment < _moment(name, on) + timedelta(days=1):
        return False
    if before and moment > _moment(name, before):
        return False
    return not (after and moment < _moment(name, after))


def check_date_filters(query: Mapping[str, str], *names: str) -> None:
    """Raises ApiError 20001 for filters called `names` that are not dates, even if the list is empty."""
    for name in names:
        for mark in ("", "<", ">"):
            if query.get(name + mark):
                _moment(name, query[name + mark])


def _moment(name: str, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid(name, "must be a date (YYYY-MM-DD) or an ISO 8601 time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def page_response(
    request: web.Request,
    key: str,
    items: Sequence[T],
    sid_of: Callable[[T], str],
    serialize: Callable[[T], dict[str, Any]],
) -> web.Response:
    """Returns one page of `items` (filtered and in order) under `key`, in the form that the SDK iterates."""
    size = _number(request, "PageSize", DEFAULT_SIZE)
    number = _number(request, "Page", 0)
    size = min(LARGEST_SIZE, max(1, size))
    start = _start(request, [sid_of(item) for item in items], number * size)
    chosen = items[start : start + size]
    more = start + size < len(items)
    following = {"Page": str(number + 1), "PageToken": f"PA{sid_of(chosen[-1])}"} if more else None
    body = {
        key: [serialize(item) for item in chosen],
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
    """Returns the index of the page's first record: after the token's record, or `otherwise`."""
    # The token is the sid of the last record of the page before, so that records created meanwhile repeat no others.
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
