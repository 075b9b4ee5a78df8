"""Ringing the devices of an address, and the result.

Sources: "Call resource" (SIP codes: 487 time-out, 486 busy, 480 temporarily unavailable) and the browser SDK's notes (a
busy softphone silently ignores an invitation; of several tabs with one identity all ring and the first wins).
"""

import asyncio

from hotline.exchange.calls.auto_answer import AutoAnswer
from hotline.exchange.core.exchange import Exchange, RegisteredDevice
from hotline.exchange.state.calls import Call
from hotline.exchange.vocabulary.answer_modes import AlwaysBusy, Barred, NeverAnswers, Unreachable
from hotline.exchange.vocabulary.enums import CallStatus, RingOutcome
from hotline.exchange.webhooks.callbacks import advance

_NOT_FOUND = 404
_UNAVAILABLE = 480
_BUSY = 486
_TIMED_OUT = 487


async def ring(exchange: Exchange, call: Call, seconds: float) -> bool:
    """Rings `call.to` for `seconds` (exchange time); returns True when answered, else sets the call's final status and SIP code.

    A number without a registered device rings until the time-out, unless the settings' `answers` name it; a registered
    telephone in a call is busy; an unknown client or sip address fails at once.
    """
    address = call.to.partition("?")[0]
    devices = list(exchange.devices.get(address) or exchange.devices.get(_softphone_at(address)) or ())
    if not devices:
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
                devices = [AutoAnswer(exchange, answerer, pick_up)]
    free = [device for device in devices if not device.busy]
    is_client = address.startswith("client:")
    if is_client and not devices:
        return _failed(call, CallStatus.NO_ANSWER, _UNAVAILABLE)
    if devices and not free and not is_client:
        return _failed(call, CallStatus.BUSY, _BUSY)
    pickup = await _first_pickup(exchange, call, free, seconds)
    if pickup is None:
        return _failed(call, CallStatus.NO_ANSWER, _TIMED_OUT)
    if pickup is RingOutcome.REJECTED:
        return _failed(call, CallStatus.BUSY, _BUSY)
    advance(exchange, call, CallStatus.IN_PROGRESS)
    return True


def _softphone_at(address: str) -> str:
    """Returns the softphone that answers at a SIP address: its identity is the user name there."""
    scheme, _, rest = address.partition(":")
    return f"client:{rest.partition('@')[0]}" if scheme == "sip" else ""


async def _first_pickup(
    exchange: Exchange, call: Call, devices: list[RegisteredDevice], seconds: float
) -> RingOutcome | None:
    call.pickup = asyncio.get_running_loop().create_future()
    advance(exchange, call, CallStatus.RINGING)
    for device in devices:
        device.ring(call)
    try:
        async with exchange.clock.timeout(seconds):
            return await call.pickup
    except TimeoutError:
        return None
    finally:
        # A cancelled future counts as done: a device that answers from now on is refused by `pick_up`.
        call.pickup.cancel()
        for device in devices:
            if device is not call.endpoint:
                device.unring(call)


def _failed(call: Call, final_status: CallStatus, sip_code: int) -> bool:
    call.final_status = final_status
    call.sip_code = sip_code
    return False


def pick_up(call: Call, device: RegisteredDevice) -> bool:
    """Lets `device` answer `call`; returns False if another device has answered or the call rings no longer."""
    if call.pickup is None or call.pickup.done():
        return False
    call.endpoint = device
    call.pickup.set_result(RingOutcome.ANSWERED)
    return True


def reject(call: Call) -> None:
    if call.pickup is not None and not call.pickup.done():
        call.pickup.set_result(RingOutcome.REJECTED)
