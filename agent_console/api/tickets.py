"""Tickets for programs: write one, read them, take the next step of the table, follow what happened."""

from flask import url_for
from sqlalchemy.orm import Session

from agent_console.api.dispatch import Asked, Reply
from agent_console.api.problems import Problem
from agent_console.api.requests import ActionIn, Nothing, TicketIn, TicketQuery, fingerprint
from agent_console.api.schemas import EventListOut, TicketListOut
from agent_console.api.serializers import event_out, ticket_made_out, ticket_out
from hotline.rules.enums import TicketAction
from hotline.rules.errors import ActionNotAllowed, LostRace, NotAllowed
from hotline.rules.people.actors import Person
from hotline.rules.tickets.fields import TicketFields
from hotline.rules.tickets.transitions import TRANSITIONS, find_action, may_take
from hotline.services.tickets import actions, idempotency
from hotline.store.tickets.history import timeline
from hotline.store.tickets.lists import TicketFilter, find_line, find_ticket_for, line_of, list_tickets
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

_TRIES = 3
"""A rival request with the same Idempotency-Key is awaited by trying again; the second look finds its ticket."""


def post_ticket(asked: Asked[Nothing, TicketIn]) -> Reply:
    """Write a ticket. The same Idempotency-Key with the same body answers with the same ticket, whoever was first."""
    stated, step = asked.body.ticket_fields(), asked.body.step()

    def write(work: UnitOfWork) -> Ticket:
        draft = actions.open_draft(work, channel=asked.body.channel, stated=stated)
        return draft if step is None else actions.perform(work, draft.id, step, TicketFields())

    for rest in reversed(range(_TRIES)):
        try:
            with asked.application.unit_of_work(asked.person) as work:
                once = idempotency.write_once(work, asked.token_id, asked.key, fingerprint(asked.body), write)
                body = ticket_made_out(line_of(work.session, once.made), asked.person, work.at, work.zone)
            break
        except LostRace:
            if rest == 0:
                raise
    headers = {"Location": url_for("api.get_ticket", number=body.number)}
    if once.is_repeat:
        headers["Idempotency-Replayed"] = "true"
    return Reply(body, 201, headers)


def get_tickets(asked: Asked[TicketQuery, Nothing]) -> Reply:
    query, at = asked.query, asked.application.clock()
    wanted = TicketFilter(
        states=query.state,
        types=query.type,
        unit=query.unit,
        channels=query.channel,
        overdue=query.overdue,
        q=query.q,
    )
    with asked.application.read_session() as session:
        page = list_tickets(session, asked.person, wanted, at, limit=query.limit, cursor=query.cursor)
    zone = asked.application.policies.zone
    items = tuple(ticket_out(line, asked.person, at, zone) for line in page.rows)
    return Reply(TicketListOut(items=items, next_cursor=page.next_cursor))


def get_ticket(asked: Asked[Nothing, Nothing]) -> Reply:
    with asked.application.read_session() as session:
        line = find_line(session, asked.person, asked.path["number"])
    if line is None:
        raise Problem("not_found")
    return Reply(ticket_out(line, asked.person, asked.application.clock(), asked.application.policies.zone))


def post_action(asked: Asked[Nothing, ActionIn]) -> Reply:
    """Take one step. 404 for a ticket or step that is not there, 403 for a role that never takes it, 409 for a wrong state."""
    action = _action(asked.path["action"])
    with asked.application.unit_of_work(asked.person) as work:
        ticket = _find(work.session, asked.person, asked.path["number"])
        try:
            done = actions.perform(work, ticket.id, action, asked.body.ticket_fields(), asked.body.revision)
        except ActionNotAllowed as refused:
            if not _ever_takes(asked.person, action, ticket.unit_code):
                raise NotAllowed(action.value) from refused
            raise
        return Reply(ticket_out(line_of(work.session, done), asked.person, work.at, work.zone))


def get_ticket_events(asked: Asked[Nothing, Nothing]) -> Reply:
    zone = asked.application.policies.zone
    with asked.application.read_session() as session:
        ticket = _find(session, asked.person, asked.path["number"])
        entries = timeline(session, ticket.id)
    return Reply(EventListOut(items=tuple(event_out(entry, zone) for entry in entries)))


def _find(session: Session, person: Person, number: str) -> Ticket:
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
