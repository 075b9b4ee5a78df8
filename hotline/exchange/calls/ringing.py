"""Ringing whoever has an address, and what comes of it.

Sources: "Call resource" (SIP codes: 487 time-out, 486 busy, 480 temporarily unavailable) and the browser SDK's notes (a
busy softphone silently ignores an invitation; of several tabs with one identity all ring and the first wins).
"""

import asyncio

from hotline.exchange.calls.auto_answer import Automaton
from hotline.exchange.core.exchange import Exchange, Line
from hotline.exchange.state.calls import Call
from hotline.exchange.vocabulary.answer_modes import AlwaysBusy, Barred, NeverAnswers, Unreachable
from hotline.exchange.vocabulary.enums import CallStatus, RingOutcome
from hotline.exchange.webhooks.callbacks import advance

_NOT_FOUND = 404
_UNAVAILABLE = 480
_BUSY = 486
_TIMED_OUT = 487


async def ring(exchange: Exchange, call: Call, seconds: float) -> bool:
    """Ring `call.to` for so many exchange seconds; True when answered, else `call.fate` says what it came to.

    A number nobody has registered rings out, unless the table of `answers` knows it; a registered telephone in a call is
    busy; an unknown client or sip address fails at once.
    """
    address = call.to.partition("?")[0]
    lines = list(exchange.lines.get(address, ()))
    if not lines:
        match exchange.settings.answers.get(address):
            case AlwaysBusy():
                return _failed(call, CallStatus.BUSY, _BUSY)
            case Unreachable() | Barred():
                return _failed(call, CallStatus.FAILED, _NOT_FOUND)
            case None if address.startswith("sip:"):
                return _failed(call, CallStatus.FAILED, _NOT_FOUND)
            case NeverAnswers() | None:
                pass
            case answerer:
                lines = [Automaton(exchange, answerer, pick_up)]
    free = [line for line in lines if not line.busy]
    is_client = address.startswith("client:")
    if is_client and not lines:
        return _failed(call, CallStatus.NO_ANSWER, _UNAVAILABLE)
    if lines and not free and not is_client:
        return _failed(call, CallStatus.BUSY, _BUSY)
    pickup = await _first_pickup(exchange, call, free, seconds)
    if pickup is None:
        return _failed(call, CallStatus.NO_ANSWER, _TIMED_OUT)
    if pickup is RingOutcome.REJECTED:
        return _failed(call, CallStatus.BUSY, _BUSY)
    advance(exchange, call, CallStatus.IN_PROGRESS)
    return True


async def _first_pickup(
    exchange: Exchange, call: Call, lines: list[Line], seconds: float
) -> RingOutcome | None:
    call.pickup = asyncio.get_running_loop().create_future()
    advance(exchange, call, CallStatus.RINGING)
    for line in lines:
        line.ring(call)
    try:
        async with exchange.clock.timeout(seconds):
            return await call.pickup
    except TimeoutError:
        return None
    finally:
        call.pickup.cancel()
        for line in lines:
            if line is not call.endpoint:
                line.unring(call)


def _failed(call: Call, fate: CallStatus, sip_code: int) -> bool:
    call.final_status = fate
    call.sip_code = sip_code
    return False


def pick_up(call: Call, line: Line) -> bool:
    """`line` answers `call`; False when somebody else was faster or it rings no longer."""
    if call.pickup is None or call.pickup.done():
        return False
    call.endpoint = line
    call.pickup.set_result(RingOutcome.ANSWERED)
    return True


def reject(call: Call) -> None:
    if call.pickup is not None and not call.pickup.done():
        call.pickup.set_result(RingOutcome.REJECTED)
