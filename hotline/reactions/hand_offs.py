"""Reactions that deliver a ticket to its unit: into the inbox, and to the unit's own system if it has one."""

from sqlalchemy import Connection, bindparam, select

from hotline import events
from hotline.gateways.notifications.channel import NotificationFailed, UnitAddress, UnitNotification
from hotline.reactions.context import ReactionContext
from hotline.rules.people.actors import Machine
from hotline.rules.people.private_words import mask_text
from hotline.services.tickets import inbox
from hotline.store.people.tables import Unit
from hotline.store.tickets.tables import Assignment, Ticket
from hotline.unit_of_work import UnitOfWork

_ADDRESS = select(Unit.code, Unit.webhook_url, Unit.webhook_secret).where(Unit.code == bindparam("unit_code"))


def deliver_to_inbox(
    context: ReactionContext, work: UnitOfWork, event: events.TicketHandedOff | events.TicketMoved
) -> None:
    """Puts the ticket into its unit's inbox. A repeated delivery changes nothing."""
    unit = _address(work.connection, event.unit_code)
    has_channel = any(channel.reaches(unit) for channel in context.channels)
    inbox.deliver(work, event.ticket_id, event.unit_code, has_channel=has_channel)


def notify_unit(context: ReactionContext, event: events.TicketDelivered) -> None:
    """Notifies the unit over every channel that reaches it. Raises NotificationFailed when one of them failed."""
    with context.application.read_session() as session:
        unit = _address(session.connection(), event.unit_code)
        ticket = session.get_one(Ticket, event.ticket_id)
        notified_at = session.scalar(
            select(Assignment.notified_at).where(Assignment.id == event.assignment_id)
        )
    notification = UnitNotification(
        key=f"assignment-{event.assignment_id}",
        unit=unit,
        ticket_number=ticket.number or "",
        # The unit may not see the caller before it has acknowledged the ticket.
        title=mask_text(ticket.title, ticket.caller_name),
        link=context.addresses.inbox_ticket(ticket.number or ""),
        due_at=ticket.due_at,
    )
    channels = [channel for channel in context.channels if channel.reaches(unit)]
    if not channels or notified_at is not None:
        return
    failures = []
    for channel in channels:
        try:
            channel.send(notification)
        except NotificationFailed as failure:
            failures.append(failure)
    # The next try sends over every channel again; receivers know a repetition by its key.
    if failures:
        raise failures[0]
    with context.application.unit_of_work(Machine.WORKER) as work:
        inbox.record_notified(work, event.assignment_id)


def _address(connection: Connection, unit_code: str) -> UnitAddress:
    code, webhook_url, webhook_secret = connection.execute(_ADDRESS, {"unit_code": unit_code}).one()
    return UnitAddress(code, webhook_url, webhook_secret or "")
