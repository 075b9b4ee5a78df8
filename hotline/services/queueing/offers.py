"""Offers: a waiting caller is offered to a ready desk (`matching` says which to which), and what comes of each ring.

A caller phoned back keeps the place they had when they first joined. Every step is a conditional update, so two
processes may match at once; the clock matches again every second in case both looked before either wrote. Matching
never waits for a row that somebody else is changing, so that it cannot be part of a deadlock; whoever moves one call
holds that call first.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.calls import states as rules
from hotline.rules.enums import CallState, NotReadyReason, OfferState
from hotline.rules.errors import NoSuchCall
from hotline.services.calls.views import lock_call
from hotline.services.queueing import desks, matching
from hotline.store.calls.tables import Call, Offer
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

RECENT_ANSWERS = 20
"""The expected wait is the mean of this many last waits: simple, honest, never a promise."""
MAX_CALLS_SEARCHED = 300
"""They are looked for among so many last calls: each round of each caller's waiting asks, and a day has 50,000 calls."""


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """`position` 1 = next; seconds waited so far, and since the last joining; seconds the last callers waited on average.

    `expected_seconds` None: no data yet.
    """

    position: int
    waited_seconds: int
    since_joined: int
    expected_seconds: int | None
    size: int


def place_in_queue(work: UnitOfWork, call_id: int) -> QueuePlace:
    """Return where a waiting caller stands. Raises NoSuchCall if the call is not known."""
    asked = select(Call.place_since, Call.queued_at, Call.joined_at, Call.priority).where(Call.id == call_id)
    own = work.session.execute(asked).first()
    if own is None:
        raise NoSuchCall(str(call_id))
    place, queued, joined = own[0] or work.at, own[1] or work.at, own[2] or work.at
    waiting = select(func.count()).select_from(Call).where(Call.state.in_(rules.WAITING))
    before = or_(Call.priority > own.priority, and_(Call.priority == own.priority, Call.place_since < place))
    ahead = work.session.scalar(waiting.where(before, Call.id != call_id)) or 0
    size = work.session.scalar(waiting) or 0
    waits = _recent_waits(work)
    return QueuePlace(
        position=ahead + 1,
        waited_seconds=int((work.at - queued).total_seconds()),
        since_joined=int((work.at - joined).total_seconds()),
        expected_seconds=round(sum(waits) / len(waits)) if waits else None,
        size=max(size, 1),
    )


def _recent_waits(work: UnitOfWork) -> list[int]:
    """Return how many seconds the last callers of today who were answered had waited."""
    last = (
        select(Call.id, Call.arrived_on, Call.wait_seconds).order_by(Call.id.desc()).limit(MAX_CALLS_SEARCHED)
    )
    calls = last.subquery()
    answered = select(calls.c.wait_seconds).where(
        calls.c.arrived_on == work.today, calls.c.wait_seconds.is_not(None)
    )
    newest = answered.order_by(calls.c.id.desc()).limit(RECENT_ANSWERS)
    return list(work.session.scalars(newest))


def offer_waiting(work: UnitOfWork) -> int:
    """Offer waiting calls to ready desks until one side is used up. Returns how many offers were made.

    Both are held while they are matched; a call or a desk that somebody else holds is left to the next look.
    """
    made = 0
    while (pair := matching.next_match(work)) is not None:
        call_id, operator_id = pair
        work.session.execute(update(Call).where(Call.id == call_id).values(state=CallState.OFFERED))
        desks.set_ringing(work, operator_id, call_id)
        offer = Offer(call_id=call_id, operator_id=operator_id, state=OfferState.PENDING, offered_at=work.at)
        work.session.add(offer)
        work.session.flush()
        work.record(events.CallOffered(call_id, offer.id, operator_id))
        made += 1
    return made


def accept_offer(work: UnitOfWork, offer_id: int, leg_sid: str) -> int | None:
    """Give the call to the operator whose leg answered. Returns the call's id, or None if the race was lost.

    Asking again with the same leg gives the same answer.
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
    work.record(events.CallAccepted(offer.call_id, offer_id, offer.operator_id))
    return offer.call_id


def settle_offer(work: UnitOfWork, offer_id: int, how: OfferState) -> None:
    """End a ring that was not taken: the caller goes back to their place, the desk that missed it is not ready.

    A ring that was withdrawn is nobody's miss: that desk stays ready. An accepted offer whose caller has not joined yet counts too (the operator's leg vanished). Idempotent.
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
    why = None if how is OfferState.WITHDRAWN else NotReadyReason.MISSED_CALL
    desks.stop_ringing(work, offer.operator_id, offer.call_id, why)
    work.record(events.OfferSettled(offer.call_id, offer_id, offer.operator_id, how))
    offer_waiting(work)


