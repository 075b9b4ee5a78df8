"""HTTP client that sends webhooks as the carrier does: signed, bounded to 15 s, retried only if the connection failed.

Sources: the pages "Webhooks connection overrides" (time-outs, retries, URL fragment), "Security" (signature) and the
error dictionary (11200 …). One deliberate difference: the carrier follows a 301/302/303 with a GET that has lost its
form fields; here such an answer to a POST is refused with an error text, because it is always a mistake.
"""

import asyncio
import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import parse_qsl, quote_plus, urljoin

import aiohttp
from yarl import URL

from hotline.exchange.core.faults import Fault, FaultSwitch
from hotline.exchange.core.webhook import (
    OutgoingWebhook,
    WebhookResponse,
    displayed_body,
    journal_entry,
    open_record,
    with_query,
)
from hotline.exchange.state.request_log import RequestLog, RequestRecord
from hotline.exchange.state.transcripts import TranscriptStore
from hotline.exchange.time.clock import ExchangeClock
from hotline.exchange.twiml.validation import LONGEST_DOCUMENT, DocumentError

USER_AGENT = "TwilioProxy/1.1"
_MOST_REDIRECTS = 10
_LOSING = frozenset({Fault.LOST_ANSWER, Fault.TIME_OUT})
_KEEPS_METHOD = frozenset({307, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_USERINFO = re.compile(r"^(https?://)[^/?]*@", re.IGNORECASE)
_HTTPS_PORT = re.compile(r"^(https://[^/?:]+):\d+", re.IGNORECASE)


@dataclass(frozen=True)
class RetryPolicy:
    """Time-outs (seconds) and number of retries of one webhook; the defaults are the carrier's.

    `retry_on` holds the carrier's words: `ct` (connection failed), `rt` (no answer in time), `4xx`, `5xx`.
    Source: the page "Webhooks connection overrides".
    """

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})

    def retries_status(self, status: int) -> bool:
        """Returns True if an answer with this HTTP status is followed by another try."""
        return (400 <= status < 500 and "4xx" in self.retry_on) or (status >= 500 and "5xx" in self.retry_on)


def retry_policy_of(url: str) -> RetryPolicy:
    """Returns the connection overrides of a URL's fragment (`#ct=1000&rc=2&rp=all`); anything else there is ignored."""
    given = dict(parse_qsl(url.partition("#")[2]))

    def seconds(name: str, default: float, most: float) -> float:
        value = given.get(name, "")
        return min(most, max(0.1, int(value) / 1000)) if value.isdigit() else default

    retries = given.get("rc", "")
    retry_on = frozenset(given.get("rp", "ct").split(","))
    return RetryPolicy(
        connect=seconds("ct", 5.0, 10.0),
        read=seconds("rt", 15.0, 15.0),
        total=seconds("tt", 15.0, 15.0),
        retries=min(5, int(retries)) if retries.isdigit() else 1,
        retry_on=frozenset({"4xx", "5xx", "ct", "rt"}) if "all" in retry_on else retry_on,
    )


# The signature is computed here and not by the SDK, so that a test can compare the two.
def signed_url(url: str) -> str:
    """Returns the URL a receiver must reproduce: no fragment, no user:password@, and for https no port."""
    bare = _USERINFO.sub(r"\1", url.partition("#")[0])
    return _HTTPS_PORT.sub(r"\1", bare)


def sign(token: str, url: str, form: Mapping[str, str]) -> str:
    """Returns X-Twilio-Signature: the base64 text of an HMAC-SHA1 with the primary auth token.

    It covers the URL as configured, followed, for form posts, by every name and value sorted by name, without
    delimiters. `form` is empty for GET requests, whose parameters already are in the URL. Source: the page "Security".
    """
    text = signed_url(url) + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


# Most names and values are the same in every webhook, hence the cache.
@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return quote_plus(text)


def form_encoded(form: Mapping[str, str]) -> str:
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in form.items())


@dataclass
class _Sending:
    """One sending of a webhook with all its tries. `is_spoilt` is True once the fault has lost an answer."""

    webhook: OutgoingWebhook
    cookies: Mapping[str, str]
    token: str
    policy: RetryPolicy
    record: RequestRecord
    switch: FaultSwitch | None
    is_spoilt: bool = False

    @property
    def fault(self) -> Fault | None:
        return None if self.switch is None else self.switch.rule.fault


