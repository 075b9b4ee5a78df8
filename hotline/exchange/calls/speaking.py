"""Say, Play and Pause: the exchange's side of the conversation."""

import io
import wave
from collections.abc import Sequence
from typing import NoReturn

from hotline.exchange.calls.scene import Scene
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.webhook import Letter
from hotline.exchange.state.calls import Call
from hotline.exchange.twiml.document import Pause, Play, Prompt, Say
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import PlaybackEnded, PlaybackKind, PlaybackStarted, speaking_seconds
from hotline.exchange.webhooks.delivery import post

_UNKNOWN_LENGTH_SECONDS = 5.0
_KEY_SECONDS = 0.3
_MUSIC_SECONDS = 30.0


async def utter(
    exchange: Exchange,
    call: Call,
    text: str,
    *,
    language: str,
    voice: PlaybackKind,
    seconds: float | None = None,
) -> None:
    """Let `text` be heard for as long as it takes (exchange seconds); tells the listener when it is cut short."""
    length = speaking_seconds(text) if seconds is None else seconds
    mark = next(call.utterances)
    exchange.tell(call, PlaybackStarted(mark, text, length, language, voice))
    whole = False
    try:
        await exchange.clock.sleep(length)
        whole = True
    finally:
        exchange.tell(call, PlaybackEnded(mark, whole))


async def hold_music(exchange: Exchange, call: Call, *, silent: bool) -> NoReturn:
    """Let the carrier's own music (or silence) be heard until cancelled."""
    while True:
        if silent:
            await exchange.clock.sleep(_MUSIC_SECONDS)
        else:
            await utter(
                exchange, call, "♪ 等候音乐", language="", voice=PlaybackKind.MUSIC, seconds=_MUSIC_SECONDS
            )


async def prompt_all(scene: Scene, prompts: Sequence[Prompt]) -> None:
    for prompt in prompts:
        await prompt_one(scene, prompt)


async def prompt_one(scene: Scene, prompt: Prompt) -> None:
    exchange, call = scene.exchange, scene.call
    match prompt:
        case Say(text, language, loop):
            for _ in range(loop):
                await utter(exchange, call, text, language=language, voice=PlaybackKind.SPEECH)
        case Play():
            await _play(scene, prompt)
        case Pause(length):
            await exchange.clock.sleep(length)


async def _play(scene: Scene, play: Play) -> None:
    """Announce the name of what would be heard; the file is really fetched, so that a wrong URL is noticed."""
    exchange, call = scene.exchange, scene.call
    if play.digits:
        await exchange.clock.sleep(_KEY_SECONDS * len(play.digits))
    if not play.url:
        return
    url = scene.absolute(play.url)
    sound = await _fetch(exchange, call, url)
    if sound is None:
        return
    name = url.partition("?")[0].rpartition("/")[2] or url
    for _ in range(play.loop):
        length = _wav_seconds(sound, url)
        await utter(exchange, call, f"♪ {name}", language="", voice=PlaybackKind.MUSIC, seconds=length)


async def _fetch(exchange: Exchange, call: Call, url: str) -> bytes | None:
    """Return the first 64 kB of a sound file, or None once the failure has been reported."""
    try:
        reply = await post(exchange, Letter(RequestKind.PLAY, url, "GET", {}, call.sid), {})
    except DocumentError as error:
        exchange.trouble(error.code, f"Play: {error.text}", call.sid)
        return None
    if reply.status >= 300:
        exchange.trouble(11200, f"Play: answered {reply.status}", call.sid)
        return None
    return reply.body


def _wav_seconds(head: bytes, url: str) -> float:
    """The length written in a WAV header; a guess for other formats, whose header is not read."""
    if not url.partition("?")[0].endswith(".wav"):
        return _UNKNOWN_LENGTH_SECONDS
    try:
        with wave.open(io.BytesIO(head)) as sound:
            return max(0.3, float(sound.getnframes()) / float(sound.getframerate()))
    except (wave.Error, EOFError):
        return _UNKNOWN_LENGTH_SECONDS
