"""A browser at a desk, and what the carrier and a caller do meanwhile."""

from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from hotline.rules.enums import CallPurpose
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import lifecycle
from hotline.services.queueing import offers
from hotline.services.queueing.queue import join_queue
from hotline.store.calls.tables import Offer
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.console.desk_scenes import CALLER


@dataclass(frozen=True, slots=True)
class Desk:
    """A browser at a ready desk, the operator who sits there, and the application behind it."""

    context: BrowserContext
    page: Page
    person: Person
    application: Application

    def reload(self) -> None:
        """Reloads the page and waits until the operator is ready again."""
        with self.page.expect_response("**/console/desk/presence"):
            self.page.reload()

    def caller_arrives(self) -> int:
        """Somebody phones and asks for a person; the desk is rung. Returns the call's id."""
        arrival = lifecycle.Arrival(
            sid="CA" + "1" * 32,
            number_raw=CALLER,
            dialed=self.application.policies.number,
            purpose=CallPurpose.INBOUND,
            flow="main",
            flow_version="test",
            position="greeting:0",
        )
        with self.application.unit_of_work(Machine.CARRIER) as work:
            call = lifecycle.receive_call(work, arrival)
            join_queue(work, call.id)
        return call.id

    def carrier_connects(self, call_id: int) -> None:
        with self.application.unit_of_work(Machine.CARRIER) as work:
            offer_id = work.session.scalars(select(Offer.id).where(Offer.call_id == call_id)).one()
            assert offers.accept_offer(work, offer_id, "CA" + "2" * 32) == call_id
        with self.application.unit_of_work(Machine.CARRIER) as work:
            lifecycle.record_connected(work, call_id)

    def talk(self) -> int:
        call_id = self.caller_arrives()
        self.carrier_connects(call_id)
        expect(self.page.locator("#ticket")).to_be_visible()
        return call_id

    def ticket(self) -> Ticket:
        with self.application.read_session() as reading:
            return reading.scalars(select(Ticket)).one()

    def saved(self, page: Page | None = None) -> None:
        expect((page or self.page).locator("#save-state[data-kind=saved]")).to_be_visible()
