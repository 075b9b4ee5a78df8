"""Offers a waiting call to a ready desk and records how each ring ends.

A caller who is phoned back keeps the place of their first wait. Every step is a conditional update, so two
processes may match at once; the scheduler matches again every second in case both read before either wrote.
A function that changes one call locks that call first.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, func, select, update
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.calls.queue_order import QueueEntry, Standing
from hotline.rules.enums import CallState, NotReadyReason, OfferState, PresenceState, TicketState
from hotline.services.calls.queries import lock_call
from hotline.services.queueing import desks, matching
from hotline.store.base import UtcDateTime, constants, meets
from hotline.store.calls.offers import leg_to_release
from hotline.store.calls.tables import PENDING, Call, Offer
from hotline.store.tickets.tables import Ticket
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

# Built once: each ring runs them.
_IS_WITHOUT_LEG = and_(Offer.id == bindparam("offer_id"), Offer.leg_sid.is_(None))
_BEGIN_RINGING = (
    update(Offer)
    .where(_IS_WITHOUT_LEG, Offer.state == constants([OfferState.PENDING])[0])
    .values(leg_asked_at=func.coalesce(Offer.leg_asked_at, bindparam("now", type_=UtcDateTime)))
    .returning(Offer.leg_asked_at)
)
# The scheduler runs these every few seconds.
_OVERDUE = select(Offer.id, Offer.leg_asked_at).where(
    meets("offers", PENDING), Offer.offered_at < bindparam("offered_before", type_=UtcDateTime)
)
_UNCONNECTED = (
    select(Offer.id)
    .join(Call, Call.id == Offer.call_id)
    .where(
        Call.state == constants([CallState.CONNECTING])[0],
        Offer.state == constants([OfferState.ACCEPTED])[0],
        Offer.operator_id == Call.operator_id,
        Offer.settled_at < bindparam("accepted_before", type_=UtcDateTime),
    )
)
_RECORD_LEG = update(Offer).where(_IS_WITHOUT_LEG).values(leg_sid=bindparam("sid"))


def offer_waiting(work: UnitOfWork) -> int:
    """Offers waiting calls to the ready desks that fall to them. Returns the number of offers.

    Desks that fall to people who are owed a call are kept for them: the next run of the callbacks phones them.
    Calls and desks locked by another process are left to the next run.
    """
    made = 0
    # Repeated, because a pair may be lost to another process while others are still free.
    while offered := sum(_offer(work, entry, desk) for entry, desk in matching.match_desks(work)):
        made += offered
    return made


def _offer(work: UnitOfWork, entry: QueueEntry, operator_id: int) -> bool:
    if entry.standing is not Standing.WAITING or not matching.lock_pair(work, entry.id, operator_id):
        return False
    work.session.execute(update(Call).where(Call.id == entry.id).values(state=CallState.OFFERED))
    desks.set_ringing(work, operator_id, entry.id)
    offer = Offer(call_id=entry.id, operator_id=operator_id, state=OfferState.PENDING, offered_at=work.at)
    work.session.add(offer)
    work.session.flush()
    work.record(events.CallOffered(entry.id, offer.id, operator_id))
    return True


def accept_offer(work: UnitOfWork, offer_id: int, leg_sid: str | None) -> int | None:
    """Gives the call to the operator whose leg answered (None: the carrier does not name it).

    Returns the call's id, or None if the race was lost.

    A repeat with the same leg gives the same result.
    """
    offer = _lock_offer(work, offer_id)
    if offer is None:
        return None
    if offer.state is OfferState.ACCEPTED and offer.leg_sid == leg_sid:
        return offer.call_id
    taken = update(Call).where(Call.id == offer.call_id, Call.state == CallState.OFFERED)
    if offer.state is not OfferState.PENDING or not updated_one(
        work.session, taken.values(state=CallState.CONNECTING, operator_id=offer.operator_id)
    ):
        return None
    accepted = update(Offer).where(Offer.id == offer_id)
    work.session.execute(accepted.values(state=OfferState.ACCEPTED, settled_at=work.at, leg_sid=leg_sid))
    desks.set_talking(work, offer.operator_id, offer.call_id)
    _take_over_draft(work, offer.call_id, offer.operator_id)
    work.record(events.CallAccepted(offer.call_id, offer_id, offer.operator_id))
    return offer.call_id


def _take_over_draft(work: UnitOfWork, call_id: int, operator_id: int) -> None:
    """Makes the operator the author of a draft that another operator began in an earlier talk of this call."""
    begun = select(Ticket.id, Ticket.author_id).where(
        Ticket.call_id == call_id, Ticket.state == TicketState.DRAFT, Ticket.author_id != operator_id
    )
    for ticket_id, former_id in work.session.execute(begun).all():
        work.session.execute(
            update(Ticket).where(Ticket.id == ticket_id).values(author_id=operator_id),
            execution_options={"synchronize_session": False},
        )
        work.record(events.TicketTakenOver(ticket_id, operator_id, former_id))


def accept_at_desk(work: UnitOfWork, call_id: int) -> bool:
    """Takes an operator's word that their telephone has answered; returns whether it was their call and still theirs.

    For carriers that report the answer of a dialled party only when the talk is over.
    """
    pending = select(Offer.id).where(Offer.call_id == call_id, Offer.state == OfferState.PENDING)
    offer_id = work.session.scalar(pending.where(Offer.operator_id == getattr(work.actor, "id", None)))
    return offer_id is not None and accept_offer(work, offer_id, None) is not None


def accept_afterwards(work: UnitOfWork, offer_id: int) -> bool:
    """Accepts an offer whose talk is over, although its ring has counted as missed; returns whether it was accepted."""
    offer = _lock_offer(work, offer_id)
    if offer is None or offer.state not in {OfferState.PENDING, OfferState.MISSED}:
        return False
    withdraw_others = select(Offer.id).where(
        Offer.call_id == offer.call_id, Offer.state == OfferState.PENDING, Offer.id != offer_id
    )
    for other in work.session.scalars(withdraw_others).all():
        settle_offer(work, other, OfferState.WITHDRAWN)
    waiting = update(Call).where(
        Call.id == offer.call_id, Call.state.in_((CallState.QUEUED, CallState.OFFERED))
    )
    if not updated_one(work.session, waiting.values(state=CallState.OFFERED)):
        return False
    work.session.execute(update(Offer).where(Offer.id == offer_id).values(state=OfferState.PENDING))
    desks.set_presence(
        work,
        offer.operator_id,
        (PresenceState.READY, PresenceState.NOT_READY),
        PresenceState.RINGING,
        call_id=offer.call_id,
    )
    return accept_offer(work, offer_id, None) is not None


# State of an offer that was not taken -> the reason for which its desk becomes not ready; None: it stays ready.
_NOT_READY_AFTER: Mapping[OfferState, NotReadyReason | None] = {
    OfferState.DECLINED: NotReadyReason.DECLINED_CALL,
    OfferState.MISSED: NotReadyReason.MISSED_CALL,
    OfferState.WITHDRAWN: None,
}


def settle_offer(
    work: UnitOfWork, offer_id: int, how: OfferState, reason: NotReadyReason | None = None
) -> None:
    """Ends a ring that was not taken: the caller returns to their place; a desk that missed it becomes not ready.

    A withdrawn ring leaves the desk ready, unless a `reason` not to be is given. An accepted offer whose caller has not joined yet is settled
    too, because the operator's leg has ended. Idempotent.
    """
    offer = _lock_offer(work, offer_id)
    if offer is None:
        return
    was_pending = _settle(work, offer_id, OfferState.PENDING, how)
    was_connecting = not was_pending and _settle_connecting(work, offer, how)
    if not (was_pending or was_connecting):
        return
    back = (CallState.OFFERED, CallState.CONNECTING)
    work.session.execute(
        update(Call)
        .where(Call.id == offer.call_id, Call.state.in_(back))
        .values(state=CallState.QUEUED, operator_id=None),
        execution_options={"synchronize_session": False},
    )
    desks.stop_ringing(work, offer.operator_id, offer.call_id, reason or _NOT_READY_AFTER[how])
    work.record(events.OfferSettled(offer.call_id, offer_id, offer.operator_id, how))
    offer_waiting(work)


def pending_offer(work: UnitOfWork, call_id: int) -> int | None:
    """Returns the pending offer of a call, or None."""
    pending = select(Offer.id).where(Offer.call_id == call_id, Offer.state == OfferState.PENDING)
    return work.session.scalar(pending.order_by(Offer.id.desc()).limit(1))


def ring_at_desk(work: UnitOfWork, operator_id: int) -> int | None:
    """Returns the pending offer of a desk, or None."""
    pending = select(Offer.id).where(Offer.operator_id == operator_id, Offer.state == OfferState.PENDING)
    return work.session.scalar(pending.limit(1))


def begin_ringing(work: UnitOfWork, offer_id: int) -> datetime | None:
    """Records that the carrier is asked to ring; returns the moment of the first request, None if no ring is wanted."""
    return work.connection.scalar(_BEGIN_RINGING, {"offer_id": offer_id, "now": work.at})


def record_leg(work: UnitOfWork, offer_id: int, sid: str) -> str | None:
    """Records the operator's leg; returns it if the ring is not wanted any more."""
    work.connection.execute(_RECORD_LEG, {"offer_id": offer_id, "sid": sid})
    return leg_to_release(work.connection, offer_id)


