"""What can be said: prompts of the catalogue with natural arguments, and notices a person has written at the console."""

from dataclasses import dataclass
from datetime import datetime

from hotline.rules.enums import Language


@dataclass(frozen=True, slots=True)
class Callers:
    """A number of people, spoken naturally: 两位, two callers."""

    count: int


@dataclass(frozen=True, slots=True)
class Wait:
    """A waiting time in seconds, spoken in whole minutes: 约一分钟, about one minute."""

    seconds: int


@dataclass(frozen=True, slots=True)
class OneByOne:
    """Digits spoken one by one: telephone and ticket numbers, with 幺 for 1."""

    digits: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A local date and time, spoken as people do: 11月26号下午两点钟, November 26 at 2 p.m."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Words:
    """Words that are spoken as they stand, such as a name the city has written in its own files, per language."""

    texts: tuple[tuple[Language, str], ...]


Argument = Callers | Wait | OneByOne | Moment | Words


@dataclass(frozen=True, slots=True)
class Line:
    """One prompt to be spoken. `language` None: the language of the call."""

    prompt: str
    language: Language | None = None
    arguments: tuple[tuple[str, Argument], ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Words that somebody wrote for today, such as a known outage; `key` finds them again."""

    key: str
    texts: tuple[tuple[Language, str], ...]

    def text(self, language: Language) -> str:
        """Return the words in `language`, or in the first language they were written in."""
        return self.told_in(language)[1]

    def told_in(self, language: Language) -> tuple[Language, str]:
        """Return the words for who speaks `language`, and the language they are really in."""
        written = dict(self.texts).get(language)
        return (language, written) if written else self.texts[0]


Lines = tuple[Line | Notice, ...]
