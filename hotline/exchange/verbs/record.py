"""Record: a message after the beep.

Source: the Record page. A key of finishOnKey, silence, maxLength or hanging up ends the message; an empty one is not
told to the action, the next verb follows. From a telephone without sound, silence can only be noticed after the caller
has said something (typed it): until then a caller counts as speaking, and typing counts as speaking too.
"""

import asyncio
from dataclasses import dataclass, replace

from hotline.exchange.calls.scene import Outcome, Scene, Turn
from hotline.exchange.state.calls import (
    DocumentRequest,
    EndCall,
    InputListener,
    KeyInput,
    SpeechInput,
    TypingNoise,
    new_sid,
)
from hotline.exchange.state.recordings import Recording
from hotline.exchange.twiml.document import Record, RecordingCallback, StartRecording, StopRecording
from hotline.exchange.verbs.gather import invite, listening, next_input
from hotline.exchange.verbs.recordings import begin_tape, end_tape, media_url, tape_until_over
from hotline.exchange.vocabulary.enums import RecordingSource, RecordingStatus
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import Beep, speaking_seconds
from hotline.exchange.webhooks.callbacks import farewell

_SHORTEST_SECONDS = 1.0


@dataclass
class _Message:
    """What the caller has done so far."""

    key: str = ""
    spoken_seconds: float = 0.0


def absolute_callback(scene: Scene, callback: RecordingCallback | None) -> RecordingCallback | None:
    return None if callback is None else replace(callback, url=scene.absolute(callback.url))


async def record(scene: Scene, verb: Record) -> Outcome:
    call = scene.call
    action = verb.action or scene.own_url()
    message = _Message()
    with listening(scene.exchange, call, keys=True, words=True) as ear:
        if verb.beep:
            scene.exchange.tell(call, Beep())
        invite(scene.exchange, call, ear)
        callback = absolute_callback(scene, verb.callback)
        tape = begin_tape(scene.exchange, RecordingSource.RECORD_VERB, call, callback)
        try:
            await _take_message(scene, verb, ear, tape, message)
        except asyncio.CancelledError:
            message.key = "hangup"
            _take_the_rest(ear, message)
            _end(scene, verb, tape, message)
            if isinstance(call.order, EndCall) and tape.status is RecordingStatus.COMPLETED:
                scene.bid_farewell(RequestKind.RECORD, action, verb.method, _result(scene, tape, message))
            raise
    _end(scene, verb, tape, message)
    if tape.status is RecordingStatus.ABSENT:
        return Turn.NEXT
    return scene.action(action, verb.method, _result(scene, tape, message))


async def _take_message(
    scene: Scene, verb: Record, ear: InputListener, tape: Recording, message: _Message
) -> None:
    """Listen until a finish key, silence after speech, or the greatest length."""
    wait = verb.timeout or None
    try:
        async with scene.exchange.clock.timeout(verb.max_length):
            while wait is None or wait > 0:
                match await next_input(scene.exchange, ear, wait):
                    case KeyInput(digit) if digit in verb.finish_on_key:
                        message.key = digit
                        return
                    case SpeechInput(text):
                        message.spoken_seconds += speaking_seconds(text)
                    case KeyInput():
                        invite(scene.exchange, scene.call, ear)
                    case TypingNoise():
                        pass
                    case None:
                        wait = _patience(scene, verb, tape, message)
                        continue
                wait = verb.timeout or None
    except TimeoutError:
        return


def _patience(scene: Scene, verb: Record, tape: Recording, message: _Message) -> float:
    """Return how much longer (exchange seconds) silence may last when nothing was pressed or typed for the time-out."""
    if tape.audio.loud_at is None:
        return 0 if message.spoken_seconds else verb.timeout
    quiet = (scene.exchange.clock.stopwatch() - tape.audio.loud_at) / scene.exchange.settings.pace
    return verb.timeout - quiet


def record_aside(scene: Scene, verb: StartRecording | StopRecording) -> None:
    """Begin or end the recording that goes on beside the documents; one at a time (16108), and ending none is no mistake."""
    exchange, call = scene.exchange, scene.call
    running = [
        tape
        for tape in call.recordings
        if tape.status in {RecordingStatus.IN_PROGRESS, RecordingStatus.PAUSED}
    ]
    match verb:
        case StartRecording() if running:
            exchange.trouble(16108, "Start: the call is being recorded already", call.sid)
        case StartRecording(callback, channels, track):
            tape_until_over(
                exchange, call, RecordingSource.START_VERB, callback, channels=channels, track=track
            )
        case StopRecording():
            for tape in running:
                if tape.source is RecordingSource.START_VERB:
                    end_tape(exchange, tape)


def _take_the_rest(ear: InputListener, message: _Message) -> None:
    """Keep what was said in the very moment of hanging up."""
    while not ear.heard.empty():
        heard = ear.heard.get_nowait()
        if isinstance(heard, SpeechInput):
            message.spoken_seconds += speaking_seconds(heard.text)


def _end(scene: Scene, verb: Record, tape: Recording, message: _Message) -> None:
    too_short = scene.exchange.clock.seconds() - tape.began < _SHORTEST_SECONDS
    empty = too_short and not message.spoken_seconds
    end_tape(scene.exchange, tape, at_least=message.spoken_seconds, absent=empty)
    if verb.transcribe and verb.transcribed_url is not None and not empty:
        told = DocumentRequest(scene.absolute(verb.transcribed_url), "POST", _untranscribed(scene, tape))
        farewell(scene.exchange, RequestKind.TRANSCRIPTION, told, scene.call)


def _untranscribed(scene: Scene, tape: Recording) -> dict[str, str]:
    """Return what is told about a transcription: it failed, because a box without ears writes nothing down."""
    sid = new_sid("TR")
    settings = scene.exchange.settings
    return {
        "TranscriptionSid": sid,
        "TranscriptionText": "",
        "TranscriptionStatus": "failed",
        "TranscriptionUrl": f"{settings.base_url}{settings.api_root}/Transcriptions/{sid}",
        "RecordingSid": tape.sid,
        "RecordingUrl": media_url(scene.exchange, tape),
    }


def _result(scene: Scene, tape: Recording, message: _Message) -> dict[str, str]:
    return {
        "RecordingUrl": media_url(scene.exchange, tape),
        "RecordingSid": tape.sid,
        "RecordingDuration": str(tape.seconds),
        "Digits": message.key,
    }
