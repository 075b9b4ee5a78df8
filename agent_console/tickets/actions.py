"""Actions of a ticket's page: parses the posted form, performs the action, or returns the rejected form."""

from flask import request
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from agent_console.web.auth import current_person
from agent_console.web.console_context import application
from agent_console.web.domain_errors import entry_of, field_codes
from agent_console.web.forms import RejectedForm
from agent_console.web.labels import problem_label
from hotline.rules.enums import TicketAction
from hotline.rules.errors import DomainError, NoSuchTicket, NotAllowed
from hotline.rules.tickets.fields import STATED_NAMES, parse_ticket_fields
from hotline.rules.tickets.transitions import find_action
from hotline.services.people import disclosures
from hotline.services.tickets import actions
from hotline.store.tickets.lists import address_of, find_ticket_for

# Recorded with each disclosure. A ticket's page shows a number for no other reason.
DISCLOSURE_REASON = "call_back"


def take_step(address: str, action_name: str) -> tuple[str, RejectedForm | None, int]:
    """Performs an action with the posted form.

    Returns the ticket's address afterwards, the rejected form (None if the action was performed) and the HTTP status.
    Raises NotFound for an unknown action or a ticket this person may not read.
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


def reveal_number(address: str) -> tuple[str | None, RejectedForm | None]:
    """Records a disclosure and returns the full number, or the rejected form. Raises NotFound."""
    try:
        with application().unit_of_work(current_person()) as work:
            ticket = find_ticket_for(work.session, current_person(), address)
            if ticket is None:
                raise NotFound
            return disclosures.show_number(work, "ticket", ticket.id, DISCLOSURE_REASON), None
    except NotAllowed:
        return None, RejectedForm(
            _("现在不能查看完整号码：只有正在办理、需要回电的单位可以查看，保密件除外。")
        )


def _action(name: str) -> TicketAction:
    action = find_action(name)
    if action is None:
        raise NotFound
    return action


def _revision() -> int | None:
    raw = request.form.get("revision", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


def _rejected(error: DomainError, typed: dict[str, str], action: TicketAction) -> RejectedForm:
    errors = {name: problem_label(code) for name, code in field_codes(error).items()}
    return RejectedForm(message=_(entry_of(error).words), errors=errors, typed=typed, action=action)
