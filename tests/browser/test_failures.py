"""A delivery that failed is seen in the bar, retried in a real browser, and then takes effect."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from hotline import events
from hotline.events import pack
from hotline.rules.enums import CLASS_OF, Channel, DeliveryState, RequestType, TicketState
from hotline.rules.people.actors import Machine
from hotline.store.outbox import Delivery, EventRow
from hotline.store.tickets.tables import Assignment, Ticket
from tests.browser.test_two_tabs import sign_in
from tests.journeys.city import UNIT, City, until

if TYPE_CHECKING:
    from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser


def fail_to_deliver(city: City) -> int:
    """Writes a ticket that was handed off and whose delivery to the inbox was given up; returns the ticket's id."""
    with city.application.unit_of_work(Machine.SYSTEM) as work:
        ticket = Ticket(
            number="QF20261201900001",
            state=TicketState.DISPATCHED,
            channel=Channel.WEB,
            type=RequestType.COMPLAINT,
            request_class=CLASS_OF[RequestType.COMPLAINT],
            title="路口积水",
            unit_code=UNIT,
            received_at=work.at,
            received_on=work.today,
            dispatched_at=work.at,
        )
        work.session.add(ticket)
        work.session.flush()
        kind, subject, subject_id, data = pack(events.TicketHandedOff(ticket.id, UNIT))
        event = EventRow(
            at=work.at,
            kind=kind,
            subject=subject,
            subject_id=subject_id,
            actor="system",
            data=data,
            relayed_at=work.at,
        )
        work.session.add(event)
        work.session.flush()
        dead = Delivery(
            event_id=event.id,
            reaction="deliver_to_inbox",
            lane="notifications",
            state=DeliveryState.DEAD,
            attempts=10,
            next_try_at=work.at,
            last_error="OperationalError: disk full",
        )
        work.session.add(dead)
        return ticket.id


def inbox_of(city: City, ticket_id: int) -> int | None:
    with city.application.read_session() as session:
        return session.scalar(select(Assignment.id).where(Assignment.ticket_id == ticket_id))


def test_a_failed_delivery_is_seen_retried_and_arrives(city: City, tab: "Tab") -> None:
    ticket_id = fail_to_deliver(city)
    page = tab(f"{city.web}/login?next=/console/tickets")
    sign_in(page, "supervisor")
    alarm = page.wait_for_selector(".nav-alarm")
    assert alarm.inner_text() == "1"
    page.click(".bar-nav a:has(.nav-alarm)")
    page.wait_for_selector("text=disk full")
    assert inbox_of(city, ticket_id) is None

    page.click("#chosen [value=discard]")
    page.wait_for_selector("text=请先勾选要处理的投递")
    page.check("[data-check-all]")
    assert page.is_checked("input[name=id]")
    page.click("#chosen [value=discard]")
    page.wait_for_selector("text=请填写放弃的原因")
    assert page.is_checked("input[name=id]")
    page.click("#chosen [value=retry]")
    page.wait_for_selector("text=已安排重新投递 1 条")
    until("the ticket is in the inbox", lambda: inbox_of(city, ticket_id), 30)
    page.goto(f"{city.web}/console/deliveries")
    assert page.query_selector(".nav-alarm") is None