class WebhookClient:
    """Sends webhooks and records each in the request log and in the transcript of its call."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        token: str,
        clock: ExchangeClock,
        log: RequestLog,
        transcripts: TranscriptStore,
    ) -> None:
        """`token` is the account's primary auth token, with which webhooks are signed."""
        self._session = session
        self._token = token
        self._clock = clock
        self._log = log
        self._transcripts = transcripts

    async def send(
        self,
        webhook: OutgoingWebhook,
        cookies: Mapping[str, str],
        token: str,
        switch: FaultSwitch | None = None,
    ) -> WebhookResponse:
        """Returns the answer, whatever its status; raises DocumentError (11200, 11205, 11215) when there is none.

        `token` is the idempotency token: repetitions of one webhook share it. Of the faults, those of a single sending
        are carried out here (drop, bad signature, lost answer, time-out); any other is only recorded.
        """
        began = self._clock.stopwatch()
        record = open_record(self._log, self._clock, webhook, switch)
        transcript = self._transcripts.by_call.get(webhook.call_sid)
        asked_at = 0.0 if transcript is None else transcript.elapsed()
        try:
            response = await self._with_retries(
                _Sending(webhook, cookies, token, retry_policy_of(webhook.url), record, switch)
            )
        except DocumentError as error:
            record.error = str(error)
            raise
        else:
            record.status, record.content_type = response.status, response.content_type or ""
            record.answer = displayed_body(response)
            return response
        finally:
            record.milliseconds = round((self._clock.stopwatch() - began) * 1000)
            record.is_done = True
            record.error = record.error or ("" if record.status else "given up: the call was over")
            if transcript is not None:
                transcript.webhook_sent(journal_entry(record, asked_at))

    async def _with_retries(self, sending: _Sending) -> WebhookResponse:
        """Tries as often as the policy allows; all tries share one idempotency token and one total time."""
        policy = sending.policy
        try:
            async with asyncio.timeout(policy.total):
                for left in range(policy.retries, -1, -1):
                    failure, response = await self._try(sending)
                    if response is not None and (left == 0 or not policy.retries_status(response.status)):
                        return response
                    if failure is not None and (left == 0 or failure[0] not in policy.retry_on):
                        raise failure[1]
        except TimeoutError as error:
            raise DocumentError(11200, f"no answer within {policy.total:g} s") from error
        raise DocumentError(11200, "no attempt was left")

    async def _try(
        self, sending: _Sending
    ) -> tuple[tuple[str, DocumentError] | None, WebhookResponse | None]:
        """Sends once and returns either (retry word, error) or a response."""
        sending.record.tries += 1
        if sending.fault is Fault.DROP:
            return ("ct", DocumentError(11205, "connection failed: fault drop")), None
        try:
            return _with_lost_answer(sending, await self._follow_redirects(sending))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return ("ct", DocumentError(11205, f"connection failed: {type(error).__name__}")), None
        except TimeoutError:
            return ("rt", DocumentError(11200, "connected, but no answer in time")), None
        except (aiohttp.ClientError, ValueError) as error:
            return ("", DocumentError(11200, f"request failed: {type(error).__name__}")), None

    async def _follow_redirects(self, sending: _Sending) -> WebhookResponse:
        webhook = sending.webhook
        url = webhook.url.partition("#")[0]
        for _ in range(_MOST_REDIRECTS + 1):
            response, location = await self._request(url, webhook, sending)
            if location is None:
                return response
            if webhook.method == "POST" and response.status not in _KEEPS_METHOD:
                text = f"answered {response.status}: following it would turn the POST into a GET and lose its fields"
                raise DocumentError(11200, text)
            url = urljoin(url, location)
            webhook = webhook if webhook.method == "POST" else replace(webhook, form={})
        raise DocumentError(11215, f"more than {_MOST_REDIRECTS} redirects")

    async def _request(
        self, url: str, webhook: OutgoingWebhook, sending: _Sending
    ) -> tuple[WebhookResponse, str | None]:
        """Sends one HTTP request; returns the response and, for a redirect, its Location."""
        posted = webhook.method == "POST"
        target = url if posted else with_query(url, webhook.form)
        form = form_encoded(webhook.form).encode() if posted else None
        policy = sending.policy
        secret = "another's" if sending.fault is Fault.BAD_SIGNATURE else self._token
        signature = sign(secret, target, webhook.form if posted else {})
        async with (
            # Virtual time stands while the application works on its answer.
            self._clock.hold(),
            self._session.request(
                webhook.method,
                # yarl would otherwise normalise the URL, and the signature would no longer fit it.
                URL(target, encoded=True),
                data=form,
                headers=_headers(webhook, sending.token, signature),
                cookies=dict(sending.cookies),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=policy.connect, sock_read=policy.read),
            ) as response,
        ):
            body = await _bounded(response.content)
            cookies = {name: morsel.value for name, morsel in response.cookies.items()}
            kind = response.headers.get("Content-Type")
            content_type = kind.partition(";")[0].strip().lower() if kind else None
            location = response.headers.get("Location") if response.status in _REDIRECTS else None
            return WebhookResponse(response.status, content_type, body, url, cookies), location


def _headers(webhook: OutgoingWebhook, token: str, signature: str) -> dict[str, str]:
    headers = {
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "X-Home-Region": "us1",
        "I-Twilio-Idempotency-Token": token,
        "X-Twilio-Signature": signature,
    }
    if webhook.method == "POST":
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    return headers


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    """Returns the body; of one longer than any document may be, only so much that the excess is noticed."""
    body = bytearray()
    while len(body) <= LONGEST_DOCUMENT and (piece := await content.read(LONGEST_DOCUMENT)):
        body += piece
    return bytes(body)


def _with_lost_answer(
    sending: _Sending, response: WebhookResponse
) -> tuple[tuple[str, DocumentError] | None, WebhookResponse | None]:
    """Replaces the first answer if the fault is to lose it; the application has acted on the webhook all the same."""
    if sending.switch is None or sending.is_spoilt or sending.fault not in _LOSING:
        return None, response
    sending.is_spoilt = True
    sending.switch.fired += 1
    if sending.fault is Fault.TIME_OUT:
        return ("rt", DocumentError(11200, "connected, but no answer in time: fault time-out")), None
    return None, replace(response, status=500, content_type="text/html", body=b"fault lost-answer")
