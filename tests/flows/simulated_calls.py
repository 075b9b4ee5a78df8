"""Calls without telephone and database: a caller's keys in, spoken text out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from hotline.rules.calls.flow_actions import OUTCOMES, ActionOutcome, FlowAction
from hotline.rules.enums import Language
from ivr_flows.engine import enter, hear, settle
from ivr_flows.flow import Script
from ivr_flows.loader import load_scripts
from ivr_flows.speech import SpokenDigits, speak
from ivr_flows.turn import ActionResult, DialogTurn, Digits, Heard, NoInput, Values
from tests.policies import city_policies

HOTLINE = {"hotline": SpokenDigits("05374412345")}
TRANSCRIPTS = Path(__file__).parent / "transcripts"
# The outcomes on a quiet working day.
_EASY = (
    ActionOutcome.JOINED,
    ActionOutcome.PROMISED,
    ActionOutcome.OPEN,
    ActionOutcome.OTHER,
    ActionOutcome.NO,
    ActionOutcome.FOUND,
)


@cache
def our_scripts() -> dict[str, Script]:
    """Returns every flow that comes with the product, by name, read once."""
    return load_scripts(city_policies())


def easily(action: FlowAction, _values: Values) -> ActionResult:
    return ActionResult(next((each for each in _EASY if each in OUTCOMES[type(action)]), ActionOutcome.DONE))


@dataclass
class SimulatedCall:
    """One call, settled after every step. `answers` decides the outcomes; `actions` collects all actions performed."""

    script: Script
    language: Language = Language.ZH_CN
    answers: Callable[[FlowAction, Values], ActionResult] = easily
    actions: list[FlowAction] = field(default_factory=list)
    turn: DialogTurn = field(init=False)

    def __post_init__(self) -> None:
        self.goes_on(enter(self.script.flow))

    def press(self, key: str) -> str:
        return self.hears(Digits(key))

    def say_nothing(self) -> str:
        return self.hears(NoInput())

    def hears(self, heard: Heard) -> str:
        self.goes_on(hear(self.script.flow, self.turn.position, heard))
        return self.words

    @property
    def words(self) -> str:
        """Returns what is spoken now, line by line."""
        said = (speak(self.script.prompts, line, self.language, HOTLINE).text for line in self.turn.lines)
        return "\n".join(said)

    def goes_on(self, turn: DialogTurn) -> None:
        """Settles `turn` and stays there."""

        def ask(action: FlowAction, values: Values) -> ActionResult:
            self.actions.append(action)
            return self.answers(action, values)

        self.turn = settle(self.script.flow, turn, ask)
        self.language = self.turn.language or self.language
