"""The carrier gateway over the official client. `TWILIO_API_URL` points it at Twilio, the local exchange, or any look-alike."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TypeVar

import requests
from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from hotline.gateways.carrier import (
    CallRequest,
    CarrierError,
    CarrierGone,
    CarrierOutcomeUnknown,
    CarrierRefused,
    CarrierUnavailable,
    RecordingMedia,
)

T = TypeVar("T")
TIMEOUT_SECONDS = 8
"""To connect, and then again to be answered; a reaction asks three times at most and must end within its job's time."""
MAX_SOUND_BYTES = 256 * 1024 * 1024
"""More than the longest call of 4 hours takes at 8 kHz and 16 bit."""
_GONE_CODES = {20404, 21220}
_NO_ENVIRONMENT = {"TWILIO_REGION": "", "TWILIO_EDGE": ""}
"""The client would build a host name of its own from these; our `api_url` alone says where the carrier is."""
_LIST_LAG = timedelta(seconds=5)
"""The carrier stamps a call's creation by its own clock; look a little earlier than ours."""
_NEWEST = 100
"""Lists begin with the newest call. They are not narrowed by start time: a call that still rings has none."""


class TwilioCarrier:
    """Implements `Carrier`. Safe to share between threads."""

    def __init__(
        self,
        *,
        account_sid: str,
        username: str,
        password: str,
        api_url: str,
        from_number: str,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        http = TwilioHttpClient(timeout=timeout, max_retries=0)
        self._client = Client(username, password, account_sid, http_client=http, environment=_NO_ENVIRONMENT)
        self._client.api.base_url = api_url.rstrip("/")
        self._from = from_number
        self._credentials = (username, password)
        self._timeout = timeout
        self._media = f"{api_url.rstrip('/')}/2010-04-01/Accounts/{account_sid}/Recordings"
        self._queues: dict[str, str] = {}
        self._lock = threading.Lock()

    def place(self, order: CallRequest) -> str:
        """See `Carrier.place`."""
        call = _call_api(
            lambda: self._client.calls.create(
                to=order.to,
                from_=self._from,
                url=order.answer_url,
                fallback_url=order.fallback_url,
                status_callback=order.status_url,
                status_callback_event=["completed"],
                timeout=order.ring_seconds,
            )
        )
        return str(call.sid)

    def find_placed(self, to: str, since: datetime) -> str | None:
        """See `Carrier.find_placed`."""
        wanted = values.unset if to.startswith("client:") else to
        found = _call_api(lambda: self._client.calls.list(to=wanted, limit=_NEWEST))
        ours = [
            call
            for call in found
            if str(call.to).partition("?")[0] == to
            and str(call.direction).startswith("outbound")
            and call.date_created is not None
            and call.date_created >= since - _LIST_LAG
        ]
        return str(max(ours, key=lambda call: call.date_created or since).sid) if ours else None

    def take_from_queue(self, queue: str, sid: str, url: str) -> None:
        """See `Carrier.take_from_queue`."""
        queue_sid = self._queue_sid(queue)
        try:
            _call_api(lambda: self._client.queues(queue_sid).members(sid).update(url=url))
        except CarrierGone:
            with self._lock:
                self._queues.pop(queue, None)
            raise

    def redirect(self, sid: str, url: str) -> None:
        """See `Carrier.redirect`."""
        _call_api(lambda: self._client.calls(sid).update(url=url, method="POST"))

    def status_of(self, sid: str) -> str | None:
        """See `Carrier.status_of`."""
        try:
            return str(_call_api(lambda: self._client.calls(sid).fetch()).status)
        except CarrierGone:
            return None

    def hang_up(self, sid: str) -> None:
        """See `Carrier.hang_up`."""
        try:
            _call_api(lambda: self._client.calls(sid).update(status="completed"))
        except CarrierGone:
            return

    def fetch_recording(self, sid: str) -> RecordingMedia:
        """See `Carrier.fetch_recording`."""
        return _call_api(lambda: self._download(f"{self._media}/{sid}.wav"))

    def _download(self, url: str) -> RecordingMedia:
        """Fetch a sound with the account's credentials, never more than any call could fill."""
        with requests.get(url, auth=self._credentials, timeout=self._timeout, stream=True) as answer:
            if answer.status_code != HTTPStatus.OK:
                raise TwilioRestException(answer.status_code, url, "recording")
            data = answer.raw.read(MAX_SOUND_BYTES + 1, decode_content=True)
        if len(data) > MAX_SOUND_BYTES:
            raise TwilioRestException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, url, "recording too large")
        return RecordingMedia(answer.headers.get("Content-Type", "audio/x-wav").partition(";")[0], data)

    def _queue_sid(self, name: str) -> str:
        with self._lock:
            if name in self._queues:
                return self._queues[name]
        for queue in _call_api(lambda: self._client.queues.list(limit=1000)):
            if queue.friendly_name == name:
                with self._lock:
                    self._queues[name] = str(queue.sid)
                return str(queue.sid)
        raise CarrierGone(f"no queue named {name}")


def _call_api(ask: Callable[[], T]) -> T:
    """Ask the carrier and turn its three families of trouble into ours."""
    try:
        return ask()
    except (TwilioRestException, TwilioServiceException) as said:
        raise _carrier_error(said.status, said.code) from said
    except TwilioException as said:  # a list that could not be read, whatever the reason: nothing happened
        raise CarrierUnavailable("a list could not be read") from said
    except requests.ConnectTimeout as silence:
        raise CarrierUnavailable("no connection") from silence
    except requests.ConnectionError as silence:
        if "refused" in str(silence).lower() or "NameResolution" in str(silence):
            raise CarrierUnavailable("no connection") from silence
        raise CarrierOutcomeUnknown("connection lost") from silence
    except (requests.RequestException, ValueError) as silence:  # no answer in time, or none that can be read
        raise CarrierOutcomeUnknown(type(silence).__name__) from silence


def _carrier_error(status: int, code: int | None) -> CarrierError:
    """Return our word for a refusal. The carrier's own words stay behind: they may repeat the number we asked for."""
    words = f"HTTP {status}, code {code}"
    if code in _GONE_CODES or status == HTTPStatus.NOT_FOUND:
        return CarrierGone(words)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return CarrierUnavailable(words)
    return (
        CarrierOutcomeUnknown(words)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR
        else CarrierRefused(code, words)
    )
