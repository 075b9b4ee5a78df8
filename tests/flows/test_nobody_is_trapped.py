"""In every order of events a call goes on, reaches an operator or ends with a spoken line.

10,000 calls with a seed: callers press, speak, are silent and hang up at random, the application returns every
outcome, and now and then an input arrives that does not belong there. In every hundredth call the application returns
the same outcomes all the time, and the caller avoids operators and never hangs up. Every different document is
validated with the carrier's grammar.
"""

from dataclasses import dataclass, field, replace
from random import Random

import pytest

from hotline.exchange.twiml.validation import validate
from hotline.exchange.vocabulary.enums import DocumentContext
from hotline.gateways.addresses import VoiceAddresses
from hotline.rules.calls.flow_actions import OUTCOMES, ActionOutcome, FlowAction, JoinQueue, LookUpTicket
from ivr_flows.engine import MAX_TURNS, after_talk, again, hear, place_lines, queue_of, settle
from ivr_flows.speech import Lines, PromptLine
from ivr_flows.turn import (
    PENDING,
    TOO_LATE,
    ActionResult,
    Connect,
    DialogTurn,
    Digits,
    EndDialog,
    Heard,
    Listen,
    Next,
    NoInput,
    PollAgain,
    Position,
    QueueFailed,
    Recorded,
    TakeMessage,
    TransferEnded,
    Unclear,
    Values,
    WaitedTooLong,
    WaitInQueue,
)
from ivr_flows.webhooks.twiml import Speaker, TwimlRenderer
from tests.flows.simulated_calls import HOTLINE, SimulatedCall, our_scripts
from tests.policies import city_policies

CALLS, PARTS = 10_000, 10
# A call that has not ended at random is stopped after this many steps.
LONGEST = MAX_TURNS + 60
# No caller may take this many steps without an operator, a recorder, a connection, a promise or a last line.
PATIENCE = MAX_TURNS + 12
KEYS = (
    "1",
    "2",
    "3",
    "4",
    "0",
    "*",
    "#",
    "9",
    "8",
    "7",
    "12",
    "482913",
    "20261123000123",
    "13900001234",
    "D",
)
PRESSED: tuple[Heard, ...] = tuple(Digits(key) for key in KEYS)
# The inputs other than keys that belong to each kind of turn.
SUITED: dict[type, tuple[Heard, ...]] = {
    Listen: (NoInput(), Unclear()),
    TakeMessage: (Recorded("RE1", 9), NoInput()),
    Connect: (TransferEnded(reached=True), TransferEnded(reached=False)),
    WaitInQueue: (QueueFailed(), WaitedTooLong()),
}
ANYTHING = (
    *PRESSED,
    *(heard for every in SUITED.values() for heard in every),
    ActionResult("yes"),
    ActionResult("no"),
)
STAGE = TwimlRenderer(
    VoiceAddresses("https://hotline.example"), "hotline", replace(city_policies().callers, hear_words=True)
)
TOLD: Lines = (PromptLine("status_waiting"),)


