"""The clauses of a ticket search. Lists, the API and the tickets of the same place use the same ones."""

from sqlalchemy import ColumnElement, and_, false, or_, true

from hotline.rules.enums import OPEN_AT_UNIT, TicketState
from hotline.rules.people.actors import Person, Right
from hotline.rules.tickets.search import SearchWord, search_words
from hotline.store.tickets.tables import Ticket


def matches(query: str, person: Person, line: str) -> ColumnElement[bool]:
    """Returns the clause of the tickets in which `person` finds each word of `query`.

    A hit says nothing that the person may not read: masked numbers and names are searched only where they may be read, and
    a caller's number only as a whole.
    """
    return and_(true(), *(_holds(word, person) for word in search_words(query, line)))


def holds_texts(query: str, line: str) -> ColumnElement[bool]:
    """Returns the clause of the tickets whose unmasked texts hold each word of `query`."""
    words = search_words(query, line)
    return and_(true(), *(Ticket.search_text.contains(word.text, autoescape=True) for word in words))


def _holds(word: SearchWord, person: Person) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = [
        Ticket.search_text.contains(word.text, autoescape=True),
        Ticket.number.icontains(word.text, autoescape=True),
        and_(_reads_in_full(person), Ticket.search_private.contains(word.text, autoescape=True)),
    ]
    if word.number is not None:
        ways.append(and_(_may_search_number(person), Ticket.caller_number == word.number))
    return or_(*ways)


def _reads_in_full(person: Person) -> ColumnElement[bool]:
    """Returns the clause of the tickets that `privacy.may_read_in_full` lets this person read in full."""
    if person.may(Right.WRITE_TICKETS):
        return or_(Ticket.state == TicketState.DRAFT, Ticket.confidential.is_(False))
    return _calls_back(person)


def _may_search_number(person: Person) -> ColumnElement[bool]:
    # Staff who write tickets learn the number from the caller on the line and have to find their earlier tickets.
    return true() if person.may(Right.WRITE_TICKETS) else _calls_back(person)


def _calls_back(person: Person) -> ColumnElement[bool]:
    if not person.may(Right.HANDLE_TICKETS) or person.unit_code is None:
        return false()
    handled = OPEN_AT_UNIT - {TicketState.DISPATCHED}
    return and_(
        Ticket.unit_code == person.unit_code, Ticket.state.in_(handled), Ticket.confidential.is_(False)
    )
