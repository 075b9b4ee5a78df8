"""The WebSocket endpoint of telephones: every connection with a number is a telephone of the exchange.

`GET /phone/ws?number=13800001234`, with `&answers=machine|fax|silence` for a telephone without a person. Messages are
JSON objects; `at` is in exchange seconds since the call began. The exchange sends:

- `{type:"registered", number, hotline, language, pace}` once
- `{type:"state", state:"dialling"|"talking", callSid, to}`
- `{type:"ring", callSid, from}`: an incoming call
- `{type:"say", id, text, seconds, language, voice, at}`: a text or sound begins (`voice`: speech, music or error)
- `{type:"said", id, whole}`: it is over (`whole` false: interrupted)
- `{type:"caption", who, text, at}`: another person speaks
- `{type:"beep", at}`
- `{type:"listen", keys, words}`: the exchange waits for keys or words; sent again after each key it took
- `{type:"party", names}`: the other people on the line
- `{type:"ended", callSid, status, at}`
- `{type:"error", message}`

It accepts `{type:"dial", to}`, `{type:"answer"}`, `{type:"reject"}`, `{type:"hangup"}`, `{type:"keys", digits}`,
`{type:"say", text}` and `{type:"typing"}`; `voice`, `signal` and binary messages carry sound (`core.audio_mesh`). A
number has one telephone: a new connection closes the old one (4409) and ends its call.
"""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from hotline.exchange.calls import caller_input, ringing
from hotline.exchange.calls.origination import receive_call
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.sockets import BadMessageError, DeviceSocket, Message, text_of
from hotline.exchange.state.calls import Call, HangUpCall
from hotline.exchange.vocabulary.answer_modes import (
    AnsweringMachine,
    AnsweringParty,
    FaxMachine,
    Human,
    SilentAnswer,
)
from hotline.exchange.vocabulary.enums import Initiator
from hotline.exchange.vocabulary.numbers import KEYS, is_e164, normalise
from hotline.exchange.vocabulary.sounds import (
    Beep,
    Caption,
    ListeningChanged,
    PartyChanged,
    PlaybackEnded,
    PlaybackStarted,
    Sound,
)

REPLACED = 4409
WITHHELD = "anonymous"
_ANSWERERS: Mapping[str, AnsweringParty] = {
    "machine": AnsweringMachine(),
    "fax": FaxMachine(),
    "silence": SilentAnswer(),
}


