"""What passes between a conversation and the world: what was heard, what is to be said, and where the call stands.

A position is opaque text `node:tries:turn`; `turn` grows with every step, so that no two steps of a call look alike.
"""

from dataclasses import dataclass

from hotline.rules.wishes import Wish
from hotline.rules.words import Language
from ivr_flows.flow import Lines


@dataclass(frozen=True, slots=True)
class Digits:
    keys: str


@dataclass(frozen=True, slots=True)
class Silence:
    pass


@dataclass(frozen=True, slots=True)
class Granted:
    pass


@dataclass(frozen=True, slots=True)
class Refused:
    pass


@dataclass(frozen=True, slots=True)
class TooLate:
    """The call is over already: there is nobody left to talk to."""


@dataclass(frozen=True, slots=True)
class QueueFailed:
    """The carrier could not keep the call in its queue."""


Verdict = Granted | Refused | TooLate
Heard = Digits | Silence | Verdict | QueueFailed


@dataclass(frozen=True, slots=True)
class Listen:
    """Listen for one key; nobody answered after `timeout` seconds of silence."""

    timeout: int


@dataclass(frozen=True, slots=True)
class WaitInQueue:
    pass


@dataclass(frozen=True, slots=True)
class AwaitVerdict:
    """The hall must grant or refuse before it is known what comes next."""

    wish: Wish


@dataclass(frozen=True, slots=True)
class Over:
    """Hang up."""


Next = Listen | WaitInQueue | AwaitVerdict | Over


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of a conversation. `language` None: unchanged. `wishes` are made in passing, whatever comes next."""

    lines: Lines
    wishes: tuple[Wish, ...]
    then: Next
    position: str
    language: Language | None = None

    @property
    def number(self) -> int:
        """How many steps the call has taken when this one is spoken."""
        return Position.parse(self.position).turn


@dataclass(frozen=True, slots=True)
class Position:
    """Where a call stands, after how many askings of this node and how many steps of the call."""

    node: str
    tries: int = 0
    turn: int = 0

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read a stored position; text of an unknown make is a place that no flow has."""
        node, *counts = text.split(":")
        if len(counts) != 2 or not all(count.isascii() and count.isdigit() for count in counts):
            return cls(node="")
        return cls(node, int(counts[0]), int(counts[1]))

    def __str__(self) -> str:
        return f"{self.node}:{self.tries}:{self.turn}"
