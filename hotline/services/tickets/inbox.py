"""A unit's inbox: a ticket lies in it once, however often it is delivered."""

from sqlalchemy import update

from hotline import events
from hotline.store.tickets.tables import Assignment
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork


def deliver(work: UnitOfWork, ticket_id: int, unit_code: str) -> bool:
    """Lay the ticket into the unit's inbox and tell it; False, and silence, if it already lies there."""
    row = {"ticket_id": ticket_id, "unit_code": unit_code, "delivered_at": work.at}
    assignment_id = insert_if_absent(work.session, Assignment, Assignment.id, row)
    if assignment_id is None:
        return False
    work.record(events.TicketDelivered(ticket_id, assignment_id, unit_code))
    return True


def note_notified(work: UnitOfWork, assignment_id: int) -> None:
    """Note that the unit's own system confirmed."""
    fresh = update(Assignment).where(Assignment.id == assignment_id, Assignment.notified_at.is_(None))
    work.session.execute(fresh.values(notified_at=work.at))
