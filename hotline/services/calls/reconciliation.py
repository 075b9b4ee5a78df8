"""What to do when a last word never comes: webhooks get lost, and nothing here may hang for ever because of one.

A doubt is only told as an event; a reaction asks the carrier, and what it answers counts. What the carrier cannot
answer any more ends by itself.
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

P = PresenceState
SILENT_AFTER = timedelta(minutes=30)
"""A call older than this is asked after each time; longer than nearly all talks, so that few are asked for nothing."""
MAX_CALL_DURATION = timedelta(hours=4, minutes=10)
"""No carrier lets a call last longer (Twilio: 4 h); whatever is older here is over."""

STRANDED_AFTER = timedelta(seconds=30)
"""A talk that was one is over for both at the same moment: whose side is still open then sits there alone."""


def return_stranded_callers(work: UnitOfWork) -> int:
    """Have callers brought back to the queue whose operator's leg died before it had joined them. Returns how many.

    Asked for again at each look until they are back or gone, for the carrier may be away.
    """
    left = select(Call.id).where(
        Call.state == CallState.AFTER, Call.operator_left_at < work.at - STRANDED_AFTER
    )
    alone = work.session.scalars(left).all()
    for call_id in alone:
        work.record(events.CallLeftAlone(call_id))
    return len(alone)


def check_silent_calls(work: UnitOfWork) -> int:
    """Have the carrier asked about every long call, and end what cannot be alive any more. Returns how many of both."""
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
    """Have the carrier asked about attempts without an end and without a live call; drop those never placed."""
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
    """Free desks that are busy with nothing: no ring pending, no talk alive, no record open. Returns how many.

    A desk whose talk is over without a complete record begins its wrap-up.
    """
    freed = 0
    for user_id, state, call_id in work.session.execute(_STUCK_DESKS).all():
        if state is P.TALKING and desks.unfinished_call(work, user_id) == call_id:
            freed += desks.set_presence(
                work, user_id, (state,), P.WRAP_UP, call_id=call_id, only_call=call_id
            )
        else:
            freed += desks.set_presence(work, user_id, (state,), P.READY, only_call=call_id, idle=True)
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
        and_(Presence.state == P.RINGING, ~_PENDING_OFFER),
        and_(
            Presence.state == P.TALKING, ~_own_call(Call.state.in_((CallState.CONNECTING, CallState.TALKING)))
        ),
        and_(Presence.state == P.WRAP_UP, ~_own_call(Call.finished_at.is_(None))),
    )
)
