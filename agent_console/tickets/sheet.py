"""One ticket as a form slip (办理单): who called as far as this person may know, the next step with its fields, the clocks, the rounds, the log.

The same slip stands in the list of tickets and in a unit's inbox; only the address its forms go to differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from agent_console.tickets.due_labels import ClockView, clocks_of
from agent_console.tickets.recordings import Heard, heard_by
from agent_console.tickets.timeline import Line, timeline_lines
from agent_console.web.auth import current_person
from agent_console.web.console_context import application
from agent_console.web.template_context import unit_name
from hotline.rules.enums import TicketAction
from hotline.rules.people.actors import Person, Right
from hotline.rules.people.privacy import (
    is_caller_hidden,
    is_number_withheld,
    mask_name,
    mask_number,
    may_see_ticket_number,
)
from hotline.rules.phone_numbers import format_national
from hotline.rules.tickets.inbox import is_overdue
from hotline.rules.tickets.transitions import TRANSITIONS, allowed_actions
from hotline.services.tickets import due_dates
from hotline.store.people.tables import list_units
from hotline.store.tickets.history import TicketDetails, read_ticket_details
from hotline.store.tickets.lists import address_of, find_ticket_for
from hotline.store.tickets.tables import Ticket

Errors = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CallerSeen:
    """A caller as this person sees them. `number` is masked unless it was shown just now; `shown` says which."""

    name: str
    number: str
    hidden: bool
    withheld: bool
    may_show: bool
    shown: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """What a form could not do: words for the top, field -> words beside the fields, and what had been typed."""

    message: str
    errors: Errors = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    action: TicketAction | None = None


@dataclass(frozen=True, slots=True)
class Slip:
    """Everything the slip's template needs. `steps`: what may be done now, in the table's order, with the needed fields."""

    ticket: Ticket
    address: str
    file: TicketDetails
    caller: CallerSeen
    unit: str
    overdue: bool
    clocks: list[ClockView]
    lines: list[Line]
    steps: dict[TicketAction, tuple[str, ...]]
    units: list[tuple[str, str]]
    refused: Refused | None
    recordings: tuple[Heard, ...]
    access_code: str
    """What the caller types to hear the state; empty for who may not know it."""

    def value(self, name: str) -> str:
        """Return what a field of the form shows: what was typed before it was refused, else what is stored."""
        if self.refused is not None and name in self.refused.typed:
            return self.refused.typed[name]
        stored = getattr(self.ticket, name, None)
        return "" if stored is None else str(getattr(stored, "value", stored))

    def error(self, name: str) -> str:
        return self.refused.errors.get(name, "") if self.refused else ""


def read_slip(address: str, *, shown_number: str | None = None, refused: Refused | None = None) -> Slip:
    """Return the slip at `address` as the acting person may see it. Raises NotFound."""
    person = current_person()
    with application().read_only_unit(person) as reading:
        session, at = reading.session, reading.at
        ticket = find_ticket_for(session, person, address)
        if ticket is None:
            raise NotFound
        file = read_ticket_details(session, person, ticket)
        counted = due_dates.explain(reading, ticket)
        steps = _steps(person, ticket)
        units = list_units(session)
        return Slip(
            ticket=ticket,
            address=address_of(ticket),
            file=file,
            caller=_caller(person, ticket, shown_number),
            unit=unit_name(file.unit) if file.unit else "",
            overdue=is_overdue(ticket.state, ticket.due_at, at),
            clocks=clocks_of(ticket, counted, at),
            lines=timeline_lines(file.timeline, {unit.code: unit_name(unit) for unit in units}),
            steps=steps,
            units=[(unit.code, unit_name(unit)) for unit in units if unit.active],
            refused=refused,
            recordings=_recordings(session, person, ticket),
            access_code=code_for(person, ticket),
        )


def _steps(person: Person, ticket: Ticket) -> dict[TicketAction, tuple[str, ...]]:
    allowed = allowed_actions(ticket.state, person, ticket.unit_code)
    rows = (row for row in TRANSITIONS if ticket.state in row.origins and row.action in allowed)
    return {row.action: row.needs for row in rows}


def _recordings(session: Session, person: Person, ticket: Ticket) -> tuple[Heard, ...]:
    if ticket.call_id is None:
        return ()
    return heard_by(session, person, (ticket.call_id,)).get(ticket.call_id, ())


def code_for(person: Person, ticket: Ticket) -> str:
    """Return the access code of a ticket to those who tell it to callers; empty for everybody else and without one."""
    return (ticket.access_code or "") if person.may(Right.WRITE_TICKETS) else ""


def _caller(person: Person, ticket: Ticket, shown_number: str | None) -> CallerSeen:
    hidden = is_caller_hidden(person, confidential=ticket.confidential)
    withheld = is_number_withheld(ticket.caller_number)
    may_show = may_see_ticket_number(
        person, ticket.state, ticket.unit_code, ticket.author_id, confidential=ticket.confidential
    )
    return CallerSeen(
        name="" if hidden else mask_name(ticket.caller_name),
        number=format_national(shown_number)
        if shown_number
        else ("" if hidden or withheld else mask_number(ticket.caller_number)),
        hidden=hidden,
        withheld=withheld,
        may_show=may_show and not withheld and shown_number is None,
        shown=shown_number is not None,
    )
