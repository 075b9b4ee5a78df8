"""The transcript of each call while it runs, and the store of the latest transcripts.

Both are bounded, so that a demonstration can run for weeks: a transcript in its entries and its text, the store in its
transcripts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from hotline.exchange.vocabulary.sounds import (
    Beep,
    Caption,
    ListeningChanged,
    PartyChanged,
    PlaybackEnded,
    PlaybackStarted,
    Sound,
)
from hotline.exchange.vocabulary.transcript_entries import (
    BeepHeard,
    CallAnswered,
    CallCompleted,
    CallDialled,
    CallerHungUp,
    CallerSpoke,
    KeysPressed,
    OtherPartyHeard,
    PlaybackHeard,
    TranscriptEntry,
    WebhookSent,
)

MAX_ENTRIES = 2000
MAX_TEXT = 512 * 1024
KEPT_TRANSCRIPTS = 300


@dataclass(eq=False)
class TranscriptRecorder:
    """The entries of one call so far. `is_cut` means that it was full and its end is missing."""

    call_sid: str
    direction: str
    from_: str
    to: str
    began: datetime
    clock: Callable[[], float]
    entries: list[TranscriptEntry] = field(default_factory=list)
    is_cut: bool = False
    is_over: bool = False
    _since: float = 0.0
    _text: int = 0

    def __post_init__(self) -> None:
        self._since = self.clock()

    def elapsed(self) -> float:
        """Returns the exchange seconds since the call began."""
        return round(self.clock() - self._since, 2)

    def _add(self, entry: TranscriptEntry, text: int = 0) -> None:
        self._text += text
        if self.is_cut or len(self.entries) >= MAX_ENTRIES or self._text > MAX_TEXT:
            self.is_cut = True
            return
        self.entries.append(entry)

    def dialled(self) -> None:
        self._add(CallDialled(self.elapsed(), self.to))

    def answered(self) -> None:
        self._add(CallAnswered(self.elapsed()))

    def pressed(self, digits: str, *, heeded: bool) -> None:
        self._add(KeysPressed(self.elapsed(), digits, heeded))

    def said(self, text: str, *, heeded: bool) -> None:
        self._add(CallerSpoke(self.elapsed(), text, heeded), len(text))

    def hung_up(self) -> None:
        self._add(CallerHungUp(self.elapsed()))

    def webhook_sent(self, webhook: WebhookSent) -> None:
        self._add(webhook, len(webhook.answer) + sum(map(len, webhook.sent.values())))

    def ended(self, status: str) -> None:
        self._add(CallCompleted(self.elapsed(), status))
        self.is_over = True

    def heard(self, sound: Sound) -> None:
        match sound:
            case PlaybackStarted(_, text, _, language, voice):
                self._add(PlaybackHeard(self.elapsed(), text, voice, language), len(text))
            case Beep():
                self._add(BeepHeard(self.elapsed()))
            case Caption(who, text):
                self._add(OtherPartyHeard(self.elapsed(), who, text), len(text))
            case PlaybackEnded() | ListeningChanged() | PartyChanged():
                pass


@dataclass(eq=False)
class TranscriptStore:
    """The transcripts of the latest calls, by call sid, oldest first."""

    by_call: dict[str, TranscriptRecorder] = field(default_factory=dict)

    def add(self, transcript: TranscriptRecorder) -> None:
        """Keeps one more; removes the oldest one of a call that is over, or the oldest of all."""
        self.by_call[transcript.call_sid] = transcript
        if len(self.by_call) > KEPT_TRANSCRIPTS:
            finished = (sid for sid, kept in self.by_call.items() if kept.is_over)
            del self.by_call[next(finished, next(iter(self.by_call)))]
