"""Loading the next document of a call: request, fallback, content type, parsing.

Sources: the TwiML overview (content types), "Availability & reliability" (fallback with ErrorCode and ErrorUrl).
"""

import asyncio
from dataclasses import dataclass

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.webhook import OutgoingWebhook, WebhookResponse
from hotline.exchange.state.calls import Call, DocumentRequest, DocumentSource, InlineDocument
from hotline.exchange.twiml.document import Play, Say, Verb
from hotline.exchange.twiml.reader import read_document
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.enums import DocumentContext
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.webhooks.parameters import standard_parameters

# The step of the first document of each context; a document that a verb leads to carries its own step.
_FIRST = {
    DocumentContext.CALL: RequestKind.VOICE,
    DocumentContext.LEG: RequestKind.LEG,
    DocumentContext.WAIT: RequestKind.WAIT,
    DocumentContext.QUEUE_WHISPER: RequestKind.QUEUE_WHISPER,
    DocumentContext.CONFERENCE: RequestKind.CONFERENCE_DOCUMENT,
}
_DOCUMENTS = frozenset({"text/xml", "application/xml", "text/html"})


@dataclass(frozen=True)
class LoadedDocument:
    """A document ready to run; `url` is None when it was given in a REST request."""

    url: str | None
    verbs: tuple[Verb, ...]


async def load_document(
    exchange: Exchange, call: Call, source: DocumentSource, context: DocumentContext
) -> LoadedDocument:
    """Returns the document of `source`, or the fallback's if the call has one; raises DocumentError otherwise."""
    try:
        return await _load_primary(exchange, call, source, context)
    except DocumentError as error:
        url = source.url if isinstance(source, DocumentRequest) else ""
        exchange.alert(error.code, error.text, call.sid)
        if call.fallback is None or context is not DocumentContext.CALL:
            raise
        extra = {"ErrorCode": str(error.code), "ErrorUrl": url}
        fallback = DocumentRequest(call.fallback.url, call.fallback.method, extra)
        return await _request(exchange, call, fallback, context, RequestKind.FALLBACK)


async def _load_primary(
    exchange: Exchange, call: Call, source: DocumentSource, context: DocumentContext
) -> LoadedDocument:
    match source:
        case InlineDocument(document):
            return LoadedDocument(None, read_document(document, context, narrow=exchange.settings.narrow))
        case DocumentRequest():
            return await _request(exchange, call, source, context, source.kind or _FIRST[context])


async def _request(
    exchange: Exchange, call: Call, fetch: DocumentRequest, context: DocumentContext, kind: RequestKind
) -> LoadedDocument:
    """Sends one synchronous webhook and reads its answer."""
    form = {**standard_parameters(exchange.settings.account_sid, call), **fetch.extra}
    webhook = OutgoingWebhook(kind, fetch.url, fetch.method, form, call.sid)
    sending = asyncio.ensure_future(exchange.send_webhook(webhook, call.cookies))
    try:
        # On a real line the request is completed even if the caller hangs up meanwhile, hence the shield.
        with exchange.activity(call, "→", kind):
            response = await asyncio.shield(sending)
    except asyncio.CancelledError:
        exchange.spawn(_await_and_ignore(sending))
        raise
    call.cookies.update(response.cookies)
    return LoadedDocument(response.url, _verbs(response, context, narrow=exchange.settings.narrow))


async def _await_and_ignore(sending: "asyncio.Future[WebhookResponse]") -> None:
    """Waits for a request whose call is over; its result is in the request log already."""
    await asyncio.wait({sending})
    if not sending.cancelled():
        # asyncio logs an exception that was never retrieved.
        sending.exception()


def _verbs(response: WebhookResponse, context: DocumentContext, *, narrow: bool) -> tuple[Verb, ...]:
    if not 200 <= response.status < 300:
        raise DocumentError(11200, f"answered {response.status}")
    kind = response.content_type
    if kind is None:
        raise DocumentError(11200, "answered without a Content-Type (502)")
    if kind.startswith("audio/"):
        return (Play(response.url, 1, ""),)
    if kind not in _DOCUMENTS and kind != "text/plain":
        raise DocumentError(12300, f"Content-Type {kind} is not TwiML")
    try:
        text = response.body.decode()
    except UnicodeDecodeError as error:
        raise DocumentError(12100, "the document is not UTF-8") from error
    if kind == "text/plain" and not text.lstrip().startswith("<"):
        return (Say(text, "en-US", 1),)
    return read_document(text, context, narrow=narrow)