@dataclass
class Call:
    """One random call. `steps` counts since the caller last got a result; `positions` are those it has come to."""

    chance: Random
    stubborn: bool
    # Documents that the carrier's grammar has validated, by their content.
    written: set[object]
    over_behind_our_back: bool = False
    steps: int = 0
    positions: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.habits = {
            action: self.chance.choice(sorted(answers))
            for action, answers in OUTCOMES.items()
            if self.stubborn
        }
        self.play = SimulatedCall(self.chance.choice(list(our_scripts().values())), answers=self.answer)
        self.check(took_a_step=True)

    def answer(self, action: FlowAction, _values: Values) -> ActionResult:
        """Returns a random outcome of the action, or one that is pending or too late."""
        in_passing = OUTCOMES[type(action)] == {ActionOutcome.DONE}
        luck = 1.0 if self.stubborn else self.chance.random()
        if luck < 0.01 and not in_passing:
            self.over_behind_our_back = True
            return TOO_LATE
        if luck < 0.03:
            return PENDING
        possible = sorted(OUTCOMES[type(action)])
        if isinstance(action, JoinQueue) and not action.only_on_duty:
            possible.remove(ActionOutcome.OFF_DUTY)
        usual = self.habits.get(type(action))
        chosen = usual if usual in possible else self.chance.choice(possible)
        return ActionResult(
            chosen, TOLD if isinstance(action, LookUpTicket) and chosen == ActionOutcome.FOUND else ()
        )

    def goes_on(self) -> bool:
        """Lets one event happen; returns False once the call is over."""
        then, luck = self.play.turn.then, 1.0 if self.stubborn else self.chance.random()
        if isinstance(then, EndDialog) or luck < 0.005:
            return False
        if isinstance(then, PollAgain):
            self.play.goes_on(again(self.play.script.flow, self.play.turn.position))
        elif isinstance(then, WaitInQueue) and luck < 0.1:
            return self.talks()
        elif luck < 0.15:
            self.play.hears(self.chance.choice(ANYTHING))
        else:
            self.play.hears(self.does(then))
            self.check(took_a_step=True)
            return True
        self.check(took_a_step=False)
        return True

    def does(self, then: Next) -> Heard:
        """Returns the caller's next input; a stubborn caller chooses what leads to another question."""
        keys = PRESSED if isinstance(then, Listen | WaitInQueue) else ()
        possible = [*SUITED[type(then)], *keys]
        if not self.stubborn:
            return self.chance.choice(possible)
        self.chance.shuffle(possible)
        another_question = (heard for heard in possible if self.nearness(heard) == 0)
        return next(another_question, None) or min(possible, key=self.nearness)

    def nearness(self, heard: Heard) -> int:
        """Returns how near to the end of the questions this input brings the caller: 0 for another question."""
        flow, here = self.play.script.flow, self.play.turn.position
        after = settle(flow, hear(flow, here, heard), self.answer)
        asked_again = Position.parse(after.position).node == Position.parse(here).node
        return int(asked_again) if isinstance(after.then, Listen) else 2

    def talks(self) -> bool:
        """Lets an operator answer and hang up first."""
        turn = after_talk(self.play.script.flow, self.play.turn.position)
        if turn is None:
            return False
        self.play.goes_on(turn)
        self.check(took_a_step=True)
        return True

    def check(self, *, took_a_step: bool) -> None:
        turn = self.play.turn
        self.write(turn)
        assert turn.actions == ()
        assert isinstance(turn.then, Listen | TakeMessage | Connect | WaitInQueue | PollAgain | EndDialog)
        if isinstance(turn.then, Listen):
            assert turn.lines, f"nothing is said at {turn.position}"
        if isinstance(turn.then, EndDialog):
            assert turn.lines or self.over_behind_our_back, f"hung up without a word at {turn.position}"
        if took_a_step and not self.over_behind_our_back:
            assert turn.position not in self.positions, f"{turn.position} looks like an earlier step"
            self.positions.add(turn.position)
        self.steps = self.steps + took_a_step if isinstance(turn.then, Listen) else 0
        assert self.steps <= PATIENCE, f"held at {turn.position}"

    def write(self, turn: DialogTurn) -> None:
        """Renders what the carrier is given for `turn`, with the wait document while the caller waits."""
        play = self.play
        said = (turn.lines, turn.then, play.language, play.script.flow.name)
        if said in self.written:
            return
        self.written.add(said)
        speaker = Speaker(play.script.prompts, play.language, HOTLINE)
        assert validate(STAGE.turn(speaker, turn, call_id=7), DocumentContext.CALL) == []
        if isinstance(turn.then, WaitInQueue):
            queue = queue_of(play.script.flow, turn.position)
            for ahead, expected, offered in ((0, None, True), (3, None, False), (3, 400, True)):
                told = place_lines(queue, ahead=ahead, waited=99, expected=expected, may_be_called=offered)
                for may_press in (True, False):
                    wait = STAGE.waiting(speaker, told, seconds=queue.round_seconds, may_press=may_press)
                    assert validate(wait, DocumentContext.WAIT) == []


@pytest.fixture(scope="module")
def written() -> set[object]:
    return set()


@pytest.mark.parametrize("part", range(PARTS))
def test_no_caller_is_held_hung_up_on_or_lost(part: int, written: set[object]) -> None:
    for number in range(CALLS // PARTS):
        call = Call(Random(f"{part}-{number}"), number % 100 == 0, written)  # noqa: S311
        for _ in range(LONGEST):
            if not call.goes_on():
                break
