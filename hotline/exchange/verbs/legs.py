"""The child calls of a Dial: they ring, hear their whisper document, and are then bridged with the caller.

Sources: the Dial, Number and Client pages. All nouns ring together and the first to answer wins, the rest are canceled;
the whisper document of the winner may still refuse (Hangup), then no call is bridged.
"""

import asyncio
from dataclasses import dataclass, field

from hotline.exchange.calls.call_task import run_call
from hotline.exchange.calls.ringing import ring
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.faults import FaultOccasion
from hotline.exchange.state.calls import Call, DocumentRequest, HangUpCall, new_sid
from hotline.exchange.twiml.document import Dial, Leg
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.verbs.context import VerbContext
from hotline.exchange.vocabulary.answer_modes import Barred
from hotline.exchange.vocabulary.enums import CallStatus, Continuation, Direction, DocumentContext, Initiator
from hotline.exchange.vocabulary.numbers import is_e164
from hotline.exchange.vocabulary.request_kinds import RequestKind
from hotline.exchange.vocabulary.sounds import Caption, PartyChanged
from hotline.exchange.vocabulary.status_callback import StatusCallback
from hotline.exchange.webhooks.callbacks import advance


@dataclass(eq=False)
class Bridge:
    """Two connected calls: each hears what the other says. `over` is set when either side has left."""

    one: Call
    other: Call
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def connect(self) -> None:
        for call, other in ((self.one, self.other), (self.other, self.one)):
            call.meeting = self
            call.hear(PartyChanged((other.party,)))

    def part(self) -> None:
        """Ends the connection; a call that has gone on to another meeting is left alone."""
        self.over.set()
        for call in (self.one, self.other):
            if call.meeting is self:
                call.meeting = None
                if not isinstance(call.order, HangUpCall):
                    call.hear(PartyChanged(()))

    def listeners(self, speaker: Call) -> tuple[Call, ...]:
        """Returns the other side; an empty tuple once either side has gone on to another meeting."""
        listener = self.other if speaker is self.one else self.one
        return (listener,) if speaker.meeting is self and listener.meeting is self else ()

    def speak(self, speaker: Call, text: str) -> None:
        for listener in self.listeners(speaker):
            listener.hear(Caption(speaker.party, text))


@dataclass(eq=False)
class DialedLeg:
    """One noun being rung. `settled` is True once it can be connected, False when it has failed."""

    call: Call
    bridge: Bridge
    whisper: DocumentRequest | None
    settled: asyncio.Future[bool]
    caller_id: str | None

    @property
    def is_ready(self) -> bool:
        return self.settled.done() and self.settled.result()


@dataclass(eq=False)
class DialedLegs:
    """All nouns of one Dial; `winner` is the first that answered."""

    legs: list[DialedLeg] = field(default_factory=list)
    winner: DialedLeg | None = None

    def cancel_others(self) -> None:
        for leg in self.legs:
            if leg is not self.winner:
                leg.call.interrupt(HangUpCall(Initiator.API))

    def final_status(self) -> CallStatus:
        """Returns the DialCallStatus when no leg was connected: busy if any was busy, else failed if any failed."""
        fates = {leg.call.final_status for leg in self.legs}
        for final_status in (CallStatus.BUSY, CallStatus.FAILED):
            if final_status in fates:
                return final_status
        return CallStatus.NO_ANSWER


def start_leg(context: VerbContext, verb: Dial, noun: Leg, dialed: DialedLegs) -> DialedLeg:
    """Creates the child call of one noun and lets it ring."""
    exchange, parent = context.exchange, context.call
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
        url = context.absolute(noun.status_url)
        call.callback = StatusCallback(url, noun.status_method, noun.status_events)
    whisper = None if noun.url is None else DocumentRequest(context.absolute(noun.url), noun.method)
    settled: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    leg = DialedLeg(call, Bridge(parent, call), whisper, settled, verb.caller_id)
    dialed.legs.append(leg)
    exchange.registry.calls[call.sid] = call
    seconds = verb.timeout + exchange.settings.dial_buffer
    exchange.spawn(run_call(exchange, call, _ring_and_talk(exchange, leg, dialed, seconds)))
    return leg


async def _ring_and_talk(exchange: Exchange, leg: DialedLeg, dialed: DialedLegs, seconds: float) -> None:
    call = leg.call
    try:
        advance(exchange, call, CallStatus.INITIATED)
        if not _may_go_out(exchange, call, leg.caller_id) or not await ring(exchange, call, seconds):
            return
        # Two legs can be answered in the same turn of the event loop; the second loses here.
        if dialed.winner is not None:
            call.final_status = CallStatus.CANCELED
            return
        dialed.winner = leg
        dialed.cancel_others()
        if not await _accepts_after_whisper(exchange, leg):
            dialed.winner = None
            return
        leg.settled.set_result(True)
        await leg.bridge.over.wait()
    finally:
        if not leg.settled.done():
            leg.settled.set_result(False)
        leg.bridge.part()


def _may_go_out(exchange: Exchange, call: Call, caller_id: str | None) -> bool:
    """Returns True if the carrier lets this leg go out; otherwise the leg fails with an alert."""
    problem = _problem(exchange, call, caller_id)
    if problem is None:
        return True
    exchange.alert(*problem, call.sid)
    call.final_status = CallStatus.FAILED
    return False


def _problem(exchange: Exchange, call: Call, caller_id: str | None) -> tuple[int, str] | None:
    """Returns the carrier's error code and a text, or None."""
    most = exchange.settings.concurrent_calls
    barred = exchange.settings.answers.get(call.to)
    if not call.to.startswith(("client:", "sip:", "sips:")) and not is_e164(call.to):
        return 13223, "Dial: the number is not E.164"
    if isinstance(barred, Barred):
        return (
            barred.restriction.dial_code,
            f"Dial: calls there are not possible: {barred.restriction.name.lower()}",
        )
    if caller_id is not None and is_e164(call.to) and not is_e164(caller_id):
        return 13214, "Dial: callerId is not a telephone number"
    if most and sum(not leg.is_over for leg in exchange.registry.calls.values()) > most:
        return 10004, "Dial: the account has too many calls at once"
    return _fault_problem(exchange, call)


def _fault_problem(exchange: Exchange, call: Call) -> tuple[int, str] | None:
    """Returns the problem of a leg that a fault keeps from going out."""
    if call.to.startswith("client:"):
        return None
    switch = exchange.faults.fault_for(FaultOccasion(RequestKind.DIAL_NUMBER, call_sid=call.sid, to=call.to))
    if switch is None:
        return None
    switch.fired += 1
    return 13227, "Dial: no international permission (fault no-route)"


async def _accepts_after_whisper(exchange: Exchange, leg: DialedLeg) -> bool:
    """Runs the noun's own document; returns False when it refuses the connection or cannot be run."""
    if leg.whisper is None:
        return True
    try:
        end = await exchange.run_documents(leg.call, leg.whisper, DocumentContext.LEG)
    except DocumentError as error:
        exchange.alert(error.code, f"whisper: {error.text}", leg.call.sid)
        return False
    return end is Continuation.NEXT
