"""Notification of a unit's own system by a signed webhook."""

import json
from datetime import datetime

import requests

from hotline.gateways.notifications.channel import NotificationFailed, UnitNotification
from hotline.gateways.webhook_signature import sign

TIMEOUT_SECONDS = 10


class WebhookChannel:
    """Implements `NotificationChannel` over HTTP: any 2xx confirms, redirects are not followed.

    The receiver may drop a repeated `Idempotency-Key`.
    """

    def __init__(self, timeout: float = TIMEOUT_SECONDS) -> None:
        self._timeout = timeout

    def reaches(self, notification: UnitNotification) -> bool:
        return notification.webhook_url is not None

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
            "X-Hotline-Signature": sign(notification.webhook_secret, int(at.timestamp()), body),
        }
        try:
            answer = requests.post(
                notification.webhook_url or "",
                data=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as trouble:
            raise NotificationFailed(type(trouble).__name__) from trouble
        if not 200 <= answer.status_code < 300:
            raise NotificationFailed(f"HTTP {answer.status_code}")
