"""Conversations on paper: a caller's keys in, the words and the stage directions out. No telephone, no database."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hotline.rules.wishes import Wish
from hotline.rules.words import CallPurpose, Language
from ivr_flows.engine import enter, hear, settle
from ivr_flows.flow import OneByOne
from ivr_flows.loader import Script, load_scripts
from ivr_flows.prompts import speak
from ivr_flows.turns import Digits, Granted, Heard, Listen, Over, Silence, Turn, Verdict, WaitInQueue

HOTLINE = {"hotline": OneByOne("05374412345")}


def granted(_wish: Wish) -> Verdict:
    return Granted()


@dataclass
class Play:
    """One conversation. `answers` decides about wishes; `wishes` collects all that were made, in order."""

    script: Script
    language: Language = Language.ZH_CN
    answers: Callable[[Wish], Verdict] = granted
    wishes: list[Wish] = field(default_factory=list)
    turn: Turn = field(init=False)

    def __post_init__(self) -> None:
        self._take(enter(self.script.flow))

    def press(self, key: str) -> str:
        return self.hears(Digits(key))

    def say_nothing(self) -> str:
        return self.hears(Silence())

    def hears(self, heard: Heard) -> str:
        self._take(hear(self.script.flow, self.turn.position, heard))
        return self.words

    @property
    def words(self) -> str:
        """What is being said now, line by line."""
        said = (speak(self.script.prompts, line, self.language, HOTLINE).text for line in self.turn.lines)
        return "\n".join(said)

    @property
    def then(self) -> str:
        """The stage direction: listens, waits or hangs up."""
        match self.turn.then:
            case Listen():
                return "listens"
            case WaitInQueue():
                return "waits"
            case Over():
                return "hangs up"
            case _:
                raise AssertionError("an unsettled turn")

    def _take(self, turn: Turn) -> None:
        def ask(wish: Wish) -> Verdict:
            self.wishes.append(wish)
            return self.answers(wish)

        self.turn = settle(self.script.flow, turn, ask)
        self.language = self.turn.language or self.language


def play(
    purpose: CallPurpose, *, language: Language = Language.ZH_CN, answers: Callable[[Wish], Verdict] = granted
) -> Play:
    """Begin a conversation of the product's own flow for `purpose`."""
    return Play(load_scripts()[purpose], language, answers)
