"""What happens on a call, as a closed union: what its person does, what they hear, what is asked of the application.

`at` is everywhere exchange seconds since the call began.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class CallDialled:
    """The person called the hotline (`to` E.164)."""

    at: float
    to: str


@dataclass(frozen=True)
class CallAnswered:
    """The line was opened, by whichever side was rung."""

    at: float


@dataclass(frozen=True)
class KeysPressed:
    """`heeded` tells whether anybody listened for keys."""

    at: float
    digits: str
    heeded: bool


@dataclass(frozen=True)
class CallerSpoke:
    """`heeded` tells whether the exchange listened for words (else the others on the line heard them)."""

    at: float
    text: str
    heeded: bool


@dataclass(frozen=True)
class CallerHungUp:
    """The person hung up."""

    at: float


@dataclass(frozen=True)
class PlaybackHeard:
    """The exchange began to say or play something; `voice` is speech, music or error."""

    at: float
    text: str
    voice: str
    language: str


@dataclass(frozen=True)
class BeepHeard:
    at: float


@dataclass(frozen=True)
class OtherPartyHeard:
    """Another person on the line said something."""

    at: float
    who: str
    text: str


@dataclass(frozen=True)
class WebhookSent:
    """A webhook about this call and its answer; `at` when it was sent, `status` None if no answer came (`error`)."""

    at: float
    kind: str
    method: str
    url: str
    sent: Mapping[str, str]
    status: int | None
    answer: str
    error: str
    milliseconds: int
    tries: int
    fault: str


@dataclass(frozen=True)
class CallCompleted:
    """The call is over; `status` is the carrier's."""

    at: float
    status: str


TranscriptEntry = (
    CallDialled
    | CallAnswered
    | KeysPressed
    | CallerSpoke
    | CallerHungUp
    | PlaybackHeard
    | BeepHeard
    | OtherPartyHeard
    | WebhookSent
    | CallCompleted
)
