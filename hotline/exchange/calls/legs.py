"""The other side of a Dial: child calls that ring, hear their whisper, and are then bridged.

Sources: the Dial, Number and Client pages. All nouns ring together and the first to answer wins, the rest are canceled;
the whisper document of the winner may still refuse (Hangup), then nobody is bridged.
"""

import asyncio
from dataclasses import dataclass, field

from hotline.exchange.calls.bridge import Bridge
from hotline.exchange.calls.call_task import live
from hotline.exchange.calls.ringing import ring
from hotline.exchange.calls.scene import Follow, Scene, Turn
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.faults import Occasion
from hotline.exchange.state.calls import Call, DocumentRequest, EndCall, StatusCallback, new_sid
from hotline.exchange.twiml.document import Dial, Leg
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.answer_modes import Barred
from hotline.exchange.vocabulary.enums import CallStatus, Direction, DocumentContext, Initiator
from hotline.exchange.vocabulary.numbers import is_e164
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.webhooks.callbacks import advance


@dataclass(eq=False)
class Attempt:
    """One noun being rung. `settled` is True once it can be talked to, False when it came to nothing."""

    call: Call
    bridge: Bridge
    whisper: DocumentRequest | None
    settled: asyncio.Future[bool]
    caller_id: str | None

    @property
    def is_ready(self) -> bool:
        return self.settled.done() and self.settled.result()


@dataclass(eq=False)
class Race:
    """All nouns of one Dial; `winner` is the first that answered."""

    attempts: list[Attempt] = field(default_factory=list)
    winner: Attempt | None = None

    def cancel_others(self) -> None:
        for attempt in self.attempts:
            if attempt is not self.winner:
                attempt.call.interrupt(EndCall(Initiator.API))

    def fate(self) -> CallStatus:
        """Return the DialCallStatus when nobody could be talked to: busy counts more than failed, that more than silence."""
        fates = {attempt.call.final_status for attempt in self.attempts}
        for fate in (CallStatus.BUSY, CallStatus.FAILED):
            if fate in fates:
                return fate
        return CallStatus.NO_ANSWER


def start_leg(scene: Scene, verb: Dial, noun: Leg, race: Race) -> Attempt:
    """Create the child call of one noun and let it ring."""
    exchange, parent = scene.exchange, scene.call
    call = Call(
        sid=new_sid("CA"),
        from_=verb.caller_id or parent.from_,
        to=noun.address,
        direction=Direction.OUTBOUND_DIAL,
        created=exchange.clock.now(),
        parent=parent.sid,
        parameters=dict(noun.parameters),
    )
    if noun.status_url is not None:
        call.callback = StatusCallback(
            scene.absolute(noun.status_url), noun.status_method, noun.status_events
        )
    whisper = None if noun.url is None else DocumentRequest(scene.absolute(noun.url), noun.method)
    settled: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    attempt = Attempt(call, Bridge(parent, call), whisper, settled, verb.caller_id)
    race.attempts.append(attempt)
    exchange.registry.calls[call.sid] = call
    seconds = verb.timeout + exchange.settings.dial_buffer
    exchange.spawn(
        live(exchange, call, _ring_and_talk(exchange, attempt, race, seconds, scene.follow), scene.follow)
    )
    return attempt


async def _ring_and_talk(
    exchange: Exchange, attempt: Attempt, race: Race, seconds: float, follow: Follow
) -> None:
    call = attempt.call
    try:
        advance(exchange, call, CallStatus.INITIATED)
        if not _can_be_dialled(exchange, call, attempt.caller_id) or not await ring(exchange, call, seconds):
            return
        if race.winner is not None:
            call.final_status = CallStatus.CANCELED
            return
        race.winner = attempt
        race.cancel_others()
        if not await _hear_whisper(exchange, attempt, follow):
            race.winner = None
            return
        attempt.settled.set_result(True)
        await attempt.bridge.over.wait()
    finally:
        if not attempt.settled.done():
            attempt.settled.set_result(False)
        attempt.bridge.part()


def _can_be_dialled(exchange: Exchange, call: Call, caller_id: str | None) -> bool:
    """Whether the carrier lets this leg go out; otherwise it has failed and the reason has been shown."""
    problem = _problem(exchange, call, caller_id)
    if problem is None:
        return True
    exchange.trouble(*problem, call.sid)
    call.final_status = CallStatus.FAILED
    return False


def _problem(exchange: Exchange, call: Call, caller_id: str | None) -> tuple[int, str] | None:
    """Return the carrier's code and a sentence, or None."""
    most = exchange.settings.concurrent_calls
    barred = exchange.settings.answers.get(call.to)
    if not call.to.startswith(("client:", "sip:", "sips:")) and not is_e164(call.to):
        return 13223, "Dial: the number is not E.164"
    if isinstance(barred, Barred):
        reason = barred.restriction
        return reason.dial_code, f"Dial: calls there are not possible: {reason.name.lower()}"
    if caller_id is not None and is_e164(call.to) and not is_e164(caller_id):
        return 13214, "Dial: callerId is not a telephone number"
    if most and sum(not leg.is_over for leg in exchange.registry.calls.values()) > most:
        return 10004, "Dial: the account has too many calls at once"
    return _struck(exchange, call)


def _struck(exchange: Exchange, call: Call) -> tuple[int, str] | None:
    """Return the problem of a leg that a fault keeps from going out."""
    if call.to.startswith("client:"):
        return None
    switch = exchange.faults.strike(Occasion(RequestKind.DIAL_NUMBER, call_sid=call.sid, to=call.to))
    if switch is None:
        return None
    switch.fired += 1
    return 13227, "Dial: no international permission (fault no-route)"


async def _hear_whisper(exchange: Exchange, attempt: Attempt, follow: Follow) -> bool:
    """Run the noun's own document; False when it refuses the connection or cannot be run."""
    if attempt.whisper is None:
        return True
    try:
        turn = await follow(exchange, attempt.call, attempt.whisper, DocumentContext.LEG)
    except DocumentError as error:
        exchange.trouble(error.code, f"whisper: {error.text}", attempt.call.sid)
        return False
    return turn is Turn.NEXT
