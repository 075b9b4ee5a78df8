"""The inboxes of units. A ticket is in an inbox once, however often it is delivered."""

from sqlalchemy import update

from hotline import events
from hotline.store.tickets.tables import Assignment
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork


def deliver(work: UnitOfWork, ticket_id: int, unit_code: str, *, has_channel: bool) -> bool:
    """Puts the ticket into the unit's inbox and records the event. Returns False, without an event, if it is there already.

    `has_channel` says whether the unit is to be notified as well.
    """
    row = {"ticket_id": ticket_id, "unit_code": unit_code, "delivered_at": work.at}
    assignment_id = insert_if_absent(work.connection, Assignment, Assignment.id, row)
    if assignment_id is None:
        return False
    work.record(events.TicketDelivered(ticket_id, assignment_id, unit_code, has_channel))
    return True


def record_notified(work: UnitOfWork, assignment_id: int) -> None:
    """Records that the unit's own system confirmed the notification; the first confirmation stands."""
    unconfirmed = update(Assignment).where(Assignment.id == assignment_id, Assignment.notified_at.is_(None))
    work.session.execute(unconfirmed.values(notified_at=work.at))
