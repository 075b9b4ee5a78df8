"""The webhooks of a carrier without queues and conferences: a desk rung from the caller's document, and how that ended."""

from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import select
from twilio.twiml.voice_response import Client, Dial, VoiceResponse

from hotline.gateways.addresses import device
from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import CallState, OfferState, RecordingKind
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.services.queueing import offers
from hotline.store.calls.tables import Offer
from ivr_flows.speech import Lines
from ivr_flows.webhooks.call_flow import HOW_RINGS_END, after_the_talk, due_now, keep_on_the_line, silent_end
from ivr_flows.webhooks.twiml import EMPTY, Speaker, Stage
from ivr_flows.webhooks.webhook import Step, Visit

LONGEST_ROUND_SECONDS = 5
"""A desk is rung at most so long after it became ready, plus what is being said."""


@dataclass(frozen=True, slots=True)
class NarrowStage(Stage):
    """Writes every document with the verbs that remain."""

    dials_operators: ClassVar[bool] = True

    def waiting(self, speaker: Speaker, lines: Lines, *, seconds: int, may_press: bool) -> str:
        """Write one short round of waiting."""
        short = min(seconds, LONGEST_ROUND_SECONDS)
        return super(NarrowStage, self).waiting(speaker, lines, seconds=short, may_press=may_press)

    def leave(self, speaker: Speaker, lines: Lines) -> str:
        """End the waiting: there is no queue to leave, so the next document is asked for at once."""
        response = VoiceResponse()
        speaker.say(response, lines)
        response.redirect(f"{self.addresses.queue_left()}?result=leave", method="POST")
        return str(response)

    def enqueue(self, response: VoiceResponse, speaker: Speaker, lines: Lines) -> None:
        """Begin to wait: the words of the way here, then the first round."""
        speaker.say(response, lines)
        response.redirect(self.addresses.wait(), method="POST")

    def ring(self, call_id: int, offer_id: int, operator_id: int, *, seconds: int) -> str:
        """Ring the desk from the caller's own document; its whisper accepts the offer."""
        recorded = {"record": "record-from-answer-dual"} if self.callers.record_talks else {}
        callback = self.recording_callback(RecordingKind.TALK, call_id) if recorded else {}
        dial = Dial(
            action=self.addresses.ring_over(offer_id),
            method="POST",
            timeout=seconds,
            **recorded,
            **callback,
        )
        client = Client(url=self.addresses.desk_whisper(offer_id), method="POST")
        client.identity(device(operator_id).removeprefix("client:"))
        client.parameter(name="offer", value=str(offer_id))
        client.parameter(name="call", value=str(call_id))
        dial.append(client)
        response = VoiceResponse()
        response.append(dial)
        return str(response)

    def talk(self, call_id: int) -> str:  # noqa: ARG002 - as the other stage's
        """There is no conference to go (back) into: a bridge that is over is over."""
        return EMPTY


def ring(visit: Visit) -> str:
    """Ring the desk this caller is offered to, if the offer still stands; else wait on."""
    stage, offer_id = visit.door.stage, visit.id("offer_id")
    offer = visit.work.session.scalar(select(Offer).where(Offer.id == offer_id))
    if not isinstance(stage, NarrowStage) or offer is None or offer.state is not OfferState.PENDING:
        return stage.go_on(stage.addresses.wait())
    offers.begin_ringing(visit.work, offer_id)
    seconds = visit.work.policies.queue.ring_seconds
    return stage.ring(offer.call_id, offer_id, offer.operator_id, seconds=seconds)


def desk_whisper(visit: Visit) -> str:
    """The operator answered: both are connected when this document ends, unless something was faster."""
    call_id = offers.accept_offer(visit.work, visit.id("offer_id"), visit.post.sid)
    if call_id is None:
        return silent_end(visit.door, visit.post, visit.ids)
    lifecycle.record_connected(visit.work, call_id)
    return EMPTY


def ring_over(visit: Visit) -> str:
    """The ring, or the talk, is over for the caller: on to the next desk, or to what follows a talk."""
    if visit.post.word("CallStatus") in TERMINAL_STATUSES:
        return EMPTY
    how = HOW_RINGS_END.get(visit.post.word("DialCallStatus"), OfferState.MISSED)
    offer_id = visit.id("offer_id")
    call_id = visit.work.session.scalar(select(Offer.call_id).where(Offer.id == offer_id))
    if call_id is None:
        return EMPTY
    call = lifecycle.get_call(visit.work, call_id)
    if call.state in {CallState.TALKING, CallState.AFTER}:
        return after_the_talk(visit, call)
    offers.settle_offer(visit.work, offer_id, how)
    return due_now(visit, lifecycle.get_call(visit.work, call_id))


_OFFER = "/ring/<int:offer_id>"
NARROW_STEPS = (
    Step(_OFFER, "ring", Machine.CARRIER, ring, keep_on_the_line, None),
    Step(f"{_OFFER}/over", "ring_over", Machine.CARRIER, ring_over, keep_on_the_line, ("DialCallStatus",)),
    Step("/desk/<int:offer_id>/whisper", "desk_whisper", Machine.CARRIER, desk_whisper, silent_end, ()),
)
