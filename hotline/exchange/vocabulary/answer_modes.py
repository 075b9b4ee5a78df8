"""The ways in which a number answers: a person, or an automatic answer, as a closed union.

The table `ExchangeSettings.answers` gives numbers and sip addresses an answer mode. With it a demonstration reaches a
control room, leaves a message on a machine or gets no answer, without a second person and a second telephone.
"""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Human:
    """A person, who says a word and then listens."""


@dataclass(frozen=True)
class StaffedDesk:
    """A staffed desk that always has a free operator and answers with its `name`."""

    name: str


@dataclass(frozen=True)
class AnsweringMachine:
    """An answering machine: it says its greeting, beeps if `beep` is set, and takes a message until the caller leaves."""

    greeting: str = "您好，您拨打的用户暂时无法接听，请在提示音后留言。"
    beep: bool = True


@dataclass(frozen=True)
class FaxMachine:
    """A fax, which answers with a tone."""


@dataclass(frozen=True)
class SilentAnswer:
    """A line that is picked up without a word."""


@dataclass(frozen=True)
class AlwaysBusy:
    """A number that is always in another call."""


@dataclass(frozen=True)
class NeverAnswers:
    """A number that rings until the caller gives up."""


@dataclass(frozen=True)
class Unreachable:
    """A number that the network does not find (SIP 404)."""


class CallRestriction(Enum):
    """A reason why the account may not call a number, with the error codes of a REST create and of a Dial."""

    UNREACHABLE = (21214, 13224)
    COUNTRY = (21215, 13227)
    BLOCKED = (21216, 13225)
    TRIAL = (21219, 13224)

    def __init__(self, rest_code: int, dial_code: int) -> None:
        self.rest_code = rest_code
        self.dial_code = dial_code


@dataclass(frozen=True)
class Barred:
    """A number that is refused before it rings."""

    restriction: CallRestriction


AnsweringParty = Human | StaffedDesk | AnsweringMachine | FaxMachine | SilentAnswer
AnswerMode = (
    StaffedDesk
    | AnsweringMachine
    | FaxMachine
    | SilentAnswer
    | AlwaysBusy
    | NeverAnswers
    | Unreachable
    | Barred
)
