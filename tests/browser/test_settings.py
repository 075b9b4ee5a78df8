"""The city's data in a real browser: a value is changed and brought back, and two units become one after a look at what moves."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from config.city.first_version import publish_first
from config.city.folder import example_texts
from config.city.text import with_units
from hotline.rules.city import CityKind, UnitEntry, UnitKind
from hotline.rules.enums import CLASS_OF, Channel, RequestType, Role, TicketState
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import Machine
from hotline.services.city import publications
from hotline.services.people import accounts
from hotline.store.outbox import EventRow
from hotline.store.tickets.tables import Ticket
from tests.browser.test_two_tabs import sign_in
from tests.journeys.city import PASSWORD, City, until

if TYPE_CHECKING:
    from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser


def settle(city: City) -> None:
    """Publishes the city's data with the units of the journeys, and adds an administrator."""
    texts = example_texts(is_demo=True)
    units = [
        UnitEntry("urban-management", "城市管理局", "Urban Management", UnitKind.DEPARTMENT),
        UnitEntry("water", "水务公司", "Water Company", UnitKind.UTILITY),
        UnitEntry("sewage", "排水公司", "Sewage Company", UnitKind.UTILITY),
    ]
    publish_first(city.application, {**texts, CityKind.UNITS: with_units(texts[CityKind.UNITS], units)})
    with city.application.unit_of_work(Machine.SYSTEM) as work:
        accounts.add_user(work, "city-admin", Account("沈管理", Role.ADMIN, None, None), password=PASSWORD)
        ticket = Ticket(
            number="QF20261201900077",
            state=TicketState.DISPATCHED,
            channel=Channel.WEB,
            type=RequestType.COMPLAINT,
            request_class=CLASS_OF[RequestType.COMPLAINT],
            title="污水外溢",
            unit_code="sewage",
            received_at=work.at,
            received_on=work.today,
            dispatched_at=work.at,
        )
        work.session.add(ticket)


def unit_of(city: City) -> str | None:
    with city.application.read_session() as session:
        return session.scalar(select(Ticket.unit_code).where(Ticket.number == "QF20261201900077"))


def in_force(city: City, kind: CityKind) -> str:
    with city.application.read_session() as session:
        return publications.texts_of(session, publications.current_version(session))[kind]


def test_a_rule_is_changed_and_brought_back_and_two_units_become_one(city: City, tab: "Tab") -> None:
    settle(city)
    page = tab(f"{city.web}/login?next=/console/settings/policies")
    sign_in(page, "city-admin")
    page.fill("[name='queue/ring_seconds']", "31")
    page.click(".city-save button")
    page.wait_for_selector("ins:has-text('31')")
    page.fill("[name=note]", "试行")
    page.click("form[action*=publish] button")
    page.wait_for_selector("text=已发布第 2 版")
    assert "ring_seconds = 31 " in in_force(city, CityKind.POLICIES)

    page.goto(f"{city.web}/console/settings/versions/1")
    page.fill("[name=note]", "试行结束")
    page.click("form[action*=restore] button")
    page.wait_for_selector("text=已发布第 3 版")
    assert "ring_seconds = 20 " in in_force(city, CityKind.POLICIES)

    page.goto(f"{city.web}/console/settings/units")
    row = page.locator("tr:has(input[value=sewage])")
    row.locator("[name$='/closed']").check()
    page.click(".city-save button")
    page.wait_for_selector("text=撤销 排水公司：1 张未办结工单")
    page.wait_for_selector("text=请先填写承接单位")
    page.locator("tr:has(input[value=sewage]) [name$='/successor']").fill("water")
    page.click(".city-save button")
    page.wait_for_selector("text=撤销 排水公司：1 张未办结工单、0 位用户 →")
    assert unit_of(city) == "sewage"
    page.click("form[action*=publish] button")
    page.wait_for_selector("text=1 张未办结工单、0 位用户已转入承接单位")
    until("the ticket is at the water company", lambda: unit_of(city) == "water", 30)
    with city.application.read_session() as session:
        kinds = set(session.scalars(select(EventRow.kind).where(EventRow.kind.in_(["TicketMoved"]))))
    assert kinds == {"TicketMoved"}
