"""Looks at tickets: each opening is one row, and a confidential ticket outside one's own open work asks for a reason."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.enums import CHOOSABLE_LOOK_REASONS, LookKind, LookReason
from hotline.rules.errors import InvalidFields, NotAllowed, ReasonNeeded
from hotline.rules.people.actors import Person, Right
from hotline.rules.people.privacy import is_own_open_work, needs_look_reason
from hotline.store.people.looks import has_looked
from hotline.store.people.tables import Disclosure
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

# Openings of one ticket by one person within this time are one look, and a stated reason holds as long.
LOOK_WINDOW = timedelta(minutes=30)


def parse_reason(text: str) -> LookReason | None:
    """Returns the chosen reason, None for an empty text. Raises InvalidFields for one that is not on the list."""
    if not text:
        return None
    if text not in {reason.value for reason in CHOOSABLE_LOOK_REASONS}:
        raise InvalidFields({"reason": "unknown_value"})
    return LookReason(text)


def asks_reason(person: Person, ticket: Ticket) -> bool:
    """Returns whether the person states a reason before they see the ticket."""
    return needs_look_reason(
        person, ticket.state, ticket.unit_code, ticket.author_id, confidential=ticket.confidential
    )


def is_look_recorded(session: Session, person: Person, ticket: Ticket, at: datetime) -> bool:
    """Returns whether a look at the ticket is recorded that still holds."""
    kinds = [LookKind.CONFIDENTIAL]
    if not asks_reason(person, ticket):
        kinds.append(LookKind.TICKET)
    return has_looked(session, person, ticket.id, kinds, at - LOOK_WINDOW)


def look_at_ticket(work: UnitOfWork, ticket: Ticket, reason: LookReason | None) -> None:
    """Records that the acting person opens a ticket which they may read. Raises ReasonNeeded.

    A look at an ordinary ticket is no event: it is a row of this log alone.
    """
    person = _person(work)
    if asks_reason(person, ticket):
        if reason is None:
            raise ReasonNeeded(str(ticket.id))
        look_id = _record(work, person, LookKind.CONFIDENTIAL, reason, ticket)
        work.record(events.ConfidentialOpened(look_id))
        return
    is_own = is_own_open_work(person, ticket.state, ticket.unit_code, ticket.author_id)
    usual = LookReason.OWN_WORK if is_own else LookReason.ORDINARY
    _record(work, person, LookKind.TICKET, reason or usual, ticket)


def record_export(work: UnitOfWork, reason: LookReason | None) -> None:
    """Records that the acting person takes tickets out in a file. Raises NotAllowed, ReasonNeeded."""
    person = _person(work)
    if not person.may(Right.EXPORT_TICKETS):
        raise NotAllowed("the role exports no tickets")
    if reason is None:
        raise ReasonNeeded("export")
    work.record(events.TicketsExported(_record(work, person, LookKind.EXPORT, reason, None)))


def _person(work: UnitOfWork) -> Person:
    if not isinstance(work.actor, Person):
        raise NotAllowed("only a user looks")
    return work.actor


def _record(
    work: UnitOfWork, person: Person, kind: LookKind, reason: LookReason, ticket: Ticket | None
) -> int:
    look = Disclosure(
        at=work.at,
        user_id=person.id,
        subject="export" if ticket is None else "ticket",
        subject_id=0 if ticket is None else ticket.id,
        field=kind.value,
        reason=reason.value,
        ticket_id=None if ticket is None else ticket.id,
    )
    work.session.add(look)
    work.session.flush()
    return look.id
