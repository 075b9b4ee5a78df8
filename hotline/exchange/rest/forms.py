"""Reads the form of a REST request; errors carry the carrier's code and the parameter's name."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar, cast
from urllib.parse import urlsplit

from aiohttp import web

from hotline.exchange.rest.errors import ApiError, invalid
from hotline.exchange.rest.request_log import log_form
from hotline.exchange.vocabulary.status_callback import Method, StatusCallback

Member = TypeVar("Member", bound=StrEnum)
_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]+")


class RequestForm:
    """The fields of one request. A field sent empty counts as not sent, as with the carrier.

    Every method returns None or the default for a missing field and raises ApiError 20001 for a bad value.
    """

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in fields:
            if value != "":
                self._fields.setdefault(name, []).append(value)

    def text(self, name: str) -> str | None:
        values = self._fields.get(name)
        return None if values is None else values[-1]

    def words(self, name: str, allowed: frozenset[str], default: str) -> frozenset[str]:
        """Returns a list field, sent as repeated keys or separated by spaces."""
        values = frozenset(word for value in self._fields.get(name, [default]) for word in value.split())
        unknown = values - allowed
        if unknown:
            raise invalid(name, f"{min(unknown)!r} is not one of {sorted(allowed)}")
        return values

    def word(self, name: str, kind: type[Member]) -> Member | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            return kind(value)
        except ValueError as error:
            raise invalid(name, f"{value!r} is not one of {[word.value for word in kind]}") from error

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name)
        if value is None:
            return default
        if not value.isdecimal() or not low <= int(value) <= high:
            raise invalid(name, f"must be an integer from {low} to {high}")
        return int(value)

    def truth(self, name: str) -> bool | None:
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in {"true", "false"}:
            raise invalid(name, "must be true or false")
        return value.lower() == "true"

    def method(self, name: str, default: Method = "POST") -> Method:
        value = self.text(name) or default
        if value not in {"GET", "POST"}:
            raise invalid(name, "must be GET or POST")
        return cast("Method", value)

    def url(self, name: str) -> str | None:
        """Returns an absolute http(s) URL without underscores in its host, or None; raises 21205."""
        value = self.text(name)
        if value is None:
            return None
        parts = urlsplit(value)
        host = parts.netloc.rpartition("@")[2]
        if parts.scheme not in {"http", "https"} or _HOST.fullmatch(host) is None:
            raise ApiError(400, 21205, f"{name} is not a valid URL: {value}")
        return value

    def recording_callback(self, prefix: str = "Recording") -> StatusCallback | None:
        url = self.url(f"{prefix}StatusCallback")
        if url is None:
            return None
        allowed = frozenset({"in-progress", "completed", "absent"})
        events = self.words(f"{prefix}StatusCallbackEvent", allowed, "completed")
        return StatusCallback(url, self.method(f"{prefix}StatusCallbackMethod"), events)


async def read_form(request: web.Request) -> RequestForm:
    """Returns the posted form and logs it; raises ApiError 20001 when it contains a file."""
    posted = await request.post()
    fields = [(name, value) for name, value in posted.items() if isinstance(value, str)]
    if len(fields) != len(posted):
        raise invalid("body", "must be a form without files")
    log_form(request, fields)
    return RequestForm(fields)