def pending_offer(work: UnitOfWork, call_id: int) -> int | None:
    """Return the offer a call waits for, if a desk is being rung for it."""
    pending = select(Offer.id).where(Offer.call_id == call_id, Offer.state == OfferState.PENDING)
    return work.session.scalar(pending.order_by(Offer.id.desc()).limit(1))


def begin_ringing(work: UnitOfWork, offer_id: int) -> datetime | None:
    """Write down that the carrier is being asked to ring; returns when it was first asked, None if no ring is wanted."""
    pending = (Offer.id == offer_id, Offer.state == OfferState.PENDING, Offer.leg_sid.is_(None))
    first = update(Offer).where(*pending, Offer.leg_asked_at.is_(None)).values(leg_asked_at=work.at)
    if updated_one(work.session, first):
        return work.at
    return work.session.scalar(select(Offer.leg_asked_at).where(*pending))


def record_leg(work: UnitOfWork, offer_id: int, sid: str) -> bool:
    """Remember the operator's leg; say whether the ring is still wanted."""
    work.session.execute(
        update(Offer).where(Offer.id == offer_id, Offer.leg_sid.is_(None)).values(leg_sid=sid)
    )
    return leg_to_release(work.session, offer_id) is None


def leg_belongs_to_another_offer(session: Session, offer_id: int, sid: str) -> bool:
    """Say whether the carrier's call `sid` is known to be the ring of another offer."""
    return session.scalar(select(Offer.id).where(Offer.leg_sid == sid, Offer.id != offer_id)) is not None


def leg_to_release(session: Session, offer_id: int) -> str | None:
    """Return the operator's leg of an offer that was not taken; None if there is none, or it is wanted."""
    wanted = (OfferState.PENDING, OfferState.ACCEPTED)
    return session.scalar(select(Offer.leg_sid).where(Offer.id == offer_id, Offer.state.not_in(wanted)))


def withdraw_offers(work: UnitOfWork, call_id: int) -> None:
    """Stop the desks that still ring for a call that left the queue or ended; they are ready again."""
    pending = select(Offer.id, Offer.operator_id).where(
        Offer.call_id == call_id, Offer.state == OfferState.PENDING
    )
    for offer_id, operator_id in work.session.execute(pending).all():
        if _settle(work, offer_id, OfferState.PENDING, OfferState.WITHDRAWN):
            desks.stop_ringing(work, operator_id, call_id, None)
            work.record(events.OfferSettled(call_id, offer_id, operator_id, OfferState.WITHDRAWN))


def mark_accepted_missed(work: UnitOfWork, call_id: int) -> None:
    """Count the ring that was answered for nothing as missed: late news of its leg then says nothing about a new talk."""
    taken = update(Offer).where(Offer.call_id == call_id, Offer.state == OfferState.ACCEPTED)
    work.session.execute(taken.values(state=OfferState.MISSED, settled_at=work.at))


def settle_overdue_offers(work: UnitOfWork) -> int:
    """Settle rings that outlived their limit: missed, or withdrawn if the desk never rang at all. Returns how many.

    The first is a lost callback of the carrier, the second a worker that is away; no operator is to blame for that.
    """
    grace = timedelta(seconds=work.policies.queue.ring_seconds + 10)
    overdue = select(Offer.id, Offer.leg_asked_at).where(
        Offer.state == OfferState.PENDING, Offer.offered_at < work.at - grace
    )
    found = work.session.execute(overdue).all()
    for offer_id, asked_at in found:
        settle_offer(work, offer_id, OfferState.WITHDRAWN if asked_at is None else OfferState.MISSED)
    return len(found)


def requeue_unconnected(work: UnitOfWork, older_than: datetime) -> int:
    """Give callers back to the queue whose operator accepted before `older_than` but whom no one ever joined."""
    stuck = (
        select(Offer.id)
        .join(Call, Call.id == Offer.call_id)
        .where(
            Call.state == CallState.CONNECTING,
            Offer.state == OfferState.ACCEPTED,
            Offer.operator_id == Call.operator_id,
            Offer.settled_at < older_than,
        )
    )
    found = work.session.scalars(stuck).all()
    for offer_id in found:
        settle_offer(work, offer_id, OfferState.MISSED)
    return len(found)


def _lock_offer(work: UnitOfWork, offer_id: int) -> Offer | None:
    """Hold the offer's call, then return the offer as it is now."""
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
