"""The carrier gateway over the official client. `TWILIO_API_URL` points it at Twilio, the local exchange, or any look-alike."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from hotline.gateways.carrier import Doubtful, Gone, Order, Refused, Unavailable

T = TypeVar("T")
TIMEOUT_SECONDS = 10
_GONE_CODES = {20404, 21220}
_LIST_LAG = timedelta(seconds=5)
"""The carrier stamps a call's creation by its own clock; look a little earlier than ours."""


class TwilioCarrier:
    """Implements `Carrier`. Safe to share between threads."""

    def __init__(
        self, *, account_sid: str, username: str, password: str, api_url: str, from_number: str
    ) -> None:
        http = TwilioHttpClient(timeout=TIMEOUT_SECONDS, max_retries=0)
        self._client = Client(username, password, account_sid, http_client=http)
        self._client.api.base_url = api_url.rstrip("/")
        self._from = from_number
        self._queues: dict[str, str] = {}
        self._lock = threading.Lock()

    def place(self, order: Order) -> str:
        """See `Carrier.place`."""
        call = _asked(
            lambda: self._client.calls.create(
                to=order.to,
                from_=self._from,
                url=order.answer_url,
                status_callback=order.status_url,
                status_callback_event=["completed"],
                timeout=order.ring_seconds,
            )
        )
        return str(call.sid)

    def find_placed(self, to: str, since: datetime) -> str | None:
        """See `Carrier.find_placed`."""
        found = _asked(
            lambda: self._client.calls.list(to=to, start_time_after=since - timedelta(days=1), limit=50)
        )
        ours = [
            call
            for call in found
            if str(call.direction).startswith("outbound")
            and call.date_created is not None
            and call.date_created >= since - _LIST_LAG
        ]
        return str(max(ours, key=lambda call: call.date_created or since).sid) if ours else None

    def take_from_queue(self, queue: str, sid: str, url: str) -> None:
        """See `Carrier.take_from_queue`."""
        queue_sid = self._queue_sid(queue)
        _asked(lambda: self._client.queues(queue_sid).members(sid).update(url=url))

    def status_of(self, sid: str) -> str | None:
        """See `Carrier.status_of`."""
        try:
            return str(_asked(lambda: self._client.calls(sid).fetch()).status)
        except Gone:
            return None

    def hang_up(self, sid: str) -> None:
        """See `Carrier.hang_up`."""
        try:
            _asked(lambda: self._client.calls(sid).update(status="completed"))
        except Gone:
            return

    def _queue_sid(self, name: str) -> str:
        with self._lock:
            if name in self._queues:
                return self._queues[name]
        for queue in _asked(lambda: self._client.queues.list(limit=1000)):
            if queue.friendly_name == name:
                with self._lock:
                    self._queues[name] = str(queue.sid)
                return str(queue.sid)
        raise Gone(f"no queue named {name}")


def _asked(ask: Callable[[], T]) -> T:
    """Ask the carrier and turn its three families of trouble into ours."""
    try:
        return ask()
    except TwilioRestException as said:
        if said.code in _GONE_CODES or said.status == 404:
            raise Gone(said.msg) from said
        if said.status == 429:
            raise Unavailable(said.msg) from said
        if said.status >= 500:
            raise Doubtful(said.msg) from said
        raise Refused(said.code, said.msg) from said
    except TwilioException as said:
        raise Unavailable(str(said)) from said
    except requests.ConnectTimeout as silence:
        raise Unavailable("no connection") from silence
    except requests.ReadTimeout as silence:
        raise Doubtful("no answer in time") from silence
    except requests.ConnectionError as silence:
        if "refused" in str(silence).lower() or "NameResolution" in str(silence):
            raise Unavailable("no connection") from silence
        raise Doubtful("connection lost") from silence
