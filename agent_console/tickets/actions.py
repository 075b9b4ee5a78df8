"""Taking the next step of a ticket from a page: the form parsed, the step performed, or the reasons told at the fields."""

from flask import request
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from agent_console.tickets.sheet import Refused
from agent_console.web.auth import current_person
from agent_console.web.console_context import application
from agent_console.web.labels import problem_label
from agent_console.web.locale import N_
from hotline.rules import errors as domain_errors
from hotline.rules.enums import TicketAction
from hotline.rules.tickets.fields import PARSERS, parse_ticket_fields
from hotline.rules.tickets.transitions import TRANSITIONS
from hotline.services.people import disclosures
from hotline.services.tickets import actions
from hotline.store.tickets.lists import address_of, find_ticket_for

WHY_LOOK = "call_back"
"""Recorded with each look from a ticket: the only reason for which a page shows a number."""

_WORDS: dict[type[domain_errors.DomainError], str] = {
    domain_errors.InvalidFields: N_("有字段需要修改。已填内容都在，请看标红处。"),
    domain_errors.MissingFields: N_("还缺几项。已填内容都在，请补齐标红处。"),
    domain_errors.UnknownUnit: N_("没有这个承办单位，请重新选择。"),
    domain_errors.StaleRevision: N_(
        "刚才有人改过这张工单。下面是最新内容，请核对后重试；您填写的内容已保留。"
    ),
    domain_errors.ActionNotAllowed: N_("这张工单的状态已变化，这一步不再可用。"),
    domain_errors.LostRace: N_("刚刚有人抢先处理。下面是最新内容。"),
    domain_errors.NotAllowed: N_("您不能进行此操作。"),
}
_STATUS: dict[type[domain_errors.DomainError], int] = {
    domain_errors.StaleRevision: 409,
    domain_errors.ActionNotAllowed: 409,
    domain_errors.LostRace: 409,
    domain_errors.NotAllowed: 403,
}


def take_step(address: str, action_name: str) -> tuple[str, Refused | None, int]:
    """Perform a step with the posted form.

    Returns the ticket's address afterwards, what was refused (None: done) and the HTTP status for a refusal.
    Raises NotFound for a step that does not exist or a ticket this person may not read.
    """
    action = _action(action_name)
    typed = {name: value for name, value in request.form.items() if name in PARSERS}
    try:
        with application().unit_of_work(current_person()) as work:
            ticket = find_ticket_for(work.session, current_person(), address)
            if ticket is None:
                raise NotFound
            done = actions.perform(work, ticket.id, action, parse_ticket_fields(typed), _revision())
            return address_of(done), None, 200
    except domain_errors.NoSuchTicket as gone:
        raise NotFound from gone
    except domain_errors.DomainError as refusal:
        return address, _refused(refusal, typed, action), _STATUS.get(type(refusal), 422)


def look_at_number(address: str) -> tuple[str | None, Refused | None]:
    """Show a ticket's full number and record the look; the number, or why not. Raises NotFound."""
    try:
        with application().unit_of_work(current_person()) as work:
            ticket = find_ticket_for(work.session, current_person(), address)
            if ticket is None:
                raise NotFound
            return disclosures.show_number(work, "ticket", ticket.id, WHY_LOOK), None
    except domain_errors.NotAllowed:
        return None, Refused(_("现在不能查看完整号码：只有正在办理、需要回电的单位可以查看，保密件除外。"))


def _action(name: str) -> TicketAction:
    for row in TRANSITIONS:
        if row.action.value == name:
            return row.action
    raise NotFound


def _revision() -> int | None:
    raw = request.form.get("revision", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


def _refused(refusal: domain_errors.DomainError, typed: dict[str, str], action: TicketAction) -> Refused:
    errors: dict[str, str] = {}
    match refusal:
        case domain_errors.InvalidFields():
            errors = {name: problem_label(code) for name, code in refusal.errors.items()}
        case domain_errors.MissingFields():
            errors = {name: problem_label("missing") for name in refusal.fields}
        case domain_errors.UnknownUnit():
            errors = {"unit_code": problem_label("unknown_value")}
        case _:
            pass
    words = _WORDS.get(type(refusal), N_("没有成功，请刷新后重试。"))
    return Refused(message=_(words), errors=errors, typed=typed, action=action)
