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


def test_ticked_rows_are_discarded_with_a_reason_that_the_page_shows(
    application: Application, supervisor: FlaskClient, dead: int
) -> None:
    page = supervisor.get("/console/deliveries").text
    assert 'title="1 条等待处理"' in page
    nothing = supervisor.post("/console/deliveries/chosen", data={"step": "discard", "reason": "单位已撤销"})
    assert (nothing.status_code, "请先勾选" in nothing.text, "单位已撤销" in nothing.text) == (
        422,
        True,
        True,
    )
    without = supervisor.post("/console/deliveries/chosen", data={"step": "discard", "id": dead})
    assert (without.status_code, "请填写放弃的原因" in without.text) == (422, True)
    chosen = {"step": "discard", "reason": "单位已撤销", "id": [dead, 999, "x"]}
    done = supervisor.post("/console/deliveries/chosen", data=chosen, follow_redirects=True)
    assert "已放弃 1 条" in done.text
    assert "另有 1 条状态已变化" in done.text
    assert "nav-alarm" not in done.text
    assert "放弃原因：单位已撤销" in supervisor.get("/console/deliveries?state=discarded").text


def test_ticked_rows_are_repeated_together(
    application: Application, supervisor: FlaskClient, dead: int
) -> None:
    sent = supervisor.post("/console/deliveries/chosen?state=all", data={"step": "retry", "id": dead})
    assert sent.location.endswith("?state=all")
    with application.read_session() as session:
        assert session.get_one(Delivery, dead).state is DeliveryState.DUE


def test_what_fails_and_is_tried_again_has_its_own_list(
    application: Application, supervisor: FlaskClient, dead: int
) -> None:
    assert "没有符合条件" in supervisor.get("/console/deliveries?state=failing").text
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Delivery).values(state=DeliveryState.DUE, attempts=2))
    failing = supervisor.get("/console/deliveries?state=failing").text
    assert "QF20261123000014" in failing
    assert "重试中" in failing
