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
    """One call in a conference."""

    call: Call
    created: datetime
    updated: datetime
    left: asyncio.Future[LeaveReason]  # resolved when the participant leaves
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
    # Waits for `quiet_at` (exchange seconds) while the participant speaks, if the application subscribed to `speaker`.
    speech: asyncio.Task[None] | None = None
    quiet_at: float = 0.0


@dataclass(eq=False)
class Conference:
    """The Conference resource. `participants` by call sid, in the order of joining."""

    sid: str
    name: str
    created: datetime
    updated: datetime
    status: ConferenceStatus = ConferenceStatus.INIT
    participants: dict[str, Participant] = field(default_factory=dict)
    # Whether the settings below were taken from the first participant; those of later ones are ignored.
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
        """Returns the calls that hear `speaker`: none while muted, on hold or before the start, one for a coach."""
        participant = self.participants.get(speaker.sid)
        if participant is None or not self.is_open(participant):
            return ()
        return tuple(
            other.call
            for other in self.connected()
            if other is not participant
            and not other.hold
            and (not participant.coaching or other.call.sid == participant.coach_to)
        )

    def is_open(self, participant: Participant) -> bool:
        """Returns whether the participant's words go into the conference."""
        connected = self.started.is_set() and participant.status is ParticipantStatus.CONNECTED
        return connected and not participant.muted and not participant.hold

    def speak(self, speaker: Call, text: str) -> None:
        """Sends `text` as a caption to the calls that hear `speaker`."""
        participant = self.participants.get(speaker.sid)
        for listener in self.listeners(speaker):
            if participant is not None:
                listener.hear(Caption(participant.label or speaker.party, text))
        if participant is not None and self.on_speech is not None:
            self.on_speech(participant, text)

    def announce_parties(self) -> None:
        """Sends each participant the names of the others; before the start there are none."""
        if not self.started.is_set():
            return
        connected = self.connected()
        for participant in connected:
            names = (other.label or other.call.party for other in connected if other is not participant)
            participant.call.hear(PartyChanged(tuple(names)))

    def connected(self) -> list[Participant]:
        """Returns the participants who have joined, without those who are still being rung."""
        return [
            participant
            for participant in self.participants.values()
            if participant.status is ParticipantStatus.CONNECTED
        ]
