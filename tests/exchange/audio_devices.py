"""Telephones and softphones that can carry sound, as the browser does."""

from hotline.exchange.clients.telephone import Softphone, Telephone
from hotline.exchange.clients.websocket_client import Message, WebSocketClient
from tests.exchange.line import CITIZEN, Line, token_for

_PATIENCE = 5.0


class AudioDevice(WebSocketClient):
    """The common part of both devices."""

    call_sid: str

    def __init__(self, *address: str) -> None:
        super().__init__(*address)
        self.told: Message = {}
        self.signals: list[Message] = []

    def receive(self, message: Message) -> None:
        match message["type"]:
            case "voice":
                self.told = message
            case "signal":
                self.signals.append(message)
        super().receive(message)

    @property
    def links(self) -> list[str]:
        """Returns the ids of this end's current links."""
        with self._condition:
            return [link["id"] for link in self.told.get("links", ())]

    @property
    def ways(self) -> list[tuple[bool, bool]]:
        """Returns whether this end speaks and hears, for each link."""
        with self._condition:
            return [(link["speaks"], link["hears"]) for link in self.told.get("links", ())]

    def speak_up(self, *, microphone: bool = True) -> None:
        """Offers sound for the present call, and waits until the exchange has answered."""
        self.send(
            {"type": "voice", "callSid": self.call_sid, "microphone": microphone, "muted": False},
        )
        self.wait_for(lambda: bool(self.told), _PATIENCE, "nothing is told about sound")

    def wait_ways(self, *ways: tuple[bool, bool]) -> None:
        """Waits until this end has exactly these links: (speaks, hears) for each."""
        self.wait_for(
            lambda: sorted(self.ways) == sorted(ways), _PATIENCE, lambda: f"told {self.told}, not {ways}"
        )

    def wait_recording(self, *, record: bool, own: bool) -> None:
        self.wait_for(
            lambda: (self.told.get("record"), self.told.get("own")) == (record, own),
            _PATIENCE,
            lambda: f"told {self.told}",
        )

    def wait_recorded(self, *, recorded: bool) -> None:
        """Waits until this end learns whether its line is recorded, by whomever."""
        self.wait_for(lambda: self.told.get("recorded") is recorded, _PATIENCE, lambda: f"told {self.told}")

    def signal(self, link: str, **part: object) -> None:
        self.send({"type": "signal", "callSid": self.call_sid, "link": link, **part})

    def play(self, samples: bytes) -> None:
        """Sends a piece of sound."""
        self._transmit(samples)

    def wait_signal(self) -> Message:
        """Waits for the next signal from the other end."""
        self.wait_for(lambda: bool(self.signals), _PATIENCE, "nothing is passed on")
        with self._condition:
            return self.signals.pop(0)


class AudioTelephone(AudioDevice, Telephone):
    """A caller's telephone with a microphone."""


class AudioSoftphone(AudioDevice, Softphone):
    """An operator's softphone with a headset."""


class AudioLine(Line):
    """A line whose telephones and softphones can carry sound once they say so."""

    def telephone(self, number: str = CITIZEN) -> AudioTelephone:
        return self._stack.enter_context(AudioTelephone(self.url, number))

    def softphone(self, identity: str = "agent_7") -> AudioSoftphone:
        return self._stack.enter_context(AudioSoftphone(self.url, token_for(identity)))

    def calling(self, number: str = CITIZEN) -> AudioTelephone:
        telephone = self.telephone(number)
        telephone.dial("4412345")
        return telephone
