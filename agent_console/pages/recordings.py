"""`/console/recordings`: the sound of voice messages and recorded calls. Each playback is recorded."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, RequestedRangeNotSatisfiable

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.playback import playable, player
from hotline.rules.errors import ReasonNeeded
from hotline.rules.people.actors import Right
from hotline.services.calls import sounds
from hotline.services.people import looks
from hotline.store.calls.recordings import Recording

# Types a browser plays. Any other type is sent as a download with a neutral type, because a carrier's media type is
# not trusted to be shown inline.
PLAYABLE_TYPES = frozenset({"audio/wav", "audio/x-wav", "audio/wave", "audio/mpeg", "audio/mp3", "audio/ogg"})


@needs(Right.WRITE_TICKETS, Right.HEAR_TALKS)
def sound(recording_id: int) -> ResponseReturnValue:
    """Sends the sound, or the byte range a player requests, as the storage reads it.

    404 until the sound was fetched from the carrier, after its time, and if the storage has lost it; 422 without a reason
    where one must be stated; 503 while the storage does not answer.
    """
    reason = looks.parse_reason(request.args.get("reason", ""))
    with application().unit_of_work(current_person()) as work:
        kept = sounds.hear(work, recording_id, reason)
    if kept is None:
        raise NotFound
    response = _whole_or_part(kept)
    if kept.media_type in PLAYABLE_TYPES:
        response.mimetype = kept.media_type
    else:
        response.headers.set("Content-Disposition", "attachment", filename=f"recording-{recording_id}")
    response.headers["Accept-Ranges"] = "bytes"
    # A cached copy could be played again without the record of a playback.
    response.headers["Cache-Control"] = "private, no-store"
    return response


@needs(Right.WRITE_TICKETS, Right.HEAR_TALKS)
def ready(recording_id: int) -> ResponseReturnValue:
    """Renders the player of a recording for the stated reason, which is recorded with the first second that is played."""
    reason = looks.parse_reason(request.args.get("reason", ""))
    if reason is None:
        raise ReasonNeeded(str(recording_id))
    with application().read_session() as reading:
        recording = reading.get(Recording, recording_id)
        if recording is None or not sounds.may_hear(current_person(), recording.kind):
            raise NotFound
        return player(playable(reading, current_person(), recording, reason))


def _whole_or_part(kept: sounds.KeptSound) -> Response:
    """Returns the sound with status 200 or the requested part with 206. Raises RequestedRangeNotSatisfiable, StorageError."""
    storage = application().sounds
    size = storage.size(kept.key) if kept.data is None else len(kept.data)
    part = _requested_part(size)
    start, stop = part or (0, size)
    body = storage.read(kept.key, start, stop - start) if kept.data is None else [kept.data[start:stop]]
    response = Response(body, 206 if part else 200, mimetype="application/octet-stream")
    response.content_length = stop - start
    if part:
        response.content_range.set(start, stop, size)
    return response


def _requested_part(size: int) -> tuple[int, int] | None:
    """Returns the first byte of the requested part and the one behind its last; None for the whole sound."""
    asked = request.range
    # Sounds have no validator that an If-Range could name, and several parts in one answer are sent as the whole.
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1 or "If-Range" in request.headers:
        return None
    part = asked.range_for_length(size)
    if part is None:
        raise RequestedRangeNotSatisfiable(size)
    return part


def pages() -> Blueprint:
    blueprint = Blueprint("recordings", __name__, url_prefix="/console/recordings")
    blueprint.add_url_rule("/<int(max=2147483647):recording_id>/sound", "sound", sound)
    blueprint.add_url_rule("/<int(max=2147483647):recording_id>/player", "ready", ready)
    return blueprint
