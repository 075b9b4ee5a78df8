"""Reads everything that is stored about one ticket, for the ticket sheet (办理单), its timeline and the list of viewers."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.rules.people.actors import Person
from hotline.store.calls.tables import Call
from hotline.store.outbound import Dial, FollowUp
from hotline.store.outbox import EventRow
from hotline.store.people.tables import Disclosure, Unit, User
from hotline.store.people.users import TimelineEntry, people_of
from hotline.store.tickets.lists import readable
from hotline.store.tickets.tables import Assignment, Ticket

_MAX_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class DisclosureEntry:
    """One recorded disclosure of a protected field."""

    disclosure: Disclosure
    person: User | None


@dataclass(frozen=True, slots=True)
class TicketDetails:
    """`rounds` holds the linked tickets of the same matter that the reader may read, the first round first, this one included."""

    ticket: Ticket
    unit: Unit | None
    author: User | None
    call: Call | None
    assignment: Assignment | None
    follow_up: FollowUp | None
    dials: tuple[Dial, ...]
    rounds: tuple[Ticket, ...]
    timeline: tuple[TimelineEntry, ...]
    disclosures: tuple[DisclosureEntry, ...]


def read_ticket_details(session: Session, person: Person, ticket: Ticket) -> TicketDetails:
    """Returns what is stored about `ticket`, which `person` may read."""
    mine = Assignment.ticket_id == ticket.id, Assignment.unit_code == ticket.unit_code
    follow_up = session.scalars(select(FollowUp).where(FollowUp.ticket_id == ticket.id)).one_or_none()
    return TicketDetails(
        ticket=ticket,
        unit=session.get(Unit, ticket.unit_code) if ticket.unit_code else None,
        author=session.get(User, ticket.author_id) if ticket.author_id else None,
        call=session.get(Call, ticket.call_id) if ticket.call_id else None,
        assignment=session.scalars(select(Assignment).where(*mine)).one_or_none(),
        follow_up=follow_up,
        dials=_dials(session, follow_up),
        rounds=_rounds(session, person, ticket),
        timeline=timeline(session, ticket.id),
        disclosures=_disclosures(session, ticket.id),
    )


def timeline(session: Session, ticket_id: int) -> tuple[TimelineEntry, ...]:
    """Returns the events of a ticket in order. Events hold ids only, so a timeline holds no personal data."""
    found = select(EventRow).where(EventRow.subject == "ticket", EventRow.subject_id == ticket_id)
    events = session.scalars(found.order_by(EventRow.id)).all()
    people = people_of(session, (event.actor for event in events))
    return tuple(TimelineEntry(event, people.get(event.actor)) for event in events)


def _disclosures(session: Session, ticket_id: int) -> tuple[DisclosureEntry, ...]:
    seen = select(Disclosure, User).outerjoin(User, User.id == Disclosure.user_id)
    mine = seen.where(Disclosure.subject == "ticket", Disclosure.subject_id == ticket_id).order_by(
        Disclosure.id
    )
    return tuple(DisclosureEntry(*row) for row in session.execute(mine))


def _dials(session: Session, follow_up: FollowUp | None) -> tuple[Dial, ...]:
    if follow_up is None:
        return ()
    return tuple(session.scalars(select(Dial).where(Dial.follow_up_id == follow_up.id).order_by(Dial.id)))


def _rounds(session: Session, person: Person, ticket: Ticket) -> tuple[Ticket, ...]:
    chain: list[Ticket] = [ticket]
    before = ticket.redo_of
    while before is not None and len(chain) < _MAX_ROUNDS:
        earlier = session.get_one(Ticket, before)
        chain.insert(0, earlier)
        before = earlier.redo_of
    chain.extend(_later(session, ticket.id, _MAX_ROUNDS))
    visible = set(session.scalars(select(Ticket.id).where(Ticket.id.in_(_ids(chain)), readable(person))))
    return tuple(row for row in chain if row.id in visible)


def _later(session: Session, ticket_id: int, most: int) -> list[Ticket]:
    found: list[Ticket] = []
    after: int | None = ticket_id
    while after is not None and len(found) < most:
        row = session.scalars(select(Ticket).where(Ticket.redo_of == after).order_by(Ticket.id)).first()
        found.extend([row] if row else [])
        after = row.id if row else None
    return found


def _ids(rows: Sequence[Ticket]) -> list[int]:
    return [row.id for row in rows]
