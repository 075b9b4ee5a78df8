"""Numbers that answer by themselves: a line for one call that rings a moment, picks up, and says what it has to say."""

from collections.abc import Callable

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, EndCall
from hotline.exchange.verbs import caller_input
from hotline.exchange.vocabulary.answer_modes import AnsweringMachine, AnsweringParty, FaxMachine, StaffedDesk
from hotline.exchange.vocabulary.enums import Initiator
from hotline.exchange.vocabulary.sounds import PartyChanged, Sound, speaking_seconds

_RING_SECONDS = 2.0
_MESSAGE_SECONDS = 120.0
PickUp = Callable[[Call, "Automaton"], bool]


class Automaton:
    """One line of something that answers by itself. It is heard by whoever meets it on the line, as captions."""

    busy = False

    def __init__(self, exchange: Exchange, answerer: AnsweringParty, pick_up: PickUp) -> None:
        self.answerer = answerer
        self._exchange = exchange
        self._pick_up = pick_up
        self._call: Call | None = None
        self._said = False

    def ring(self, call: Call) -> None:
        self._call = call
        self._exchange.spawn(self._answer(call))

    async def _answer(self, call: Call) -> None:
        await self._exchange.clock.sleep(_RING_SECONDS)
        self._pick_up(call, self)

    def unring(self, call: Call) -> None:
        """Nothing to do: it notices when it wants to pick up."""

    def answered(self, call_sid: str) -> None:  # noqa: ARG002 - it has one call only
        if isinstance(self.answerer, AnsweringMachine) and self._call is not None:
            self._exchange.spawn(self._take_message(self._call, self.answerer))

    def over(self, call_sid: str, status: str) -> None:
        """Nothing to do: it has no hook to hang on."""

    def hear(self, call_sid: str, sound: Sound) -> None:  # noqa: ARG002 - it has one call only
        if isinstance(sound, PartyChanged) and sound.names and not self._said and self._call is not None:
            self._said = True
            self._exchange.spawn(self._introduce(self._call))

    async def _introduce(self, call: Call) -> None:
        match self.answerer:
            case StaffedDesk(name):
                caller_input.say(self._exchange, call, name)
            case AnsweringMachine(greeting):
                caller_input.say(self._exchange, call, greeting)
            case FaxMachine():
                caller_input.say(self._exchange, call, "♪ fax")
            case _:
                pass

    async def _take_message(self, call: Call, machine: AnsweringMachine) -> None:
        """Greet, then take a message of limited length and hang up."""
        await self._exchange.clock.sleep(speaking_seconds(machine.greeting))
        if machine.beep:
            caller_input.say(self._exchange, call, "♪ beep")
        await self._exchange.clock.sleep(_MESSAGE_SECONDS)
        call.interrupt(EndCall(Initiator.PARTY))

    async def close(self, code: int, reason: str) -> None:
        """Nothing to close."""
