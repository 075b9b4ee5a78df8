"""Keys and speech of the party on a call: a Gather or Record that listens receives them, else the others on the line."""

from collections.abc import Iterator
from contextlib import contextmanager

from hotline.exchange.state.calls import Call, CallerInput, InputListener, KeyInput, SpeechInput, TypingNoise
from hotline.exchange.time.clock import ExchangeClock
from hotline.exchange.vocabulary.sounds import ListeningChanged


def press(call: Call, digits: str) -> None:
    """Gives keys to a Gather or Record that listens for them; at any other moment they have no effect, as on a real line."""
    listener = call.listener
    heeded = listener is not None and listener.keys
    if call.transcript is not None:
        call.transcript.pressed(digits, heeded=heeded)
    if listener is None or not heeded:
        return
    for digit in digits:
        listener.heard.put_nowait(KeyInput(digit))


def say(call: Call, text: str) -> None:
    """Gives words to a Gather or Record that listens for them, else to the other parties on the line."""
    listener = call.listener
    heeded = listener is not None and listener.words
    if call.transcript is not None:
        call.transcript.said(text, heeded=heeded)
    if listener is not None and heeded:
        listener.heard.put_nowait(SpeechInput(text))
    elif call.meeting is not None:
        call.meeting.speak(call, text)


def make_noise(call: Call) -> None:
    """Reports that the party is about to speak (is typing)."""
    if call.listener is not None and call.listener.words:
        call.listener.heard.put_nowait(TypingNoise())


@contextmanager
def listening(call: Call, *, keys: bool, words: bool) -> Iterator[InputListener]:
    """Directs the party's keys and words to one listener for the duration of the block."""
    listener = InputListener(keys, words)
    call.listener = listener
    try:
        yield listener
    finally:
        # A nested document may have put its own listener there.
        if call.listener is listener:
            call.listener = None
        call.hear(ListeningChanged(keys=False, words=False))


def announce_listening(call: Call, listener: InputListener) -> None:
    """Tells the telephone that the next key or word is expected."""
    call.hear(ListeningChanged(listener.keys, listener.words))


async def next_input(
    clock: ExchangeClock, listener: InputListener, seconds: float | None
) -> CallerInput | None:
    """Returns the next input, or None if there was none within `seconds` (exchange time; None waits for ever)."""
    try:
        async with clock.timeout(seconds):
            return await listener.heard.get()
    except TimeoutError:
        return None
