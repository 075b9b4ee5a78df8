"""The life of a recording: begun, paused, resumed, ended, and reported. Browsers on the line send its sound, if any can.

Source: "Recordings" and the recordingStatusCallback table: no From/To, CallSid of the parent leg or ConferenceSid,
default event `completed` only.
"""

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.audio_files import AudioFile
from hotline.exchange.state.calls import Call, DocumentRequest, new_sid
from hotline.exchange.state.conferences import Conference
from hotline.exchange.state.recordings import Recording
from hotline.exchange.vocabulary.enums import RecordingSource, RecordingStatus
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.status_callback import StatusCallback
from hotline.exchange.webhooks.callbacks import send_callback
from hotline.exchange.webhooks.parameters import rfc2822


def begin_recording(
    exchange: Exchange,
    source: RecordingSource,
    of: Call | Conference,
    callback: StatusCallback | None,
    *,
    channels: int = 1,
    track: str = "both",
) -> Recording:
    """Starts to record a call or a conference."""
    is_call = isinstance(of, Call)
    recording = Recording(
        sid=new_sid("RE"),
        source=source,
        call_sid=of.sid if is_call else None,
        conference_sid=None if is_call else of.sid,
        created=exchange.clock.now(),
        began=exchange.clock.seconds(),
        callback=callback,
        audio=AudioFile(exchange.clock.stopwatch()),
        channels=channels,
        track=track,
    )
    exchange.registry.recordings[recording.sid] = recording
    exchange.audio_mesh.record(recording, of)
    if isinstance(of, Call):
        of.recordings.append(recording)
    _report(exchange, recording)
    return recording


def record_until_call_ends(
    exchange: Exchange,
    call: Call,
    source: RecordingSource,
    callback: StatusCallback | None,
    *,
    channels: int = 1,
    track: str = "both",
) -> Recording:
    """Records a call from now to its end, whatever documents it runs meanwhile."""
    recording = begin_recording(exchange, source, call, callback, channels=channels, track=track)

    async def end_with_call() -> None:
        await call.over.wait()
        end_recording(exchange, recording)

    exchange.spawn(end_with_call())
    return recording


def end_recording(
    exchange: Exchange, recording: Recording, *, at_least: float = 0.0, absent: bool = False
) -> None:
    """Ends a recording in which `at_least` exchange seconds were spoken; has no effect on one that is over.

    A recording with real sound is as long as its sound.
    """
    if recording.status not in {RecordingStatus.IN_PROGRESS, RecordingStatus.PAUSED}:
        return
    audio = recording.audio
    audio.close(exchange.clock.stopwatch())
    passed = exchange.clock.seconds() - recording.began if audio.is_empty else audio.seconds
    recording.seconds = 0 if absent else max(1, round(max(at_least if audio.is_empty else 0, passed)))
    recording.status = RecordingStatus.ABSENT if absent else RecordingStatus.COMPLETED
    recording.updated = exchange.clock.now()
    exchange.audio_mesh.schedule_update()
    _report(exchange, recording)


def pause_recording(exchange: Exchange, recording: Recording, *, skip: bool) -> None:
    """Pauses a recording; the sound leaves the pause out (`skip`) or keeps it as silence."""
    recording.status = RecordingStatus.PAUSED
    recording.audio.pause(exchange.clock.stopwatch(), skip=skip)
    exchange.audio_mesh.schedule_update()


def resume_recording(exchange: Exchange, recording: Recording) -> None:
    recording.status = RecordingStatus.IN_PROGRESS
    recording.audio.resume(exchange.clock.stopwatch())
    exchange.audio_mesh.schedule_update()


def _report(exchange: Exchange, recording: Recording) -> None:
    callback = recording.callback
    if callback is None or recording.status not in callback.events:
        return
    form = {
        "AccountSid": exchange.settings.account_sid,
        "RecordingSid": recording.sid,
        "RecordingUrl": exchange.settings.recording_url(recording.sid),
        "RecordingStatus": recording.status,
        "RecordingDuration": str(recording.seconds),
        "RecordingChannels": str(recording.channels),
        "RecordingStartTime": rfc2822(recording.created),
        "RecordingSource": recording.source,
        "RecordingTrack": recording.track,
    }
    if recording.call_sid is not None:
        form["CallSid"] = recording.call_sid
    if recording.conference_sid is not None:
        form["ConferenceSid"] = recording.conference_sid
    call = exchange.registry.calls.get(recording.call_sid or "")
    send_callback(exchange, RequestKind.RECORDING, DocumentRequest(callback.url, callback.method, form), call)
