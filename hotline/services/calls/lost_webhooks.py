"""Periodic checks for calls whose final status webhook was lost.

A check only records an event; a reaction then asks the carrier, and the carrier's answer counts. What the
carrier can no longer answer is ended here.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, update

from hotline import events
from hotline.rules.enums import CallState, DialState, OfferState, PresenceState
from hotline.services.calls import lifecycle
from hotline.services.outbound import outbound_calls
from hotline.services.outbound.dial_attempts import AT_CARRIER, HAS_LIVE_CALL
from hotline.services.queueing import desks
from hotline.store.base import UtcDateTime, constants
from hotline.store.calls.tables import Call, Offer
from hotline.store.outbound import Dial
from hotline.store.people.tables import Presence
from hotline.unit_of_work import UnitOfWork

# Checks requested in one run at most, so that an outage does not flood the carrier's API.
MAX_CHECKS = 20
# A call that is alive at its check is checked again after as long as it has lasted, within these limits.
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=10)
# The carrier's limit is 4 h (Twilio); an older call is over.
MAX_CALL_DURATION = timedelta(hours=4, minutes=10)

# When a conversation ends, both legs end together; a leg still open after this delay has no partner.
STRANDED_AFTER = timedelta(seconds=5)
_LIVE = tuple(state for state in CallState if state is not CallState.ENDED)
# Built once: the scheduler runs them every few seconds.
_LEFT_ALONE = select(Call.id).where(
    Call.state == constants([CallState.AFTER])[0],
    Call.operator_left_at < bindparam("left_before", type_=UtcDateTime),
)
_OVERDUE_CALLS = (
    select(Call.id, Call.sid, Call.arrived_at, Call.answered_at)
    # Stated by inclusion: the index on the state then finds the live calls.
    .where(Call.state.in_(constants(_LIVE)), Call.check_at <= bindparam("now", type_=UtcDateTime))
    .order_by(Call.check_at, Call.id)
    .limit(MAX_CHECKS)
)
_IS_OVERDUE = and_(
    Dial.state.in_(constants(AT_CARRIER)),
    Dial.check_at <= bindparam("now", type_=UtcDateTime),
    ~HAS_LIVE_CALL,
)
_WAS_NEVER_PLACED = and_(
    Dial.state == constants([DialState.PLANNED])[0],
    Dial.planned_at < bindparam("planned_before", type_=UtcDateTime),
)
_SILENT_DIALS = (
    select(Dial.id, Dial.ref, Dial.state)
    # The states once more, beside the two conditions: an index finds a set of values, and rarely an alternative.
    .where(Dial.state.in_(constants((*AT_CARRIER, DialState.PLANNED))), or_(_IS_OVERDUE, _WAS_NEVER_PLACED))
    .order_by(Dial.id)
    .limit(MAX_CHECKS)
)


def return_stranded_callers(work: UnitOfWork) -> int:
    """Requests the return of callers whose operator's leg ended before both had joined. Returns their number."""
    alone = work.connection.scalars(_LEFT_ALONE, {"left_before": work.at - STRANDED_AFTER}).all()
    for call_id in alone:
        # Recorded again at each run until the caller is back or gone, because the carrier may be
        # unavailable.
        work.record(events.CallLeftAlone(call_id))
    return len(alone)


def check_silent_calls(work: UnitOfWork) -> int:
    """Requests a check of calls whose next webhook is overdue and ends the ones beyond the carrier's limit.

    Returns the number of both.
    """
    rows = work.connection.execute(_OVERDUE_CALLS, {"now": work.at}).all()
    for call_id, sid, arrived_at, answered_at in rows:
        if arrived_at < work.at - MAX_CALL_DURATION:
            lifecycle.end_call(work, sid=sid, status="completed")
            continue
        pause = min(max(work.at - (answered_at or arrived_at), SHORTEST_PAUSE), LONGEST_PAUSE)
        work.session.execute(update(Call).where(Call.id == call_id).values(check_at=work.at + pause))
        work.record(events.CallCheckRequested(call_id))
    return len(rows)


def check_silent_dials(work: UnitOfWork) -> int:
    """Requests a check of attempts whose ring must be over and that have no live call; returns their number.

    Attempts that were never placed are dropped.
    """
    moments = {"now": work.at, "planned_before": work.at - outbound_calls.STALE_AFTER}
    rows = work.connection.execute(_SILENT_DIALS, moments).all()
    for dial_id, ref, state in rows:
        if state is DialState.PLANNED:
            outbound_calls.end_dial(work, ref, outcome=outbound_calls.DROPPED)
            continue
        work.session.execute(update(Dial).where(Dial.id == dial_id).values(check_at=work.at + SHORTEST_PAUSE))
        work.record(events.DialCheckRequested(dial_id))
    return len(rows)


def free_stuck_desks(work: UnitOfWork) -> int:
    """Frees desks that are busy without a pending offer, live conversation or open record. Returns their number.

    A desk whose conversation is over without a complete record begins its wrap-up.
    """
    freed = 0
    for user_id, state, call_id in work.connection.execute(_STUCK_DESKS).all():
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
