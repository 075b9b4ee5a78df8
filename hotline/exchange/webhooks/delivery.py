"""Sending a webhook on a line that may be faulty: every webhook passes here, and at most one fault hits it.

An honest line hands the letter to the courier once. What a fault does to one sending is done by the courier; what it
does to the order and number of sendings, and to the person on the call, is done here.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.faults import Fault, Occasion, Switch
from hotline.exchange.core.webhook import Letter, Reply
from hotline.exchange.state.calls import EndCall
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.enums import Initiator

EXPIRED = 15002
_COUNTED_ELSEWHERE = frozenset({Fault.REORDER, Fault.REPLAY, Fault.LOST_ANSWER, Fault.TIME_OUT})
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Posting:
    """One letter with what all its sendings share. `place` is its place among all letters."""

    exchange: Exchange
    letter: Letter
    cookies: Mapping[str, str]
    token: str
    place: int

    async def send(self, switch: Switch | None) -> Reply:
        try:
            return await self.exchange.courier.send(self.letter, self.cookies, self.token, switch)
        finally:
            self.exchange.traffic.gone(self.place, _subjects(self.letter))

    async def wait_for_later(self, seconds: float) -> bool:
        """Wait until a later letter about the same has gone; False when none had within so many exchange seconds."""
        return await self.exchange.traffic.later(
            self.place, _subjects(self.letter), self.exchange.clock.timeout(seconds)
        )

    def hang_up(self) -> None:
        call = self.exchange.registry.calls.get(self.letter.call_sid)
        if call is not None:
            call.interrupt(EndCall(Initiator.PARTY))


async def post(exchange: Exchange, letter: Letter, cookies: Mapping[str, str]) -> Reply:
    """The answer the carrier acts on, whatever its status; raises DocumentError when it has none."""
    posting = _Posting(exchange, letter, cookies, secrets.token_hex(16), exchange.traffic.next_place())
    switch = exchange.faults.strike(_occasion(exchange, letter))
    if switch is None:
        return await posting.send(None)
    _LOG.info("fault %s hits %s (%s)", switch.rule.fault, letter.kind, letter.call_sid)
    return await _faulty(posting, switch)


def _occasion(exchange: Exchange, letter: Letter) -> Occasion:
    call = exchange.registry.calls.get(letter.call_sid)
    return Occasion(
        step=letter.kind,
        path=urlsplit(letter.url).path,
        call_sid=letter.call_sid,
        aside=letter.aside,
        can_hang_up=call is not None
        and call.endpoint is not None
        and not call.is_over
        and not isinstance(call.order, EndCall),
    )


async def _faulty(posting: _Posting, switch: Switch) -> Reply:
    """Do what the fault says, and count it where it does."""
    fault = switch.rule.fault
    switch.fired += fault not in _COUNTED_ELSEWHERE
    match fault:
        case Fault.DUPLICATE:
            return await _twice(posting, switch)
        case Fault.DUPLICATE_AFTER:
            await _ignoring(posting.send(switch))
        case Fault.REORDER:
            switch.fired += await posting.wait_for_later(switch.rule.seconds)
        case Fault.DELAY:
            await posting.exchange.clock.sleep(switch.rule.seconds)
        case Fault.HANG_UP_WHEN_SENT:
            posting.hang_up()
        case Fault.DROP if posting.letter.aside:
            raise DocumentError(EXPIRED, "expired unsent: fault drop")
        case _:
            pass
    try:
        return await posting.send(switch)
    finally:
        if fault is Fault.HANG_UP_WHEN_ANSWERED:
            posting.hang_up()
        if fault is Fault.REPLAY:
            posting.exchange.spawn(_again(posting, switch))


async def _twice(posting: _Posting, switch: Switch) -> Reply:
    """Send it twice at the same time; the answer to the second is the one that counts."""
    first, second = posting.send(switch), posting.send(switch)
    _, reply = await asyncio.gather(_ignoring(first), second)
    return reply


async def _ignoring(sending: Awaitable[Reply]) -> None:
    """Send, and do without the answer: the book tells what became of it."""
    try:
        await sending
    except DocumentError as error:
        _LOG.info("a repeated webhook failed: %s", error.code)


async def _again(posting: _Posting, switch: Switch) -> None:
    """Send an old letter once more, after a later one or so many exchange seconds."""
    await posting.wait_for_later(switch.rule.seconds)
    switch.fired += 1
    await _ignoring(posting.send(switch))


def _subjects(letter: Letter) -> frozenset[str]:
    """Ids of what the letter is about: its call, its conference."""
    named = (letter.call_sid, letter.form.get("CallSid", ""), letter.form.get("ConferenceSid", ""))
    return frozenset(filter(None, named))
