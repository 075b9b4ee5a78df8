"""What a webhook is before it is sent and after it was answered, and how both are entered in the book and the journal."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from hotline.exchange.core.faults import Switch
from hotline.exchange.state.registry import Registry, RequestRecord
from hotline.exchange.time.clock import ExchangeClock
from hotline.exchange.twiml.document import Method
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.transcript_entries import WebhookSent

_SECRETS = frozenset({"AccountSid", "CallToken"})


@dataclass(frozen=True)
class Letter:
    """One webhook to send: `url` as configured, `form` all parameters; `aside` when no call waits for the answer."""

    kind: RequestKind
    url: str
    method: Method
    form: Mapping[str, str]
    call_sid: str
    aside: bool = False


@dataclass(frozen=True)
class Reply:
    status: int
    content_type: str | None
    body: bytes
    url: str
    cookies: Mapping[str, str]


def with_query(url: str, form: Mapping[str, str]) -> str:
    """A GET webhook's URL: parameters appended after the query already there, spaces as +."""
    bare = url.partition("#")[0]
    if not form:
        return bare
    return f"{bare}{'&' if '?' in bare else '?'}{urlencode(form)}"


def open_entry(board: Registry, clock: ExchangeClock, letter: Letter, switch: Switch | None) -> RequestRecord:
    """Enter a letter in the book as it goes out."""
    entry = RequestRecord(
        id=next(board.ids),
        at=clock.wall(),
        kind=letter.kind,
        method=letter.method,
        url=letter.url.partition("?")[0].partition("#")[0],
        call_sid=letter.call_sid,
        sent=dict(parse_qsl(urlsplit(letter.url).query)) | dict(letter.form),
        fault="" if switch is None else switch.rule.fault,
    )
    board.webhooks.appendleft(entry)
    return entry


def readable(reply: Reply) -> str:
    """The answer as text for the status page; what is no text is only measured."""
    if (reply.content_type or "text/").startswith("audio/"):
        return f"({len(reply.body)} bytes of {reply.content_type})"
    return reply.body.decode(errors="replace")


def for_journal(entry: RequestRecord, at: float) -> WebhookSent:
    """The entry as it is kept with its call: without what identifies the account."""
    sent = {name: value for name, value in entry.sent.items() if name not in _SECRETS}
    return WebhookSent(
        at,
        entry.kind or "",
        entry.method,
        entry.url,
        sent,
        entry.status,
        entry.answer,
        entry.error,
        entry.milliseconds,
        entry.tries,
        entry.fault,
    )
