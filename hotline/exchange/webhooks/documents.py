"""Getting the next document of a call: request, fallback, content type, parsing.

Sources: the TwiML overview (content types), "Availability & reliability" (fallback with ErrorCode and ErrorUrl).
"""

import asyncio
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from hotline.exchange.core.activity import doing
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.webhook import Letter, Reply
from hotline.exchange.state.calls import Call, DocumentRequest, DocumentSource, InlineDocument
from hotline.exchange.twiml.document import Play, Say, Verb
from hotline.exchange.twiml.reader import read_document
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.enums import DocumentContext
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.webhooks.delivery import post
from hotline.exchange.webhooks.parameters import standard

_FIRST = {
    DocumentContext.CALL: RequestKind.VOICE,
    DocumentContext.LEG: RequestKind.LEG,
    DocumentContext.WAIT: RequestKind.WAIT,
    DocumentContext.QUEUE_WHISPER: RequestKind.QUEUE_WHISPER,
    DocumentContext.CONFERENCE: RequestKind.CONFERENCE_DOCUMENT,
}
"""What the first document of each context is called; one that a verb leads to says so itself."""
_DOCUMENTS = frozenset({"text/xml", "application/xml", "text/html"})


@dataclass(frozen=True)
class Page:
    """A document ready to run; `url` None when it was handed over in a REST request."""

    url: str | None
    verbs: tuple[Verb, ...]


def resolve(base: str | None, url: str) -> str:
    """`url` against the current document; raises DocumentError 11100 where there is nothing to resolve against."""
    if urlsplit(url).scheme in {"http", "https"}:
        return url
    if base is None:
        raise DocumentError(11100, "a URL in TwiML given over REST must be absolute")
    return urljoin(base.partition("#")[0], url)


async def obtain(exchange: Exchange, call: Call, source: DocumentSource, context: DocumentContext) -> Page:
    """The document of `source`, or the fallback's where the call has one; raises DocumentError otherwise."""
    try:
        return await _primary(exchange, call, source, context)
    except DocumentError as error:
        url = source.url if isinstance(source, DocumentRequest) else ""
        exchange.trouble(error.code, error.text, call.sid)
        if call.fallback is None or context is not DocumentContext.CALL:
            raise
        extra = {"ErrorCode": str(error.code), "ErrorUrl": url}
        return await _request(
            exchange,
            call,
            DocumentRequest(call.fallback.url, call.fallback.method, extra),
            context,
            RequestKind.FALLBACK,
        )


async def _primary(exchange: Exchange, call: Call, source: DocumentSource, context: DocumentContext) -> Page:
    match source:
        case InlineDocument(document):
            return Page(None, read_document(document, context, narrow=exchange.settings.narrow))
        case DocumentRequest():
            return await _request(exchange, call, source, context, source.kind or _FIRST[context])


async def _request(
    exchange: Exchange, call: Call, fetch: DocumentRequest, context: DocumentContext, kind: RequestKind
) -> Page:
    """One synchronous webhook. It is completed even if the call ends meanwhile, as on a real line."""
    letter = Letter(kind, fetch.url, fetch.method, {**standard(exchange, call), **fetch.extra}, call.sid)
    sending = asyncio.ensure_future(post(exchange, letter, call.cookies))
    try:
        with doing(exchange, call, "→", kind):
            reply = await asyncio.shield(sending)
    except asyncio.CancelledError:
        exchange.spawn(_let_finish(sending))
        raise
    call.cookies.update(reply.cookies)
    return Page(reply.url, _verbs(reply, context, narrow=exchange.settings.narrow))


async def _let_finish(sending: "asyncio.Future[Reply]") -> None:
    """The courier has booked the request; its outcome no longer matters to anybody."""
    await asyncio.wait({sending})
    if not sending.cancelled():
        sending.exception()


def _verbs(reply: Reply, context: DocumentContext, *, narrow: bool) -> tuple[Verb, ...]:
    if not 200 <= reply.status < 300:
        raise DocumentError(11200, f"answered {reply.status}")
    kind = reply.content_type
    if kind is None:
        raise DocumentError(11200, "answered without a Content-Type (502)")
    if kind.startswith("audio/"):
        return (Play(reply.url, 1, ""),)
    if kind not in _DOCUMENTS and kind != "text/plain":
        raise DocumentError(12300, f"Content-Type {kind} is not TwiML")
    try:
        text = reply.body.decode()
    except UnicodeDecodeError as error:
        raise DocumentError(12100, "the document is not UTF-8") from error
    if kind == "text/plain" and not text.lstrip().startswith("<"):
        return (Say(text, "en-US", 1),)
    return read_document(text, context, narrow=narrow)
