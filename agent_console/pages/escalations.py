"""`/console/escalations`: callbacks that reached nobody and wrap-ups over their limit, each with who sees to it."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.domain_errors import entry_of, field_codes
from agent_console.web.filters import PAGE_ROWS, Filters
from agent_console.web.kept_forms import RejectedForm, page_key, read_kept
from agent_console.web.labels import problem_label
from hotline.rules.enums import EscalationState
from hotline.rules.errors import DomainError, InvalidFields, MissingFields
from hotline.rules.people.actors import Right
from hotline.rules.phone_numbers import format_national
from hotline.services.outbound import exhausted_callbacks
from hotline.services.people import disclosures
from hotline.services.people.kept_forms import drop_form
from hotline.services.queueing import escalations
from hotline.store.calls.escalation_lists import EscalationLine, find_escalation_line, list_escalations
from hotline.store.cursors import BadCursor, Page

UNFINISHED, ALL = "", "all"
KEPT = "escalation"
DISCLOSURE_REASON = "call_back"


@dataclass(frozen=True, slots=True)
class Shown:
    """The row that is open, with the note that was typed into it, or with the number that this request discloses."""

    escalation_id: int | None = None
    note: str = ""
    error: str = ""
    number: str = ""
    kept: RejectedForm | None = None
    status: int = 422


@needs(Right.HANDLE_ESCALATIONS)
def index() -> ResponseReturnValue:
    opened = Filters().row_id("open")
    kept = read_kept(current_person().id, KEPT, str(opened)) if opened else None
    return _list(Shown(opened, note=kept.typed.get("note", "") if kept else "", kept=kept))


@needs(Right.HANDLE_ESCALATIONS)
def take(escalation_id: int) -> ResponseReturnValue:
    try:
        with application().unit_of_work(current_person()) as work:
            escalations.take(work, escalation_id)
    except DomainError as error:
        flash(_(entry_of(error).words), "warning")
    else:
        flash(_("已认领。跟进完毕后请写明结果。"), "done")
    return redirect(url_for("escalations.index", open=escalation_id), 303)


@needs(Right.HANDLE_ESCALATIONS)
def release(escalation_id: int) -> ResponseReturnValue:
    try:
        with application().unit_of_work(current_person()) as work:
            escalations.release(work, escalation_id)
    except DomainError as error:
        flash(_(entry_of(error).words), "warning")
    else:
        flash(_("已退回，其他人可以认领。"), "done")
    return redirect(url_for("escalations.index"), 303)


@needs(Right.HANDLE_ESCALATIONS)
def finish(escalation_id: int) -> ResponseReturnValue:
    """Ends the escalation with the typed note, on wish with a new promise to the caller. A rejected note is shown again."""
    note, person = request.form.get("note", ""), current_person()
    calls_again = request.form.get("step") == "call_again"
    try:
        with application().unit_of_work(person) as work:
            if calls_again:
                exhausted_callbacks.promise_again(work, escalation_id, note)
            else:
                escalations.finish(work, escalation_id, note)
            drop_form(work, person.id, page_key(KEPT, str(escalation_id)))
    except (MissingFields, InvalidFields) as error:
        code = field_codes(error).get("note", "missing")
        return _list(Shown(escalation_id, note, problem_label(code)))
    except DomainError as error:
        return _list(Shown(escalation_id, note, _(entry_of(error).words), status=entry_of(error).status))
    flash(_("已重新登记回拨。") if calls_again else _("已记录跟进结果。"), "done")
    return redirect(url_for("escalations.index"), 303)


@needs(Right.HANDLE_ESCALATIONS)
def show_number(escalation_id: int) -> ResponseReturnValue:
    """Shows the number of a callback once to who has taken it. The disclosure is recorded."""
    try:
        with application().unit_of_work(current_person()) as work:
            line = find_escalation_line(work.session, escalation_id)
            subject_id = line.callback.id if line is not None and line.callback is not None else 0
            number = disclosures.show_number(work, "callback", subject_id, DISCLOSURE_REASON)
    except DomainError as error:
        flash(_(entry_of(error).words), "warning")
        return redirect(url_for("escalations.index"), 303)
    return _list(Shown(escalation_id, number=format_national(number)))


def _list(shown: Shown) -> ResponseReturnValue:
    filters, state = Filters(), None
    filters.row_id("open")
    wanted = request.args.get("state", UNFINISHED)
    if wanted not in {UNFINISHED, ALL}:
        state = filters.choice(EscalationState, "state")
    page: Page[EscalationLine] = Page((), None)
    with application().read_session() as session:
        try:
            if not filters.rejected:
                page = list_escalations(
                    session, state, unfinished=wanted == UNFINISHED, limit=PAGE_ROWS, cursor=filters.cursor
                )
        except BadCursor:
            filters.rejected.append("cursor")
    html = render_template(
        "pages/escalations.html",
        filters=filters,
        page=page,
        states=EscalationState,
        shown=shown,
        my_id=current_person().id,
        max_note=escalations.MAX_NOTE,
    )
    if shown.error:
        return html, shown.status
    return html, 422 if filters.rejected else 200


def pages() -> Blueprint:
    blueprint = Blueprint("escalations", __name__, url_prefix="/console/escalations")
    blueprint.add_url_rule("", "index", index)
    one = "/<int(max=2147483647):escalation_id>"
    for step in (take, release, finish):
        blueprint.add_url_rule(f"{one}/{step.__name__}", step.__name__, step, methods=["POST"])
    blueprint.add_url_rule(f"{one}/number", "show_number", show_number, methods=["POST"])
    return blueprint
