"""`/console/recordings`: the sound of voice messages and recorded calls. Each playback is recorded."""

from io import BytesIO

from flask import Blueprint, send_file
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from hotline.rules.people.actors import Right
from hotline.services.calls import recordings

# Types a browser plays. Any other type is sent as a download with a neutral type, because a carrier's media type is
# not trusted to be shown inline.
PLAYABLE_TYPES = frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/mpeg", "audio/mp3", "audio/ogg"})


@needs(Right.WRITE_TICKETS, Right.HEAR_TALKS)
def sound(recording_id: int) -> ResponseReturnValue:
    """Sends the sound, or the byte range a player requests. 404 until the sound was fetched from the carrier."""
    with application().unit_of_work(current_person()) as work:
        kept = recordings.hear_recording(work, recording_id)
    if kept is None:
        raise NotFound
    is_playable = kept.media_type in PLAYABLE_TYPES
    response = send_file(
        BytesIO(kept.sound),
        mimetype=kept.media_type if is_playable else "application/octet-stream",
        as_attachment=not is_playable,
        download_name=f"recording-{recording_id}",
        conditional=True,
        etag=False,
    )
    # A cached copy could be played again without the record of a playback.
    response.headers["Cache-Control"] = "private, no-store"
    return response


def pages() -> Blueprint:
    blueprint = Blueprint("recordings", __name__, url_prefix="/console/recordings")
    blueprint.add_url_rule("/<int(max=2147483647):recording_id>/sound", "sound", sound)
    return blueprint
