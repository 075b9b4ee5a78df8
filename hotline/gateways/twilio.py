"""Carrier gateway over Twilio's official client.

`TWILIO_API_URL` points it at Twilio, the local exchange, or any carrier with the same API.
"""

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
# For connecting, and again for the response; a reaction sends three requests at most and must end within
# its job's time.
TIMEOUT_SECONDS = 8
# More than the longest call of 4 hours takes at 8 kHz and 16 bit.
MAX_SOUND_BYTES = 256 * 1024 * 1024
_GONE_CODES = {20404, 21220}
# The client would build a host name from these variables; `api_url` alone says where the carrier is.
_NO_ENVIRONMENT = {"TWILIO_REGION": "", "TWILIO_EDGE": ""}
# The carrier stamps a call's creation by its own clock; the search begins a little earlier than ours.
_LIST_LAG = timedelta(seconds=5)
# Lists begin with the newest call. They are not narrowed by start time: a call that still rings has none.
_NEWEST = 100


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
        calls = _call_api(lambda: self._client.calls.list(to=wanted, limit=_NEWEST))
        ours = [
            call
            for call in calls
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
        """Fetches a sound with the account's credentials, at most MAX_SOUND_BYTES."""
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
    """Calls the carrier and maps the client's three families of exceptions to ours."""
    try:
        return ask()
    except (TwilioRestException, TwilioServiceException) as error:
        raise _carrier_error(error.status, error.code) from error
    except TwilioException as error:  # a list that could not be read, whatever the reason: nothing happened
        raise CarrierUnavailable("a list could not be read") from error
    except requests.ConnectTimeout as error:
        raise CarrierUnavailable("no connection") from error
    except requests.ConnectionError as error:
        if "refused" in str(error).lower() or "NameResolution" in str(error):
            raise CarrierUnavailable("no connection") from error
        raise CarrierOutcomeUnknown("connection lost") from error
    except (requests.RequestException, ValueError) as error:  # no answer in time, or none that can be read
        raise CarrierOutcomeUnknown(type(error).__name__) from error


def _carrier_error(status: int, code: int | None) -> CarrierError:
    """Returns our error for a refusal."""
    # The carrier's own message is left out: it may repeat the number we called.
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
