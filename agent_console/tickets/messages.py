"""Messages nobody has dealt with yet: how many wait, so that they are found from wherever an operator looks."""

from datetime import datetime

from sqlalchemy.orm import Session

from hotline.rules.people.actors import Person, Right
from hotline.store.tickets.lists import TicketFilter, count_tickets

WAITING = TicketFilter(messages=True)


def messages_waiting(session: Session, person: Person, at: datetime) -> int:
    """Return how many drafts of messages wait for somebody to listen; 0 for who does not write tickets."""
    return count_tickets(session, person, WAITING, at) if person.may(Right.WRITE_TICKETS) else 0
