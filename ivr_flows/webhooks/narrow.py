"""The webhooks of a carrier without queues and conferences: a desk rung from the caller's document, and how that ended."""

from sqlalchemy import select

from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import CallState, OfferState
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.services.queueing import offers
from hotline.store.calls.tables import Offer
from ivr_flows.webhooks.call_flow import due_now, keep_on_the_line, silent_end
from ivr_flows.webhooks.narrow_twiml import NarrowStage
from ivr_flows.webhooks.operator import HOW_RINGS_END, after_the_talk
from ivr_flows.webhooks.twiml import EMPTY
from ivr_flows.webhooks.webhook import Step, Visit


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
