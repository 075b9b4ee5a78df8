"""Telling a unit's own system that a ticket lies in its inbox: one signed webhook, repeatable without harm.

The receiver checks `X-Hotline-Signature: t=<unix seconds>,v1=<hex>` = HMAC-SHA256(secret, "<t>.<body>") and
may drop a repeated `Idempotency-Key`. The body names the ticket and its clocks, never the caller.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import requests

TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class UnitNotification:
    """What a unit's system is told. `key` is the same for every repetition of one notice."""

    key: str
    url: str
    secret: str
    ticket_number: str
    unit_code: str
    title: str
    due_at: datetime | None


class NotificationFailed(Exception):
    """The unit's system did not confirm; try again later."""


class UnitNotifier(Protocol):
    def send(self, notification: UnitNotification, at: datetime) -> None:
        """Deliver `notice`, signed with the moment `at`. Raises NoticeFailed."""
        ...


class UnitWebhooks:
    """Implements `UnitNotices` over HTTP; any 2xx confirms, redirects are not followed."""

    def __init__(self, timeout: float = TIMEOUT_SECONDS) -> None:
        self._timeout = timeout

    def send(self, notification: UnitNotification, at: datetime) -> None:
        body = json.dumps(
            {
                "event": "ticket.delivered",
                "id": notification.key,
                "ticket": notification.ticket_number,
                "unit": notification.unit_code,
                "title": notification.title,
                "due_at": notification.due_at.isoformat() if notification.due_at else None,
            },
            ensure_ascii=False,
        ).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": notification.key,
            "X-Hotline-Signature": sign(notification.secret, int(at.timestamp()), body),
        }
        try:
            answer = requests.post(
                notification.url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            )
        except requests.RequestException as trouble:
            raise NotificationFailed(type(trouble).__name__) from trouble
        if not 200 <= answer.status_code < 300:
            raise NotificationFailed(f"HTTP {answer.status_code}")


def sign(secret: str, unix_seconds: int, body: bytes) -> str:
    """Return the value of `X-Hotline-Signature` for `body`."""
    signed = f"{unix_seconds}.".encode() + body
    return f"t={unix_seconds},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
