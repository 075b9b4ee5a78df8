"""The page before a confidential ticket: whoever opens it outside their own open work states a reason first.

Every opening of a ticket is recorded here, with or without a question.
"""

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from agent_console.web.auth import current_person, local_address, needs
from agent_console.web.console_context import application
from agent_console.web.domain_errors import entry_of
from hotline.rules.enums import LookReason
from hotline.rules.errors import InvalidFields, ReasonNeeded
from hotline.rules.people.actors import Right
from hotline.services.people import looks
from hotline.store.tickets.lists import address_of, find_ticket_for
from hotline.store.tickets.tables import Ticket


@dataclass(frozen=True, slots=True)
class SealedTicket:
    """A ticket that is not shown yet, the page that will show it, and the words for what is wrong with the reason."""

    ticket: Ticket
    address: str
    back: str
    error: str = ""


def begin_look(address: str, reason: LookReason | None = None) -> SealedTicket | None:
    """Records a look at the ticket at `address`; returns the sealed ticket if a reason is missing. Raises NotFound."""
    person = current_person()
    with application().read_session() as reading:
        ticket = find_ticket_for(reading, person, address)
        if ticket is None:
            raise NotFound
        if looks.is_look_recorded(reading, person, ticket, application().clock()):
            return None
    try:
        with application().unit_of_work(person) as work:
            looks.look_at_ticket(work, ticket, reason)
    except ReasonNeeded:
        back = request.full_path.rstrip("?") if request.method == "GET" else ""
        return SealedTicket(ticket, address_of(ticket), back)
    return None


@needs(Right.READ_ALL_TICKETS, Right.READ_UNIT_TICKETS)
def open_sealed(address: str) -> ResponseReturnValue:
    """Takes the reason and goes on to the ticket; without one the question is shown again."""
    back = local_address(request.form.get("back"))
    try:
        sealed = begin_look(address, looks.parse_reason(request.form.get("reason", "")))
    except InvalidFields:
        sealed = begin_look(address)
    if sealed is None:
        return redirect(back or url_for("tickets.show", address=address), 303)
    error = _(entry_of(ReasonNeeded()).words)
    return sealed_page(SealedTicket(sealed.ticket, sealed.address, back or "", error)), 422


def sealed_page(sealed: SealedTicket) -> str:
    """Returns the page that asks for the reason. It shows the number of the ticket and nothing of what it says."""
    return render_template("tickets/sealed.html", sealed=sealed)
