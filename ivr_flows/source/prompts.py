"""Words for lines: one catalogue per language, with the way each language speaks numbers, places and waits.

Everything a new language needs is data in its own file: voice, digits, counts, plurals.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from string import Formatter
from typing import Annotated

from pydantic import Field

from hotline.rules.enums import Language
from hotline.rules.text import to_speakable, to_utterance
from ivr_flows.source.tables import NAME, Shape
from ivr_flows.speech import Argument, Callers, Line, Moment, Notice, OneByOne, Wait, Words

SOUNDS = Path(__file__).parent.parent / "sounds"
"""Where prompts that are played instead of spoken lie (`play = "name.wav"` in a prompt file)."""
STANDING_ARGUMENTS = frozenset({"hotline"})
"""Arguments every prompt may use."""

_NOTHING: frozenset[str] = frozenset()
DOOR_PROMPTS: Mapping[str, frozenset[str]] = {
    "still_connecting": _NOTHING,
    "still_asking": _NOTHING,
    "thanks_goodbye": _NOTHING,
    "operator_gone": _NOTHING,
    "talk_failed_promised": _NOTHING,
    "apology": _NOTHING,
    "apology_wait": _NOTHING,
    "apology_goodbye": _NOTHING,
    "caller_gone": _NOTHING,
    "status_waiting": _NOTHING,
    "status_dispatched": frozenset({"due"}),
    "status_acknowledged": frozenset({"due"}),
    "status_in_progress": frozenset({"due"}),
    "status_replied": _NOTHING,
    "status_closed": frozenset({"closed"}),
}
"""What the program itself may have to say, whatever the flow, and the arguments it gives."""


@dataclass(frozen=True, slots=True)
class Plural:
    """A phrase about `{n}` things."""

    one: str
    other: str

    def of(self, count: int, spoken: str) -> str:
        return (self.one if count == 1 else self.other).replace("{n}", spoken)


@dataclass(frozen=True, slots=True)
class Calendar:
    """How moments are spoken. `hours` and `periods` hold one word for each hour of the day, from midnight on.

    The patterns may use {period}, {hour}, {n} (minutes) and {nn} (two digits); `day` has {month} and {day}.
    """

    day: str
    months: tuple[str, ...]
    hours: tuple[str, ...]
    periods: tuple[str, ...]
    on_the_hour: str
    half_past: str
    few_minutes: str
    minutes: str
    digits: tuple[str, ...]
    """Words for the minutes 0 to 9 of `few_minutes`, as {n}."""

    def say(self, moment: datetime) -> str:
        names = {"period": self.periods[moment.hour], "hour": self.hours[moment.hour]}
        count = moment.minute
        pattern = {0: self.on_the_hour, 30: self.half_past}.get(
            count, self.few_minutes if count < len(self.digits) else self.minutes
        )
        spoken = self.digits[count] if count < len(self.digits) else str(count)
        day = self.day.format(month=self.months[moment.month - 1], day=moment.day)
        return day + pattern.format(**names, n=spoken, nn=f"{count:02d}")


@dataclass(frozen=True, slots=True)
class Speech:
    """How a language is spoken and heard: the carrier's voice and language tags, and the words for numbers and moments."""

    voice: str
    language: str
    recognition: str
    """The tag under which the carrier recognises this language when it is spoken."""
    digits: tuple[str, ...]
    between_digits: str
    counts: tuple[str, ...]
    callers: Plural
    minutes: Plural
    under_a_minute: str
    calendar: Calendar

    spoken_as: Language = Language.ZH_CN

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
            case Moment(at=at):
                return self.calendar.say(at)
            case Words(texts=texts):
                return dict(texts).get(self.spoken_as) or texts[0][1]

    def _count(self, count: int) -> str:
        return self.counts[count] if count < len(self.counts) else str(count)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language's speech and its prompts, by key; `sounds` are recordings played instead of being spoken.

    `words` are lists of words that callers may say instead of pressing a key.
    """

    speech: Speech
    texts: Mapping[str, str]
    sounds: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Prompts = Mapping[Language, Catalogue]
"""Every language has a catalogue, and every catalogue the same keys (the loader sees to it)."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is really said, and by which voice (the carrier's voice and language names); or a recording of it."""

    text: str
    voice: str
    language: str
    sound: str = ""
    """The file or address of a recording; empty: spoken by the voice."""


