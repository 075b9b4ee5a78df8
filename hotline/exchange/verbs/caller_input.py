"""What a person on a call presses and says, and where it goes: to whoever listens, else to the others on the line."""

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, KeyInput, SpeechInput, TypingNoise
from hotline.exchange.state.conferences import Conference
from hotline.exchange.verbs import conference_speech

KEYS = frozenset("0123456789*#")


def press(call: Call, digits: str) -> None:
    """Keys reach a Gather or Record that listens for them; at any other moment nobody notices, as on a real line."""
    ear = call.listener
    heeded = ear is not None and ear.keys
    if call.transcript is not None:
        call.transcript.pressed(digits, heeded=heeded)
    if ear is None or not heeded:
        return
    for digit in digits:
        ear.heard.put_nowait(KeyInput(digit))


def say(exchange: Exchange, call: Call, text: str) -> None:
    """Words reach a Gather or Record that listens for them, else whoever else is on the line."""
    ear = call.listener
    heeded = ear is not None and ear.words
    if call.transcript is not None:
        call.transcript.said(text, heeded=heeded)
    if ear is not None and heeded:
        ear.heard.put_nowait(SpeechInput(text))
    elif call.meeting is not None:
        call.meeting.speak(call, text)
        if isinstance(call.meeting, Conference):
            conference_speech.speak(exchange, call.meeting, call, text)


def make_noise(call: Call) -> None:
    """Somebody is about to say something."""
    if call.listener is not None and call.listener.words:
        call.listener.heard.put_nowait(TypingNoise())
