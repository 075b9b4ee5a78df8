"""Everything that can be spoken: prompts with arguments, notices written at the console, and the catalogues of prompts.

A catalogue holds the prompts of one language with the rules by which it speaks numbers, moments and waiting times.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from string import Formatter

from hotline.rules.enums import Language, RequestType
from hotline.rules.text import to_speakable, to_utterance

# Folder of the recordings played in place of prompts (`play = "name.wav"` in a prompt file).
SOUNDS = Path(__file__).parent / "sounds"
# Arguments every prompt may use.
STANDARD_ARGUMENTS = frozenset({"hotline"})

# Prompts that neither a key, a word nor an operator cuts short: a caller must have heard that the call is recorded.
RECORDING_NOTICE = "recording_notice"
UNINTERRUPTED = frozenset({RECORDING_NOTICE})

_NOTHING: frozenset[str] = frozenset()
# Prompts that the program speaks itself, whatever the flow, and the arguments it gives them.
PROGRAM_PROMPTS: Mapping[str, frozenset[str]] = {
    "still_connecting": _NOTHING,
    "still_asking": _NOTHING,
    "thanks_goodbye": _NOTHING,
    "operator_gone": _NOTHING,
    "talk_lost": _NOTHING,
    "talk_failed_promised": _NOTHING,
    "already_on_the_line": _NOTHING,
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
    "follow_up_matter": frozenset({"day", "matter"}),
    "follow_up_place": frozenset({"place"}),
}


@dataclass(frozen=True, slots=True)
class CallerCount:
    """A number of callers, spoken naturally: 两位, two callers."""

    count: int


@dataclass(frozen=True, slots=True)
class WaitingTime:
    """A waiting time in seconds, spoken in whole minutes: 约一分钟, about one minute."""

    seconds: int


@dataclass(frozen=True, slots=True)
class SpokenDigits:
    """Digits spoken one by one, as in telephone and ticket numbers; in Chinese 1 is spoken as 幺."""

    digits: str


@dataclass(frozen=True, slots=True)
class SpokenMoment:
    """A local date and time, spoken as 11月26号下午两点钟 or November 26 at 2 p.m.

    `ends_day`: `at` is the midnight that ends a period, spoken as the end of the day before it: 11月25号24点.
    """

    at: datetime
    ends_day: bool = False


def spoken_deadline(at: datetime) -> SpokenMoment:
    """Returns the local end of a period as it is spoken: midnight belongs to the day that ends."""
    return SpokenMoment(at, ends_day=at.time() == time())


@dataclass(frozen=True, slots=True)
class SpokenDay:
    """A local date, spoken as 11月26号 or November 26."""

    on: date


@dataclass(frozen=True, slots=True)
class SpokenMatter:
    """A kind of request as its caller would call it: 投诉的事项, the complaint you made."""

    kind: RequestType


@dataclass(frozen=True, slots=True)
class LiteralText:
    """A text per language that is spoken as it is, such as a name from the city's files."""

    texts: tuple[tuple[Language, str], ...]


Argument = CallerCount | WaitingTime | SpokenDigits | SpokenMoment | SpokenDay | SpokenMatter | LiteralText


@dataclass(frozen=True, slots=True)
class PromptLine:
    """One prompt to be spoken. `language` None: the language of the call."""

    prompt: str
    language: Language | None = None
    arguments: tuple[tuple[str, Argument], ...] = ()


@dataclass(frozen=True, slots=True)
class SpokenNotice:
    """A text written for today, such as a known outage. `key` identifies it in URLs."""

    key: str
    texts: tuple[tuple[Language, str], ...]

    def text(self, language: Language) -> str:
        """Returns the text in `language`, or in the first language it was written in."""
        return self.in_language(language)[1]

    def in_language(self, language: Language) -> tuple[Language, str]:
        """Returns the text for a call in `language`, preceded by the language it is written in."""
        written = dict(self.texts).get(language)
        return (language, written) if written else self.texts[0]


Lines = tuple[PromptLine | SpokenNotice, ...]


