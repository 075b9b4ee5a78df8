"""Numbers that answer by themselves: one such line rings briefly, answers, and speaks its greeting as captions."""

from collections.abc import Callable

from hotline.exchange.calls import caller_input
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, HangUpCall
from hotline.exchange.vocabulary.answer_modes import AnsweringMachine, AnsweringParty, FaxMachine, StaffedDesk
from hotline.exchange.vocabulary.enums import Initiator
from hotline.exchange.vocabulary.sounds import PartyChanged, Sound, speaking_seconds

_RING_SECONDS = 2.0
_MESSAGE_SECONDS = 120.0
PickUp = Callable[[Call, "AutoAnswer"], bool]


class AutoAnswer:
    """A device that answers one call by itself, as its `answerer` says."""

    busy = False

    def __init__(self, exchange: Exchange, answerer: AnsweringParty, pick_up: PickUp) -> None:
        self.answerer = answerer
        self._exchange = exchange
        self._pick_up = pick_up
        self._call: Call | None = None
        self._introduced = False

    def ring(self, call: Call) -> None:
        self._call = call
        self._exchange.spawn(self._answer(call))

    async def _answer(self, call: Call) -> None:
        await self._exchange.clock.sleep(_RING_SECONDS)
        self._pick_up(call, self)

    def unring(self, call: Call) -> None:
        """Does nothing: `pick_up` refuses a call that no longer rings."""

    def answered(self, call_sid: str) -> None:  # noqa: ARG002 - it has one call only
        if isinstance(self.answerer, AnsweringMachine) and self._call is not None:
            self._exchange.spawn(self._take_message(self._call, self.answerer))

    def over(self, call_sid: str, status: str) -> None:
        """Does nothing: the device lasts as long as its call."""

    def hear(self, call_sid: str, sound: Sound) -> None:  # noqa: ARG002 - it has one call only
        if (
            isinstance(sound, PartyChanged)
            and sound.names
            and not self._introduced
            and self._call is not None
        ):
            self._introduced = True
            self._exchange.spawn(self._introduce(self._call))

    async def _introduce(self, call: Call) -> None:
        match self.answerer:
            case StaffedDesk(name):
                caller_input.say(call, name)
            case AnsweringMachine(greeting):
                caller_input.say(call, greeting)
            case FaxMachine():
                caller_input.say(call, "♪ fax")
            case _:
                pass

    async def _take_message(self, call: Call, machine: AnsweringMachine) -> None:
        """Speaks the greeting, takes a message of limited length and hangs up."""
        await self._exchange.clock.sleep(speaking_seconds(machine.greeting))
        if machine.beep:
            caller_input.say(call, "♪ beep")
        await self._exchange.clock.sleep(_MESSAGE_SECONDS)
        call.interrupt(HangUpCall(Initiator.PARTY))

    async def close(self, code: int, reason: str) -> None:
        """Does nothing: there is no websocket to close."""
