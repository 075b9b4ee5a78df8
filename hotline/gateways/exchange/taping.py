"""Record: a message after the beep.

Source: the Record page. A key of finishOnKey, silence, maxLength or hanging up ends the message; an empty one is not
told to the action, the next verb follows. From a telephone without sound, silence can only be noticed after the caller
has said something (typed it): until then a caller counts as speaking, and typing counts as speaking too.
"""

import asyncio
from dataclasses import dataclass, replace

from hotline.gateways.exchange.document import Record, RecordingCallback
from hotline.gateways.exchange.gathering import invite, listening, next_input
from hotline.gateways.exchange.scene import Outcome, Scene, Turn
from hotline.gateways.exchange.sounds import Beep, speaking_seconds
from hotline.gateways.exchange.state.calls import HangUp, Key, Listener, Noise, Words
from hotline.gateways.exchange.state.recordings import Recording
from hotline.gateways.exchange.steps import Step
from hotline.gateways.exchange.tapes import begin_tape, end_tape, media_url
from hotline.gateways.exchange.words import RecordingSource, RecordingStatus

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
            _end(scene, tape, message)
            if isinstance(call.order, HangUp) and tape.status is RecordingStatus.COMPLETED:
                scene.bid_farewell(Step.RECORD, action, verb.method, _result(scene, tape, message))
            raise
    _end(scene, tape, message)
    if tape.status is RecordingStatus.ABSENT:
        return Turn.NEXT
    return scene.action(action, verb.method, _result(scene, tape, message))


async def _take_message(
    scene: Scene, verb: Record, ear: Listener, tape: Recording, message: _Message
) -> None:
    """Listen until a finish key, silence after speech, or the greatest length."""
    wait = verb.timeout or None
    try:
        async with scene.exchange.clock.timeout(verb.max_length):
            while wait is None or wait > 0:
                match await next_input(scene.exchange, ear, wait):
                    case Key(digit) if digit in verb.finish_on_key:
                        message.key = digit
                        return
                    case Words(text):
                        message.spoken_seconds += speaking_seconds(text)
                    case Key():
                        invite(scene.exchange, scene.call, ear)
                    case Noise():
                        pass
                    case None:
                        wait = _patience(scene, verb, tape, message)
                        continue
                wait = verb.timeout or None
    except TimeoutError:
        return


def _patience(scene: Scene, verb: Record, tape: Recording, message: _Message) -> float:
    """Return how much longer (exchange seconds) silence may last when nothing was pressed or typed for the time-out."""
    if tape.reel.loud_at is None:
        return 0 if message.spoken_seconds else verb.timeout
    quiet = (scene.exchange.clock.stopwatch() - tape.reel.loud_at) / scene.exchange.settings.pace
    return verb.timeout - quiet


def _take_the_rest(ear: Listener, message: _Message) -> None:
    """Keep what was said in the very moment of hanging up."""
    while not ear.heard.empty():
        heard = ear.heard.get_nowait()
        if isinstance(heard, Words):
            message.spoken_seconds += speaking_seconds(heard.text)


def _end(scene: Scene, tape: Recording, message: _Message) -> None:
    too_short = scene.exchange.clock.seconds() - tape.began < _SHORTEST_SECONDS
    empty = too_short and not message.spoken_seconds
    end_tape(scene.exchange, tape, at_least=message.spoken_seconds, absent=empty)


def _result(scene: Scene, tape: Recording, message: _Message) -> dict[str, str]:
    return {
        "RecordingUrl": media_url(scene.exchange, tape),
        "RecordingSid": tape.sid,
        "RecordingDuration": str(tape.seconds),
        "Digits": message.key,
    }