@dataclass(frozen=True, slots=True)
class Plural:
    """A phrase about `{n}` things."""

    one: str
    other: str

    def of(self, count: int, spoken: str) -> str:
        return (self.one if count == 1 else self.other).replace("{n}", spoken)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Rules for speaking moments. `hours` and `periods` hold one word for each hour of the day, from midnight on.

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
    # Words for the minutes 0 to 9 of `few_minutes`, as {n}.
    digits: tuple[str, ...]

    # Midnight as the end of a day, with {month} and {day}. Prompts published before this pattern existed have none.
    day_end: str = ""

    def say(self, moment: datetime) -> str:
        names = {"period": self.periods[moment.hour], "hour": self.hours[moment.hour]}
        count = moment.minute
        pattern = {0: self.on_the_hour, 30: self.half_past}.get(
            count, self.few_minutes if count < len(self.digits) else self.minutes
        )
        spoken = self.digits[count] if count < len(self.digits) else str(count)
        return self.say_day(moment) + pattern.format(**names, n=spoken, nn=f"{count:02d}")

    def say_day(self, day: date) -> str:
        return self._day(self.day, day)

    def say_end_of_day(self, midnight: datetime) -> str:
        """Returns the words for a midnight as the end of the day before it."""
        return self._day(self.day_end or f"{self.day} 24:00", midnight - timedelta(days=1))

    def _day(self, pattern: str, day: date) -> str:
        return pattern.format(month=self.months[day.month - 1], day=day.day)


@dataclass(frozen=True, slots=True)
class SpeechRules:
    """The carrier's voice and language tags of a language, and its words for numbers and moments."""

    voice: str
    language: str
    # The tag under which the carrier recognises speech in this language.
    recognition: str
    digits: tuple[str, ...]
    between_digits: str
    counts: tuple[str, ...]
    callers: Plural
    minutes: Plural
    under_a_minute: str
    calendar: Calendar

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The names by which prompts announce the keys * and #. Prompts published before this field existed have none."""

    matters: Mapping[str, str] = field(default_factory=dict)
    """Names of the kinds of requests. Prompts published before this field existed have none, and name no matter."""

    spoken_as: Language = Language.ZH_CN

    def say(self, argument: Argument) -> str:
        match argument:
            case CallerCount(count=count):
                return self.callers.of(count, self._count(count))
            case WaitingTime(seconds=seconds) if seconds < 60:
                return self.under_a_minute
            case WaitingTime(seconds=seconds):
                minutes = (seconds + 30) // 60
                return self.minutes.of(minutes, self._count(minutes))
            case SpokenDigits(digits=digits):
                return self.between_digits.join(self.digits[int(digit)] for digit in digits)
            case SpokenMoment(at=at, ends_day=True):
                return self.calendar.say_end_of_day(at)
            case SpokenMoment(at=at):
                return self.calendar.say(at)
            case SpokenDay(on=day):
                return self.calendar.say_day(day)
            case SpokenMatter(kind=kind):
                return self.matters[kind]
            case LiteralText(texts=texts):
                return dict(texts).get(self.spoken_as) or texts[0][1]

    def _count(self, count: int) -> str:
        return self.counts[count] if count < len(self.counts) else str(count)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The speech rules and prompts of one language, by key.

    `sounds` are recordings played in place of speech; `words` are lists of words that callers may say in place of a
    key.
    """

    speech: SpeechRules
    texts: Mapping[str, str]
    sounds: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


# Every language has a catalogue, and all have the same keys; the loader checks it.
Prompts = Mapping[Language, Catalogue]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text with the carrier's names of voice and language, or a recording of it."""

    text: str
    voice: str
    language: str
    # File or address of a recording; empty: spoken by the voice.
    sound: str = ""


def speak(
    prompts: Prompts, line: PromptLine | SpokenNotice, language: Language, standing: Mapping[str, Argument]
) -> Spoken:
    """Returns the text of a line in its own language or else in the call's, with the voice of that language.

    Characters that no TwiML document may contain are removed. Raises KeyError for a prompt or an argument that is
    missing; the loader has checked that for every node.
    """
    if isinstance(line, SpokenNotice):
        written_in, text = line.in_language(language)
        speech = prompts[written_in].speech
        return Spoken(to_utterance(text), speech.voice, speech.language)
    catalogue = prompts[line.language or language]
    speech = catalogue.speech
    text = catalogue.texts[line.prompt]
    if "{" in text:
        given = {**standing, **dict(line.arguments)}
        text = text.format_map({name: speech.say(given[name]) for name in arguments_of(text)})
    return Spoken(to_speakable(text), speech.voice, speech.language, catalogue.sounds.get(line.prompt, ""))


def split_uninterrupted(lines: Lines) -> tuple[Lines, Lines]:
    """Splits `lines` behind the last one that must be heard to its end; the first part is empty if there is none."""
    ends = [
        place
        for place, line in enumerate(lines, 1)
        if isinstance(line, PromptLine) and line.prompt in UNINTERRUPTED
    ]
    cut = ends[-1] if ends else 0
    return lines[:cut], lines[cut:]


def arguments_of(text: str) -> frozenset[str]:
    """Returns the names in braces. Raises ValueError for broken braces."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def normalized(text: str) -> str:
    """Returns the letters and digits of `text` in lower case and one width."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
