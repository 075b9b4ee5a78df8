"""What passes between a conversation and the world: what was heard, what is to be said, and where the call stands.

A position is opaque text `node:tries:turn?name=value`; `turn` grows with every step, so that no two steps of a call
look alike, and the values are what the caller has typed and nothing has used yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from hotline.rules.calls.flow_actions import ActionOutcome, FlowAction
from hotline.rules.enums import Language
from ivr_flows.speech import Lines

Values = Mapping[str, str]
"""What the caller has typed so far, by the name of its Input."""


@dataclass(frozen=True, slots=True)
class Digits:
    keys: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """Words were said that mean none of the choices."""


@dataclass(frozen=True, slots=True)
class Silence:
    pass


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message was spoken: the carrier's recording `sid`, `seconds` long."""

    sid: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Parted:
    """The connection to somebody outside is over; `reached`: they have talked."""

    reached: bool


@dataclass(frozen=True, slots=True)
class QueueFailed:
    """The carrier could not keep the call in its queue."""


@dataclass(frozen=True, slots=True)
class WaitedTooLong:
    """The longest wait of the queue is over, and nobody has answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The application's answer to a wish. `exit` is an outcome of the wish or a number that was dialled; `lines` tell it."""

    exit: str
    lines: Lines = ()


TOO_LATE = Answer(ActionOutcome.TOO_LATE)
PENDING = Answer("pending")
"""Not known yet: the wish is made again in a moment."""
Heard = Digits | Unclear | Silence | Recorded | Parted | QueueFailed | WaitedTooLong | Answer


@dataclass(frozen=True, slots=True)
class Listen:
    """Listen for `most` keys, ended by # where more than one may come; after `timeout` seconds of silence nobody answered.

    `speech`: what is said may stand for keys; `words` are the names of the lists of words that are expected.
    """

    timeout: int
    most: int = 1
    speech: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Record a message of at most `seconds`, ended by # or `silence` seconds of silence."""

    seconds: int
    silence: int


@dataclass(frozen=True, slots=True)
class Connect:
    """Connect the caller to the city's number called `number`, ringing for `ring_seconds`."""

    number: str
    ring_seconds: int


@dataclass(frozen=True, slots=True)
class WaitInQueue:
    pass


@dataclass(frozen=True, slots=True)
class AwaitAnswer:
    """The application must answer before it is known what comes next. `values` are what the caller has typed for it."""

    wish: FlowAction
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The answer is on its way: make the same wish again in a moment."""


@dataclass(frozen=True, slots=True)
class Over:
    """Hang up."""


Next = Listen | TakeMessage | Connect | WaitInQueue | AwaitAnswer | AskAgain | Over


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of a conversation. `language` None: unchanged. `wishes` are made in passing, whatever comes next.

    `path` are the ways taken, as `node>exit`, for the picture of where callers go.
    """

    lines: Lines
    wishes: tuple[FlowAction, ...]
    then: Next
    position: str
    language: Language | None = None
    path: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """How many steps the call has taken when this one is spoken."""
        return Position.parse(self.position).turn


@dataclass(frozen=True, slots=True)
class Position:
    """Where a call stands, after how many askings of this node and how many steps of the call, with what was typed."""

    node: str
    tries: int = 0
    turn: int = 0
    values: Values = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read a stored position; text of an unknown make is a place that no flow has."""
        place, _, typed = text.partition("?")
        node, *counts = place.split(":")
        if len(counts) != 2 or not all(count.isascii() and count.isdigit() for count in counts):
            return cls(node="")
        return cls(node, int(counts[0]), int(counts[1]), dict(parse_qsl(typed)))

    def __str__(self) -> str:
        typed = f"?{urlencode(self.values)}" if self.values else ""
        return f"{self.node}:{self.tries}:{self.turn}{typed}"
