"""The verbs Record (a message after the beep), Start and Stop Recording.

Source: the Record page. A key of finishOnKey, silence, maxLength or hanging up ends the message; an empty message is not
reported to the action, the next verb follows. From a telephone without sound, silence can only be noticed after the
caller has said something (typed it): until then a caller counts as speaking, and typing counts as speaking too.
"""

import asyncio
from dataclasses import dataclass

from hotline.exchange.calls.caller_input import announce_listening, listening, next_input
from hotline.exchange.state.calls import (
    HangUpCall,
    InputListener,
    KeyInput,
    SpeechInput,
    TypingNoise,
    new_sid,
)
from hotline.exchange.state.recordings import Recording
from hotline.exchange.twiml.document import Record, StartRecording, StopRecording
from hotline.exchange.verbs.context import Outcome, VerbContext
from hotline.exchange.verbs.recordings import begin_recording, end_recording, record_until_call_ends
from hotline.exchange.vocabulary.enums import Continuation, RecordingSource, RecordingStatus
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import Beep, speaking_seconds

_SHORTEST_SECONDS = 1.0


@dataclass
class _Message:
    """The message so far: the key that ended it, and the exchange seconds of typed speech in it."""

    key: str = ""
    spoken_seconds: float = 0.0


async def record(context: VerbContext, verb: Record) -> Outcome:
    call = context.call
    action = verb.action or context.own_url()
    message = _Message()
    with listening(call, keys=True, words=True) as listener:
        if verb.beep:
            call.hear(Beep())
        announce_listening(call, listener)
        callback = context.absolute_callback(verb.callback)
        recording = begin_recording(context.exchange, RecordingSource.RECORD_VERB, call, callback)
        try:
            await _take_message(context, verb, listener, recording, message)
        except asyncio.CancelledError:
            message.key = "hangup"
            # Words of the very moment of hanging up have been queued, but not read yet.
            _add_queued_words(listener, message)
            _end(context, verb, recording, message)
            if isinstance(call.order, HangUpCall) and recording.status is RecordingStatus.COMPLETED:
                result = _result(context, recording, message)
                context.send_late_action(RequestKind.RECORD, action, verb.method, result)
            raise
    _end(context, verb, recording, message)
    # A self-hosted engine requests the action whatever was recorded.
    if recording.status is RecordingStatus.ABSENT and not context.exchange.settings.narrow:
        return Continuation.NEXT
    return context.action(action, verb.method, _result(context, recording, message))


async def _take_message(
    context: VerbContext, verb: Record, listener: InputListener, recording: Recording, message: _Message
) -> None:
    """Listens until a finish key, silence after speech, or the greatest length."""
    clock = context.exchange.clock
    wait = verb.timeout or None
    try:
        async with clock.timeout(verb.max_length):
            while wait is None or wait > 0:
                match await next_input(clock, listener, wait):
                    case KeyInput(digit) if digit in verb.finish_on_key:
                        message.key = digit
                        return
                    case SpeechInput(text):
                        message.spoken_seconds += speaking_seconds(text)
                    case KeyInput():
                        announce_listening(context.call, listener)
                    case TypingNoise():
                        pass
                    case None:
                        wait = _remaining_silence(context, verb, recording, message)
                        continue
                wait = verb.timeout or None
    except TimeoutError:
        return


def _remaining_silence(context: VerbContext, verb: Record, recording: Recording, message: _Message) -> float:
    """Returns how many exchange seconds silence may last after a time-out without keys or typed words."""
    if recording.audio.loud_at is None:
        return 0 if message.spoken_seconds else verb.timeout
    quiet = context.exchange.clock.stopwatch() - recording.audio.loud_at
    return verb.timeout - quiet / context.exchange.settings.pace


def start_or_stop_recording(context: VerbContext, verb: StartRecording | StopRecording) -> None:
    """Starts or ends the recording that continues through later documents.

    A second Start is an alert (16108); a Stop without a recording is none.
    """
    exchange, call = context.exchange, context.call
    running = [
        recording
        for recording in call.recordings
        if recording.status in {RecordingStatus.IN_PROGRESS, RecordingStatus.PAUSED}
    ]
    match verb:
        case StartRecording() if running:
            exchange.alert(16108, "Start: the call is being recorded already", call.sid)
        case StartRecording(callback, channels, track):
            record_until_call_ends(
                exchange, call, RecordingSource.START_VERB, callback, channels=channels, track=track
            )
        case StopRecording():
            for recording in running:
                if recording.source is RecordingSource.START_VERB:
                    end_recording(exchange, recording)


def _add_queued_words(listener: InputListener, message: _Message) -> None:
    while not listener.heard.empty():
        heard = listener.heard.get_nowait()
        if isinstance(heard, SpeechInput):
            message.spoken_seconds += speaking_seconds(heard.text)


def _end(context: VerbContext, verb: Record, recording: Recording, message: _Message) -> None:
    too_short = context.exchange.clock.seconds() - recording.began < _SHORTEST_SECONDS
    empty = too_short and not message.spoken_seconds
    end_recording(context.exchange, recording, at_least=message.spoken_seconds, absent=empty)
    if verb.transcribe and not empty:
        transcription = _failed_transcription(context, recording)
        context.send_late_action(RequestKind.TRANSCRIPTION, verb.transcribed_url, "POST", transcription)


def _failed_transcription(context: VerbContext, recording: Recording) -> dict[str, str]:
    """Returns the fields of the transcription callback; the exchange has no speech recognition, so it always failed."""
    sid = new_sid("TR")
    settings = context.exchange.settings
    return {
        "TranscriptionSid": sid,
        "TranscriptionText": "",
        "TranscriptionStatus": "failed",
        "TranscriptionUrl": f"{settings.base_url}{settings.api_root}/Transcriptions/{sid}",
        "RecordingSid": recording.sid,
        "RecordingUrl": settings.recording_url(recording.sid),
    }


def _result(context: VerbContext, recording: Recording, message: _Message) -> dict[str, str]:
    if context.exchange.settings.narrow:
        # The sid comes with the recording's own callback only.
        url = f"{context.exchange.settings.base_url}/recordings/{new_sid('RW')}.wav"
        return {"RecordingUrl": url, "RecordingDuration": str(recording.seconds)}
    return {
        "RecordingUrl": context.exchange.settings.recording_url(recording.sid),
        "RecordingSid": recording.sid,
        "RecordingDuration": str(recording.seconds),
        "Digits": message.key,
    }
