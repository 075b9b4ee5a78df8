"""The operator's desk (`/console`): one page for the current call and its ticket. All other views answer its script.

The services enforce that each call ends with a ticket or with a reason for none.
"""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from agent_console.desk.json_requests import domain_errors_as_json, json_object, text_in
from agent_console.desk.state import (
    CHOOSABLE_REASONS,
    DeskView,
    add_template_globals,
    render_notices,
    state_of,
    view_desk,
)
from agent_console.web.auth import current_person, needs, signed_in
from agent_console.web.console_context import application, options
from agent_console.web.labels import CHOOSABLE_NO_MATTER_REASONS
from agent_console.web.locale import as_milliseconds
from agent_console.web.unit_choices import unit_choices
from hotline.rules.enums import NotReadyReason, TicketAction
from hotline.rules.errors import InvalidFields, LostRace, NotAllowed
from hotline.rules.people.actors import Right
from hotline.rules.phone_numbers import format_national
from hotline.rules.tickets.fields import parse_ticket_fields
from hotline.services.calls import lifecycle
from hotline.services.calls.queries import require_own_call
from hotline.services.people import disclosures
from hotline.services.queueing import offers, presence
from hotline.services.tickets import actions
from hotline.store.calls import desks
from hotline.store.people.units import list_units
from hotline.unit_of_work import ReadSession


@needs(Right.TAKE_CALLS, serves_talk=True)
def index() -> ResponseReturnValue:
    """Shows the desk. Its script keeps it up to date."""
    with application().read_session() as reading:
        viewed = _view(reading)
        state = state_of(reading, viewed, "")
        choices = unit_choices(unit for unit in list_units(reading) if unit.active)
        recent = desks.recent_hand_offs(reading, viewed.today)
    return render_template(
        "desk/desk.html",
        v=viewed,
        state=state,
        # `recent`: the picker lists units with many recent tickets first while nothing is typed.
        units=[{**asdict(choice), "recent": recent.get(choice.code, 0)} for choice in choices],
        driver=options().softphone.driver,
        no_matter_reasons=CHOOSABLE_NO_MATTER_REASONS,
    )


@needs(Right.TAKE_CALLS, serves_talk=True)
def state() -> ResponseReturnValue:
    """Answers with the current state of the desk. `work` is the work key of the form the page shows."""
    with application().read_session() as reading:
        return jsonify(state_of(reading, _view(reading), request.args.get("work", "")))


@needs(Right.TAKE_CALLS, serves_talk=True)
def queue() -> ResponseReturnValue:
    """Answers with the queue's figures alone, because they change far more often than the rest."""
    with application().read_session() as reading:
        viewed = _view(reading)
        notices = render_notices(reading, viewed)
    queued = render_template("desk/queue.html", v=viewed)
    return jsonify(now=as_milliseconds(viewed.at), queue=queued, notices=notices)


@needs(Right.TAKE_CALLS, serves_talk=True)
@domain_errors_as_json
def beat() -> ResponseReturnValue:
    """Records that this desk is open. The first beat opens it. `phone` (on, off): whether its telephone can ring."""
    # Other programs beat without a body.
    phone = text_in(json_object(), "phone") if request.content_length else ""
    if phone not in {"", "on", "off"}:
        raise BadRequest
    with application().unit_of_work(current_person()) as work:
        presence.open_desk(work)
        if phone:
            presence.report_telephone(work, is_on=phone == "on")
    return Response(status=204)


@needs(Right.TAKE_CALLS, serves_talk=True)
@domain_errors_as_json
def set_presence() -> ResponseReturnValue:
    """Sets the operator ready, or not ready for a reason. 409 while an earlier call has neither a ticket nor a reason for none."""
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


@needs(Right.TAKE_CALLS, serves_talk=True)
@domain_errors_as_json
def leave() -> ResponseReturnValue:
    """Makes a ready operator not ready, because the last page on which calls ring is being closed."""
    with application().unit_of_work(current_person()) as work:
        presence.leave_desk(work)
    return Response(status=204)


@needs(Right.TAKE_CALLS, serves_talk=True)
@domain_errors_as_json
def open_draft(call_id: int) -> ResponseReturnValue:
    """Opens the ticket of the operator's own call, or returns the one it has."""
    with application().unit_of_work(current_person()) as work:
        require_own_call(work, call_id)
        ticket = actions.open_draft(work, call_id=call_id)
    return jsonify(ticket_id=ticket.id, revision=ticket.revision)


@needs(Right.TAKE_CALLS, serves_talk=True)
@domain_errors_as_json
def answered(call_id: int) -> ResponseReturnValue:
    """Records that the operator's telephone has answered. 409 if the call is no longer theirs, or the carrier reports it."""
    if not options().softphone.desk_reports_answer:
        raise NotAllowed("the carrier reports answers")
    with application().unit_of_work(current_person()) as work:
        if not offers.accept_at_desk(work, call_id):
            raise LostRace("the call is no longer offered to this desk")
        lifecycle.record_connected(work, call_id)
    return Response(status=204)


@needs(Right.TAKE_CALLS, serves_talk=True)
@domain_errors_as_json
def hang_up(call_id: int) -> ResponseReturnValue:
    """Ends the operator's own call, even if the telephone in the browser has disconnected."""
    with application().unit_of_work(current_person()) as work:
        lifecycle.request_hang_up(work, call_id)
    return Response(status=204)


@needs(Right.TAKE_CALLS, serves_talk=True)
@domain_errors_as_json
def show_number(call_id: int) -> ResponseReturnValue:
    """Answers with the caller's number, for the operator on the call only. The disclosure is recorded."""
    reason = text_in(json_object(), "reason")
    with application().unit_of_work(current_person()) as work:
        number = disclosures.show_number(work, "call", call_id, reason)
    return jsonify(number=format_national(number) if number.startswith("+") else number)


@needs(Right.TAKE_CALLS, serves_talk=True)
@domain_errors_as_json
def no_matter(call_id: int) -> ResponseReturnValue:
    """Completes the record of a call without a ticket, for a reason. A draft of the call is discarded."""
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


def _view(session: ReadSession) -> DeskView:
    return view_desk(session, signed_in(), application().clock(), application().policies)


def pages() -> Blueprint:
    blueprint = Blueprint("desk", __name__)
    add_template_globals(blueprint)
    add = blueprint.add_url_rule
    add("/console", "index", index)
    add("/console/desk/state", "state", state)
    add("/console/desk/queue", "queue", queue)
    add("/console/desk/beat", "beat", beat, methods=["POST"])
    add("/console/desk/leave", "leave", leave, methods=["POST"])
    add("/console/desk/presence", "set_presence", set_presence, methods=["POST"])
    add("/console/desk/calls/<int(max=2147483647):call_id>/draft", "open_draft", open_draft, methods=["POST"])
    add("/console/desk/calls/<int(max=2147483647):call_id>/answered", "answered", answered, methods=["POST"])
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
