"""Lists of deliveries: what follows from an event, and what came of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from hotline.rules.enums import DeliveryState
from hotline.store.cursors import Page, id_cursor, make_page, parse_id_cursor
from hotline.store.outbox import Delivery, EventRow
from hotline.store.tickets.tables import Ticket


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery, its event's moment and subject (`ticket`, `call`, …), and the ticket's number if the subject is one."""

    delivery: Delivery
    at: datetime
    subject: str
    subject_id: int
    ticket_number: str | None


# The data of the event is not read: it may name a caller.
_LINES = (
    select(Delivery, EventRow.at, EventRow.subject, EventRow.subject_id, Ticket.number)
    .join(EventRow, EventRow.id == Delivery.event_id)
    .outerjoin(Ticket, and_(EventRow.subject == "ticket", Ticket.id == EventRow.subject_id))
)


def find_delivery_line(session: Session, delivery_id: int) -> DeliveryLine | None:
    row = session.execute(_LINES.where(Delivery.id == delivery_id)).one_or_none()
    return None if row is None else DeliveryLine(*row)


def list_deliveries(
    session: Session, states: tuple[DeliveryState, ...], *, limit: int, cursor: str = ""
) -> Page[DeliveryLine]:
    """Returns deliveries in one of `states` (none given: in any), the newest first. Raises BadCursor."""
    conditions: list[ColumnElement[bool]] = [Delivery.state.in_(states)] if states else []
    if cursor:
        conditions.append(Delivery.id < parse_id_cursor(cursor))
    query = _LINES.where(*conditions).order_by(Delivery.id.desc()).limit(limit + 1)
    lines = [DeliveryLine(*row) for row in session.execute(query)]
    return make_page(lines, limit, lambda line: id_cursor(line.delivery.id))
