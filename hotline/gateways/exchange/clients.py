"""A telephone and an operator's softphone for programs: tests talk through them, and so does the terminal.

Everything waits on what the exchange says; every wait is bounded (real seconds) and fails with the whole transcript.
"""

from enum import StrEnum
from urllib.parse import quote

from hotline.gateways.exchange.wire import LineError, Message, Wire

__all__ = ["LineError", "NotHeardError", "PhoneState", "Softphone", "Telephone"]

_PATIENCE_SECONDS = 10.0


class NotHeardError(AssertionError):
    """What was waited for was not said; the message holds everything that was."""


class PhoneState(StrEnum):
    IDLE = "idle"
    DIALLING = "dialling"
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


class _Handset(Wire):
    """What both kinds of device do: keep a transcript and listen to it."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._lines: list[str] = []
        self._heard = 0
        self.state = PhoneState.IDLE
        self.status = ""
        self.party: list[str] = []

    @property
    def transcript(self) -> list[str]:
        """Everything heard in the present or last call, line by line."""
        with self._condition:
            return list(self._lines)

    @property
    def is_in_call(self) -> bool:
        return self.state not in {PhoneState.IDLE, PhoneState.ENDED}

    def hear(self, substring: str, timeout: float = _PATIENCE_SECONDS) -> str:
        """Wait for a line containing `substring`, from after the last line heard; returns the whole line."""
        found = ""

        def wanted() -> bool:
            nonlocal found
            for place in range(self._heard, len(self._lines)):
                if substring in self._lines[place]:
                    found = self._lines[place]
                    self._heard = place + 1
                    return True
            return bool(found)

        try:
            self.wait_for(lambda: wanted() or self.state is PhoneState.ENDED, timeout, "not heard")
        except (TimeoutError, LineError) as error:
            raise NotHeardError(self._missing(substring, str(error))) from error
        if not found:
            raise NotHeardError(self._missing(substring, f"the call ended: {self.status}"))
        return found

    def _missing(self, substring: str, why: str) -> str:
        said = "\n".join(f"  {number}. {line}" for number, line in enumerate(self.transcript, 1))
        return f"{substring!r} was not heard: {why}; state {self.state}; transcript:\n{said or '  (silence)'}"

    def wait_ended(self, timeout: float = _PATIENCE_SECONDS) -> str:
        """Wait until the call is over; returns its final status as this device was told it."""
        try:
            self.wait_for(lambda: self.state is PhoneState.ENDED, timeout, "the call did not end")
        except TimeoutError as error:
            raise NotHeardError(self._missing("the end of the call", str(error))) from error
        return self.status

    def wait_state(self, state: PhoneState, timeout: float = _PATIENCE_SECONDS) -> None:
        """Wait until the device is in `state`."""
        self.wait_for(lambda: self.state is state, timeout, lambda: f"state is {self.state}, not {state}")

    def wait_connected(self, others: int = 1, timeout: float = _PATIENCE_SECONDS) -> list[str]:
        """Wait until `others` other people are on the line, so that what is said now is heard; returns who they are."""
        self.wait_for(lambda: len(self.party) == others, timeout, lambda: f"on the line are {self.party}")
        return list(self.party)

    def note(self, message: Message) -> None:
        """Take what both kinds of device are told in the same words."""
        match message["type"]:
            case "say":
                self._lines.append(message["text"])
            case "caption":
                self._lines.append(f"{message['who']}: {message['text']}")
            case "beep":
                self._lines.append("♪ beep")
            case "party":
                self.party = list(message["names"])
            case _:
                pass

    def _begin(self, state: PhoneState) -> None:
        self._lines = []
        self._heard = 0
        self.status = ""
        self.state = state

    def _end(self, status: str) -> None:
        self.status = status
        self.party = []
        self.state = PhoneState.ENDED


class Telephone(_Handset):
    """A citizen's telephone with `number` (13800001234 or E.164); use it as a context manager."""

    def __init__(self, base_url: str, number: str) -> None:
        super().__init__(f"{base_url.rstrip('/')}/phone/ws?number={quote(number)}")
        self.number = number
        self.caller = ""
        self.call_sid = ""
        self.pace = 1.0
        self.at = 0.0
        self.listening = False
        self.errors: list[str] = []

    def dial(self, to: str) -> None:
        """Call a number; returns at once, what follows is heard."""
        with self._condition:
            self._begin(PhoneState.DIALLING)
        self.send({"type": "dial", "to": to})

    def press(self, digits: str) -> None:
        """Press keys now; whether anybody listens is another question (`wait_listening`)."""
        with self._condition:
            self.listening = False
        self.send({"type": "keys", "digits": digits})

    def say(self, text: str) -> None:
        self.send({"type": "say", "text": text})

    def hang_up(self) -> None:
        self.send({"type": "hangup"})

    def answer(self) -> None:
        """Answer the incoming call and wait until the line is open."""
        self.send({"type": "answer"})
        self.wait_state(PhoneState.TALKING)

    def reject(self) -> None:
        self.send({"type": "reject"})

    def wait_for_ring(self, timeout: float = _PATIENCE_SECONDS) -> str:
        """Wait for an incoming call; returns who is calling."""
        self.wait_for(lambda: self.state is PhoneState.RINGING, timeout, "the telephone did not ring")
        return self.caller

    def wait_listening(self, timeout: float = _PATIENCE_SECONDS) -> None:
        """Wait until the far end listens for the next key, or the call is over."""
        self.wait_for(
            lambda: self.listening or self.state is PhoneState.ENDED,
            timeout,
            "the far end does not listen for keys",
        )

    def receive(self, message: Message) -> None:
        self.at = float(message.get("at", self.at))
        match message["type"]:
            case "registered":
                self.pace = float(message["pace"])
            case "state":
                self.call_sid = message["callSid"]
                self.state = PhoneState(message["state"])
            case "ring":
                self._begin(PhoneState.RINGING)
                self.caller = message["from"]
                self.call_sid = message["callSid"]
            case "listen":
                self.listening = bool(message["keys"])
            case "ended":
                self.listening = False
                self._end(message["status"])
            case "error":
                self.errors.append(message["message"])
            case _:
                self.note(message)