def speak(
    prompts: Prompts, line: Line | Notice, language: Language, standing: Mapping[str, Argument]
) -> Spoken:
    """Put a line into words in its own language, or else in the call's; the voice is that of the words.

    Whoever wrote the words, and whenever: no sign is left that would make the document one no carrier can read.
    Raises KeyError for a prompt or an argument nobody gave; the loader has checked that for every node.
    """
    if isinstance(line, Notice):
        written_in, text = line.told_in(language)
        speech = prompts[written_in].speech
        return Spoken(to_utterance(text), speech.voice, speech.language)
    catalogue = prompts[line.language or language]
    speech = catalogue.speech
    text = catalogue.texts[line.prompt]
    if "{" in text:
        given = {**standing, **dict(line.arguments)}
        text = text.format_map({name: speech.say(given[name]) for name in arguments_of(text)})
    return Spoken(to_speakable(text), speech.voice, speech.language, catalogue.sounds.get(line.prompt, ""))


def arguments_of(text: str) -> frozenset[str]:
    """Return the names in braces. Raises ValueError for broken braces."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


_Text = Annotated[str, Field(min_length=1)]
_Hours = Annotated[tuple[_Text, ...], Field(min_length=24, max_length=24)]
_Ten = Annotated[tuple[_Text, ...], Field(min_length=10, max_length=10)]


def plain(text: str) -> str:
    """Return small letters and signs without blanks and punctuation, in one width."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


class _Plural(Shape):
    one: _Text
    other: _Text

    def phrase(self) -> Plural:
        return Plural(self.one, self.other)


class _Calendar(Shape):
    day: _Text
    months: Annotated[tuple[_Text, ...], Field(min_length=12, max_length=12)]
    hours: _Hours
    periods: _Hours
    on_the_hour: _Text
    half_past: _Text
    few_minutes: _Text
    minutes: _Text
    digits: _Ten

    def calendar(self) -> Calendar:
        return Calendar(**{name: getattr(self, name) for name in type(self).model_fields})


class _Speech(Shape):
    voice: _Text
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}-[A-Z]{2}$")]
    recognition: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
    digits: _Ten
    between_digits: str
    counts: tuple[_Text, ...]
    callers: _Plural
    minutes: _Plural
    under_a_minute: _Text
    calendar: _Calendar


class _Recorded(Shape):
    """A prompt that is played: `text` says what is heard, for captions, transcripts and whoever reads the file."""

    text: _Text
    play: _Text


class CatalogueShape(Shape):
    """A whole prompt file of one language."""

    speech: _Speech
    prompts: dict[NAME, _Text | _Recorded]
    words: dict[NAME, Annotated[tuple[_Text, ...], Field(min_length=1)]] = Field(default_factory=dict)

    def catalogue(self, language: Language) -> Catalogue:
        raw = self.speech
        speech = Speech(
            voice=raw.voice,
            language=raw.language,
            recognition=raw.recognition,
            digits=raw.digits,
            between_digits=raw.between_digits,
            counts=raw.counts,
            callers=raw.callers.phrase(),
            minutes=raw.minutes.phrase(),
            under_a_minute=raw.under_a_minute,
            calendar=raw.calendar.calendar(),
            spoken_as=language,
        )
        recorded = {key: said for key, said in self.prompts.items() if isinstance(said, _Recorded)}
        texts = {key: said if isinstance(said, str) else said.text for key, said in self.prompts.items()}
        return Catalogue(speech, texts, {key: said.play for key, said in recorded.items()}, self.words)
