"""A telephone and an operator's softphone for programs, used by tests and by the terminal.

Every wait is bounded in real seconds and fails with the whole transcript.
"""

from collections.abc import Mapping
from urllib.parse import quote

from hotline.exchange.clients.device import DEFAULT_TIMEOUT_SECONDS, ClientDevice, NotHeardError, PhoneState
from hotline.exchange.clients.websocket_client import LineError, Message

__all__ = ["LineError", "NotHeardError", "PhoneState", "Softphone", "Telephone"]


class Telephone(ClientDevice):
    """A caller's telephone with `number` (13800001234 or E.164), used as a context manager."""

    def __init__(self, base_url: str, number: str, answers: str = "") -> None:
        """Takes `answers` (`machine`, `fax` or `silence`) for a telephone that machine detection takes for no person."""
        super().__init__(f"{base_url.rstrip('/')}/phone/ws?number={quote(number)}&answers={answers}")
        self.number = number
        self.caller = ""
        self.call_sid = ""
        self.pace = 1.0
        self.at = 0.0
        self.listening = False
        self.errors: list[str] = []

    def dial(self, to: str) -> None:
        """Calls a number; returns at once, the progress arrives as messages."""
        with self._condition:
            self._begin(PhoneState.DIALLING)
        self.send({"type": "dial", "to": to})

    def press(self, digits: str) -> None:
        """Presses keys now, even if the exchange does not listen for keys (see `wait_listening`)."""
        with self._condition:
            self.listening = False
        self.send({"type": "keys", "digits": digits})

    def say(self, text: str) -> None:
        self.send({"type": "say", "text": text})

    def hang_up(self) -> None:
        self.send({"type": "hangup"})

    def answer(self) -> None:
        """Answers the incoming call and waits until the line is open."""
        self.send({"type": "answer"})
        self.wait_state(PhoneState.TALKING)

    def reject(self) -> None:
        self.send({"type": "reject"})

    def wait_for_ring(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> str:
        """Waits for an incoming call; returns the caller's number."""
        self.wait_for(lambda: self.state is PhoneState.RINGING, timeout, "the telephone did not ring")
        return self.caller

    def wait_listening(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        """Waits until the exchange listens for the next key, or the call is over."""
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
                self.receive_common(message)


class Softphone(ClientDevice):
    """An operator's browser device, registered with the application's access token."""

    def __init__(self, base_url: str, token: str) -> None:
        super().__init__(f"{base_url.rstrip('/')}/device?token={quote(token)}")
        self.identity = ""
        self.call_sid = ""
        self.caller = ""
        self.parameters: dict[str, str] = {}
        self.errors: list[str] = []

    def connect(self, params: Mapping[str, object]) -> None:
        """Calls through the TwiML application and waits until the call has begun; raises LineError when it is refused."""
        before, errors = self.call_sid, len(self.errors)
        self.send({"type": "connect", "params": params})
        self.wait_for(
            lambda: self.call_sid != before or len(self.errors) > errors,
            DEFAULT_TIMEOUT_SECONDS,
            "neither connected nor refused",
        )
        if len(self.errors) > errors:
            raise LineError(self.errors[-1])

    def wait_incoming(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> dict[str, str]:
        """Waits for an invitation; returns its custom parameters."""
        self.wait_for(lambda: self.state is PhoneState.RINGING, timeout, "no incoming call")
        return dict(self.parameters)

    def renew(self, token: str) -> None:
        """Gives the exchange a new access token, as a browser does before the old one expires."""
        self.send({"type": "token", "token": token})

    def wait_error(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> str:
        """Waits for an error about this device; returns its text."""
        self.wait_for(lambda: bool(self.errors), timeout, "no error")
        return self.errors[-1]

    def accept(self) -> None:
        """Accepts the invitation and waits until the line is open; raises LineError if the call is gone by then."""
        self._command("accept")
        self.wait_for(
            lambda: self.state in {PhoneState.TALKING, PhoneState.ENDED},
            DEFAULT_TIMEOUT_SECONDS,
            "the line did not open",
        )
        if self.status == "canceled":
            raise LineError("the call is no longer there: the caller left or another tab was faster")

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
            case "connecting":
                self._begin(PhoneState.DIALLING)
                self.call_sid = message["callSid"]
            case "open":
                self.state = PhoneState.TALKING
            case "ended" if message["callSid"] == self.call_sid:
                self._end("ended")
            case "error":
                self.errors.append(message["message"])
            case _:
                self.receive_common(message)
