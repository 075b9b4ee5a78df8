"""The Recording resource and its sound: the sound that a browser sent, else a quiet tone of the right length."""

import math
import struct
from itertools import islice, repeat

from aiohttp import web

from hotline.exchange.core.exchange import EXCHANGE, Exchange
from hotline.exchange.rest.errors import ApiError, invalid, not_found, not_in_progress
from hotline.exchange.rest.forms import read_form
from hotline.exchange.rest.pagination import check_date_filters, matches_date_filter, page_response
from hotline.exchange.rest.path_resources import requested_call
from hotline.exchange.rest.serializers import (
    Resource,
    serialize_call_recording,
    serialize_recording,
    serialize_subresource_recording,
)
from hotline.exchange.state.audio_files import RATE
from hotline.exchange.state.recordings import Recording
from hotline.exchange.verbs.recordings import (
    end_recording,
    pause_recording,
    record_until_call_ends,
    resume_recording,
)
from hotline.exchange.vocabulary.enums import CallStatus, RecordingSource, RecordingStatus

_TONE_HERTZ = 440
_LOUDNESS = 1200
_PAUSES = frozenset({"silence", "skip"})
_OPEN = frozenset({RecordingStatus.IN_PROGRESS, RecordingStatus.PAUSED})
CURRENT = "Twilio.CURRENT"


def _requested_recording(request: web.Request) -> Recording:
    """Returns the recording named in the path.

    Raises ApiError 20404 when it does not exist or belongs to another call or conference.
    """
    sid, call_sid, conference_sid = (
        request.match_info.get(name) for name in ("recording", "call_sid", "conference")
    )
    for recording in reversed(request.app[EXCHANGE].registry.recordings.values()):
        belongs = call_sid in {None, recording.call_sid}
        belongs = belongs and conference_sid in {None, recording.conference_sid}
        if belongs and (sid == recording.sid or (sid == CURRENT and recording.status in _OPEN)):
            return recording
    raise not_found(request.path)


def _serialize(request: web.Request, recording: Recording) -> Resource:
    """Serializes the recording in the form of the requested address."""
    exchange = request.app[EXCHANGE]
    if "call_sid" in request.match_info:
        return serialize_call_recording(exchange, recording)
    return (serialize_subresource_recording if "conference" in request.match_info else serialize_recording)(
        exchange, recording
    )


async def list_recordings(request: web.Request) -> web.Response:
    """Lists recordings, all or those of the call or conference in the path or the query."""
    exchange = request.app[EXCHANGE]
    check_date_filters(request.query, "DateCreated")
    call_sid = request.match_info.get("call_sid") or request.query.get("CallSid")
    conference_sid = request.match_info.get("conference") or request.query.get("ConferenceSid")

    def fits(recording: Recording) -> bool:
        return (
            call_sid in {None, recording.call_sid}
            and conference_sid in {None, recording.conference_sid}
            and matches_date_filter(request.query, "DateCreated", recording.created)
        )

    found = [recording for recording in reversed(exchange.registry.recordings.values()) if fits(recording)]
    return page_response(
        request,
        "recordings",
        found,
        lambda recording: recording.sid,
        lambda recording: _serialize(request, recording),
    )


async def fetch_recording(request: web.Request) -> web.Response:
    return web.json_response(_serialize(request, _requested_recording(request)))


async def delete_recording(request: web.Request) -> web.Response:
    """Deletes a recording and its sound; a running recording ends first."""
    exchange = request.app[EXCHANGE]
    recording = _requested_recording(request)
    end_recording(exchange, recording)
    recording.audio.delete()
    del exchange.registry.recordings[recording.sid]
    return web.Response(status=204)


async def start_recording(request: web.Request) -> web.Response:
    """Starts recording a call in progress; a call has one recording at a time (16108)."""
    exchange: Exchange = request.app[EXCHANGE]
    call = requested_call(request)
    form = await read_form(request)
    if call.status is not CallStatus.IN_PROGRESS:
        raise not_in_progress()
    if any(recording.status in _OPEN for recording in call.recordings):
        raise ApiError(400, 16108, "The call is being recorded already")
    recording = record_until_call_ends(exchange, call, RecordingSource.CALL_API, form.recording_callback())
    return web.json_response(_serialize(request, recording), status=201)


async def update_recording(request: web.Request) -> web.Response:
    """Pauses, resumes or stops a running recording."""
    exchange = request.app[EXCHANGE]
    recording = _requested_recording(request)
    form = await read_form(request)
    status = form.word("Status", RecordingStatus)
    behaviour = form.text("PauseBehavior") or "silence"
    if status not in {RecordingStatus.PAUSED, RecordingStatus.IN_PROGRESS, RecordingStatus.STOPPED}:
        raise invalid("Status", "must be paused, in-progress or stopped")
    if behaviour not in _PAUSES:
        raise invalid("PauseBehavior", "must be silence or skip")
    if recording.status not in _OPEN:
        raise not_in_progress()
    if status is RecordingStatus.STOPPED:
        end_recording(exchange, recording)
    elif status is RecordingStatus.PAUSED:
        pause_recording(exchange, recording, skip=behaviour == "skip")
    else:
        resume_recording(exchange, recording)
    return web.json_response(_serialize(request, recording))


async def media(request: web.Request) -> web.StreamResponse:
    """Sends the sound as WAV: 8 kHz, 16 bit, mono."""
    recording = _requested_recording(request)
    if recording.status is not RecordingStatus.COMPLETED or request.match_info["suffix"] == ".mp3":
        raise not_found(request.path)
    second = _tone()
    size = len(second) * recording.seconds if recording.audio.is_empty else recording.audio.size
    response = web.StreamResponse(headers={"Content-Type": "audio/x-wav", "Content-Length": str(44 + size)})
    await response.prepare(request)
    await response.write(_header(size))
    for piece in repeat(second, recording.seconds) if recording.audio.is_empty else recording.audio.chunks():
        await response.write(piece)
    return response


def _tone() -> bytes:
    """Returns one second of a tone."""
    wave = (round(_LOUDNESS * math.sin(2 * math.pi * _TONE_HERTZ * sample / RATE)) for sample in range(RATE))
    return struct.pack(f"<{RATE}h", *islice(wave, RATE))


def _header(size: int) -> bytes:
    """Returns the 44 bytes before `size` bytes of 16-bit mono PCM."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16, b"data", size,
    )  # fmt: skip
