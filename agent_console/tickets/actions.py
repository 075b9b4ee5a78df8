"""Actions of a ticket's page: parses the posted form, performs the action, or returns the rejected form."""

from http import HTTPStatus

from flask import request
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from agent_console.web.auth import current_person
from agent_console.web.console_context import application
from agent_console.web.domain_errors import entry_of, field_codes
from agent_console.web.kept_forms import FORM_PAGES, TICKET, RejectedForm, page_key
from agent_console.web.labels import problem_label
from hotline.rules.enums import TicketAction, TicketState
from hotline.rules.errors import DomainError, InvalidFields, NoSuchTicket, NotAllowed, ReasonNeeded
from hotline.rules.text import is_blank
from hotline.rules.tickets.fields import STATED_NAMES, parse_ticket_fields
from hotline.rules.tickets.transitions import TRANSITIONS, editable_fields, find_action, transition
from hotline.rules.tickets.vague_replies import is_vague
from hotline.services.people import disclosures, kept_forms, looks
from hotline.services.people.kept_forms import KeptReason
from hotline.services.tickets import actions
from hotline.store.people.kept_forms import find_kept_form
from hotline.store.tickets.lists import address_of, find_ticket_for
from hotline.unit_of_work import UnitOfWork

# Field of a form whose author was warned that the reply is vague.
VAGUE_ACCEPTED = "vague_accepted"


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
            taken, other = _of_step(typed, ticket.state, action)
            if _is_to_be_reconsidered(taken, ticket.state, action):
                _keep(work, address, KeptReason.REFUSED, typed)
                return address, _vague(typed), HTTPStatus.UNPROCESSABLE_ENTITY
            done = actions.perform(work, ticket.id, action, parse_ticket_fields(taken), _revision())
            _keep(work, address_of(done), KeptReason.OTHER_STEP, other)
            return address_of(done), None, 200
    except NoSuchTicket:
        raise
    except DomainError as error:
        with application().unit_of_work(current_person()) as work:
            _keep(work, address, KeptReason.REFUSED, typed)
        return address, _rejected(error, typed, action), entry_of(error).status


def _is_to_be_reconsidered(taken: dict[str, str], state: TicketState, action: TicketAction) -> bool:
    """Returns whether this form is a vague reply that its author has not been warned of yet."""
    reply = taken.get("reply", "")
    expected = action is TicketAction.REPLY and transition(state, action) is not None
    return expected and VAGUE_ACCEPTED not in request.form and is_vague(reply)


def _vague(typed: dict[str, str]) -> RejectedForm:
    return RejectedForm(
        message=_(
            "没有提交：答复里只有承诺，没有核实情况、办理结果或具体时间。请补充；确需这样答复的，再按一次“答复”即可提交。"
        ),
        typed=typed,
        action=TicketAction.REPLY,
        is_warning=True,
    )


def _of_step(
    typed: dict[str, str], state: TicketState, action: TicketAction
) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the typed fields of this step, and those of the other steps that stand in the same form."""
    row = transition(state, action)
    if row is None:
        return typed, {}
    own = editable_fields(row)
    others = {name for each in TRANSITIONS if state in each.origins for name in each.needs} - own
    return (
        {name: text for name, text in typed.items() if name not in others},
        {name: text for name, text in typed.items() if name in others},
    )


def _keep(work: UnitOfWork, address: str, reason: KeptReason, fields: dict[str, str]) -> None:
    """Keeps the texts of `fields` for the ticket's page in place of what was kept of them before."""
    person_id, key = current_person().id, page_key(TICKET, address)
    before = find_kept_form(work.session, person_id, key)
    texts = {name: text for name, text in fields.items() if not is_blank(text)}
    # What the page showed beside its form was not sent, and stays kept.
    texts |= {
        name: text for name, text in (before.fields if before else {}).items() if name not in request.form
    }
    kept_forms.drop_form(work, person_id, key)
    if texts:
        page = FORM_PAGES[request.endpoint or ""].address({"address": address})
        kept_forms.keep_form(work, person_id, key, address=page, reason=reason, fields=texts)


def reveal_number(address: str) -> tuple[str | None, RejectedForm | None]:
    """Records a disclosure and returns the full number, or the rejected form. Raises NotFound."""
    try:
        with application().unit_of_work(current_person()) as work:
            ticket = find_ticket_for(work.session, current_person(), address)
            if ticket is None:
                raise NotFound
            reason = looks.parse_reason(request.form.get("reason", "")) or ""
            return disclosures.show_number(work, "ticket", ticket.id, reason), None
    except (ReasonNeeded, InvalidFields):
        return None, RejectedForm(_(entry_of(ReasonNeeded()).words))
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
    return RejectedForm(
        message=_(entry_of(error).words),
        errors=errors,
        typed=typed,
        action=action,
        is_stale=entry_of(error).status == HTTPStatus.CONFLICT,
    )
