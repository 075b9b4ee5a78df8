"""`/console/recordings`: a caller's message or a recorded talk, played in the page by who may hear it; each hearing is on file."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from flask import Blueprint, render_template, send_file
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from hotline.rules.enums import RecordingKind, RecordingState
from hotline.rules.people.actors import Person, Right
from hotline.services.calls import recordings
from hotline.store.calls.recordings import Recording, recordings_of_calls

PLAYED = frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/mpeg", "audio/mp3", "audio/ogg"})
"""What a browser plays; anything else is handed out as a file, never as what it claims to be."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One recording as pages show it. `seconds` is what the carrier said."""

    id: int
    kind: RecordingKind
    state: RecordingState
    seconds: int
    recorded_at: datetime


def heard_by(session: Session, person: Person, call_ids: tuple[int, ...]) -> dict[int, tuple[Heard, ...]]:
    """Return the recordings of calls that `person` may listen to, by call, the first one first."""
    found = recordings_of_calls(session, call_ids)
    return {
        call_id: tuple(_heard(row) for row in rows if recordings.may_hear(person, row.kind))
        for call_id, rows in found.items()
    }


def _heard(row: Recording) -> Heard:
    return Heard(row.id, row.kind, row.state, row.seconds, row.recorded_at)


@needs(Right.WRITE_TICKETS, Right.HEAR_TALKS)
def sound(recording_id: int) -> ResponseReturnValue:
    """Send the sound, or the part of it a player asks for. 404 while it is not ours; nothing keeps a copy."""
    with application().unit_of_work(current_person()) as work:
        kept = recordings.hear_recording(work, recording_id)
    if kept is None:
        raise NotFound
    is_played = kept.media_type in PLAYED
    response = send_file(
        BytesIO(kept.sound),
        mimetype=kept.media_type if is_played else "application/octet-stream",
        as_attachment=not is_played,
        download_name=f"recording-{recording_id}",
        conditional=True,
        etag=False,
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def player(recording: Heard) -> Markup:
    """Return the player of a recording, or why there is nothing to play (for templates)."""
    return Markup(render_template("recordings/player.html", recording=recording))  # noqa: S704 - a template of ours


def pages() -> Blueprint:
    blueprint = Blueprint("recordings", __name__, url_prefix="/console/recordings")
    blueprint.add_url_rule("/<int(max=2147483647):recording_id>/sound", "sound", sound)
    blueprint.add_app_template_global(player, "player")
    return blueprint
