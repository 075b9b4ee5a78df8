"""Conferences and the seats in them."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from hotline.exchange.state.calls import Call
from hotline.exchange.state.recordings import Recording
from hotline.exchange.vocabulary.enums import (
    ConferenceEndReason,
    ConferenceStatus,
    LeaveReason,
    ParticipantStatus,
)
from hotline.exchange.vocabulary.sounds import Caption, PartyChanged
from hotline.exchange.vocabulary.status_callback import StatusCallback


@dataclass(eq=False)
class Participant:
    """One call's seat in a conference. `gone` resolves to why it left.

    While it speaks (as far as anybody asked to be told) `speech` waits for `quiet_at`, in exchange seconds.
    """

    call: Call
    created: datetime
    updated: datetime
    left: asyncio.Future[LeaveReason]
    label: str | None
    start: bool
    end: bool
    muted: bool
    coach_to: str | None
    beep_in: bool
    beep_out: bool
    coaching: bool = False
    hold: bool = False
    status: ParticipantStatus = ParticipantStatus.QUEUED
    aside: asyncio.Task[None] | None = None
    speech: asyncio.Task[None] | None = None
    quiet_at: float = 0.0


@dataclass(eq=False)
class Conference:
    """`seats` by call sid, in the order of joining; settings come from the first participant only."""

    sid: str
    name: str
    created: datetime
    updated: datetime
    status: ConferenceStatus = ConferenceStatus.INIT
    participants: dict[str, Participant] = field(default_factory=dict)
    configured: bool = False
    callback: StatusCallback | None = None
    record: bool = False
    recording: StatusCallback | None = None
    active_recording: Recording | None = None
    sequence: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    started: asyncio.Event = field(default_factory=asyncio.Event)
    end_reason: ConferenceEndReason | None = None
    ended_by: str | None = None
    ended_by_label: str | None = None
    on_speech: Callable[[Participant, str], None] | None = None

    def listeners(self, speaker: Call) -> tuple[Call, ...]:
        """Return who hears `speaker`: nobody when muted, on hold or before the start; a coach is heard by one only."""
        seat = self.participants.get(speaker.sid)
        if seat is None or not self.is_open(seat):
            return ()
        return tuple(
            other.call
            for other in self.connected()
            if other is not seat and not other.hold and (not seat.coaching or other.call.sid == seat.coach_to)
        )

    def is_open(self, seat: Participant) -> bool:
        """Whether what is said there goes into the conference."""
        seated = self.started.is_set() and seat.status is ParticipantStatus.CONNECTED
        return seated and not seat.muted and not seat.hold

    def speak(self, speaker: Call, text: str) -> None:
        """Let those who hear `speaker` hear `text`."""
        seat = self.participants.get(speaker.sid)
        for listener in self.listeners(speaker):
            if seat is not None:
                listener.hear(Caption(seat.label or speaker.party, text))
        if seat is not None and self.on_speech is not None:
            self.on_speech(seat, text)

    def announce_parties(self) -> None:
        """Let everybody know who else is on the line; nobody is before the start."""
        if not self.started.is_set():
            return
        seated = self.connected()
        for seat in seated:
            names = (other.label or other.call.party for other in seated if other is not seat)
            seat.call.hear(PartyChanged(tuple(names)))

    def connected(self) -> list[Participant]:
        """Return those who are really in it, without those still being rung."""
        return [seat for seat in self.participants.values() if seat.status is ParticipantStatus.CONNECTED]
