"""The life of a recording: begun, paused, ended, told. Its sound comes from a browser on the line, if there is one.

Source: "Recordings" and the recordingStatusCallback table: no From/To, CallSid of the parent leg or ConferenceSid,
default event `completed` only.
"""

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.audio_files import AudioFile
from hotline.exchange.state.calls import Call, DocumentRequest, new_sid
from hotline.exchange.state.conferences import Conference
from hotline.exchange.state.recordings import Recording
from hotline.exchange.twiml.document import RecordingCallback
from hotline.exchange.vocabulary.enums import RecordingSource, RecordingStatus
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.webhooks.callbacks import send_aside
from hotline.exchange.webhooks.parameters import rfc2822


def begin_tape(
    exchange: Exchange,
    source: RecordingSource,
    of: Call | Conference,
    callback: RecordingCallback | None,
    *,
    channels: int = 1,
    track: str = "both",
) -> Recording:
    """Start keeping what is said on a call or in a conference."""
    is_call = isinstance(of, Call)
    tape = Recording(
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
    exchange.registry.recordings[tape.sid] = tape
    exchange.voices.roll(tape, of)
    if isinstance(of, Call):
        of.recordings.append(tape)
    _tell(exchange, tape)
    return tape


def tape_until_over(
    exchange: Exchange,
    call: Call,
    source: RecordingSource,
    callback: RecordingCallback | None,
    *,
    channels: int = 1,
    track: str = "both",
) -> Recording:
    """Record a call from now to its end, whatever it does meanwhile."""
    tape = begin_tape(exchange, source, call, callback, channels=channels, track=track)

    async def close() -> None:
        await call.over.wait()
        end_tape(exchange, tape)

    exchange.spawn(close())
    return tape


def end_tape(exchange: Exchange, tape: Recording, *, at_least: float = 0.0, absent: bool = False) -> None:
    """Stop a recording; `at_least` exchange seconds were spoken. A second call changes nothing.

    With real sound its length is that of the sound.
    """
    if tape.status not in {RecordingStatus.IN_PROGRESS, RecordingStatus.PAUSED}:
        return
    tape.audio.close(exchange.clock.stopwatch())
    passed = exchange.clock.seconds() - tape.began if tape.audio.is_empty else tape.audio.seconds
    tape.seconds = 0 if absent else max(1, round(max(at_least if tape.audio.is_empty else 0, passed)))
    tape.status = RecordingStatus.ABSENT if absent else RecordingStatus.COMPLETED
    tape.updated = exchange.clock.now()
    exchange.voices.look_again()
    _tell(exchange, tape)


def pause_tape(exchange: Exchange, tape: Recording, *, skip: bool) -> None:
    """Stop listening for a while, which the sound leaves out (`skip`) or keeps as silence."""
    tape.status = RecordingStatus.PAUSED
    tape.audio.pause(exchange.clock.stopwatch(), skip=skip)
    exchange.voices.look_again()


def resume_tape(exchange: Exchange, tape: Recording) -> None:
    tape.status = RecordingStatus.IN_PROGRESS
    tape.audio.resume(exchange.clock.stopwatch())
    exchange.voices.look_again()


def media_url(exchange: Exchange, tape: Recording) -> str:
    """Where the sound of a recording is fetched, with the account's credentials."""
    return f"{exchange.settings.base_url}{exchange.settings.api_root}/Recordings/{tape.sid}"


def _tell(exchange: Exchange, tape: Recording) -> None:
    callback = tape.callback
    if callback is None or tape.status not in callback.events:
        return
    form = {
        "AccountSid": exchange.settings.account_sid,
        "RecordingSid": tape.sid,
        "RecordingUrl": media_url(exchange, tape),
        "RecordingStatus": tape.status,
        "RecordingDuration": str(tape.seconds),
        "RecordingChannels": str(tape.channels),
        "RecordingStartTime": rfc2822(tape.created),
        "RecordingSource": tape.source,
        "RecordingTrack": tape.track,
    }
    if tape.call_sid is not None:
        form["CallSid"] = tape.call_sid
    if tape.conference_sid is not None:
        form["ConferenceSid"] = tape.conference_sid
    call = exchange.registry.calls.get(tape.call_sid or "")
    send_aside(exchange, RequestKind.RECORDING, DocumentRequest(callback.url, callback.method, form), call)
