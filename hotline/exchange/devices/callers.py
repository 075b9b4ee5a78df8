"""Simulated people on the exchange's own event loop: hundreds of them need no thread, no socket and no real second.

A simulated day and a load test are scripts of them. In virtual time nothing happens between their steps except what
they caused.
"""

import asyncio
from collections.abc import Callable

from hotline.exchange.calls import caller_input, ringing
from hotline.exchange.calls.origination import receive_call
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.state.calls import Call, HangUpCall
from hotline.exchange.vocabulary.answer_modes import AnsweringParty, Human
from hotline.exchange.vocabulary.enums import Initiator
from hotline.exchange.vocabulary.sounds import (
    Beep,
    Caption,
    ListeningChanged,
    PartyChanged,
    PlaybackEnded,
    PlaybackStarted,
    Sound,
)


class HungUpError(Exception):
    """The call was over before the expected event; the text holds its status and the whole transcript."""


class Caller:
    """One person with one telephone, who calls the hotline or is called. Only one task at a time may wait on it."""

    answerer: AnsweringParty = Human()

    def __init__(self, exchange: Exchange, number: str) -> None:
        self.number = number
        self.transcript: list[str] = []
        self.party: tuple[str, ...] = ()
        self.status = ""
        self.call: Call | None = None
        self.incoming: Call | None = None
        self._exchange = exchange
        self._is_listened_to = False
        self._heard = 0
        self._event = asyncio.Event()

    @property
    def busy(self) -> bool:
        return self.call is not None or self.incoming is not None

    def register(self, address: str | None = None) -> None:
        """Registers the telephone at its number, or at another address (`client:identity`), so that it can be rung."""
        self._exchange.devices.setdefault(address or self.number, []).append(self)

    def dial(self) -> Call:
        """Calls the hotline."""
        self._begin()
        self.call = receive_call(self._exchange, self, self.number)
        return self.call

    async def answer(self) -> None:
        """Waits until the telephone rings and picks up."""
        await self.until(lambda: self.incoming is not None)
        call, self.incoming = self.incoming, None
        self._begin()
        if call is not None and ringing.pick_up(call, self):
            self.call = call

    async def listen_for(self, text: str) -> str:
        """Waits for a line that contains `text`, after the last line found; returns it. Raises HungUpError."""
        place = -1

        def found() -> bool:
            nonlocal place
            lines = range(self._heard, len(self.transcript))
            place = next((line for line in lines if text in self.transcript[line]), -1)
            return place >= 0 or bool(self.status)

        await self.until(found)
        if place < 0:
            raise HungUpError(f"{text!r} was not heard; {self.status}: {self.transcript}")
        self._heard = place + 1
        return self.transcript[place]

    async def press(self, digits: str) -> None:
        """Presses each key once the exchange listens for it; raises HungUpError."""
        for digit in digits:
            await self.until(lambda: self._is_listened_to or bool(self.status))
            if self.call is None:
                raise HungUpError(
                    f"the exchange did not listen for {digit}; {self.status}: {self.transcript}"
                )
            self._is_listened_to = False
            caller_input.press(self.call, digit)

    def say(self, text: str) -> None:
        if self.call is not None:
            caller_input.say(self.call, text)

    def hang_up(self) -> None:
        if self.call is not None:
            self.call.interrupt(HangUpCall(Initiator.PARTY))

    async def over_and_done(self) -> str:
        """Waits for the end of the call; returns its status."""
        await self.until(lambda: bool(self.status))
        return self.status

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Waits until `wanted()` is true, evaluated after each event."""
        while not wanted():
            self._event.clear()
            await self._event.wait()

    def _begin(self) -> None:
        self.transcript, self._heard, self.status, self._is_listened_to = [], 0, "", False

    def ring(self, call: Call) -> None:
        self.incoming = call
        self._event.set()

    def unring(self, call: Call) -> None:
        if self.incoming is call:
            self.incoming = None

    def answered(self, call_sid: str) -> None:
        """Ignores the event: a person notices it by what is said."""

    def over(self, call_sid: str, status: str) -> None:  # noqa: ARG002 - a telephone has one call only
        self.call, self.status, self.party = None, status, ()
        self._event.set()

    def hear(self, call_sid: str, sound: Sound) -> None:  # noqa: ARG002 - a telephone has one call only
        match sound:
            case PlaybackStarted(_, text):
                self.transcript.append(text)
            case Caption(who, text):
                self.transcript.append(f"{who}: {text}")
            case Beep():
                self.transcript.append("♪ beep")
            case ListeningChanged(keys):
                self._is_listened_to = keys
            case PartyChanged(names):
                self.party = names
            case PlaybackEnded():
                return
        self._event.set()

    async def close(self, code: int, reason: str) -> None:  # noqa: ARG002 - there is no line to close
        self.hang_up()
