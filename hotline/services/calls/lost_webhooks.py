"""Periodic checks for calls whose final status webhook was lost.

A check only records an event; a reaction then asks the carrier, and the carrier's answer counts. What the
carrier can no longer answer is ended here.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select

from hotline import events
from hotline.rules.enums import CallState, DialState, OfferState, PresenceState
from hotline.services.calls import lifecycle
from hotline.services.outbound import outbound_calls
from hotline.services.queueing import desks
from hotline.store.calls.tables import Call, Offer
from hotline.store.outbound import Dial
from hotline.store.people.tables import Presence
from hotline.unit_of_work import UnitOfWork

# Longer than nearly all calls, so that few live calls are checked in vain.
SILENT_AFTER = timedelta(minutes=30)
# The carrier's limit is 4 h (Twilio); an older call is over.
MAX_CALL_DURATION = timedelta(hours=4, minutes=10)

# When a conversation ends, both legs end together; a leg still open after this delay has no partner.
STRANDED_AFTER = timedelta(seconds=30)


def return_stranded_callers(work: UnitOfWork) -> int:
    """Requests the return of callers whose operator's leg ended before both had joined. Returns their number."""
    left = select(Call.id).where(
        Call.state == CallState.AFTER, Call.operator_left_at < work.at - STRANDED_AFTER
    )
    alone = work.session.scalars(left).all()
    for call_id in alone:
        # Recorded again at each run until the caller is back or gone, because the carrier may be
        # unavailable.
        work.record(events.CallLeftAlone(call_id))
    return len(alone)


def check_silent_calls(work: UnitOfWork) -> int:
    """Requests a check of every long call and ends the ones beyond the carrier's limit. Returns the number of both."""
    live = Call.state != CallState.ENDED
    old = work.session.execute(
        select(Call.id, Call.sid, Call.arrived_at).where(live, Call.arrived_at < work.at - SILENT_AFTER)
    ).all()
    for call_id, sid, arrived_at in old:
        if arrived_at < work.at - MAX_CALL_DURATION:
            lifecycle.end_call(work, sid=sid, status="completed")
        else:
            work.record(events.CallCheckRequested(call_id))
    return len(old)


def check_silent_dials(work: UnitOfWork) -> int:
    """Requests a check of attempts without an end and without a live call; returns their number.

    Attempts that were never placed are dropped.
    """
    live_call = exists().where(Call.dial_id == Dial.id, Call.state != CallState.ENDED)
    old = work.session.execute(
        select(Dial.id, Dial.ref, Dial.state).where(
            Dial.state != DialState.ENDED, Dial.planned_at < work.at - outbound_calls.STALE_AFTER, ~live_call
        )
    ).all()
    for dial_id, ref, state in old:
        if state is DialState.PLANNED:
            outbound_calls.end_dial(work, ref, outcome=outbound_calls.DROPPED)
        else:
            work.record(events.DialCheckRequested(dial_id))
    return len(old)


def free_stuck_desks(work: UnitOfWork) -> int:
    """Frees desks that are busy without a pending offer, live conversation or open record. Returns their number.

    A desk whose conversation is over without a complete record begins its wrap-up.
    """
    freed = 0
    for user_id, state, call_id in work.session.execute(_STUCK_DESKS).all():
        if state is PresenceState.TALKING and desks.unfinished_call(work, user_id) == call_id:
            freed += desks.set_presence(
                work, user_id, (state,), PresenceState.WRAP_UP, call_id=call_id, only_call=call_id
            )
        else:
            freed += desks.set_presence(
                work, user_id, (state,), PresenceState.READY, only_call=call_id, idle=True
            )
    return freed


def _own_call(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Call.id == Presence.call_id, Call.operator_id == Presence.user_id, *conditions)


_PENDING_OFFER = exists().where(
    Offer.call_id == Presence.call_id,
    Offer.operator_id == Presence.user_id,
    Offer.state == OfferState.PENDING,
)
_STUCK_DESKS = select(Presence.user_id, Presence.state, Presence.call_id).where(
    or_(
        and_(Presence.state == PresenceState.RINGING, ~_PENDING_OFFER),
        and_(
            Presence.state == PresenceState.TALKING,
            ~_own_call(Call.state.in_((CallState.CONNECTING, CallState.TALKING))),
        ),
        and_(Presence.state == PresenceState.WRAP_UP, ~_own_call(Call.finished_at.is_(None))),
    )
)
