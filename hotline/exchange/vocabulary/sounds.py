"""The audible events that the exchange sends to a telephone or softphone, as a closed union.

Speech travels as text and tones as events; lengths are estimates in exchange seconds. The sound of people is not among
them: their browsers exchange it with each other (`core.audio_mesh`).
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_SECONDS_PER_IDEOGRAPH = 0.22
_SECONDS_PER_LETTER = 0.065


class PlaybackKind(StrEnum):
    SPEECH = "speech"
    MUSIC = "music"
    ERROR = "error"


@dataclass(frozen=True)
class PlaybackStarted:
    """The exchange begins to say or play something; `seconds` is its length in exchange seconds."""

    id: int
    text: str
    seconds: float
    language: str
    voice: PlaybackKind


@dataclass(frozen=True)
class PlaybackEnded:
    """The exchange stops saying or playing it; `whole` is False when a key or a new document interrupted it."""

    id: int
    whole: bool


@dataclass(frozen=True)
class Caption:
    """The words of another person on the line; `who` is a label, a number or `client:identity`."""

    who: str
    text: str


@dataclass(frozen=True)
class Beep:
    """A short tone: before a recording, or when a participant enters or leaves a conference."""


@dataclass(frozen=True)
class ListeningChanged:
    """Tells the device whether the exchange waits for keys or for speech from now on."""

    keys: bool
    words: bool


@dataclass(frozen=True)
class PartyChanged:
    """The names of the other people on the line from now on; empty while alone."""

    names: tuple[str, ...]


Sound = PlaybackStarted | PlaybackEnded | Caption | Beep | ListeningChanged | PartyChanged


def speaking_seconds(text: str) -> float:
    """Returns the seconds that `text` takes to say: about 4½ Chinese characters or 15 Latin letters a second."""
    wide = sum(1 for character in text if unicodedata.east_asian_width(character) in "WF")
    return max(0.3, wide * _SECONDS_PER_IDEOGRAPH + (len(text) - wide) * _SECONDS_PER_LETTER)
