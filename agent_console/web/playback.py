"""Recordings a person may play, the player that templates show, and the number of unheard voice messages."""

from dataclasses import dataclass
from datetime import datetime

from flask import render_template
from markupsafe import Markup

from agent_console.web.console_context import application
from hotline.rules.enums import LookReason, RecordingKind, RecordingState
from hotline.rules.people.actors import Person, Right
from hotline.services.calls import sounds
from hotline.store.calls.recordings import Recording, recordings_of_calls
from hotline.store.tickets.lists import TicketFilter, count_tickets
from hotline.unit_of_work import ReadSession


@dataclass(frozen=True, slots=True)
class PlayableRecording:
    """One recording as pages show it. `seconds` is the length the carrier reported.

    `asks_reason`: the person states a reason before they listen; `reason` is the one they have just stated.
    """

    id: int
    kind: RecordingKind
    state: RecordingState
    seconds: int
    recorded_at: datetime
    asks_reason: bool = False
    reason: str = ""


Recordings = tuple[PlayableRecording, ...]


def playable_recordings(
    session: ReadSession, person: Person, call_ids: tuple[int, ...]
) -> dict[int, Recordings]:
    """Returns the recordings of calls that `person` may listen to, by call id, oldest first."""
    found = recordings_of_calls(session, call_ids)
    return {
        call_id: tuple(playable(session, person, row) for row in rows if sounds.may_hear(person, row.kind))
        for call_id, rows in found.items()
    }


def playable(
    session: ReadSession, person: Person, row: Recording, reason: LookReason | None = None
) -> PlayableRecording:
    """Returns one recording as this person may play it, with the reason they have stated."""
    asks = reason is None and sounds.needs_reason(session, person, row, application().clock())
    stated = "" if reason is None else reason.value
    return PlayableRecording(row.id, row.kind, row.state, row.seconds, row.recorded_at, asks, stated)


def player(recording: PlayableRecording) -> Markup:
    """Returns the HTML player of a recording, or its state while there is no sound."""
    return Markup(render_template("parts/player.html", recording=recording))  # noqa: S704 - a template of ours


def messages_waiting(session: ReadSession, person: Person, at: datetime) -> int:
    """Returns the number of voice messages without a finished ticket; 0 for a person who writes no tickets."""
    if not person.may(Right.WRITE_TICKETS):
        return 0
    return count_tickets(session, person, TicketFilter(messages=True), at)
