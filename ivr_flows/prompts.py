"""Words for lines: one catalogue per language, with the way each language speaks numbers, places and waits.

Everything a new language needs is data in its own file: voice, digits, counts, plurals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from hotline.rules.words import Language
from ivr_flows.flow import Argument, Callers, Line, OneByOne, Wait

STANDING_ARGUMENTS = frozenset({"hotline"})
"""Arguments every prompt may use."""

DOOR_PROMPTS = (
    "still_connecting",
    "thanks_goodbye",
    "operator_gone",
    "talk_failed_promised",
    "apology",
    "apology_wait",
    "apology_goodbye",
    "caller_gone",
)
"""What the door itself may have to say, whatever the flow."""


@dataclass(frozen=True, slots=True)
class Plural:
    """A phrase about `{n}` things."""

    one: str
    other: str

    def of(self, count: int, spoken: str) -> str:
        return (self.one if count == 1 else self.other).replace("{n}", spoken)


@dataclass(frozen=True, slots=True)
class Speech:
    """How a language is spoken: the carrier's voice and language tag, and the words for numbers."""

    voice: str
    language: str
    digits: tuple[str, ...]
    between_digits: str
    counts: tuple[str, ...]
    callers: Plural
    minutes: Plural
    under_a_minute: str

    def say(self, argument: Argument) -> str:
        match argument:
            case Callers(count=count):
                return self.callers.of(count, self._count(count))
            case Wait(seconds=seconds) if seconds < 60:
                return self.under_a_minute
            case Wait(seconds=seconds):
                minutes = (seconds + 30) // 60
                return self.minutes.of(minutes, self._count(minutes))
            case OneByOne(digits=digits):
                return self.between_digits.join(self.digits[int(digit)] for digit in digits)

    def _count(self, count: int) -> str:
        return self.counts[count] if count < len(self.counts) else str(count)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language's speech and its prompts, by key."""

    speech: Speech
    texts: Mapping[str, str]


Prompts = Mapping[Language, Catalogue]
"""Every language has a catalogue, and every catalogue the same keys (the loader sees to it)."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is really said, and by which voice (the carrier's voice and language names)."""

    text: str
    voice: str
    language: str


def speak(prompts: Prompts, line: Line, language: Language, standing: Mapping[str, Argument]) -> Spoken:
    """Put a line into words in its own language, or else in the call's.

    Raises KeyError for a prompt or an argument nobody gave; the loader has checked that for every node.
    """
    catalogue = prompts[line.language or language]
    speech = catalogue.speech
    text = catalogue.texts[line.prompt]
    if "{" in text:
        given = {**standing, **dict(line.arguments)}
        text = text.format_map({name: speech.say(given[name]) for name in arguments_of(text)})
    return Spoken(text, speech.voice, speech.language)


def arguments_of(text: str) -> frozenset[str]:
    """Return the names in braces. Raises ValueError for broken braces."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)
