"""Everything that can be spoken: prompts of the catalogue with arguments, and notices written at the console."""

from dataclasses import dataclass
from datetime import datetime

from hotline.rules.enums import Language


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
    """A local date and time, spoken as 11月26号下午两点钟 or November 26 at 2 p.m."""

    at: datetime


@dataclass(frozen=True, slots=True)
class LiteralText:
    """A text per language that is spoken as it is, such as a name from the city's files."""

    texts: tuple[tuple[Language, str], ...]


Argument = CallerCount | WaitingTime | SpokenDigits | SpokenMoment | LiteralText


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
