"""The operator's softphone: a browser that registers with an access token and receives calls for its identity.

`GET /device?token=<access token>`. The exchange sends `{type:"registered", identity}`, `{type:"incoming", callSid, from,
to, params}`, `{type:"cancel", callSid}` (it rings no longer: the caller left, or another tab accepted), `{type:"open",
callSid}`, `{type:"caption", callSid, who, text}` (who "line" = the exchange itself), `{type:"party", callSid, names}` (who
else is on the line now), `{type:"ended", callSid}`,
`{type:"error", message}`. It accepts `{type:"accept"|"reject"|"hangup", callSid}`, `{type:"digits", callSid, digits}`,
`{type:"mute", callSid, muted}`, `{type:"say", callSid, text}`; `voice`, `signal` and binary messages carry sound
(`voices.py`). A bad token closes the websocket with 4401.
"""

import asyncio
from urllib.parse import parse_qsl

from aiohttp import web

from hotline.gateways.exchange import hearing, ringing
from hotline.gateways.exchange.answering import Person
from hotline.gateways.exchange.exchange import Exchange
from hotline.gateways.exchange.sockets import BadMessageError, Message, Wire, text_of
from hotline.gateways.exchange.sounds import Beep, Caption, Listening, Party, Sound, Speech, SpeechOver
from hotline.gateways.exchange.state.calls import Call, HangUp
from hotline.gateways.exchange.tokens import TokenError, identity_of
from hotline.gateways.exchange.words import By

BAD_TOKEN = 4401
_LINE = "line"


class Device:
    """One browser tab, as the exchange sees it: it may ring for several calls and talk on one."""

    answerer = Person()

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.wire = Wire(exchange.clock)
        self.call: Call | None = None
        self.muted = False
        self._ringing: dict[str, Call] = {}

    @property
    def busy(self) -> bool:
        return self.call is not None

    def ring(self, call: Call) -> None:
        self._ringing[call.sid] = call
        address, _, query = call.to.partition("?")
        params = dict(call.parameters) | dict(parse_qsl(query))
        self.wire.send(
            {"type": "incoming", "callSid": call.sid, "from": call.from_, "to": address, "params": params}
        )

    def unring(self, call: Call) -> None:
        if self._ringing.pop(call.sid, None) is not None:
            self.wire.send({"type": "cancel", "callSid": call.sid})

    def answered(self, call_sid: str) -> None:
        self.wire.send({"type": "open", "callSid": call_sid})

    def over(self, call_sid: str, status: str) -> None:  # noqa: ARG002 - a softphone is not told the status
        self.call = None
        self._exchange.voices.leave(call_sid)
        self.wire.send({"type": "ended", "callSid": call_sid})

    def hear(self, call_sid: str, sound: Sound) -> None:
        match sound:
            case Speech(_, text):
                self._caption(call_sid, _LINE, text)
            case Caption(who, text):
                self._caption(call_sid, who, text)
            case Beep():
                self._caption(call_sid, _LINE, "♪ beep")
            case Party(names):
                self.wire.send({"type": "party", "callSid": call_sid, "names": names})
                self._exchange.voices.look_again()
            case SpeechOver() | Listening():
                pass

    def _caption(self, call_sid: str, who: str, text: str) -> None:
        self.wire.send({"type": "caption", "callSid": call_sid, "who": who, "text": text})

    def obey(self, message: Message) -> None:
        """Do what the operator wants; raises BadMessageError when the call meant is not (or no longer) there."""
        sid = text_of(message, "callSid")
        match message.get("type"):
            case "accept":
                self._accept(sid)
            case "reject":
                ringing.reject(self._incoming(sid))
            case "hangup":
                self._hang_up(sid)
            case "digits":
                digits = text_of(message, "digits", 40)
                if not hearing.KEYS.issuperset(digits):
                    raise BadMessageError("digits are 0-9, * and #")
                hearing.press(self._open(sid), digits)
            case "mute":
                self._open(sid)
                self.muted = message.get("muted") is True
                self._exchange.voices.mute(sid, muted=self.muted)
            case "say":
                call = self._open(sid)
                if not self.muted:
                    hearing.say(call, text_of(message, "text"))
            case "voice" | "signal":
                self._exchange.voices.obey(self.call, self.wire.send, message)
            case other:
                raise BadMessageError(f"unknown message {other!r}")

    def take(self, samples: bytes) -> None:
        """Keep a piece of sound for the recording it belongs to; what comes after the call is nobody's."""
        if self.call is not None:
            self._exchange.voices.take(self.call.sid, samples, self._exchange.clock.stopwatch())

    def _open(self, sid: str) -> Call:
        if self.call is None or self.call.sid != sid:
            raise BadMessageError("this call is not open here")
        return self.call

    def _incoming(self, sid: str) -> Call:
        call = self._ringing.get(sid)
        if call is None:
            raise BadMessageError("this call does not ring here any more")
        return call

    def _hang_up(self, sid: str) -> None:
        if sid in self._ringing:
            ringing.reject(self._incoming(sid))
        else:
            self._open(sid).obey(HangUp(By.PARTY))

    def _accept(self, sid: str) -> None:
        call = self._incoming(sid)
        if self.busy:
            raise BadMessageError("hang up first")
        if ringing.pick_up(call, self):
            del self._ringing[sid]
            self.call = call
            self.muted = False

    async def close(self, code: int, reason: str) -> None:
        await self.wire.close(code, reason)

    def gone(self) -> None:
        """Hang up: the tab was closed."""
        if self.call is not None:
            self.call.obey(HangUp(By.PARTY))


async def serve_device(exchange: Exchange, request: web.Request) -> web.WebSocketResponse:
    """Serve one softphone from registration until its websocket is closed."""
    device = Device(exchange)
    socket = device.wire.socket
    await socket.prepare(request)
    try:
        identity = identity_of(request.query.get("token", ""), exchange.settings, exchange.clock.wall())
    except TokenError as error:
        await device.close(BAD_TOKEN, str(error))
        return socket
    tabs = exchange.lines.setdefault(f"client:{identity}", [])
    tabs.append(device)
    device.wire.send({"type": "registered", "identity": identity})
    writing = asyncio.create_task(device.wire.write())
    try:
        await device.wire.listen(device.obey, device.take)
    finally:
        writing.cancel()
        device.gone()
        tabs.remove(device)
    return socket
