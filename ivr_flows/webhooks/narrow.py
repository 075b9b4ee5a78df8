"""Documents and webhooks for a carrier without the verbs Enqueue, Leave, Conference and Queue.

Self-hosted TwiML engines are like that. Callers wait in a cycle of Say, Gather, Pause and Redirect. To ring an
operator, the caller's own document dials the operator's client, and both talk over that bridge; nothing is requested
over REST. Hold, listening in and three-way calls need a conference and are not available.
"""

from dataclasses import dataclass
from typing import ClassVar

from twilio.twiml.voice_response import Client, Dial, VoiceResponse

from hotline.gateways.addresses import VoiceRoute, device
from hotline.rules.enums import CallState, OfferState, RecordingKind
from hotline.services.calls import lifecycle
from hotline.services.calls.queries import get_call
from hotline.services.queueing import offers
from hotline.store.calls.tables import Offer
from ivr_flows.speech import Lines
from ivr_flows.webhooks.call_flow import (
    OFFER_STATE_OF_STATUS,
    after_conversation,
    current_document,
    hang_up_silently,
)
from ivr_flows.webhooks.twiml import EMPTY, Speaker, TwimlRenderer
from ivr_flows.webhooks.webhook import WebhookRequest

# An operator is rung at the end of a round, so this long at most after becoming ready, plus the speech of the round.
MAX_ROUND_SECONDS = 5


@dataclass(frozen=True, slots=True)
class NarrowTwimlRenderer(TwimlRenderer):
    """Renders every document with the remaining verbs."""

    dials_operators: ClassVar[bool] = True

    def waiting(self, speaker: Speaker, lines: Lines, *, seconds: int, may_press: bool) -> str:
        """Renders one short round of waiting."""
        short = min(seconds, MAX_ROUND_SECONDS)
        return super(NarrowTwimlRenderer, self).waiting(speaker, lines, seconds=short, may_press=may_press)

    def leave(self, speaker: Speaker, lines: Lines) -> str:
        """Ends the waiting with a redirect, because there is no queue to leave."""
        response = VoiceResponse()
        speaker.say(response, lines)
        response.redirect(f"{self.addresses.url(VoiceRoute.QUEUE_LEFT)}?result=leave", method="POST")
        return str(response)

    def enqueue(self, response: VoiceResponse, speaker: Speaker, lines: Lines) -> None:
        """Speaks `lines`, then begins the first round of waiting."""
        speaker.say(response, lines)
        response.redirect(self.addresses.url(VoiceRoute.WAIT), method="POST")

    def ring(self, call_id: int, offer_id: int, operator_id: int, *, seconds: int) -> str:
        """Rings an operator from the caller's own document; the operator's whisper document accepts the offer."""
        recorded = {"record": "record-from-answer-dual"} if self.callers.record_talks else {}
        callback = self.recording_callback(RecordingKind.TALK, call_id) if recorded else {}
        dial = Dial(
            action=self.addresses.url(VoiceRoute.RING_OVER, offer_id),
            method="POST",
            timeout=seconds,
            **recorded,
            **callback,
        )
        client = Client(url=self.addresses.url(VoiceRoute.DESK_WHISPER, offer_id), method="POST")
        client.identity(device(operator_id).removeprefix("client:"))
        client.parameter(name="offer", value=str(offer_id))
        client.parameter(name="call", value=str(call_id))
        dial.append(client)
        response = VoiceResponse()
        response.append(dial)
        return str(response)

    def talk(self, call_id: int) -> str:  # noqa: ARG002 - as the other stage's
        """Returns an empty document: there is no conference to return to when a bridge is over."""
        return EMPTY


def ring(request: WebhookRequest) -> str:
    """Rings the operator to whom this caller is offered, if the offer still stands; else the caller waits on."""
    renderer, offer_id = request.context.renderer, request.id("offer_id")
    offer = request.work.session.get(Offer, offer_id)
    if (
        not isinstance(renderer, NarrowTwimlRenderer)
        or offer is None
        or offer.state is not OfferState.PENDING
    ):
        return renderer.redirect(renderer.addresses.url(VoiceRoute.WAIT))
    offers.begin_ringing(request.work, offer_id)
    seconds = request.work.policies.queue.ring_seconds
    return renderer.ring(offer.call_id, offer_id, offer.operator_id, seconds=seconds)


def desk_whisper(request: WebhookRequest) -> str:
    """Handles the operator's answer: both are connected when this document ends, unless the offer was withdrawn."""
    call_id = offers.accept_offer(request.work, request.id("offer_id"), request.form.sid)
    if call_id is None:
        return hang_up_silently(request.context, request.form, request.ids)
    lifecycle.record_connected(request.work, call_id)
    return EMPTY


def ring_over(request: WebhookRequest) -> str:
    """Handles the end of a ring or a talk: the next operator is rung, or the flow goes on after the talk."""
    how = OFFER_STATE_OF_STATUS.get(request.form.value("DialCallStatus"), OfferState.MISSED)
    offer_id = request.id("offer_id")
    offer = request.work.session.get(Offer, offer_id)
    call_id = None if offer is None else offer.call_id
    if call_id is None:
        return EMPTY
    call = get_call(request.work, call_id)
    if call.state in {CallState.TALKING, CallState.AFTER}:
        # The result of a Dial does not tell a lost device from a hang-up.
        offers.record_hang_up(request.work, offer_id)
        return after_conversation(request, call)
    offers.settle_offer(request.work, offer_id, how)
    return current_document(request, get_call(request.work, call_id))
