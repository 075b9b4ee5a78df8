from enum import StrEnum

from hotline.exchange.clients.websocket_client import LineError, Message, WebSocketClient

DEFAULT_TIMEOUT_SECONDS = 10.0


class NotHeardError(AssertionError):
    """The expected text was not said in time; the message holds the whole transcript."""


class PhoneState(StrEnum):
    IDLE = "idle"
    DIALLING = "dialling"
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


class ClientDevice(WebSocketClient):
    """The common part of a telephone and a softphone: a state, a transcript, and ways to wait for both."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._lines: list[str] = []
        self._heard = 0
        self.state = PhoneState.IDLE
        self.status = ""
        self.party: list[str] = []

    @property
    def transcript(self) -> list[str]:
        """The lines heard in the present or last call."""
        with self._condition:
            return list(self._lines)

    @property
    def is_in_call(self) -> bool:
        return self.state not in {PhoneState.IDLE, PhoneState.ENDED}

    def hear(self, substring: str, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> str:
        """Waits for a line that contains `substring`, after the last line found; returns the whole line.

        Raises NotHeardError after `timeout` real seconds, or when the call ends or the connection closes first.
        """
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

    def wait_ended(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> str:
        """Waits until the call is over; returns the final status that the exchange sent to this device."""
        try:
            self.wait_for(lambda: self.state is PhoneState.ENDED, timeout, "the call did not end")
        except TimeoutError as error:
            raise NotHeardError(self._missing("the end of the call", str(error))) from error
        return self.status

    def wait_state(self, state: PhoneState, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        self.wait_for(lambda: self.state is state, timeout, lambda: f"state is {self.state}, not {state}")

    def wait_connected(self, others: int = 1, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> list[str]:
        """Waits until `others` other people are on the line; returns their names. They hear what is said from now on."""
        self.wait_for(lambda: len(self.party) == others, timeout, lambda: f"on the line are {self.party}")
        return list(self.party)

    def receive_common(self, message: Message) -> None:
        """Handles the messages that both kinds of device receive in the same form."""
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
