"""Taking the next step of a ticket from a page: the form parsed, the step performed, or the reasons told at the fields."""

from flask import request
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from agent_console.tickets.sheet import Refused
from agent_console.web.auth import current_person
from agent_console.web.console_context import application
from agent_console.web.domain_errors import entry_of, field_codes
from agent_console.web.labels import problem_label
from hotline.rules.enums import TicketAction
from hotline.rules.errors import DomainError, NoSuchTicket, NotAllowed
from hotline.rules.tickets.fields import STATED_NAMES, parse_ticket_fields
from hotline.rules.tickets.transitions import find_action
from hotline.services.people import disclosures
from hotline.services.tickets import actions
from hotline.store.tickets.lists import address_of, find_ticket_for

WHY_LOOK = "call_back"
"""Recorded with each look from a ticket: the only reason for which a page shows a number."""


def take_step(address: str, action_name: str) -> tuple[str, Refused | None, int]:
    """Perform a step with the posted form.

    Returns the ticket's address afterwards, what was refused (None: done) and the HTTP status for a refusal.
    Raises NotFound for a step that does not exist or a ticket this person may not read.
    """
    action = _action(action_name)
    typed = {name: value for name, value in request.form.items() if name in STATED_NAMES}
    try:
        with application().unit_of_work(current_person()) as work:
            ticket = find_ticket_for(work.session, current_person(), address)
            if ticket is None:
                raise NotFound
            done = actions.perform(work, ticket.id, action, parse_ticket_fields(typed), _revision())
            return address_of(done), None, 200
    except NoSuchTicket:
        raise
    except DomainError as error:
        return address, _rejected(error, typed, action), entry_of(error).status


def look_at_number(address: str) -> tuple[str | None, Refused | None]:
    """Show a ticket's full number and record the look; the number, or why not. Raises NotFound."""
    try:
        with application().unit_of_work(current_person()) as work:
            ticket = find_ticket_for(work.session, current_person(), address)
            if ticket is None:
                raise NotFound
            return disclosures.show_number(work, "ticket", ticket.id, WHY_LOOK), None
    except NotAllowed:
        return None, Refused(_("现在不能查看完整号码：只有正在办理、需要回电的单位可以查看，保密件除外。"))


def _action(name: str) -> TicketAction:
    action = find_action(name)
    if action is None:
        raise NotFound
    return action


def _revision() -> int | None:
    raw = request.form.get("revision", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


def _rejected(error: DomainError, typed: dict[str, str], action: TicketAction) -> Refused:
    errors = {name: problem_label(code) for name, code in field_codes(error).items()}
    return Refused(message=_(entry_of(error).words), errors=errors, typed=typed, action=action)
