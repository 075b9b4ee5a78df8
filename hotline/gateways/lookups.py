"""Asking a system of the city's own something for a caller: one signed request, bounded in time and size.

We send `{"id", "caller"}` (E.164 or null), signed like every webhook of ours (`X-Hotline-Signature`, see `units.sign`).
It answers `{"found": true, "zh-CN": "...", "en": "..."}`: the words are spoken as they stand. Anything else, and
anything late, is no answer; the flow has a way for that.

A caller waits for it, so the whole question has one time: finding the address, connecting, a server that sends a byte
now and then. No time-out of the client's bounds these together; a thread of its own asks, and is not waited for longer.
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

MAX_BYTES = 16 * 1024
"""A longer answer is none: a caller listens to a few sentences."""
_EXPECTED_ERRORS = (requests.RequestException, HTTPError, OSError, ValueError)
"""All that a stranger's answer leads to: pydantic's faults are ValueErrors, the body's own come from urllib3."""


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """`key` is the same for every repetition; `seconds` is how long an answer is worth waiting for."""

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
    def ask(self, question: LookupRequest, at: datetime) -> LookupResponse | None:
        """Return the answer, or None if there was none that could be understood in time. Never raises."""
        ...


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")
    found: bool
    zh: str = Field("", alias="zh-CN", max_length=300)
    en: str = Field("", alias="en", max_length=600)


class HttpLookups:
    """Implements `Lookups` over HTTP; redirects are not followed. Who asks is held up for `seconds` at most."""

    def ask(self, question: LookupRequest, at: datetime) -> LookupResponse | None:
        asking = _RequestThread(question, at)
        threading.Thread(target=asking.run, name=question.key, daemon=True).start()
        try:
            return asking.response.get(timeout=question.seconds)
        except Empty:
            _failed(question, "Late")
            return None
        finally:
            asking.over.set()


class _RequestThread:
    """One question being asked. `told` gets its answer; once it is `over` nobody waits for that any more."""

    def __init__(self, question: LookupRequest, at: datetime) -> None:
        self.question = question
        self.at = at
        self.response: SimpleQueue[LookupResponse | None] = SimpleQueue()
        self.over = threading.Event()

    def run(self) -> None:
        try:
            self.response.put(self._ask())
        except _EXPECTED_ERRORS as trouble:
            if not self.over.is_set():
                _failed(self.question, type(trouble).__name__)
            self.response.put(None)

    def _ask(self) -> LookupResponse:
        asked = self.question
        body = json.dumps({"id": asked.key, "caller": asked.caller}).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": asked.key,
            "X-Hotline-Signature": sign(asked.secret, int(self.at.timestamp()), body),
        }
        with requests.post(
            asked.url,
            data=body,
            headers=headers,
            timeout=asked.seconds,
            allow_redirects=False,
            stream=True,
        ) as answer:
            if not HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
                raise requests.HTTPError(answer.status_code)
            said = _Answer.model_validate_json(b"".join(self._pieces(answer)))
        return LookupResponse(said.found, said.zh, said.en)

    def _pieces(self, answer: requests.Response) -> Iterator[bytes]:
        """Read what is there as it comes. Raises ValueError for too much, and once nobody waits any more."""
        rest = MAX_BYTES
        while piece := answer.raw.read1(rest + 1, decode_content=True):
            rest -= len(piece)
            if rest < 0 or self.over.is_set():
                raise ValueError("too long an answer")
            yield piece


def _failed(question: LookupRequest, error: str) -> None:
    structlog.get_logger().warning("lookup.failed", key=question.key, error=error)
