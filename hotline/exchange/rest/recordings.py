"""Recordings over REST, and their sound: what a browser on the line sent, else a quiet tone of the right length."""

import math
import struct
from itertools import islice, repeat

from aiohttp import web

from hotline.exchange.core.exchange import EXCHANGE, Exchange
from hotline.exchange.rest.errors import ApiError, invalid, not_found, not_in_progress
from hotline.exchange.rest.forms import read_form
from hotline.exchange.rest.paging import page_of
from hotline.exchange.rest.path_resources import call_in_path
from hotline.exchange.rest.shapes import Shape, call_recording_shape, part_recording_shape, recording_shape
from hotline.exchange.rest.times import check_dates, within
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


def _tape(request: web.Request) -> Recording:
    """Return the recording named in the path; raises ApiError 20404 when it is not there or of another call or conference."""
    sid, call_sid, room = (request.match_info.get(name) for name in ("recording", "call_sid", "conference"))
    for tape in reversed(request.app[EXCHANGE].state.recordings.values()):
        of_this = call_sid in {None, tape.call_sid} and room in {None, tape.conference_sid}
        if of_this and (sid == tape.sid or (sid == CURRENT and tape.status in _OPEN)):
            return tape
    raise not_found(request.path)


def _shape(request: web.Request, tape: Recording) -> Shape:
    """Return the recording as the address asked for shows it."""
    exchange = request.app[EXCHANGE]
    if "call_sid" in request.match_info:
        return call_recording_shape(exchange, tape)
    return (part_recording_shape if "conference" in request.match_info else recording_shape)(exchange, tape)


async def list_recordings(request: web.Request) -> web.Response:
    """List recordings, all or those of the call or conference in the path or the query."""
    exchange = request.app[EXCHANGE]
    check_dates(request.query, "DateCreated")
    call_sid = request.match_info.get("call_sid") or request.query.get("CallSid")
    conference_sid = request.match_info.get("conference") or request.query.get("ConferenceSid")

    def fits(tape: Recording) -> bool:
        return (
            call_sid in {None, tape.call_sid}
            and conference_sid in {None, tape.conference_sid}
            and within(request.query, "DateCreated", tape.created)
        )

    found = [tape for tape in reversed(exchange.state.recordings.values()) if fits(tape)]
    return page_of(request, "recordings", found, lambda tape: tape.sid, lambda tape: _shape(request, tape))


async def fetch_recording(request: web.Request) -> web.Response:
    return web.json_response(_shape(request, _tape(request)))


async def delete_recording(request: web.Request) -> web.Response:
    """Forget a recording and its sound; one that still runs ends with it."""
    exchange = request.app[EXCHANGE]
    tape = _tape(request)
    end_recording(exchange, tape)
    tape.audio.drop()
    del exchange.state.recordings[tape.sid]
    return web.Response(status=204)


async def start_recording(request: web.Request) -> web.Response:
    """Record a running call from now on; one recording at a time (16108)."""
    exchange: Exchange = request.app[EXCHANGE]
    call = call_in_path(request)
    form = await read_form(request)
    if call.status is not CallStatus.IN_PROGRESS:
        raise not_in_progress()
    if any(tape.status in _OPEN for tape in call.recordings):
        raise ApiError(400, 16108, "The call is being recorded already")
    tape = record_until_call_ends(exchange, call, RecordingSource.CALL_API, form.recording_callback())
    return web.json_response(_shape(request, tape), status=201)


async def update_recording(request: web.Request) -> web.Response:
    """Pause, go on with or stop a running recording."""
    exchange = request.app[EXCHANGE]
    tape = _tape(request)
    form = await read_form(request)
    status = form.word("Status", RecordingStatus)
    behaviour = form.text("PauseBehavior") or "silence"
    if status not in {RecordingStatus.PAUSED, RecordingStatus.IN_PROGRESS, RecordingStatus.STOPPED}:
        raise invalid("Status", "must be paused, in-progress or stopped")
    if behaviour not in _PAUSES:
        raise invalid("PauseBehavior", "must be silence or skip")
    if tape.status not in _OPEN:
        raise not_in_progress()
    if status is RecordingStatus.STOPPED:
        end_recording(exchange, tape)
    elif status is RecordingStatus.PAUSED:
        pause_recording(exchange, tape, skip=behaviour == "skip")
    else:
        resume_recording(exchange, tape)
    return web.json_response(_shape(request, tape))


async def media(request: web.Request) -> web.StreamResponse:
    """Send the sound as WAV, 8 kHz, 16 bit, mono."""
    tape = _tape(request)
    if tape.status is not RecordingStatus.COMPLETED or request.match_info["suffix"] == ".mp3":
        raise not_found(request.path)
    second = _tone()
    size = len(second) * tape.seconds if tape.audio.is_empty else tape.audio.size
    response = web.StreamResponse(headers={"Content-Type": "audio/x-wav", "Content-Length": str(44 + size)})
    await response.prepare(request)
    await response.write(_header(size))
    for piece in repeat(second, tape.seconds) if tape.audio.is_empty else tape.audio.pieces():
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
