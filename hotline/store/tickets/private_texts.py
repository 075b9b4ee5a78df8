"""Tickets as a person may read them: numbers and names inside the texts are masked for those who may not see them."""

from collections.abc import Iterable
from typing import Any

from hotline.rules.people.actors import Person
from hotline.rules.people.privacy import may_read_in_full
from hotline.rules.people.private_words import mask_text, mask_texts
from hotline.rules.tickets.fields import TEXT_NAMES
from hotline.store.tickets.tables import Ticket


class ReadableTicket:
    """A ticket whose texts are masked unless `person` may read them in full; every other column is the ticket's own."""

    def __init__(self, ticket: Ticket, person: Person) -> None:
        self._ticket = ticket
        self._is_masked = not _reads_in_full(ticket, person)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._ticket, name)
        return mask_text(value, self._ticket.caller_name) if self._is_masked and name in TEXT_NAMES else value


def texts_of(ticket: Ticket, person: Person, names: Iterable[str] = TEXT_NAMES) -> dict[str, str]:
    """Returns the texts `names` of a ticket as `person` may read them."""
    texts = {name: getattr(ticket, name) for name in names}
    if _reads_in_full(ticket, person):
        return texts
    return mask_texts(texts, ticket.caller_name)


def _reads_in_full(ticket: Ticket, person: Person) -> bool:
    return may_read_in_full(
        person, ticket.state, ticket.unit_code, ticket.author_id, confidential=ticket.confidential
    )
