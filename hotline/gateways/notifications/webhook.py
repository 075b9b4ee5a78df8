"""Notification of a unit's own system by a signed webhook.

POST with a JSON object: `event` (one id per event, the same on a repetition), `kind`, `unit_code`, `ticket` (its number),
`link` (the ticket in the unit's inbox), `title`, `due_at`. `X-Hotline-Event` is the id again, `X-Hotline-Signature` the signature.
"""

import json

import requests

from hotline.gateways.notifications.channel import NotificationFailed, UnitAddress, UnitNotification
from hotline.gateways.webhook_signature import sign_body

TIMEOUT_SECONDS = 10
TICKET_DELIVERED = "ticket.delivered"


class WebhookChannel:
    """Implements `NotificationChannel` over HTTP: any 2xx confirms, redirects are not followed.

    The receiver may drop a repeated `X-Hotline-Event`. Nothing is sent without a signature.
    """

    def __init__(self, timeout: float = TIMEOUT_SECONDS) -> None:
        self._timeout = timeout

    def reaches(self, unit: UnitAddress) -> bool:
        return unit.webhook_url is not None

    def send(self, notification: UnitNotification) -> None:
        if not notification.unit.webhook_secret:
            raise NotificationFailed(f"no secret is set: hotline unit secret {notification.unit.code}")
        body = json.dumps(
            {
                "event": notification.key,
                "kind": TICKET_DELIVERED,
                "unit_code": notification.unit.code,
                "ticket": notification.ticket_number,
                "link": notification.link,
                "title": notification.title,
                "due_at": notification.due_at.isoformat() if notification.due_at else None,
            },
            ensure_ascii=False,
        ).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Hotline-Event": notification.key,
            "X-Hotline-Signature": sign_body(notification.unit.webhook_secret, body),
        }
        try:
            answer = requests.post(
                notification.unit.webhook_url or "",
                data=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.RequestException as trouble:
            raise NotificationFailed(type(trouble).__name__) from trouble
        if not 200 <= answer.status_code < 300:
            raise NotificationFailed(f"HTTP {answer.status_code}")
