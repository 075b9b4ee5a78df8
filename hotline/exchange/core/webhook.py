"""One webhook: the request before it is sent, its response, its record in the log, and the order of deliveries."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from hotline.exchange.core.faults import FaultSwitch
from hotline.exchange.state.request_log import RequestLog, RequestRecord
from hotline.exchange.time.clock import ExchangeClock
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.status_callback import Method
from hotline.exchange.vocabulary.transcript_entries import WebhookSent

_SECRETS = frozenset({"AccountSid", "CallToken"})


@dataclass(frozen=True)
class OutgoingWebhook:
    """One webhook to send: `url` as configured, `form` all parameters; `aside` when no call waits for the answer."""

    kind: RequestKind
    url: str
    method: Method
    form: Mapping[str, str]
    call_sid: str
    aside: bool = False

    def subjects(self) -> frozenset[str]:
        """Returns the sids this webhook is about: its call and its conference."""
        sids = (self.call_sid, self.form.get("CallSid", ""), self.form.get("ConferenceSid", ""))
        return frozenset(filter(None, sids))


@dataclass(frozen=True)
class WebhookResponse:
    """`content_type` is lower case without parameters, None without such a header; `url` is that after redirects."""

    status: int
    content_type: str | None
    body: bytes
    url: str
    cookies: Mapping[str, str]


def with_query(url: str, form: Mapping[str, str]) -> str:
    """Returns the URL of a GET webhook: parameters follow the query already there, spaces are written as +."""
    bare = url.partition("#")[0]
    if not form:
        return bare
    return f"{bare}{'&' if '?' in bare else '?'}{urlencode(form)}"


def open_record(
    log: RequestLog, clock: ExchangeClock, webhook: OutgoingWebhook, switch: FaultSwitch | None
) -> RequestRecord:
    """Adds a webhook that is about to be sent to the log; the caller completes the record with the answer."""
    record = RequestRecord(
        id=next(log.ids),
        at=clock.wall(),
        kind=webhook.kind,
        method=webhook.method,
        url=webhook.url.partition("?")[0].partition("#")[0],
        call_sid=webhook.call_sid,
        sent=dict(parse_qsl(urlsplit(webhook.url).query)) | dict(webhook.form),
        fault="" if switch is None else switch.rule.fault,
    )
    log.webhooks.appendleft(record)
    return record


def displayed_body(response: WebhookResponse) -> str:
    """Returns the answer as text for the status page; of a sound only the size and the type are shown."""
    if (response.content_type or "text/").startswith("audio/"):
        return f"({len(response.body)} bytes of {response.content_type})"
    return response.body.decode(errors="replace")


def journal_entry(record: RequestRecord, at: float) -> WebhookSent:
    """Returns the record as the transcript of its call keeps it, without the fields that identify the account."""
    sent = {name: value for name, value in record.sent.items() if name not in _SECRETS}
    return WebhookSent(
        at,
        record.kind or "",
        record.method,
        record.url,
        sent,
        record.status,
        record.answer,
        record.error,
        record.milliseconds,
        record.tries,
        record.fault,
    )


@dataclass(frozen=True, eq=False)
class _Waiting:
    """A webhook that waits for a later one about any of the same `subjects`."""

    number: int
    subjects: frozenset[str]
    overtaken: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class DeliveryOrder:
    """Numbers webhooks as they are made, so that a fault can hold one back until a later one has been sent."""

    _last_number: int = 0
    _waiting: list[_Waiting] = field(default_factory=list)

    def next_number(self) -> int:
        self._last_number += 1
        return self._last_number

    def sent(self, number: int, subjects: frozenset[str]) -> None:
        """Reports that the webhook with this number was answered (or could not be delivered)."""
        for waiting in self._waiting:
            if number > waiting.number and subjects & waiting.subjects:
                waiting.overtaken.set()

    async def wait_until_overtaken(
        self, number: int, subjects: frozenset[str], within: AbstractAsyncContextManager[object]
    ) -> bool:
        """Waits until a later webhook was sent; returns False if none was before the time-out `within`."""
        waiting = _Waiting(number, subjects)
        self._waiting.append(waiting)
        try:
            async with within:
                await waiting.overtaken.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.remove(waiting)
        return True
