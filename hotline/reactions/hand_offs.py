"""Reactions that bring a ticket to its unit: into the inbox, and to the unit's own system if it has one."""

from sqlalchemy import select

from hotline import events
from hotline.gateways.unit_webhooks import UnitNotification
from hotline.reactions.context import ReactionContext
from hotline.rules.people.actors import Machine
from hotline.services.tickets import inbox
from hotline.store.people.tables import Unit
from hotline.store.tickets.tables import Assignment, Ticket


def deliver_to_inbox(tools: ReactionContext, event: events.TicketHandedOff) -> None:
    """Lay the ticket into its unit's inbox; a second delivery finds it there and changes nothing."""
    with tools.application.unit_of_work(Machine.WORKER) as work:
        inbox.deliver(work, event.ticket_id, event.unit_code)


def notify_unit(tools: ReactionContext, event: events.TicketDelivered) -> None:
    """Tell the unit's own system, if it has one."""
    with tools.application.read_session() as session:
        unit = session.get_one(Unit, event.unit_code)
        ticket = session.get_one(Ticket, event.ticket_id)
        told = session.scalar(select(Assignment.notified_at).where(Assignment.id == event.assignment_id))
    if unit.webhook_url is None or told is not None:
        return
    notice = UnitNotification(
        key=f"assignment-{event.assignment_id}",
        url=unit.webhook_url,
        secret=unit.webhook_secret or "",
        ticket_number=ticket.number or "",
        unit_code=unit.code,
        title=ticket.title,
        due_at=ticket.due_at,
    )
    tools.units.send(notice, tools.application.clock())
    with tools.application.unit_of_work(Machine.WORKER) as work:
        inbox.record_notified(work, event.assignment_id)
