"""What the exchange itself lets be heard: a closed union that telephones and softphones translate for themselves.

Speech travels as text, tones as events, and lengths are estimates in exchange seconds. The sound of people does not come
by here: their browsers exchange it with each other (`voices`).
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_SECONDS_PER_IDEOGRAPH = 0.22
_SECONDS_PER_LETTER = 0.065


class PlaybackKind(StrEnum):
    """Who or what speaks from the exchange's side."""

    SPEECH = "speech"
    MUSIC = "music"
    ERROR = "error"


@dataclass(frozen=True)
class PlaybackStarted:
    """Something begins to be said or played; `seconds` is its length in exchange seconds."""

    id: int
    text: str
    seconds: float
    language: str
    voice: PlaybackKind


@dataclass(frozen=True)
class PlaybackEnded:
    """It is over; `whole` is False when a key or a new document cut it short."""

    id: int
    whole: bool


@dataclass(frozen=True)
class Caption:
    """What another person on the line said; `who` is a label, a number or `client:identity`."""

    who: str
    text: str


@dataclass(frozen=True)
class Beep:
    """A short tone: before a recording, or when somebody enters or leaves a conference."""


@dataclass(frozen=True)
class ListeningChanged:
    """The exchange now waits (or no longer waits) for keys or for words."""

    keys: bool
    words: bool


@dataclass(frozen=True)
class PartyChanged:
    """Who else is on the line now and can be talked to; empty while alone."""

    names: tuple[str, ...]


Sound = PlaybackStarted | PlaybackEnded | Caption | Beep | ListeningChanged | PartyChanged


def speaking_seconds(text: str) -> float:
    """How long `text` takes to say: about 4½ Chinese characters or 15 Latin letters a second."""
    wide = sum(1 for character in text if unicodedata.east_asian_width(character) in "WF")
    return max(0.3, wide * _SECONDS_PER_IDEOGRAPH + (len(text) - wide) * _SECONDS_PER_LETTER)