class RegisteredTelephone:
    """One connected telephone: it can be rung and is the endpoint of at most one call."""

    def __init__(self, exchange: Exchange, number: str, answerer: AnsweringParty) -> None:
        self.number = number
        self.answerer = answerer
        self.connection = DeviceSocket(exchange.clock)
        self.call: Call | None = None
        self.incoming: Call | None = None
        self._exchange = exchange
        self._since = 0.0

    @property
    def busy(self) -> bool:
        return self.call is not None or self.incoming is not None

    def ring(self, call: Call) -> None:
        self.incoming = call
        self.connection.send({"type": "ring", "callSid": call.sid, "from": call.from_})

    def unring(self, call: Call) -> None:
        if self.incoming is call:
            self.incoming = None
            self.connection.send({"type": "ended", "callSid": call.sid, "status": "missed", "at": 0})

    def answered(self, call_sid: str) -> None:
        self._state("talking", call_sid)

    def over(self, call_sid: str, status: str) -> None:
        self.call = None
        self._exchange.audio_mesh.leave(call_sid)
        self.connection.send({"type": "ended", "callSid": call_sid, "status": status, "at": self._elapsed()})

    def hear(self, call_sid: str, sound: Sound) -> None:  # noqa: ARG002 - a telephone has one call only
        self.connection.send(_message(sound, self._exchange.settings.names) | {"at": self._elapsed()})
        if isinstance(sound, PartyChanged):
            self._exchange.audio_mesh.schedule_update()

    def _elapsed(self) -> float:
        return round(self._exchange.clock.seconds() - self._since, 2)

    def _state(self, state: str, call_sid: str) -> None:
        to = self.call.to if self.call else ""
        self.connection.send({"type": "state", "state": state, "callSid": call_sid, "to": to})

    def handle(self, message: Message) -> None:
        """Carries out a message of the telephone; raises BadMessageError when that is impossible."""
        match message.get("type"):
            case "dial":
                self._dial(text_of(message, "to", 40))
            case "answer":
                self._answer()
            case "reject" if self.incoming is not None:
                ringing.reject(self.incoming)
            case "hangup":
                self.hang_up()
            case "keys":
                digits = text_of(message, "digits", 40)
                if not KEYS.issuperset(digits):
                    raise BadMessageError("keys are 0-9, * and #")
                caller_input.press(self._talking(), digits)
            case "say":
                caller_input.say(self._talking(), text_of(message, "text"))
            case "typing":
                caller_input.make_noise(self._talking())
            case "voice" | "signal":
                self._exchange.audio_mesh.handle(self.call, self.connection.send, message)
            case other:
                raise BadMessageError(f"message {other!r} is not possible now")

    def take_audio(self, samples: bytes) -> None:
        """Adds a piece of sound to the running recordings; sound that arrives after the call is dropped."""
        if self.call is not None:
            self._exchange.audio_mesh.add_samples(self.call.sid, samples, self._exchange.clock.stopwatch())

    def _talking(self) -> Call:
        if self.call is None:
            raise BadMessageError("there is no call")
        return self.call

    def _dial(self, dialled: str) -> None:
        if self.busy:
            raise BadMessageError("hang up first")
        self._since = self._exchange.clock.seconds()
        home = self._exchange.settings.number
        if normalise(dialled, home) != home:
            self.connection.send({"type": "ended", "callSid": "", "status": "failed", "at": 0})
            return
        self.call = receive_call(self._exchange, self, self.number)
        self._state("dialling", self.call.sid)

    def _answer(self) -> None:
        call = self.incoming
        if call is None:
            raise BadMessageError("there is no incoming call")
        self._since = self._exchange.clock.seconds()
        self.incoming = None
        if ringing.pick_up(call, self):
            self.call = call

    async def close(self, code: int, reason: str) -> None:
        self.hang_up()
        await self.connection.close(code, reason)

    def hang_up(self) -> None:
        if self.call is not None:
            self.call.interrupt(HangUpCall(Initiator.PARTY))
        elif self.incoming is not None:
            ringing.reject(self.incoming)


def _message(sound: Sound, known: Mapping[str, str]) -> dict[str, object]:
    match sound:
        case PlaybackStarted(mark, text, seconds, language, voice):
            return {
                "type": "say",
                "id": mark,
                "text": text,
                "seconds": round(seconds, 2),
                "language": language,
                "voice": voice,
            }
        case PlaybackEnded(mark, whole):
            return {"type": "said", "id": mark, "whole": whole}
        case Caption(who, text):
            return {"type": "caption", "who": known.get(who, who), "text": text}
        case Beep():
            return {"type": "beep"}
        case PartyChanged(names):
            return {"type": "party", "names": [known.get(name, name) for name in names]}
        case ListeningChanged(keys, words):
            return {"type": "listen", "keys": keys, "words": words}


async def serve_telephone(exchange: Exchange, request: web.Request) -> web.WebSocketResponse:
    """Serves one telephone from registration until its WebSocket is closed; answers 400 for a bad number."""
    home = exchange.settings.number
    given = request.query.get("number", "")
    number = given if given == WITHHELD else normalise(given, home)
    if number != WITHHELD and not is_e164(number):
        raise web.HTTPBadRequest(text="number must be a telephone number, such as 13800001234")
    phone = RegisteredTelephone(exchange, number, _ANSWERERS.get(request.query.get("answers", ""), Human()))
    await phone.connection.socket.prepare(request)
    _register(exchange, phone)
    writing = asyncio.create_task(phone.connection.write())
    try:
        await phone.connection.listen(phone.handle, phone.take_audio)
    finally:
        writing.cancel()
        phone.hang_up()
        _unregister(exchange, phone)
    return phone.connection.socket


def _register(exchange: Exchange, phone: RegisteredTelephone) -> None:
    for old in exchange.devices.get(phone.number, []):
        if phone.number != WITHHELD:
            exchange.spawn(old.close(REPLACED, "another telephone took this number"))
    exchange.devices[phone.number] = [phone]
    settings = exchange.settings
    phone.connection.send(
        {
            "type": "registered",
            "number": phone.number,
            "hotline": settings.number,
            "language": settings.language,
            "pace": settings.pace,
        }
    )


def _unregister(exchange: Exchange, phone: RegisteredTelephone) -> None:
    if exchange.devices.get(phone.number) == [phone]:
        del exchange.devices[phone.number]
