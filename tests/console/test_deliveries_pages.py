"""`/console/deliveries`: supervisors and administrators see what could not be delivered, and repeat it."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from hotline import events, outbox
from hotline.rules.enums import DeliveryState, Role, TicketState
from hotline.rules.people.actors import Machine
from hotline.store.outbox import Delivery
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn


@pytest.fixture
def dead(application: Application) -> int:
    ticket = make_ticket(
        application,
        state=TicketState.DISPATCHED,
        unit_code=make_unit(application).code,
        number="QF20261123000014",
        title="三盏路灯不亮",
        caller_name="李明远",
    )
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.record(events.TicketHandedOff(ticket.id, "city-management"))
    (due,) = outbox.relay(application).due
    with application.unit_of_work(Machine.SYSTEM) as work:
        step = {"state": DeliveryState.DEAD, "attempts": 10, "last_error": "NotificationFailed: HTTP 503"}
        work.session.execute(update(Delivery).values(step))
    return due.id


@pytest.fixture
def supervisor(application: Application, signed_in: SignIn) -> FlaskClient:
    return signed_in(person_of(make_user(application, Role.SUPERVISOR)))


def test_the_page_shows_what_failed_and_nothing_of_the_caller(supervisor: FlaskClient, dead: int) -> None:
    page = supervisor.get("/console/deliveries")
    assert page.status_code == 200
    for shown in ("送达单位收件箱", "投递失败", "QF20261123000014", "NotificationFailed: HTTP 503", "重试"):
        assert shown in page.text
    assert "路灯" not in page.text
    assert "李明远" not in page.text
    assert "QF20261123000014" not in supervisor.get("/console/deliveries?state=done").text
    assert "QF20261123000014" in supervisor.get("/console/deliveries?state=all").text
    assert supervisor.get("/console/deliveries?state=gone").status_code == 422
    assert supervisor.get("/console/deliveries?cursor=x").status_code == 422


def test_the_button_makes_it_due_again_and_a_second_press_says_so(
    application: Application, supervisor: FlaskClient, dead: int
) -> None:
    assert supervisor.post(f"/console/deliveries/{dead}/retry").status_code == 303
    with application.read_session() as session:
        assert session.get_one(Delivery, dead).state is DeliveryState.DUE
    assert "没有失败的投递" in supervisor.get("/console/deliveries").text
    again = supervisor.post(f"/console/deliveries/{dead}/retry", follow_redirects=True)
    assert "无需重试" in again.text
    assert supervisor.post("/console/deliveries/999/retry").status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.SUPERVISOR, Role.ADMIN}])
def test_no_other_role_opens_the_page(application: Application, signed_in: SignIn, role: Role) -> None:
    unit = make_unit(application).code if role is Role.HANDLER else None
    browser = signed_in(person_of(make_user(application, role, unit_code=unit)))
    assert browser.get("/console/deliveries").status_code == 403
    assert browser.post("/console/deliveries/1/retry").status_code == 403
