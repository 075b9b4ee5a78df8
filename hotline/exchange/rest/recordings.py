"""Recordings over REST, and their sound: what a browser on the line sent, else a quiet tone of the right length."""

import math
import struct
from itertools import islice, repeat

from aiohttp import web

from hotline.exchange.core.exchange import EXCHANGE, Exchange
from hotline.exchange.rest.errors import ApiError, invalid, not_found, not_in_progress
from hotline.exchange.rest.forms import read_form
from hotline.exchange.rest.paging import page_response
from hotline.exchange.rest.path_resources import requested_call
from hotline.exchange.rest.serializers import (
    Resource,
    serialize_call_recording,
    serialize_recording,
    serialize_subresource_recording,
)
from hotline.exchange.rest.times import check_date_filters, matches_date_filter
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


def _recording(request: web.Request) -> Recording:
    """Return the recording named in the path; raises ApiError 20404 when it is not there or of another call or conference."""
    sid, call_sid, room = (request.match_info.get(name) for name in ("recording", "call_sid", "conference"))
    for recording in reversed(request.app[EXCHANGE].registry.recordings.values()):
        of_this = call_sid in {None, recording.call_sid} and room in {None, recording.conference_sid}
        if of_this and (sid == recording.sid or (sid == CURRENT and recording.status in _OPEN)):
            return recording
    raise not_found(request.path)


def _shape(request: web.Request, recording: Recording) -> Resource:
    """Return the recording as the address asked for shows it."""
    exchange = request.app[EXCHANGE]
    if "call_sid" in request.match_info:
        return serialize_call_recording(exchange, recording)
    return (serialize_subresource_recording if "conference" in request.match_info else serialize_recording)(
        exchange, recording
    )


async def list_recordings(request: web.Request) -> web.Response:
    """List recordings, all or those of the call or conference in the path or the query."""
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
        lambda recording: _shape(request, recording),
    )


async def fetch_recording(request: web.Request) -> web.Response:
    return web.json_response(_shape(request, _recording(request)))


async def delete_recording(request: web.Request) -> web.Response:
    """Forget a recording and its sound; one that still runs ends with it."""
    exchange = request.app[EXCHANGE]
    recording = _recording(request)
    end_recording(exchange, recording)
    recording.audio.delete()
    del exchange.registry.recordings[recording.sid]
    return web.Response(status=204)


async def start_recording(request: web.Request) -> web.Response:
    """Record a running call from now on; one recording at a time (16108)."""
    exchange: Exchange = request.app[EXCHANGE]
    call = requested_call(request)
    form = await read_form(request)
    if call.status is not CallStatus.IN_PROGRESS:
        raise not_in_progress()
    if any(recording.status in _OPEN for recording in call.recordings):
        raise ApiError(400, 16108, "The call is being recorded already")
    recording = record_until_call_ends(exchange, call, RecordingSource.CALL_API, form.recording_callback())
    return web.json_response(_shape(request, recording), status=201)


async def update_recording(request: web.Request) -> web.Response:
    """Pause, go on with or stop a running recording."""
    exchange = request.app[EXCHANGE]
    recording = _recording(request)
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
    return web.json_response(_shape(request, recording))


async def media(request: web.Request) -> web.StreamResponse:
    """Send the sound as WAV, 8 kHz, 16 bit, mono."""
    recording = _recording(request)
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
    """Return one second of a tone."""
    wave = (round(_LOUDNESS * math.sin(2 * math.pi * _TONE_HERTZ * sample / RATE)) for sample in range(RATE))
    return struct.pack(f"<{RATE}h", *islice(wave, RATE))


def _header(size: int) -> bytes:
    """Return the 44 bytes before `size` bytes of 16-bit mono PCM."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16, b"data", size,
    )  # fmt: skip
