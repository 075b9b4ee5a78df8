"""Where a verb is performed, and what may come of it: the small vocabulary shared by the interpreter and the verbs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, DocumentRequest, DocumentSource
from hotline.exchange.twiml.document import Method
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.enums import DocumentContext
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.webhooks.callbacks import farewell
from hotline.exchange.webhooks.documents import resolve


class Turn(Enum):
    """NEXT: go on (or: the document ran out). HANG_UP: end the call. LEAVE: out of the queue."""

    NEXT = auto()
    HANG_UP = auto()
    LEAVE = auto()


@dataclass(frozen=True)
class GoTo:
    """Another document takes over."""

    fetch: DocumentRequest


Outcome = Turn | GoTo
Follow = Callable[[Exchange, Call, DocumentSource, DocumentContext], Awaitable[Turn]]


@dataclass(frozen=True)
class Scene:
    """One document of one call. `follow` runs a document within a verb (wait music, whispers)."""

    exchange: Exchange
    call: Call
    base: str | None
    context: DocumentContext
    follow: Follow

    def absolute(self, url: str) -> str:
        return resolve(self.base, url)

    def own_url(self) -> str:
        """The current document's URL, the default action of Gather and Record; DocumentError 11100 if it has none."""
        if self.base is None:
            raise DocumentError(11100, "TwiML given over REST needs an absolute action URL")
        return self.base

    def action(self, url: str | None, method: Method, extra: Mapping[str, str]) -> Outcome:
        """Go to an action URL with these parameters, or on to the next verb when there is none."""
        return Turn.NEXT if url is None else GoTo(DocumentRequest(self.absolute(url), method, extra))

    def bid_farewell(
        self, kind: RequestKind, url: str | None, method: Method, extra: Mapping[str, str]
    ) -> None:
        """Tell an action URL how a verb ended on a call that has hung up or been moved; the reply has no effect."""
        if url is not None:
            farewell(self.exchange, kind, DocumentRequest(self.absolute(url), method, extra), self.call)
