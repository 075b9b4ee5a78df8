"""Reactions that move telephones of calls in hand: ring a desk, stop the ring, bring both sides together, end it."""

from sqlalchemy import select

from hotline import events
from hotline.gateways.addresses import VoiceRoute, device
from hotline.gateways.carrier import CallRequest, CarrierGone
from hotline.reactions.context import ReactionContext, RetryLater
from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import CallState, OfferState
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.services.queueing import offers
from hotline.store.calls.tables import Call, Offer


def ring_operator(tools: ReactionContext, event: events.CallOffered) -> None:
    """Ring the operator's browser telephone, unless the offer is over; remember the leg so that it can be released."""
    if tools.narrow_carrier:
        return  # the caller's own document rings the desk
    with tools.application.unit_of_work(Machine.WORKER) as work:
        asked_at = offers.begin_ringing(work, event.offer_id)
        asked_before = asked_at is not None and asked_at < work.at
    if asked_at is None:
        _release(tools, event.offer_id)
        return
    to = device(event.operator_id)
    sid = tools.carrier.find_placed(to, asked_at) if asked_before else None
    with tools.application.read_session() as session:
        if sid is None or offers.leg_belongs_to_another_offer(session, event.offer_id, sid):
            sid = None
    if sid is None:
        sid = tools.carrier.place(
            CallRequest(
                to=f"{to}?offer={event.offer_id}&call={event.call_id}",
                answer_url=tools.addresses.url(VoiceRoute.DESK, event.offer_id),
                status_url=tools.addresses.url(VoiceRoute.DESK_STATUS, event.offer_id),
                fallback_url=tools.addresses.url(VoiceRoute.DESK, event.offer_id),
                ring_seconds=tools.application.policies.queue.ring_seconds,
            )
        )
    with tools.application.unit_of_work(Machine.WORKER) as work:
        offers.record_leg(work, event.offer_id, sid)
    _release(tools, event.offer_id)


def release_operator(tools: ReactionContext, event: events.OfferSettled) -> None:
    """Stop the ring of an offer that was not taken."""
    _release(tools, event.offer_id)


def connect_caller(tools: ReactionContext, event: events.CallAccepted) -> None:
    """Move the waiting caller into the conference where the operator already is.

    Who is not in the carrier's queue comes there any moment, unless their call is over and we were never told.
    """
    with tools.application.read_session() as session:
        call = session.get_one(Call, event.call_id)
    if call.state is not CallState.CONNECTING or call.operator_id != event.operator_id:
        return
    try:
        queue_name = tools.application.policies.queue.name
        tools.carrier.take_from_queue(queue_name, call.sid, tools.addresses.url(VoiceRoute.TALK, call.id))
    except CarrierGone as gone:
        if not _end_if_over(tools, call.sid):
            raise RetryLater("the caller is not (yet) in the carrier's queue") from gone


def release_operator_of_call(tools: ReactionContext, event: events.CallEnded) -> None:
    """Free the operator's leg of a call that is over; it may sit in the conference alone."""
    with tools.application.read_session() as session:
        legs = session.scalars(
            select(Offer.leg_sid).where(
                Offer.call_id == event.call_id,
                Offer.state == OfferState.ACCEPTED,
                Offer.leg_sid.is_not(None),
            )
        ).all()
    for leg in legs:
        tools.carrier.hang_up(str(leg))


def hang_up_call(tools: ReactionContext, event: events.CallHangUpAsked) -> None:
    """End a call because its operator asked for it, also when it is over and its end was never told to us."""
    with tools.application.read_session() as session:
        call = session.get_one(Call, event.call_id)
    if call.state is not CallState.ENDED:
        tools.carrier.hang_up(call.sid)
        _end_if_over(tools, call.sid)


def take_back_caller(tools: ReactionContext, event: events.CallLeftAlone) -> None:
    """Bring a caller with whom nobody is back to the queue; who is not there any more has ended their call."""
    with tools.application.read_session() as session:
        call = session.get_one(Call, event.call_id)
    if call.state is not CallState.AFTER or call.operator_left_at is None:
        return
    try:
        tools.carrier.redirect(call.sid, tools.addresses.url(VoiceRoute.LEFT_ALONE, call.id))
    except CarrierGone:
        _end_if_over(tools, call.sid)


def check_call(tools: ReactionContext, event: events.CallCheckRequested) -> None:
    """Ask the carrier about a call that has been silent for long; end it here if it is over there."""
    with tools.application.read_session() as session:
        call = session.get_one(Call, event.call_id)
    if call.state is not CallState.ENDED:
        _end_if_over(tools, call.sid)


def _end_if_over(tools: ReactionContext, sid: str) -> bool:
    status = tools.carrier.status_of(sid) or "completed"
    if status not in TERMINAL_STATUSES:
        return False
    with tools.application.unit_of_work(Machine.WORKER) as work:
        lifecycle.end_call(work, sid=sid, status=status)
    return True


def _release(tools: ReactionContext, offer_id: int) -> None:
    with tools.application.read_session() as session:
        leg = offers.leg_to_release(session, offer_id)
    if leg is not None:
        tools.carrier.hang_up(leg)
