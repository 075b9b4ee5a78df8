"""Replays a recorded call: a telephone repeats the caller's actions and reports the first difference.

The telephone takes the same time as the caller did. Where the exchange listened for a key or for words in the recorded
call, it waits for that before it presses or says anything. What the exchange says and how the call ends are compared;
what other people on the line said is not, because they take no part in the replay.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from hotline.exchange.board.transcript_file import ReplayScript
from hotline.exchange.clients.dial import TerminalTelephone
from hotline.exchange.clients.telephone import PhoneState
from hotline.exchange.clients.websocket_client import Message
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

BEEP = "♪ beep"
# Real seconds that an event may come later than in the recorded call.
PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class ReplayDifference:
    """The first deviation from the recorded call; `at` in exchange seconds of that call."""

    at: float
    then: str
    now: str

    def __str__(self) -> str:
        return f"{self.at:.1f} s: then {self.then}; now {self.now}"


def replay(
    base_url: str, transcript: ReplayScript, out: TextIO, patience: float = PATIENCE_SECONDS
) -> ReplayDifference | None:
    """Repeats the call and prints it to `out`; returns the first difference, or None.

    Raises LineError when the exchange cannot be reached.
    """
    with _ReplayTelephone(base_url, transcript.caller, out) as telephone:
        run = _Replay(telephone, transcript.hotline, patience)
        for entry in transcript.entries:
            difference = run.follow(entry)
            if difference is not None:
                return difference
        return None


class _ReplayTelephone(TerminalTelephone):
    """A telephone that keeps what the exchange itself says, and whether the exchange listens for words."""

    def __init__(self, base_url: str, number: str, out: TextIO) -> None:
        super().__init__(base_url, number, out)
        self.said: list[str] = []
        self.hears_words = False

    @property
    def is_over(self) -> bool:
        return self.state is PhoneState.ENDED

    def receive(self, message: Message) -> None:
        super().receive(message)
        match message["type"]:
            case "say":
                self.said.append(message["text"])
            case "beep":
                self.said.append(BEEP)
            case "listen":
                self.hears_words = bool(message["words"])
            case _:
                pass

    def wait_until(self, wanted: Callable[[], bool], seconds: float) -> bool:
        """Waits at most so many real seconds, and not beyond the end of the call; returns `wanted()`."""
        try:
            self.wait_for(lambda: wanted() or self.is_over, seconds, "it did not come")
        except TimeoutError:
            return False
        return wanted()


class _Replay:
    """One replay in progress. The first `_heard` lines were as recorded; `_at` is the time of the last entry."""

    def __init__(self, telephone: _ReplayTelephone, hotline: str, patience: float) -> None:
        self._telephone = telephone
        self._hotline = hotline
        self._patience = patience
        self._heard = 0
        self._at = 0.0
        self._has_hung_up = False

    def follow(self, entry: TranscriptEntry) -> ReplayDifference | None:
        """Repeats or expects one entry; returns the difference, or None."""
        gap = max(0.0, entry.at - self._at) * self._telephone.pace
        self._at = entry.at
        match entry:
            case CallDialled():
                self._telephone.dial(self._hotline)
            case PlaybackHeard(text=text):
                return self._listen(text, gap)
            case BeepHeard():
                return self._listen(BEEP, gap)
            case KeysPressed(digits=digits, heeded=heeded):
                return self._press(digits, gap, heeded=heeded)
            case CallerSpoke(text=text, heeded=heeded):
                return self._say(text, gap, heeded=heeded)
            case CallerHungUp():
                self._pause(gap)
                self._has_hung_up = True
                if not self._telephone.is_over:
                    self._telephone.hang_up()
            case CallCompleted(status=status):
                return self._end(status, gap)
            case CallAnswered() | WebhookSent() | OtherPartyHeard():
                pass
        return None

    def _pause(self, seconds: float) -> None:
        self._telephone.wait_until(lambda: self._telephone.is_over, seconds)

    def _differs(self, then: str, now: str) -> ReplayDifference:
        return ReplayDifference(self._at, then, now)

    def _listen(self, text: str, gap: float) -> ReplayDifference | None:
        said = self._telephone.said
        if not self._telephone.wait_until(lambda: len(said) > self._heard, gap + self._patience):
            return self._differs(f"“{text}” was heard", self._what_is())
        now = said[self._heard]
        self._heard += 1
        return None if now == text else self._differs(f"“{text}” was heard", f"“{now}”")

    def _press(self, digits: str, gap: float, *, heeded: bool) -> ReplayDifference | None:
        phone = self._telephone
        self._pause(gap)
        if heeded and not phone.wait_until(lambda: phone.listening, self._patience):
            return self._differs(f"the key {digits} was listened for", self._what_is())
        if not phone.is_over:
            phone.show(f"[{digits}]")
            phone.press(digits)
        return None

    def _say(self, text: str, gap: float, *, heeded: bool) -> ReplayDifference | None:
        phone = self._telephone
        self._pause(gap)
        if heeded and not phone.wait_until(lambda: phone.hears_words, self._patience):
            return self._differs(f"“{text}” was listened for", self._what_is())
        if not phone.is_over:
            phone.show(f"[“{text}”]")
            phone.say(text)
        return None

    def _what_is(self) -> str:
        """Describes what happened instead of the expected event."""
        phone = self._telephone
        if len(phone.said) > self._heard:
            return f"“{phone.said[self._heard]}”"
        return f"the call is over ({phone.status})" if phone.is_over else "nothing comes"

    def _end(self, status: str, gap: float) -> ReplayDifference | None:
        phone = self._telephone
        phone.wait_until(
            lambda: not self._has_hung_up and len(phone.said) > self._heard, gap + self._patience
        )
        if not self._has_hung_up and len(phone.said) > self._heard:
            return self._differs(f"the call ended ({status})", self._what_is())
        if phone.status == status:
            return None
        now = f"it ended ({phone.status})" if phone.is_over else "it goes on"
        return self._differs(f"the call ended ({status})", now)