def leg_belongs_to_another_offer(session: Session, offer_id: int, sid: str) -> bool:
    """Returns whether the carrier's call `sid` is recorded for another offer."""
    return session.scalar(select(Offer.id).where(Offer.leg_sid == sid, Offer.id != offer_id)) is not None


def withdraw_offers(work: UnitOfWork, call_id: int) -> None:
    """Withdraws the pending offers of a call that left the queue or ended; the desks are ready again."""
    pending = select(Offer.id, Offer.operator_id).where(
        Offer.call_id == call_id, Offer.state == OfferState.PENDING
    )
    for offer_id, operator_id in work.session.execute(pending).all():
        if _settle(work, offer_id, OfferState.PENDING, OfferState.WITHDRAWN):
            desks.stop_ringing(work, operator_id, call_id, None)
            work.record(events.OfferSettled(call_id, offer_id, operator_id, OfferState.WITHDRAWN))


def record_hang_up(work: UnitOfWork, offer_id: int) -> None:
    """Records that the operator ends the talk of this offer on purpose; the first report counts."""
    talk = update(Offer).where(
        Offer.id == offer_id, Offer.state == OfferState.ACCEPTED, Offer.hung_up_at.is_(None)
    )
    work.session.execute(talk.values(hung_up_at=work.at))


