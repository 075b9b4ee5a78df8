"""Inputs and outputs of the engine: what a caller did, what is to be said next, and the position of a call.

A position is opaque text `node:tries:turn?name=value`. `turn` grows with every step, so that two steps of a call are
never equal. The values are the digits that the caller has entered and no action has used yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from hotline.rules.calls.flow_actions import ActionOutcome, FlowAction
from hotline.rules.enums import Language
from ivr_flows.speech import Lines

# The digits entered so far, by the name of their input node.
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Digits:
    keys: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """The caller said words that mean none of the choices."""


@dataclass(frozen=True, slots=True)
class NoInput:
    pass


@dataclass(frozen=True, slots=True)
class Recorded:
    """The caller left a message: the carrier's recording `sid`, `seconds` long."""

    sid: str
    seconds: int


@dataclass(frozen=True, slots=True)
class TransferEnded:
    """The connection to an outside number is over; `reached`: it was answered."""

    reached: bool


@dataclass(frozen=True, slots=True)
class QueueFailed:
    """The carrier could not keep the call in its queue."""


@dataclass(frozen=True, slots=True)
class WaitedTooLong:
    """The longest wait of the queue is over and no operator has answered."""


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The application's reply to an action: `exit` is an outcome or a dialled number, `lines` are spoken with it."""

    exit: str
    lines: Lines = ()


TOO_LATE = ActionResult(ActionOutcome.TOO_LATE)
# The outcome is not known yet; the action is performed again a moment later.
PENDING = ActionResult("pending")
Heard = Digits | Unclear | NoInput | Recorded | TransferEnded | QueueFailed | WaitedTooLong | ActionResult


@dataclass(frozen=True, slots=True)
class Listen:
    """Listens for up to `most` keys, ended by # if more than one may come, or for `timeout` seconds of silence.

    `speech`: spoken words may stand for keys; `words` names the lists of expected words.
    """

    timeout: int
    most: int = 1
    speech: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Records a message of at most `seconds`, ended by # or by `silence` seconds of silence."""

    seconds: int
    silence: int


@dataclass(frozen=True, slots=True)
class Connect:
    """Connects the caller to the city's number called `number`, ringing for `ring_seconds`."""

    number: str
    ring_seconds: int


@dataclass(frozen=True, slots=True)
class WaitInQueue:
    pass


@dataclass(frozen=True, slots=True)
class AwaitResult:
    """Needs the outcome of an action to go on. `values` are the digits entered for it."""

    action: FlowAction
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PollAgain:
    """Performs the action due at the position after the lines and `pause` seconds.

    Its outcome is pending, or it must not happen before the lines are over (0 seconds).
    """

    pause: int = 1


@dataclass(frozen=True, slots=True)
class EndDialog:
    """Hangs up."""


Next = Listen | TakeMessage | Connect | WaitInQueue | AwaitResult | PollAgain | EndDialog


@dataclass(frozen=True, slots=True)
class DialogTurn:
    """One step of a conversation.

    `language` None: unchanged. `actions` are performed in passing, whatever comes next. `path` lists the edges taken,
    as `node>exit`, for the diagram of callers' paths.
    """

    lines: Lines
    actions: tuple[FlowAction, ...]
    then: Next
    position: str
    language: Language | None = None
    path: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """Returns the number of steps the call has taken when this one is spoken."""
        return Position.parse(self.position).turn


@dataclass(frozen=True, slots=True)
class Position:
    """A node, the attempts at it, the steps of the call so far, and the digits entered."""

    node: str
    tries: int = 0
    turn: int = 0
    values: Values = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Reads a stored position. Text in an unknown format becomes a node that no flow has."""
        place, _, typed = text.partition("?")
        node, *counts = place.split(":")
        if len(counts) != 2 or not all(count.isascii() and count.isdigit() for count in counts):
            return cls(node="")
        return cls(node, int(counts[0]), int(counts[1]), dict(parse_qsl(typed)))

    def __str__(self) -> str:
        typed = f"?{urlencode(self.values)}" if self.values else ""
        return f"{self.node}:{self.tries}:{self.turn}{typed}"