class Softphone(_Handset):
    """An operator's browser device, registered with the application's access token."""

    def __init__(self, base_url: str, token: str) -> None:
        super().__init__(f"{base_url.rstrip('/')}/device?token={quote(token)}")
        self.identity = ""
        self.call_sid = ""
        self.caller = ""
        self.parameters: dict[str, str] = {}

    def wait_incoming(self, timeout: float = _PATIENCE_SECONDS) -> dict[str, str]:
        """Wait for an invitation; returns its custom parameters."""
        self.wait_for(lambda: self.state is PhoneState.RINGING, timeout, "no incoming call")
        return dict(self.parameters)

    def accept(self) -> None:
        """Accept the invitation and wait until the line is open (LineError if somebody else was faster)."""
        self._command("accept")
        self.wait_for(
            lambda: self.state in {PhoneState.TALKING, PhoneState.ENDED},
            _PATIENCE_SECONDS,
            "the line did not open",
        )

    def reject(self) -> None:
        self._command("reject")

    def hang_up(self) -> None:
        self._command("hangup")

    def press(self, digits: str) -> None:
        self._command("digits", digits=digits)

    def mute(self, *, muted: bool) -> None:
        self._command("mute", muted=muted)

    def say(self, text: str) -> None:
        self._command("say", text=text)

    def _command(self, kind: str, **fields: object) -> None:
        self.send({"type": kind, "callSid": self.call_sid, **fields})

    def receive(self, message: Message) -> None:
        match message["type"]:
            case "registered":
                self.identity = message["identity"]
            case "incoming":
                self._begin(PhoneState.RINGING)
                self.call_sid = message["callSid"]
                self.caller = message["from"]
                self.parameters = dict(message["params"])
            case "cancel" if message["callSid"] == self.call_sid:
                self._end("canceled")
            case "open":
                self.state = PhoneState.TALKING
            case "ended" if message["callSid"] == self.call_sid:
                self._end("ended")
            case _:
                self.note(message)
