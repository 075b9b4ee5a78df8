"""Tickets: create, list and read them, take a step of the transition table, read the events."""

from flask import url_for

from agent_console.api.dispatch import ApiRequest, ApiResponse
from agent_console.api.problems import Problem
from agent_console.api.requests import ActionIn, LookQuery, Nothing, TicketIn, TicketQuery, fingerprint
from agent_console.api.schemas import EventListOut
from agent_console.api.serializers import event_out, ticket_made_out, ticket_out
from hotline.rules.enums import LookReason, TicketAction
from hotline.rules.errors import ActionNotAllowed, LostRace, NotAllowed
from hotline.rules.people.actors import Person
from hotline.rules.tickets.transitions import TRANSITIONS, find_action, may_take
from hotline.services.people import looks
from hotline.services.people.units import find_unit
from hotline.services.tickets import actions, idempotency
from hotline.store.tickets.history import timeline
from hotline.store.tickets.lists import (
    TicketFilter,
    TicketListRow,
    find_list_row,
    find_ticket_for,
    list_row_of,
    list_tickets,
)
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import ReadSession, UnitOfWork

# A concurrent request with the same Idempotency-Key commits first or rolls back; the next try finds its ticket or none.
_TRIES = 3


def post_ticket(request: ApiRequest[Nothing, TicketIn]) -> ApiResponse:
    """Creates a ticket. A repeated Idempotency-Key with the same body returns the same ticket."""
    body, stated = request.body, request.body.ticket_fields()
    step = body.step(stated)

    def write(work: UnitOfWork) -> Ticket:
        return actions.create_ticket(work, channel=body.channel, stated=stated, action=step)

    # Without a key nothing but the ticket is written, by one statement.
    is_single = request.idempotency_key is None and step is not None
    unit = request.application.single_write_unit if is_single else request.application.unit_of_work
    for tries_left in reversed(range(_TRIES)):
        try:
            with unit(request.person) as work:
                created = idempotency.write_once(
                    work, request.token_id, request.idempotency_key, lambda: fingerprint(body), write
                )
                made = ticket_made_out(_list_row(work, created.row), request.person, work.at, work.zone)
            break
        except LostRace:
            if tries_left == 0:
                raise
    headers = {"Location": url_for("api.get_ticket", number=made["number"])}
    if created.is_repeat:
        headers["Idempotency-Replayed"] = "true"
    return ApiResponse(made, 201, headers)


def get_tickets(request: ApiRequest[TicketQuery, Nothing]) -> ApiResponse:
    query, at = request.query, request.application.clock()
    wanted = TicketFilter(
        states=query.state,
        types=query.type,
        unit=query.unit,
        channels=query.channel,
        overdue=query.overdue,
        q=query.q,
        first=query.first,
        last=query.last,
        author_id=request.person.id if query.mine else None,
        line=request.application.policies.number,
        order=query.sort,
    )
    with request.application.read_session() as session:
        page = list_tickets(session, request.person, wanted, at, limit=query.limit, cursor=query.cursor)
    zone = request.application.policies.zone
    items = [ticket_out(line, request.person, at, zone) for line in page.rows]
    return ApiResponse({"items": items, "next_cursor": page.next_cursor})


def get_ticket(request: ApiRequest[LookQuery, Nothing]) -> ApiResponse:
    """Returns a ticket and records the look. A confidential one is answered without a reason too, and recorded so."""
    person, at = request.person, request.application.clock()
    reason = looks.parse_reason(request.query.reason)
    with request.application.read_session() as session:
        line = find_list_row(session, person, request.path["number"])
        if line is None:
            raise Problem("not_found")
        is_recorded = looks.is_look_recorded(session, person, line.ticket, at)
    if not is_recorded:
        # Programs of earlier versions name no reason.
        with request.application.unit_of_work(person) as work:
            looks.look_at_ticket(work, line.ticket, reason or LookReason.UNSTATED)
    return ApiResponse(
        ticket_out(line, request.person, request.application.clock(), request.application.policies.zone)
    )


def post_action(request: ApiRequest[Nothing, ActionIn]) -> ApiResponse:
    """Takes one step. 404 for an unknown ticket or step, 403 for a role that never takes it, 409 for a wrong state."""
    action = _action(request.path["action"])
    with request.application.unit_of_work(request.person) as work:
        ticket = _find(work.session, request.person, request.path["number"])
        try:
            changed = actions.perform(
                work, ticket.id, action, request.body.ticket_fields(), request.body.revision
            )
        except ActionNotAllowed as error:
            if not _ever_takes(request.person, action, ticket.unit_code):
                raise NotAllowed(action.value) from error
            raise
        return ApiResponse(ticket_out(_list_row(work, changed), request.person, work.at, work.zone))


def get_ticket_events(request: ApiRequest[Nothing, Nothing]) -> ApiResponse:
    zone = request.application.policies.zone
    with request.application.read_session() as session:
        ticket = _find(session, request.person, request.path["number"])
        entries = timeline(session, ticket.id)
    return ApiResponse(EventListOut(items=tuple(event_out(entry, zone) for entry in entries)))


def _list_row(work: UnitOfWork, ticket: Ticket) -> TicketListRow:
    return list_row_of(work.session, ticket, find_unit(work, ticket.unit_code))


def _find(session: ReadSession, person: Person, number: str) -> Ticket:
    ticket = find_ticket_for(session, person, number)
    if ticket is None:
        raise Problem("not_found")
    return ticket


def _action(text: str) -> TicketAction:
    action = find_action(text)
    if action is None:
        raise Problem("not_found")
    return action


def _ever_takes(person: Person, action: TicketAction, unit_code: str | None) -> bool:
    return any(row.action is action and may_take(person, row, unit_code) for row in TRANSITIONS)
