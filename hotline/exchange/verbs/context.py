"""The context in which a verb runs, and its possible outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.enums import Continuation
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.status_callback import Method, StatusCallback
from hotline.exchange.webhooks.callbacks import send_late_webhook


@dataclass(frozen=True)
class GoTo:
    """Another document takes over."""

    fetch: DocumentRequest


Outcome = Continuation | GoTo


@dataclass(frozen=True)
class VerbContext:
    """One document of one call; `base` is the document's URL, None when it was given over REST."""

    exchange: Exchange
    call: Call
    base: str | None

    def absolute(self, url: str) -> str:
        """Returns `url` resolved against the current document; raises DocumentError 11100 if there is no base."""
        if urlsplit(url).scheme in {"http", "https"}:
            return url
        if self.base is None:
            raise DocumentError(11100, "a URL in TwiML given over REST must be absolute")
        return urljoin(self.base.partition("#")[0], url)

    def absolute_callback(self, callback: StatusCallback | None) -> StatusCallback | None:
        if callback is None:
            return None
        return StatusCallback(self.absolute(callback.url), callback.method, callback.events)

    def own_url(self) -> str:
        """Returns the current document's URL, the default action of Gather and Record; DocumentError 11100 without one."""
        if self.base is None:
            raise DocumentError(11100, "TwiML given over REST needs an absolute action URL")
        return self.base

    def action(self, url: str | None, method: Method, extra: Mapping[str, str]) -> Outcome:
        """Returns the way to an action URL with these parameters, or on to the next verb when there is no URL."""
        return Continuation.NEXT if url is None else GoTo(DocumentRequest(self.absolute(url), method, extra))

    def send_late_action(
        self, kind: RequestKind, url: str | None, method: Method, extra: Mapping[str, str]
    ) -> None:
        """Reports to an action URL how a verb ended on a call that has hung up or been moved; the reply has no effect."""
        if url is not None:
            send_late_webhook(
                self.exchange, kind, DocumentRequest(self.absolute(url), method, extra), self.call
            )