def end_accepted(work: UnitOfWork, call_id: int, how: OfferState) -> None:
    """Ends the accepted offer of a call whose caller goes back to the queue."""
    # A late webhook of that leg then says nothing about the next conversation.
    taken = select(Offer.id, Offer.operator_id).where(
        Offer.call_id == call_id, Offer.state == OfferState.ACCEPTED
    )
    for offer_id, operator_id in work.session.execute(taken).all():
        if _settle(work, offer_id, OfferState.ACCEPTED, how):
            work.record(events.OfferSettled(call_id, offer_id, operator_id, how))


def settle_overdue_offers(work: UnitOfWork) -> int:
    """Settles rings beyond their limit. Returns their number."""
    grace = timedelta(seconds=work.policies.queue.ring_seconds + 10)
    rows = work.connection.execute(_OVERDUE, {"offered_before": work.at - grace}).all()
    for offer_id, asked_at in rows:
        # A desk that never rang waited for a worker, and the operator missed nothing: withdrawn. Otherwise
        # the carrier's webhook was lost: missed.
        settle_offer(work, offer_id, OfferState.WITHDRAWN if asked_at is None else OfferState.MISSED)
    return len(rows)


def requeue_unconnected(work: UnitOfWork, older_than: datetime) -> int:
    """Returns callers to the queue whose operator accepted before `older_than` and never joined.

    Returns their number.
    """
    offer_ids = work.connection.scalars(_UNCONNECTED, {"accepted_before": older_than}).all()
    for offer_id in offer_ids:
        settle_offer(work, offer_id, OfferState.MISSED)
    return len(offer_ids)


def _lock_offer(work: UnitOfWork, offer_id: int) -> Offer | None:
    """Locks the offer's call, then returns the current state of the offer."""
    call_id = work.session.scalar(select(Offer.call_id).where(Offer.id == offer_id))
    if call_id is None:
        return None
    lock_call(work, call_id)
    return work.session.get(Offer, offer_id, populate_existing=True)


def _settle(work: UnitOfWork, offer_id: int, was: OfferState, how: OfferState) -> bool:
    return updated_one(
        work.session,
        update(Offer).where(Offer.id == offer_id, Offer.state == was).values(state=how, settled_at=work.at),
    )


def _settle_connecting(work: UnitOfWork, offer: Offer, how: OfferState) -> bool:
    connecting = select(Call.id).where(
        Call.id == offer.call_id, Call.state == CallState.CONNECTING, Call.operator_id == offer.operator_id
    )
    return work.session.scalar(connecting) is not None and _settle(work, offer.id, OfferState.ACCEPTED, how)
