"""The verbs Say, Play and Pause."""

import io
import wave
from collections.abc import Sequence

from hotline.exchange.calls.speech import utter
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.webhook import OutgoingWebhook
from hotline.exchange.state.calls import Call
from hotline.exchange.twiml.document import Pause, Play, Prompt, Say
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.verbs.context import VerbContext
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import PlaybackKind

_UNKNOWN_LENGTH_SECONDS = 5.0
_KEY_SECONDS = 0.3


async def prompt_all(context: VerbContext, prompts: Sequence[Prompt]) -> None:
    for prompt in prompts:
        await prompt_one(context, prompt)


async def prompt_one(context: VerbContext, prompt: Prompt) -> None:
    clock, call = context.exchange.clock, context.call
    match prompt:
        case Say(text, language, loop):
            for _ in range(loop):
                await utter(clock, call, text, language=language, voice=PlaybackKind.SPEECH)
        case Play():
            await _play(context, prompt)
        case Pause(length):
            await clock.sleep(length)


async def _play(context: VerbContext, play: Play) -> None:
    """Shows the name of the sound file for as long as the sound lasts."""
    exchange, call = context.exchange, context.call
    if play.digits:
        await exchange.clock.sleep(_KEY_SECONDS * len(play.digits))
    if not play.url:
        return
    url = context.absolute(play.url)
    # The file is really requested, so that a wrong URL is noticed.
    sound = await _fetch(exchange, call, url)
    if sound is None:
        return
    name = url.partition("?")[0].rpartition("/")[2] or url
    for _ in range(play.loop):
        length = _wav_seconds(sound, url)
        await utter(exchange.clock, call, f"♪ {name}", language="", voice=PlaybackKind.MUSIC, seconds=length)


async def _fetch(exchange: Exchange, call: Call, url: str) -> bytes | None:
    """Returns the first 64 kB of a sound file, or None after an alert about the failure."""
    try:
        response = await exchange.send_webhook(
            OutgoingWebhook(RequestKind.PLAY, url, "GET", {}, call.sid), {}
        )
    except DocumentError as error:
        exchange.alert(error.code, f"Play: {error.text}", call.sid)
        return None
    if response.status >= 300:
        exchange.alert(11200, f"Play: answered {response.status}", call.sid)
        return None
    return response.body


def _wav_seconds(head: bytes, url: str) -> float:
    """Returns the length given in a WAV header; an estimate for other formats, whose header is not read."""
    if not url.partition("?")[0].endswith(".wav"):
        return _UNKNOWN_LENGTH_SECONDS
    try:
        with wave.open(io.BytesIO(head)) as sound:
            return max(0.3, float(sound.getnframes()) / float(sound.getframerate()))
    except (wave.Error, EOFError):
        return _UNKNOWN_LENGTH_SECONDS
