"""The redo round (重办): a new ticket linked to a closed one, so that first, second and third rounds can be counted."""

from sqlalchemy import update

from hotline import events
from hotline.rules.enums import TicketState
from hotline.rules.errors import NoSuchTicket
from hotline.rules.tickets.fields import TICKET_FIELDS
from hotline.services.tickets import due_dates, numbering
from hotline.store.tickets.tables import Ticket
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork

_CARRIED = tuple(field.name for field in TICKET_FIELDS if field.carried)


def open_redo(work: UnitOfWork, ticket_id: int) -> int | None:
    """Opens the next round of a ticket at the same unit and returns the new ticket's id.

    Returns None if that round exists already, or if the ticket never belonged to a unit. Raises NoSuchTicket.
    """
    old = work.session.get(Ticket, ticket_id, populate_existing=True)
    if old is None:
        raise NoSuchTicket(str(ticket_id))
    if old.unit_code is None:
        return None
    row: dict[str, object] = {name: getattr(old, name) for name in _CARRIED}
    row |= {
        "state": TicketState.DISPATCHED,
        "revision": 1,
        "round": old.round + 1,
        "redo_of": old.id,
        "received_at": work.at,
        "received_on": work.today,
        "dispatched_at": work.at,
    }
    # `redo_of` is unique: a second "no" for the same round inserts nothing. The number is taken only afterwards, so
    # that a repeated answer leaves no gap in the day's sequence.
    new_id = insert_if_absent(work.session, Ticket, Ticket.id, row)
    if new_id is None:
        return None
    dates = due_dates.for_hand_off(work, old.type, old.urgency)
    work.session.execute(
        update(Ticket).where(Ticket.id == new_id).values(number=numbering.take(work), **dates)
    )
    work.record(events.RedoOpened(new_id, old.id))
    work.record(events.TicketHandedOff(new_id, old.unit_code))
    return int(new_id)
