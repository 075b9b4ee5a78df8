"""An operator's own words: I am here, ready, not ready because …, gone. Every function acts for the Work's person."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hotline.rules.enums import NotReadyReason, PresenceState
from hotline.rules.errors import LostRace, NotAllowed, UnfinishedCall
from hotline.rules.people.actors import Person, Right
from hotline.services.queueing import desks, offers
from hotline.store.people.tables import Presence
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork

P = PresenceState


def open_desk(work: UnitOfWork) -> None:
    """Open the desk: not ready yet, and alive. An open desk stays as it is (a second tab, a reload)."""
    person = _operator(work)
    row = {
        "user_id": person.id,
        "state": P.NOT_READY,
        "since": work.at,
        "idle_since": work.at,
        "seen_at": work.at,
    }
    if insert_if_absent(work.session, Presence, Presence.user_id, row) is None:
        record_heartbeat(work)
        desks.set_presence(work, person.id, (P.OFFLINE,), P.NOT_READY)


def set_ready(work: UnitOfWork) -> None:
    """Take calls. Raises UnfinishedCall while a past call has neither ticket nor reasoned no-matter.

    The longest-idle clock restarts: who comes back from a break does not overtake who stayed.
    """
    person = _operator(work)
    unfinished = desks.unfinished_call(work, person.id)
    if unfinished is not None:
        raise UnfinishedCall(unfinished)
    open_desk(work)
    if not desks.set_presence(work, person.id, (P.NOT_READY, P.WRAP_UP), P.READY, idle=True):
        if get_presence(work.session, person.id).state is not P.READY:
            raise LostRace("busy with a call")
        return
    offers.offer_waiting(work)


def set_not_ready(work: UnitOfWork, reason: NotReadyReason) -> None:
    """Take no calls, for a reason. Raises LostRace while a call rings or is being talked or wrapped up."""
    person = _operator(work)
    open_desk(work)
    if not desks.set_presence(work, person.id, (P.READY, P.NOT_READY), P.NOT_READY, reason=reason.value):
        raise LostRace("busy with a call")


def close_desk(work: UnitOfWork) -> None:
    """Close the desk. Raises LostRace during a call, UnfinishedCall before its record is complete."""
    person = _operator(work)
    unfinished = desks.unfinished_call(work, person.id)
    if unfinished is not None:
        raise UnfinishedCall(unfinished)
    if not desks.set_presence(work, person.id, (P.READY, P.NOT_READY, P.WRAP_UP, P.OFFLINE), P.OFFLINE):
        known = work.session.get(Presence, person.id)
        if known is not None:
            raise LostRace("busy with a call")


def record_heartbeat(work: UnitOfWork) -> None:
    """Note a sign of life of the desk's browser."""
    person = _operator(work)
    work.session.execute(update(Presence).where(Presence.user_id == person.id).values(seen_at=work.at))


def get_presence(session: Session, user_id: int) -> Presence:
    """Return what the desk is doing. Raises NotAllowed if this person never opened one."""
    found = session.scalar(
        select(Presence).where(Presence.user_id == user_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotAllowed("no desk")
    return found


def close_silent_desks(work: UnitOfWork) -> int:
    """Close desks without a sign of life; a silent desk is never offered a call. Returns how many were closed."""
    limit = work.at - timedelta(seconds=work.policies.queue.presence_timeout)
    idle = (P.READY, P.NOT_READY)
    silent = select(Presence.user_id).where(Presence.state.in_(idle), Presence.seen_at < limit)
    return sum(
        desks.set_presence(work, user_id, idle, P.OFFLINE) for user_id in work.session.scalars(silent).all()
    )


def flag_long_wrap_ups(work: UnitOfWork) -> int:
    """Mark wrap-ups beyond the limit, so that desk and shift leader see them. Returns how many were marked."""
    limit = work.at - timedelta(seconds=work.policies.queue.wrap_up_seconds)
    marked = 0
    late = select(Presence.user_id, Presence.since, Presence.call_id).where(
        Presence.state == P.WRAP_UP, Presence.since < limit, Presence.reason.is_(None)
    )
    for user_id, _since, call_id in work.session.execute(late).all():
        marked += desks.mark_overtime(work, user_id, call_id)
    return marked


def _operator(work: UnitOfWork) -> Person:
    if not isinstance(work.actor, Person) or not work.actor.may(Right.TAKE_CALLS):
        raise NotAllowed("takes no calls")
    return work.actor
