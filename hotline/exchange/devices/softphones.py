"""The WebSocket endpoint of softphones: a browser registers with an access token to receive calls and to call.

`GET /device?token=<access token>`; a bad token closes the WebSocket with 4401. The exchange sends JSON objects:

- `{type:"registered", identity}` once
- `{type:"incoming", callSid, from, to, params}`
- `{type:"cancel", callSid}`: the call no longer rings here, because the caller left or another tab accepted it
- `{type:"open", callSid}`
- `{type:"caption", callSid, who, text}`: `who` is "line" for the exchange itself
- `{type:"party", callSid, names}`: the other people on the line
- `{type:"ended", callSid}`
- `{type:"connecting", callSid}`: the softphone's own call has begun
- `{type:"error", message}`, with `code` when it is about the token

A device whose token expires is told 20104 and no longer rung; its call goes on. `{type:"token", token}` renews the token
and registers the device again. It accepts `{type:"connect", params}` (a call through the token's TwiML application, see `params_of`),
`{type:"accept"|"reject"|"hangup", callSid}`, `{type:"digits", callSid, digits}`, `{type:"mute", callSid, muted}` and
`{type:"say", callSid, text}`; `voice`, `signal` and binary messages carry sound (`core.audio_mesh`).
"""

import asyncio
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from hotline.exchange.calls import caller_input, ringing
from hotline.exchange.calls.origination import receive_client_call
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.sockets import BadMessageError, DeviceSocket, Message, text_of
from hotline.exchange.devices.tokens import EXPIRED, TokenError, VoiceGrant, verify_token
from hotline.exchange.state.calls import Call, HangUpCall
from hotline.exchange.vocabulary.answer_modes import Human
from hotline.exchange.vocabulary.enums import Initiator
from hotline.exchange.vocabulary.numbers import KEYS
from hotline.exchange.vocabulary.sounds import (
    Beep,
    Caption,
    ListeningChanged,
    PartyChanged,
    PlaybackEnded,
    PlaybackStarted,
    Sound,
)

BAD_TOKEN = 4401
# Characters of all parameters of one `connect`, URL-encoded. The carrier has a limit (31103) but does not publish it.
LONGEST_PARAMS = 800
LONGEST_TOKEN = 4096
_LINE = "line"
_GONE = 408


