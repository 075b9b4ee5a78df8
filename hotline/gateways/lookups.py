"""Asking a system of the city's own something for a caller: one signed request, bounded in time and size.

We send `{"id", "caller"}` (E.164 or null), signed like every webhook of ours (`X-Hotline-Signature`, see `units.sign`).
It answers `{"found": true, "zh-CN": "...", "en": "..."}`: the words are spoken as they stand. Anything else, and
anything late, is no answer; the flow has a way for that.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import requests
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hotline.gateways.units import sign

MOST_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Question:
    """`key` is the same for every repetition; `seconds` is how long an answer is worth waiting for."""

    key: str
    url: str
    secret: str
    seconds: int
    caller: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    found: bool
    text_zh: str
    text_en: str


class Lookups(Protocol):
    def ask(self, question: Question, at: datetime) -> Reply | None:
        """Return the answer, or None if there was none that could be understood in time. Never raises."""
        ...


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")
    found: bool
    zh: str = Field("", alias="zh-CN", max_length=300)
    en: str = Field("", alias="en", max_length=600)


class HttpLookups:
    """Implements `Lookups` over HTTP; redirects are not followed."""

    def ask(self, question: Question, at: datetime) -> Reply | None:
        body = json.dumps({"id": question.key, "caller": question.caller}).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": question.key,
            "X-Hotline-Signature": sign(question.secret, int(at.timestamp()), body),
        }
        try:
            answer = requests.post(
                question.url,
                data=body,
                headers=headers,
                timeout=question.seconds,
                allow_redirects=False,
                stream=True,
            )
            with answer:
                answer.raise_for_status()
                said = _Answer.model_validate_json(answer.raw.read(MOST_BYTES, decode_content=True))
        except (requests.RequestException, ValidationError) as trouble:
            structlog.get_logger().warning("lookup.failed", key=question.key, error=type(trouble).__name__)
            return None
        return Reply(said.found, said.zh, said.en)
