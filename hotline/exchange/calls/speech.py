"""Speech and music from the exchange, as captions that last as long as they would take to hear."""

from typing import NoReturn

from hotline.exchange.state.calls import Call
from hotline.exchange.time.clock import ExchangeClock
from hotline.exchange.vocabulary.sounds import PlaybackEnded, PlaybackKind, PlaybackStarted, speaking_seconds

_MUSIC_SECONDS = 30.0


async def utter(
    clock: ExchangeClock,
    call: Call,
    text: str,
    *,
    language: str,
    voice: PlaybackKind,
    seconds: float | None = None,
) -> None:
    """Lets the party hear `text` for `seconds` (exchange time, None = estimated) and reports if it was cut short."""
    length = speaking_seconds(text) if seconds is None else seconds
    number = next(call.utterances)
    call.hear(PlaybackStarted(number, text, length, language, voice))
    whole = False
    try:
        await clock.sleep(length)
        whole = True
    finally:
        call.hear(PlaybackEnded(number, whole))


async def hold_music(clock: ExchangeClock, call: Call, *, silent: bool) -> NoReturn:
    """Plays the carrier's own music (or silence) until it is cancelled."""
    while True:
        if silent:
            await clock.sleep(_MUSIC_SECONDS)
        else:
            await utter(
                clock, call, "♪ 等候音乐", language="", voice=PlaybackKind.MUSIC, seconds=_MUSIC_SECONDS
            )