class RegisteredSoftphone:
    """One connected browser tab: it can ring for several calls and talk on one."""

    answerer = Human()

    def __init__(self, exchange: Exchange, connection: DeviceSocket, grant: VoiceGrant) -> None:
        self._exchange = exchange
        self._grant = grant
        self.connection = connection
        self.call: Call | None = None
        self.muted = False
        self._ringing: dict[str, Call] = {}
        self._expiry: asyncio.TimerHandle | None = None

    def register(self) -> None:
        """Lets the device be rung until its token expires."""
        tabs = self._exchange.devices.setdefault(f"client:{self._grant.identity}", [])
        if self not in tabs:
            tabs.append(self)
            self.connection.send({"type": "registered", "identity": self._grant.identity})
        self._stop_expiry()
        left = self._grant.expires - self._exchange.clock.wall().timestamp()
        self._expiry = asyncio.get_running_loop().call_later(max(left, 0), self._expire)

    def unregister(self) -> None:
        self._stop_expiry()
        tabs = self._exchange.devices.get(f"client:{self._grant.identity}", [])
        if self in tabs:
            tabs.remove(self)

    def _stop_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    def _expire(self) -> None:
        self.unregister()
        self.connection.send({"type": "error", "code": EXPIRED, "message": f"{EXPIRED}: token expired"})

    def _renew(self, token: str) -> None:
        """Takes a new token for the same identity. A refused one leaves the device as it was."""
        try:
            grant = verify_token(token, self._exchange.settings, self._exchange.clock.wall())
        except TokenError as error:
            code = int(str(error).partition(":")[0])
            self.connection.send({"type": "error", "code": code, "message": str(error)})
            return
        if grant.identity != self._grant.identity:
            raise BadMessageError("31212: a device keeps its identity")
        self._grant = grant
        self.register()

    @property
    def busy(self) -> bool:
        return self.call is not None

    def ring(self, call: Call) -> None:
        self._ringing[call.sid] = call
        address, _, query = call.to.partition("?")
        params = dict(call.parameters) | dict(parse_qsl(query))
        self.connection.send(
            {"type": "incoming", "callSid": call.sid, "from": call.from_, "to": address, "params": params}
        )

    def unring(self, call: Call) -> None:
        if self._ringing.pop(call.sid, None) is not None:
            self.connection.send({"type": "cancel", "callSid": call.sid})

    def answered(self, call_sid: str) -> None:
        self.connection.send({"type": "open", "callSid": call_sid})

    def over(self, call_sid: str, status: str) -> None:  # noqa: ARG002 - the softphone protocol has no status
        self.call = None
        self._exchange.audio_mesh.leave(call_sid)
        self.connection.send({"type": "ended", "callSid": call_sid})

    def hear(self, call_sid: str, sound: Sound) -> None:
        match sound:
            case PlaybackStarted(_, text):
                self._caption(call_sid, _LINE, text)
            case Caption(who, text):
                self._caption(call_sid, who, text)
            case Beep():
                self._caption(call_sid, _LINE, "♪ beep")
            case PartyChanged(names):
                self.connection.send({"type": "party", "callSid": call_sid, "names": names})
                self._exchange.audio_mesh.schedule_update()
            case PlaybackEnded() | ListeningChanged():
                pass

    def _caption(self, call_sid: str, who: str, text: str) -> None:
        self.connection.send({"type": "caption", "callSid": call_sid, "who": who, "text": text})

    def handle(self, message: Message) -> None:
        """Carries out a message of the softphone; raises BadMessageError when its call is not here (any more)."""
        if message.get("type") == "connect":
            self._connect(params_of(message))
        elif message.get("type") == "token":
            self._renew(text_of(message, "token", LONGEST_TOKEN))
        else:
            self._handle_for_call(message, text_of(message, "callSid"))

    def _handle_for_call(self, message: Message, sid: str) -> None:
        match message.get("type"):
            case "accept":
                self._accept(sid)
            case "reject":
                ringing.reject(self._incoming(sid))
            case "hangup":
                self._hang_up(sid)
            case "digits":
                digits = text_of(message, "digits", 40)
                if not KEYS.issuperset(digits):
                    raise BadMessageError("digits are 0-9, * and #")
                caller_input.press(self._open(sid), digits)
            case "mute":
                self._open(sid)
                self.muted = message.get("muted") is True
                self._exchange.audio_mesh.set_muted(sid, muted=self.muted)
            case "say":
                call = self._open(sid)
                if not self.muted:
                    caller_input.say(call, text_of(message, "text"))
            case "voice" | "signal":
                self._exchange.audio_mesh.handle(self.call, self.connection.send, message)
            case other:
                raise BadMessageError(f"unknown message {other!r}")

    def take_audio(self, samples: bytes) -> None:
        """Adds a piece of sound to the running recordings; sound that arrives after the call is dropped."""
        if self.call is not None:
            self._exchange.audio_mesh.add_samples(self.call.sid, samples, self._exchange.clock.stopwatch())

    def _open(self, sid: str) -> Call:
        if self.call is None or self.call.sid != sid:
            raise BadMessageError("this call is not open here")
        return self.call

    def _incoming(self, sid: str) -> Call:
        call = self._ringing.get(sid)
        if call is None:
            raise BadMessageError("this call does not ring here any more")
        return call

    def _connect(self, params: dict[str, str]) -> None:
        """Calls through the TwiML application of the token; raises BadMessageError with the carrier's code and text."""
        if self._grant.application is None:
            raise BadMessageError("20106: no grant to make calls: outgoing.application_sid is missing")
        if self._grant.application != self._exchange.settings.app_sid:
            raise BadMessageError(f"31001: TwiML application {self._grant.application} not found")
        if self.busy:
            raise BadMessageError("hang up first")
        self.muted = False
        self.call = receive_client_call(self._exchange, self, self._grant.identity, params)
        self.connection.send({"type": "connecting", "callSid": self.call.sid})

    def _hang_up(self, sid: str) -> None:
        if sid in self._ringing:
            ringing.reject(self._incoming(sid))
        else:
            self._open(sid).interrupt(HangUpCall(Initiator.PARTY))

    def _accept(self, sid: str) -> None:
        call = self._incoming(sid)
        if self.busy:
            raise BadMessageError("hang up first")
        if ringing.pick_up(call, self):
            del self._ringing[sid]
            self.call = call
            self.muted = False

    async def close(self, code: int, reason: str) -> None:
        await self.connection.close(code, reason)

    def disconnected(self) -> None:
        """Ends the call after the tab was closed or the network was lost."""
        if self.call is not None:
            # Source: the status callback's SipResponseCode. The carrier does not document its value for a device that
            # is gone; assumed: 408 Request Timeout, which ends a dialog by RFC 3261, 12.2.1.2.
            self.call.sip_code = _GONE
            self.call.interrupt(HangUpCall(Initiator.PARTY))


def params_of(message: Message) -> dict[str, str]:
    """Returns the custom parameters of a call by name.

    Raises BadMessageError: 31103 when they are too long, 31100 for anything but texts with names.
    """
    params = message.get("params", {})
    if not isinstance(params, dict) or not all(isinstance(value, str) for value in params.values()):
        raise BadMessageError('31100: "params" must be an object of texts')
    if "" in params:
        raise BadMessageError('31100: "params" must have names')
    try:
        length = len(urlencode(params))
    except UnicodeEncodeError as error:
        raise BadMessageError('31100: "params" must be Unicode') from error
    if length > LONGEST_PARAMS:
        raise BadMessageError(f"31103: params are longer than {LONGEST_PARAMS} characters ({length})")
    return params


async def serve_device(exchange: Exchange, request: web.Request) -> web.WebSocketResponse:
    """Serves one softphone from registration until its WebSocket is closed."""
    connection = DeviceSocket(exchange.clock)
    await connection.socket.prepare(request)
    try:
        grant = verify_token(request.query.get("token", ""), exchange.settings, exchange.clock.wall())
    except TokenError as error:
        await connection.close(BAD_TOKEN, str(error))
        return connection.socket
    device = RegisteredSoftphone(exchange, connection, grant)
    device.register()
    writing = asyncio.create_task(connection.write())
    try:
        await connection.listen(device.handle, device.take_audio)
    finally:
        writing.cancel()
        device.unregister()
        device.disconnected()
    return connection.socket
