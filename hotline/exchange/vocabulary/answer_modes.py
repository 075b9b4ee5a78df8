"""What answers at a number: a person, or something that answers by itself, as a closed union.

The table `ExchangeSettings.answers` gives numbers and sip addresses such an answerer, so that a demonstration can reach a
control room, leave a message on a machine, or find nobody, without a second person and a second telephone.
"""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Human:
    """Somebody who says a word and then listens."""


@dataclass(frozen=True)
class StaffedDesk:
    """A staffed desk that always has a hand free and answers with its `name`."""

    name: str


@dataclass(frozen=True)
class AnsweringMachine:
    """An answering machine: its greeting, a beep if it has one, then it takes a message until nobody is left."""

    greeting: str = "您好，您拨打的用户暂时无法接听，请在提示音后留言。"
    beep: bool = True


@dataclass(frozen=True)
class FaxMachine:
    """A fax, which answers with a tone."""


@dataclass(frozen=True)
class SilentAnswer:
    """Something that picks up and says nothing."""


@dataclass(frozen=True)
class AlwaysBusy:
    """Always in another call."""


@dataclass(frozen=True)
class NeverAnswers:
    """Rings until the caller gives up."""


@dataclass(frozen=True)
class Unreachable:
    """The network finds nobody there (SIP 404)."""


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
    """Refused before anything rings."""

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
