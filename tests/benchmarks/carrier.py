"""The least a carrier says, signed: for benchmarks that need a webhook and no telephone."""

import base64
import hashlib
import hmac
import secrets

import requests

from tests.journeys.city import City


class SignedCarrier:
    """Sends first webhooks, keys and ends of invented calls."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._http = requests.Session()

    def incoming(self) -> str:
        """Begin a call from a number of its own; returns its sid."""
        sid = f"CA{secrets.token_hex(16)}"
        self._post("/voice/incoming", sid, CallStatus="ringing")
        return sid

    def heard(self, sid: str, digits: str) -> None:
        self._post("/voice/heard", sid, CallStatus="in-progress", Digits=digits)

    def ended(self, sid: str) -> None:
        self._post("/voice/status", sid, CallStatus="completed", SequenceNumber="0")

    def _post(self, path: str, sid: str, **fields: str) -> None:
        url = self._city.web + path
        form = {
            "CallSid": sid,
            "AccountSid": self._city.settings.account.sid,
            "From": f"+8613900{int(sid[2:8], 16) % 100000:05d}",
            "To": self._city.settings.number,
            "Direction": "inbound",
            "ApiVersion": "2010-04-01",
            **fields,
        }
        signed = url + "".join(name + form[name] for name in sorted(form))
        key = self._city.settings.account.auth_token.encode()
        signature = base64.b64encode(hmac.new(key, signed.encode(), hashlib.sha1).digest()).decode()
        headers = {"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": secrets.token_hex(16)}
        answer = self._http.post(url, data=form, headers=headers, timeout=10)
        answer.raise_for_status()
