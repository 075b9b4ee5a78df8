"""The operator's desk (`/console`): one call, one form, one page. Every answer but the page itself is for its own script.

A call ends with a ticket or a reasoned no-matter; the services see to it, the page only says so kindly.
"""

from datetime import date

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from agent_console.desk.initials import initials
from agent_console.desk.labels import CHOOSABLE_REASONS, teach
from agent_console.desk.state import Viewed, render_notices, state_of, view_desk
from agent_console.web.auth import current_person, needs, signed_in
from agent_console.web.console_context import application, options
from agent_console.web.forms import domain_errors_as_json, json_object, text_in
from agent_console.web.labels import CHOOSABLE_NO_MATTER_REASONS
from agent_console.web.live import as_milliseconds
from agent_console.web.template_context import unit_name
from hotline.rules.enums import NotReadyReason, TicketAction
from hotline.rules.errors import InvalidFields
from hotline.rules.people.actors import Right
from hotline.rules.phone_numbers import format_national
from hotline.rules.tickets.fields import parse_ticket_fields
from hotline.services.calls import lifecycle
from hotline.services.calls.queries import require_own_call
from hotline.services.people import disclosures
from hotline.services.queueing import presence
from hotline.services.tickets import actions
from hotline.store.calls import desks


@needs(Right.TAKE_CALLS)
def index() -> ResponseReturnValue:
    """Show the desk; its script keeps it up to date."""
    with application().read_session() as reading:
        viewed = _view(reading)
        state = state_of(reading, viewed, "")
        units = unit_choices(reading, viewed.today)
    return render_template(
        "desk/desk.html",
        v=viewed,
        state=state,
        units=units,
        driver=options().softphone.driver,
        no_matter_reasons=CHOOSABLE_NO_MATTER_REASONS,
    )


def unit_choices(session: Session, today: date) -> list[dict[str, str]]:
    """Return the units as the picker needs them: `keys` is what is searched (both names, code, pinyin initials)."""
    return [
        {
            "code": unit.code,
            "name": unit_name(unit),
            "keys": f"{unit.name_zh} {initials(unit.name_zh)} {unit.name_en} {unit.code}".lower(),
        }
        for unit in desks.active_units(session, today)
    ]


@needs(Right.TAKE_CALLS)
def state() -> ResponseReturnValue:
    """Answer with the desk as it is now; `work` names the form the page has."""
    with application().read_session() as reading:
        return jsonify(state_of(reading, _view(reading), request.args.get("work", "")))


@needs(Right.TAKE_CALLS)
def queue() -> ResponseReturnValue:
    """Answer with the queue's figures alone, for the many moments when only they change."""
    with application().read_session() as reading:
        viewed = _view(reading)
        notices = render_notices(reading, viewed)
    queued = render_template("desk/queue.html", v=viewed)
    return jsonify(now=as_milliseconds(viewed.at), queue=queued, notices=notices)


@needs(Right.TAKE_CALLS)
@domain_errors_as_json
def beat() -> ResponseReturnValue:
    """Note that this desk is open and alive; the first beat opens it."""
    with application().unit_of_work(current_person()) as work:
        presence.open_desk(work)
    return Response(status=204)


@needs(Right.TAKE_CALLS)
@domain_errors_as_json
def set_presence() -> ResponseReturnValue:
    """Be ready, or not ready for a reason. 409 while a past call has neither ticket nor reasoned no-matter."""
    body = json_object()
    wanted, reason = text_in(body, "state"), text_in(body, "reason")
    if wanted not in {"ready", "not_ready"} or (wanted == "not_ready" and reason not in CHOOSABLE_REASONS):
        raise BadRequest
    with application().unit_of_work(current_person()) as work:
        if wanted == "ready":
            presence.set_ready(work)
        else:
            presence.set_not_ready(work, NotReadyReason(reason))
    return Response(status=204)


@needs(Right.TAKE_CALLS)
@domain_errors_as_json
def open_draft(call_id: int) -> ResponseReturnValue:
    """Open the ticket of a call of one's own, or find the one it has."""
    with application().unit_of_work(current_person()) as work:
        require_own_call(work, call_id)
        ticket = actions.open_draft(work, call_id=call_id)
    return jsonify(ticket_id=ticket.id, revision=ticket.revision)


@needs(Right.TAKE_CALLS)
@domain_errors_as_json
def hang_up(call_id: int) -> ResponseReturnValue:
    """End a call of one's own even if the browser's telephone is gone."""
    with application().unit_of_work(current_person()) as work:
        lifecycle.request_hang_up(work, call_id)
    return Response(status=204)


@needs(Right.TAKE_CALLS)
@domain_errors_as_json
def show_number(call_id: int) -> ResponseReturnValue:
    """Show the caller's number to who is on the call; the look is recorded."""
    reason = text_in(json_object(), "reason")
    with application().unit_of_work(current_person()) as work:
        number = disclosures.show_number(work, "call", call_id, reason)
    return jsonify(number=format_national(number) if number.startswith("+") else number)


@needs(Right.TAKE_CALLS)
@domain_errors_as_json
def no_matter(call_id: int) -> ResponseReturnValue:
    """Complete the record of a call without a ticket, for a reason; its draft, if any, is discarded with it."""
    body = json_object()
    stated = parse_ticket_fields({"no_matter": text_in(body, "no_matter"), "note": text_in(body, "note")})
    if stated.no_matter is None:
        raise InvalidFields({"no_matter": "missing"})
    with application().unit_of_work(current_person()) as work:
        require_own_call(work, call_id)
        draft = desks.ticket_of_call(work.session, call_id)
        if draft is not None:
            actions.perform(work, draft.id, TicketAction.DISCARD, stated)
        else:
            lifecycle.finish_without_ticket(work, call_id, stated.no_matter, stated.note or "")
    return Response(status=204)


def _view(session: Session) -> Viewed:
    return view_desk(session, signed_in(), application().clock(), application().policies)


def pages() -> Blueprint:
    blueprint = Blueprint("desk", __name__)
    teach(blueprint)
    add = blueprint.add_url_rule
    add("/console", "index", index)
    add("/console/desk/state", "state", state)
    add("/console/desk/queue", "queue", queue)
    add("/console/desk/beat", "beat", beat, methods=["POST"])
    add("/console/desk/presence", "set_presence", set_presence, methods=["POST"])
    add("/console/desk/calls/<int(max=2147483647):call_id>/draft", "open_draft", open_draft, methods=["POST"])
    add("/console/desk/calls/<int(max=2147483647):call_id>/hang-up", "hang_up", hang_up, methods=["POST"])
    add(
        "/console/desk/calls/<int(max=2147483647):call_id>/number",
        "show_number",
        show_number,
        methods=["POST"],
    )
    add(
        "/console/desk/calls/<int(max=2147483647):call_id>/no-matter",
        "no_matter",
        no_matter,
        methods=["POST"],
    )
    return blueprint
