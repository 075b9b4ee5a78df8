"""The Call resource: one leg between the exchange and the telephone or softphone at its other end."""

import asyncio
import itertools
import secrets
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from hotline.exchange.state.recordings import Recording
from hotline.exchange.state.transcripts import TranscriptRecorder
from hotline.exchange.vocabulary.answer_modes import AnsweringParty
from hotline.exchange.vocabulary.enums import CallStatus, Direction, Initiator, RingOutcome
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import Sound
from hotline.exchange.vocabulary.status_callback import Method, StatusCallback

Script = Coroutine[Any, Any, None]


def new_sid(prefix: str) -> str:
    """Returns a new id in the carrier's form: two capital letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


@dataclass(frozen=True)
class DocumentRequest:
    """A document to be requested from an absolute `url`, with `extra` parameters beside the standard ones.

    `kind` is the verb or noun that requested it; None = the first document of its context.
    """

    url: str
    method: Method = "POST"
    extra: Mapping[str, str] = field(default_factory=dict)
    kind: RequestKind | None = None


@dataclass(frozen=True)
class InlineDocument:
    """A document given in a REST request (`Twiml`). It has no URL of its own, so its URLs must be absolute."""

    document: str


DocumentSource = DocumentRequest | InlineDocument


@dataclass(frozen=True)
class MoveCall:
    """An order to stop the running document and run another one."""

    source: DocumentSource


@dataclass(frozen=True)
class HangUpCall:
    """An order to end the call; `status` overrides the status that follows from its state."""

    by: Initiator
    status: CallStatus | None = None


CallOrder = MoveCall | HangUpCall


@dataclass(frozen=True)
class KeyInput:
    digit: str


@dataclass(frozen=True)
class SpeechInput:
    text: str


@dataclass(frozen=True)
class TypingNoise:
    """The person is about to speak (is typing), which keeps a recording from ending in silence."""


CallerInput = KeyInput | SpeechInput | TypingNoise


@dataclass(eq=False)
class InputListener:
    """The Gather or Record that currently listens to the caller."""

    keys: bool
    words: bool
    heard: asyncio.Queue[CallerInput] = field(default_factory=asyncio.Queue)


class Endpoint(Protocol):
    """A telephone or softphone, as the call at its other end sees it. None of its methods may block or raise."""

    @property
    def answerer(self) -> AnsweringParty: ...

    def hear(self, call_sid: str, sound: Sound) -> None: ...

    def answered(self, call_sid: str) -> None: ...

    def over(self, call_sid: str, status: str) -> None: ...


class Meeting(Protocol):
    """A bridge of two calls or a conference, in which people hear each other."""

    def listeners(self, speaker: "Call") -> "tuple[Call, ...]":
        """Returns the calls that hear `speaker` now, in words and in sound."""
        ...

    def speak(self, speaker: "Call", text: str) -> None: ...


@dataclass(frozen=True, eq=False)
class Activity:
    """A verb that a call is executing, with its detail and its start in exchange seconds."""

    what: str
    detail: str
    since: float


@dataclass(eq=False)
class Call:
    """One leg. `answered_at` and `ended_at` are exchange seconds, `started` and `ended` the dates of record."""

    sid: str
    from_: str
    to: str
    direction: Direction
    created: datetime
    parent: str | None = None
    # The TwiML application through which a softphone called.
    application: str | None = None
    status: CallStatus = CallStatus.QUEUED
    updated: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    final_status: CallStatus | None = None
    answered_by: str | None = None
    time_limit: float = 14400.0
    sip_code: int | None = None
    queue_seconds: float = 0.0
    fallback: DocumentRequest | None = None
    callback: StatusCallback | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    sequence: Iterator[int] = field(default_factory=itertools.count)
    utterances: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    # Number of documents that the call has been given to run so far.
    documents: int = 0
    cookies: dict[str, str] = field(default_factory=dict)
    endpoint: Endpoint | None = None
    listener: InputListener | None = None
    meeting: Meeting | None = None
    order: CallOrder | None = None
    script: asyncio.Task[None] | None = None
    pickup: asyncio.Future[RingOutcome] | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    recordings: list[Recording] = field(default_factory=list)
    transcript: TranscriptRecorder | None = None
    activities: list[Activity] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.status.is_terminal

    @property
    def party(self) -> str:
        """The address of the person at the other end."""
        return self.from_ if self.direction is Direction.INBOUND else self.to.partition("?")[0]

    def reported_status(self) -> CallStatus:
        """Returns the status for requests sent while the call is ended: a call that hangs up is already completed."""
        return (
            CallStatus.COMPLETED if isinstance(self.order, HangUpCall) and not self.is_over else self.status
        )

    def interrupt(self, order: CallOrder) -> None:
        """Gives the call an order and stops the running document; a pending EndCall is never replaced."""
        if self.is_over or isinstance(self.order, HangUpCall):
            return
        if isinstance(order, HangUpCall) and order.by is Initiator.PARTY and self.transcript is not None:
            self.transcript.hung_up()
        self.order = order
        if self.script is not None:
            self.script.cancel()

    def hear(self, sound: Sound) -> None:
        """Sends a sound to the device at the other end, if there is one, and adds it to the transcript."""
        if self.endpoint is None:
            return
        if self.transcript is not None:
            self.transcript.heard(sound)
        self.endpoint.hear(self.sid, sound)

    def seconds(self) -> int:
        """Returns the whole seconds between answer and end, 0 if the call was never answered or still runs."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return round(self.ended_at - self.answered_at)
