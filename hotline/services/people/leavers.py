"""Hands over what a person had begun, when the account is disabled or gets a role that may not go on with it.

A new kind of work that belongs to a person is one line in HAND_OVERS.
"""

from collections.abc import Callable

from sqlalchemy import select, update

from hotline import events
from hotline.rules.enums import CallState, OfferState, PresenceState, TicketState
from hotline.services.calls import recordings
from hotline.services.people import sign_ins
from hotline.services.queueing import desks, escalations, offers
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Presence, User
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

# Takes the unit of work, the leaver, the successor (None: nobody in particular); returns how much it handed over.
HandOver = Callable[[UnitOfWork, int, int | None], int]


def leave(work: UnitOfWork, user_id: int, successor_id: int | None) -> None:
    """Closes the desk of a disabled user and hands over what they had begun; during a talk both wait for its end (`close_desks`)."""
    offer_id = offers.ring_at_desk(work, user_id)
    if offer_id is not None:
        offers.settle_offer(work, offer_id, OfferState.WITHDRAWN)
    if _is_talking(work, user_id):
        work.session.execute(update(User).where(User.id == user_id).values(successor_id=successor_id))
    else:
        _close(work, user_id, successor_id)


def close_desks(work: UnitOfWork) -> int:
    """Closes the desks of disabled users whose last talk is over, and hands over what they had begun; returns their number."""
    over = select(User.id, User.successor_id).where(
        User.id == Presence.user_id,
        User.active.is_(False),
        Presence.state.not_in((PresenceState.OFFLINE, PresenceState.TALKING)),
    )
    leaving = work.session.execute(over).all()
    for user_id, successor_id in leaving:
        leave(work, user_id, successor_id)
    return len(leaving)


def hand_over(work: UnitOfWork, user_id: int, successor_id: int | None) -> None:
    """Hands over everything that `user_id` had begun; with None every writer of tickets may go on with it."""
    counts = {kind: count(work, user_id, successor_id) for kind, count in HAND_OVERS.items()}
    done = {kind: count for kind, count in counts.items() if count}
    if done:
        work.record(events.WorkHandedOver(user_id, successor_id, done))


def _close(work: UnitOfWork, user_id: int, successor_id: int | None) -> None:
    desks.set_presence(work, user_id, set(PresenceState) - {PresenceState.OFFLINE}, PresenceState.OFFLINE)
    hand_over(work, user_id, successor_id)
    sign_ins.end_sessions(work, user_id)


def _is_talking(work: UnitOfWork, user_id: int) -> bool:
    state = work.session.scalar(select(Presence.state).where(Presence.user_id == user_id).with_for_update())
    return state is PresenceState.TALKING


def _open_missing_drafts(work: UnitOfWork, user_id: int, successor_id: int | None) -> int:
    """Opens a draft for each finished call of the leaver that has neither a ticket nor a reason for having none."""
    unfinished = desks.unfinished_calls(work, user_id)
    return sum(recordings.open_draft(work, call_id, author_id=successor_id) for call_id in unfinished)


def _pass_on_drafts(work: UnitOfWork, user_id: int, successor_id: int | None) -> int:
    drafts = select(Ticket.id).where(Ticket.author_id == user_id, Ticket.state == TicketState.DRAFT)
    ids = work.session.scalars(drafts.order_by(Ticket.id).with_for_update()).all()
    for ticket_id in ids:
        passed = update(Ticket).where(Ticket.id == ticket_id).values(author_id=successor_id)
        work.session.execute(passed, execution_options={"synchronize_session": False})
        work.record(events.DraftHandedOver(ticket_id, successor_id, user_id))
    return len(ids)


def _pass_on_callers(work: UnitOfWork, user_id: int, _successor_id: int | None) -> int:
    """Lets callers who wait for this operator alone go on to any operator."""
    waiting = update(Call).where(
        Call.desk_id == user_id, Call.state.in_((CallState.IN_FLOW, CallState.QUEUED, CallState.OFFERED))
    )
    return int(getattr(work.session.execute(waiting.values(desk_id=None)), "rowcount", 0))


def _give_back_escalations(work: UnitOfWork, user_id: int, _successor_id: int | None) -> int:
    return escalations.give_back(work, user_id)


HAND_OVERS: dict[str, HandOver] = {
    "calls": _open_missing_drafts,
    "drafts": _pass_on_drafts,
    "callers": _pass_on_callers,
    "escalations": _give_back_escalations,
}
