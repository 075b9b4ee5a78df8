"""Documents and webhooks for a self-hosted TwiML engine (CARRIER_PROFILE=narrow), after the documented verbs of Somleng.

It has Say, Play, Gather, Redirect, Record, Dial (a number or SIP address), Reject and Hangup: no Pause, no Enqueue, no
conference, no softphone. Callers wait in a cycle of Gather and Redirect. To ring an operator, the caller's own document
dials the operator's SIP telephone, and both talk over that bridge; nothing is requested over REST. The engine reports
the operator's answer only when the Dial is over, so the desk reports it. Talks are not recorded; hold, listening in and
three-way calls need a conference and are not available.
"""

from dataclasses import dataclass
from typing import ClassVar

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from hotline.gateways.addresses import VoiceRoute
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
    over,
)
from ivr_flows.webhooks.twiml import EMPTY, Speaker, TwimlRenderer
from ivr_flows.webhooks.webhook import WebhookRequest

# An operator is rung at the end of a round, so this long at most after becoming ready, plus the speech of the round.
MAX_ROUND_SECONDS = 5


@dataclass(frozen=True, slots=True)
class NarrowTwimlRenderer(TwimlRenderer):
    """Renders every document with the remaining verbs and attributes."""

    dials_operators: ClassVar[bool] = True

    @property
    def records_talks(self) -> bool:
        return False

    def waiting(self, speaker: Speaker, lines: Lines, *, seconds: int, may_press: bool) -> str:
        """Renders one short round of waiting."""
        short = min(seconds, MAX_ROUND_SECONDS)
        return super(NarrowTwimlRenderer, self).waiting(speaker, lines, seconds=short, may_press=may_press)

    def pause(self, response: VoiceResponse, url: str, seconds: int) -> None:
        """Listens for `seconds` in place of silence; a key only shortens it."""
        if seconds:
            response.append(self.gather(url, seconds, on_silence=False))
        response.redirect(url, method="POST")

    def gather(self, action: str, timeout: int, *, on_silence: bool, most: int = 1, **speech: str) -> Gather:  # noqa: ARG002 - the engine recognises no speech
        return Gather(
            num_digits=most,
            finish_on_key="" if most == 1 else "#",
            timeout=timeout,
            action=action,
            method="POST",
            action_on_empty_result=on_silence,
        )

    def recording_callback(self, kind: RecordingKind, call_id: int) -> dict[str, str]:
        callback = super(NarrowTwimlRenderer, self).recording_callback(kind, call_id)
        callback.pop("recording_status_callback_event")
        return callback

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

    def ring(self, offer_id: int, operator_id: int, *, seconds: int) -> str:
        """Rings an operator's SIP telephone from the caller's own document."""
        dial = Dial(action=self.addresses.url(VoiceRoute.RING_OVER, offer_id), method="POST", timeout=seconds)
        dial.sip(self.addresses.desk(operator_id))
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
    return renderer.ring(offer_id, offer.operator_id, seconds=seconds)


def ring_over(request: WebhookRequest) -> str:
    """Handles the end of a ring or a talk: the next operator is rung, or the flow goes on after the talk."""
    offer_id, work = request.id("offer_id"), request.work
    offer = _record_unreported_talk(request)
    if offer is None:
        return EMPTY
    status = request.form.value("DialCallStatus")
    call = get_call(work, offer.call_id)
    if call.state not in {CallState.TALKING, CallState.AFTER}:
        offers.settle_offer(work, offer_id, OFFER_STATE_OF_STATUS.get(status, OfferState.MISSED))
        return current_document(request, get_call(work, offer.call_id))
    if status in _UNANSWERED:
        # The desk reported an answer that the engine does not confirm.
        lifecycle.record_operator_left(work, offer.call_id)
        lifecycle.return_to_queue(work, offer.call_id, was_confirmed=False)
        return current_document(request, get_call(work, offer.call_id))
    # The result of a Dial does not tell a lost device from a hang-up.
    offers.record_hang_up(work, offer_id)
    return after_conversation(request, call)


def ring_over_for_good(request: WebhookRequest) -> str:
    """Handles the end of a ring or a talk in which the caller hung up."""
    _record_unreported_talk(request)
    return over(request)


def _record_unreported_talk(request: WebhookRequest) -> Offer | None:
    """Records a talk, now over, whose answer the desk did not report; returns the offer."""
    offer_id, work = request.id("offer_id"), request.work
    offer = work.session.get(Offer, offer_id)
    seconds = request.form.seconds("DialCallDuration")
    talked = request.form.value("DialCallStatus") in {"completed", "answered"} and seconds > 0
    is_unreported = offer is not None and talked and offer.state is not OfferState.ACCEPTED
    if offer is not None and is_unreported and offers.accept_afterwards(work, offer_id):
        lifecycle.record_connected(work, offer.call_id, seconds_ago=seconds)
    return offer


_UNANSWERED = frozenset({"no-answer", "busy", "failed", "canceled"})
