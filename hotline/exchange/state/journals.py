"""The recorder: one journal for each call, kept on a shelf that holds so many and no more.

Bounded twice, so that a demonstration may run for weeks: a journal takes so many entries and so much text, the shelf so
many journals. The oldest call that is over makes room first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from hotline.exchange.vocabulary.journal import (
    Answered,
    Asked,
    Dialled,
    Ended,
    Entry,
    Heard,
    HeardBeep,
    HeardPerson,
    HungUp,
    Pressed,
    Said,
)
from hotline.exchange.vocabulary.sounds import Beep, Caption, Listening, Party, Sound, Speech, SpeechOver

MOST_ENTRIES = 2000
MOST_TEXT = 512 * 1024
KEPT_JOURNALS = 300


@dataclass(eq=False)
class Journal:
    """What happened on one call so far. `is_cut` once it was full: then its end is missing."""

    call_sid: str
    direction: str
    from_: str
    to: str
    began: datetime
    clock: Callable[[], float]
    entries: list[Entry] = field(default_factory=list)
    is_cut: bool = False
    is_over: bool = False
    _since: float = 0.0
    _text: int = 0

    def __post_init__(self) -> None:
        self._since = self.clock()

    def elapsed(self) -> float:
        """Exchange seconds since the call began."""
        return round(self.clock() - self._since, 2)

    def _add(self, entry: Entry, text: int = 0) -> None:
        self._text += text
        if self.is_cut or len(self.entries) >= MOST_ENTRIES or self._text > MOST_TEXT:
            self.is_cut = True
            return
        self.entries.append(entry)

    def dialled(self) -> None:
        self._add(Dialled(self.elapsed(), self.to))

    def answered(self) -> None:
        self._add(Answered(self.elapsed()))

    def pressed(self, digits: str, *, heeded: bool) -> None:
        self._add(Pressed(self.elapsed(), digits, heeded))

    def said(self, text: str, *, heeded: bool) -> None:
        self._add(Said(self.elapsed(), text, heeded), len(text))

    def hung_up(self) -> None:
        self._add(HungUp(self.elapsed()))

    def asked(self, asked: Asked) -> None:
        self._add(asked, len(asked.answer) + sum(map(len, asked.sent.values())))

    def ended(self, status: str) -> None:
        self._add(Ended(self.elapsed(), status))
        self.is_over = True

    def heard(self, sound: Sound) -> None:
        match sound:
            case Speech(_, text, _, language, voice):
                self._add(Heard(self.elapsed(), text, voice, language), len(text))
            case Beep():
                self._add(HeardBeep(self.elapsed()))
            case Caption(who, text):
                self._add(HeardPerson(self.elapsed(), who, text), len(text))
            case SpeechOver() | Listening() | Party():
                pass


@dataclass(eq=False)
class JournalArchive:
    """The journals of the latest calls, by call sid, oldest first."""

    journals: dict[str, Journal] = field(default_factory=dict)

    def put(self, journal: Journal) -> None:
        """Keep one more; the oldest finished one makes room, or the oldest of all."""
        self.journals[journal.call_sid] = journal
        if len(self.journals) > KEPT_JOURNALS:
            finished = (sid for sid, kept in self.journals.items() if kept.is_over)
            del self.journals[next(finished, next(iter(self.journals)))]
