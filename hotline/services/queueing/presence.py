"""Presence as operators set it themselves: open, ready, not ready, close. Acts for the person of the unit of work."""

from datetime import timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from hotline.rules.enums import NotReadyReason, OfferState, PresenceState
from hotline.rules.errors import LostRace, NotAllowed, UnfinishedCall
from hotline.rules.people.actors import Person, Right
from hotline.services.queueing import desks, escalations, offers
from hotline.store.base import UtcDateTime, constants
from hotline.store.people.tables import Presence
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork

# After a longer cut the operator becomes ready by hand: the person may have left.
LONGEST_CUT = timedelta(seconds=60)
_CUTS = (NotReadyReason.PHONE_OFF, NotReadyReason.CONNECTION_LOST)
_IDLE = (PresenceState.READY, PresenceState.NOT_READY)
# Built once: the scheduler runs them every few seconds.
_SILENT = select(Presence.user_id, Presence.reason).where(
    Presence.state.in_(constants(_IDLE)), Presence.seen_at < bindparam("seen_before", type_=UtcDateTime)
)
_LONG_WRAP_UPS = select(Presence.user_id, Presence.call_id).where(
    Presence.state == constants([PresenceState.WRAP_UP])[0],
    Presence.since < bindparam("since_before", type_=UtcDateTime),
    Presence.reason.is_(None),
)


def open_desk(work: UnitOfWork) -> None:
    """Opens the desk as not ready; an open desk keeps its state (a second tab, a reload)."""
    person = _operator(work)
    row = {
        "user_id": person.id,
        "state": PresenceState.NOT_READY,
        "since": work.at,
        "idle_since": work.at,
        "seen_at": work.at,
    }
    if insert_if_absent(work.session, Presence, Presence.user_id, row) is None:
        record_heartbeat(work)
        desks.set_presence(work, person.id, (PresenceState.OFFLINE,), PresenceState.NOT_READY)


def set_ready(work: UnitOfWork) -> None:
    """Makes the desk ready. Raises UnfinishedCall while a past call has neither ticket nor reason for having none."""
    person = _operator(work)
    unfinished = desks.unfinished_call(work, person.id)
    if unfinished is not None:
        raise UnfinishedCall(unfinished)
    # The idle clock restarts: an operator who returns from a break does not overtake one who stayed.
    open_desk(work)
    if not desks.set_presence(
        work, person.id, (PresenceState.NOT_READY, PresenceState.WRAP_UP), PresenceState.READY, idle=True
    ):
        if get_presence(work.session, person.id).state is not PresenceState.READY:
            raise LostRace("the desk is busy with a call")
        return
    offers.offer_waiting(work)


def set_not_ready(work: UnitOfWork, reason: NotReadyReason) -> None:
    """Makes the desk not ready with a reason. Raises LostRace while a call rings, is in progress or in wrap-up."""
    person = _operator(work)
    open_desk(work)
    if not desks.set_presence(
        work,
        person.id,
        (PresenceState.READY, PresenceState.NOT_READY),
        PresenceState.NOT_READY,
        reason=reason.value,
    ):
        raise LostRace("the desk is busy with a call")


def report_telephone(work: UnitOfWork, *, is_on: bool) -> None:
    """Takes a ready operator whose telephone cannot ring out of the queue, and back in if it is on again soon.

    An operator whose talk was lost with the telephone comes back in the same way.
    """
    person = _operator(work)
    if not is_on:
        desks.set_presence(
            work,
            person.id,
            (PresenceState.READY,),
            PresenceState.NOT_READY,
            reason=NotReadyReason.PHONE_OFF.value,
        )
        return
    known = get_presence(work.session, person.id)
    was_cut_off = known.state is PresenceState.NOT_READY and known.reason in _CUTS
    is_short = work.at - known.since <= LONGEST_CUT
    # An open record keeps the operator from being ready; it must not refuse the heartbeat.
    if was_cut_off and is_short and desks.unfinished_call(work, person.id) is None:
        set_ready(work)


def leave_desk(work: UnitOfWork) -> None:
    """Makes an operator not ready who has closed the page on which calls ring; a call that rings there goes back.

    The operator is not said to have missed it. A talk and its wrap-up are not touched.
    """
    person, left = _operator(work), NotReadyReason.LEFT_DESK
    if desks.set_presence(
        work, person.id, (PresenceState.READY,), PresenceState.NOT_READY, reason=left.value
    ):
        return
    offer_id = offers.ring_at_desk(work, person.id)
    if offer_id is not None:
        offers.settle_offer(work, offer_id, OfferState.WITHDRAWN, left)


def close_desk(work: UnitOfWork) -> None:
    """Closes the desk. Raises LostRace during a call, UnfinishedCall before its record is complete."""
    person = _operator(work)
    unfinished = desks.unfinished_call(work, person.id)
    if unfinished is not None:
        raise UnfinishedCall(unfinished)
    if not desks.set_presence(
        work,
        person.id,
        (PresenceState.READY, PresenceState.NOT_READY, PresenceState.WRAP_UP, PresenceState.OFFLINE),
        PresenceState.OFFLINE,
    ):
        known = work.session.get(Presence, person.id)
        if known is not None:
            raise LostRace("the desk is busy with a call")


def record_heartbeat(work: UnitOfWork) -> None:
    """Records a heartbeat of the desk's browser."""
    person = _operator(work)
    work.session.execute(update(Presence).where(Presence.user_id == person.id).values(seen_at=work.at))


def get_presence(session: Session, user_id: int) -> Presence:
    """Returns the presence of a desk. Raises NotAllowed if this person never opened one."""
    presence = session.scalar(
        select(Presence).where(Presence.user_id == user_id).execution_options(populate_existing=True)
    )
    if presence is None:
        raise NotAllowed("the user has not opened a desk")
    return presence


def close_silent_desks(work: UnitOfWork) -> int:
    """Closes desks without a heartbeat; a silent desk is never offered a call. Returns their number."""
    limit = work.at - timedelta(seconds=work.policies.queue.presence_timeout)
    # The pages of the console go on to show an operator who left the desk's page that calls do not ring.
    kept = {NotReadyReason.LEFT_DESK}
    return sum(
        desks.set_presence(
            work, user_id, _IDLE, PresenceState.OFFLINE, reason=reason if reason in kept else None
        )
        for user_id, reason in work.connection.execute(_SILENT, {"seen_before": limit}).all()
    )


def flag_long_wrap_ups(work: UnitOfWork) -> int:
    """Marks wrap-ups beyond the limit and escalates them to the shift leader. Returns the number marked.

    An escalation ends by itself with its wrap-up, unless somebody has taken it.
    """
    escalations.end_wrap_ups(work)
    limit = work.at - timedelta(seconds=work.policies.queue.wrap_up_seconds)
    marked = 0
    for user_id, call_id in work.connection.execute(_LONG_WRAP_UPS, {"since_before": limit}).all():
        if desks.mark_overtime(work, user_id, call_id):
            marked += 1
            if call_id is not None:
                escalations.escalate_wrap_up(work, call_id, user_id)
    return marked


def _operator(work: UnitOfWork) -> Person:
    if not isinstance(work.actor, Person) or not work.actor.may(Right.TAKE_CALLS):
        raise NotAllowed("the role takes no calls")
    return work.actor
