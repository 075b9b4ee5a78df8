"""Lookups in the city's own systems: one signed request for a waiting caller, bounded in time and size.

We send `{"id", "caller"}` (E.164 or null), signed like every webhook of ours (`X-Hotline-Signature`, see
`webhook_signature.sign`). The system answers `{"found": true, "zh-CN": "...", "en": "..."}`; the texts are
spoken as they stand. Any other answer, and a late one, counts as none; the flow has an exit for that.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from queue import Empty, SimpleQueue
from typing import Protocol

import requests
import structlog
from pydantic import BaseModel, ConfigDict, Field
from urllib3.exceptions import HTTPError

from hotline.gateways.webhook_signature import sign

# A longer answer counts as none: a caller listens to a few sentences.
MAX_BYTES = 16 * 1024
# Everything a foreign answer can raise: pydantic's errors are ValueErrors, those of the body come from
# urllib3.
_EXPECTED_ERRORS = (requests.RequestException, HTTPError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """`key` is the same for every repeat; `seconds` is how long the caller waits for the answer."""

    key: str
    url: str
    secret: str
    seconds: float
    caller: str | None


@dataclass(frozen=True, slots=True)
class LookupResponse:
    found: bool
    text_zh: str
    text_en: str


class Lookups(Protocol):
    def ask(self, request: LookupRequest, at: datetime) -> LookupResponse | None:
        """Returns the answer, or None if there was no valid answer in time. Never raises."""
        ...


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")
    found: bool
    zh: str = Field("", alias="zh-CN", max_length=300)
    en: str = Field("", alias="en", max_length=600)


class HttpLookups:
    """Implements `Lookups` over HTTP; redirects are not followed. A call takes at most `seconds`."""

    def ask(self, request: LookupRequest, at: datetime) -> LookupResponse | None:
        asking = _RequestThread(request, at)
        # One limit covers DNS, connecting and a server that sends a byte now and then. No time-out of the
        # HTTP client bounds them together, so a thread sends the request and is abandoned after the limit.
        threading.Thread(target=asking.run, name=request.key, daemon=True).start()
        try:
            return asking.response.get(timeout=request.seconds)
        except Empty:
            _failed(request, "Late")
            return None
        finally:
            asking.over.set()


class _RequestThread:
    """One request in progress. `response` receives its answer; after `over` is set the answer is no longer awaited."""

    def __init__(self, request: LookupRequest, at: datetime) -> None:
        self.request = request
        self.at = at
        self.response: SimpleQueue[LookupResponse | None] = SimpleQueue()
        self.over = threading.Event()

    def run(self) -> None:
        try:
            self.response.put(self._ask())
        except _EXPECTED_ERRORS as error:
            if not self.over.is_set():
                _failed(self.request, type(error).__name__)
            self.response.put(None)

    def _ask(self) -> LookupResponse:
        request = self.request
        body = json.dumps({"id": request.key, "caller": request.caller}).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": request.key,
            "X-Hotline-Signature": sign(request.secret, int(self.at.timestamp()), body),
        }
        with requests.post(
            request.url,
            data=body,
            headers=headers,
            timeout=request.seconds,
            allow_redirects=False,
            stream=True,
        ) as answer:
            if not HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
                raise requests.HTTPError(answer.status_code)
            answer_body = _Answer.model_validate_json(b"".join(self._pieces(answer)))
        return LookupResponse(answer_body.found, answer_body.zh, answer_body.en)

    def _pieces(self, answer: requests.Response) -> Iterator[bytes]:
        """Yields the body as it arrives.

        Raises ValueError if it is too long, or once the answer is no longer awaited.
        """
        rest = MAX_BYTES
        while piece := answer.raw.read1(rest + 1, decode_content=True):
            rest -= len(piece)
            if rest < 0 or self.over.is_set():
                raise ValueError("the answer is too long")
            yield piece


def _failed(request: LookupRequest, error: str) -> None:
    structlog.get_logger().warning("lookup.failed", key=request.key, error=error)
