"""The form of the call in hand: saved as it is typed, finished once, never overwritten unseen."""

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from agent_console.desk.state import draft_values
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.forms import domain_errors_as_json, json_object, object_in, revision_in
from agent_console.web.live import as_milliseconds
from agent_console.web.locale import clock_exact
from hotline.rules.enums import TicketAction
from hotline.rules.errors import InvalidFields, NoSuchTicket
from hotline.rules.people.actors import Right
from hotline.rules.tickets.fields import DESK_FIELDS, TicketFields, parse_ticket_fields
from hotline.services.tickets import actions
from hotline.store.calls import desks
from hotline.store.cursors import MAX_ID
from hotline.store.tickets.tables import Ticket

FINISHING = {"answer": TicketAction.ANSWER, "hand-off": TicketAction.HAND_OFF}
SHORTEST_PLACE = 2
"""One character of a place finds half the city."""


@needs(Right.TAKE_CALLS)
@domain_errors_as_json
def save(ticket_id: int) -> ResponseReturnValue:
    """Save what was typed. 409 with `stale` when another page saved in between: nothing is overwritten."""
    return _perform(ticket_id, TicketAction.SAVE)


@needs(Right.TAKE_CALLS)
@domain_errors_as_json
def finish(ticket_id: int, how: str) -> ResponseReturnValue:
    """Answer on the spot, or hand off to a unit. 422 names what is missing; the form stays."""
    if how not in FINISHING:
        raise NoSuchTicket(how)
    return _perform(ticket_id, FINISHING[how])


@needs(Right.TAKE_CALLS)
@domain_errors_as_json
def read_draft(ticket_id: int) -> ResponseReturnValue:
    """Answer with what is saved, for a page whose revision is stale."""
    with application().read_session() as reading:
        ticket = _own(reading.get(Ticket, ticket_id))
        return jsonify(revision=ticket.revision, state=ticket.state.value, facts=draft_values(ticket))


@needs(Right.TAKE_CALLS)
def nearby() -> ResponseReturnValue:
    """Show recent tickets of the same place: one street lamp is reported more than once."""
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
    revision, facts = revision_in(body), _facts_in(body)
    with application().unit_of_work(current_person()) as work:
        _own(work.session.get(Ticket, ticket_id))
        ticket = actions.perform(work, ticket_id, action, facts, revision)
        at = work.at
    return jsonify(
        revision=ticket.revision,
        number=ticket.number,
        saved_at=as_milliseconds(at),
        saved_clock=clock_exact(at),
    )


def _facts_in(body: dict[str, object]) -> TicketFields:
    raw = object_in(body, "facts")
    foreign = sorted(set(raw) - {field.name for field in DESK_FIELDS})
    if foreign:
        raise InvalidFields(dict.fromkeys(foreign, "unknown_field"))
    return parse_ticket_fields(raw)


def _own(ticket: Ticket | None) -> Ticket:
    """Return the ticket if this person writes it. Raises NoSuchTicket: others' drafts are not for this page."""
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
