"""The ticket form of the current call: saved while it is typed, finished once, guarded by its revision."""

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from agent_console.desk.json_requests import domain_errors_as_json, json_object, object_in, revision_in
from agent_console.desk.state import form_values
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.locale import as_milliseconds, clock_exact
from hotline.rules.enums import TicketAction
from hotline.rules.errors import InvalidFields, NoSuchTicket
from hotline.rules.people.actors import Right
from hotline.rules.tickets.fields import DESK_FIELDS, TicketFields, parse_ticket_fields
from hotline.services.tickets import actions
from hotline.store.calls import desks
from hotline.store.cursors import MAX_ID
from hotline.store.tickets.tables import Ticket

FINISHING = {"answer": TicketAction.ANSWER, "hand-off": TicketAction.HAND_OFF}
# A place of one character would match half the city.
SHORTEST_PLACE = 2


@needs(Right.TAKE_CALLS, serves_talk=True)
@domain_errors_as_json
def save(ticket_id: int) -> ResponseReturnValue:
    """Saves the form. 409 with `stale` if another page saved in between; nothing is overwritten."""
    return _perform(ticket_id, TicketAction.SAVE)


@needs(Right.TAKE_CALLS, serves_talk=True)
@domain_errors_as_json
def finish(ticket_id: int, how: str) -> ResponseReturnValue:
    """Answers and closes the ticket, or hands it off to a unit. 422 names the missing fields."""
    if how not in FINISHING:
        raise NoSuchTicket(how)
    return _perform(ticket_id, FINISHING[how])


@needs(Right.TAKE_CALLS, serves_talk=True)
@domain_errors_as_json
def read_draft(ticket_id: int) -> ResponseReturnValue:
    """Answers with the saved draft, for a page whose revision is stale."""
    with application().read_session() as reading:
        ticket = _own(reading.get(Ticket, ticket_id))
        return jsonify(revision=ticket.revision, state=ticket.state.value, facts=form_values(ticket))


@needs(Right.TAKE_CALLS, serves_talk=True)
def nearby() -> ResponseReturnValue:
    """Shows recent tickets of the same place, because one fault is often reported more than once."""
    place = request.args.get("place", "").strip()[:200]
    except_id = min(request.args.get("ticket", default=0, type=int), MAX_ID)
    found: tuple[Ticket, ...] = ()
    if len(place) >= SHORTEST_PLACE:
        today = application().clock().astimezone(application().policies.zone).date()
        with application().read_session() as reading:
            found = desks.tickets_near(reading, place, except_id, today)
    return render_template("desk/nearby.html", tickets=found, place=place)


def _perform(ticket_id: int, action: TicketAction) -> ResponseReturnValue:
    body = json_object()
    revision, stated = revision_in(body), _stated_fields(body)
    with application().unit_of_work(current_person()) as work:
        _own(work.session.get(Ticket, ticket_id))
        ticket = actions.perform(work, ticket_id, action, stated, revision)
        at = work.at
    return jsonify(
        revision=ticket.revision,
        number=ticket.number,
        saved_at=as_milliseconds(at),
        saved_clock=clock_exact(at),
    )


def _stated_fields(body: dict[str, object]) -> TicketFields:
    raw = object_in(body, "facts")
    foreign = sorted(set(raw) - {field.name for field in DESK_FIELDS})
    if foreign:
        raise InvalidFields(dict.fromkeys(foreign, "unknown_field"))
    return parse_ticket_fields(raw)


def _own(ticket: Ticket | None) -> Ticket:
    """Returns the ticket if the acting person is its author. Raises NoSuchTicket for others' drafts."""
    if ticket is None or ticket.author_id != current_person().id:
        raise NoSuchTicket
    return ticket


def pages() -> Blueprint:
    blueprint = Blueprint("drafts", __name__)
    add = blueprint.add_url_rule
    add("/console/desk/tickets/<int(max=2147483647):ticket_id>", "read_draft", read_draft)
    add("/console/desk/tickets/<int(max=2147483647):ticket_id>/save", "save", save, methods=["POST"])
    add("/console/desk/tickets/<int(max=2147483647):ticket_id>/<how>", "finish", finish, methods=["POST"])
    add("/console/desk/nearby", "nearby", nearby)
    return blueprint
