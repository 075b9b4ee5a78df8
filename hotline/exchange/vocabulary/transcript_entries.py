"""The entries of a call's transcript, as a closed union: the person's actions, what they hear, and the webhooks.

`at` is in exchange seconds since the call began. The field names are those of the transcript file
(`board.transcript_file`), so renaming one changes its format.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class CallDialled:
    """The caller called the hotline (`to` E.164)."""

    at: float
    to: str


@dataclass(frozen=True)
class CallAnswered:
    """The called side answered."""

    at: float


@dataclass(frozen=True)
class KeysPressed:
    at: float
    digits: str
    heeded: bool  # whether the exchange listened for keys


@dataclass(frozen=True)
class CallerSpoke:
    at: float
    text: str
    heeded: bool  # whether the exchange listened for words; otherwise the others on the line heard them


@dataclass(frozen=True)
class CallerHungUp:
    at: float


@dataclass(frozen=True)
class PlaybackHeard:
    """The exchange began to say or play something; `voice` is `speech`, `music` or `error`."""

    at: float
    text: str
    voice: str
    language: str


@dataclass(frozen=True)
class BeepHeard:
    at: float


@dataclass(frozen=True)
class OtherPartyHeard:
    """Another person on the line spoke."""

    at: float
    who: str
    text: str


@dataclass(frozen=True)
class WebhookSent:
    """A webhook about this call and its answer.

    `at` is the time of sending. `status` is None if no answer came; then `error` holds the reason.
    """

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
    """The call reached its final `status` (the carrier's)."""

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
