"""The same search in the list, the unit's inbox and the API; calls by number for those entitled, and recorded."""

import re

import pytest
from flask import Flask

from hotline.rules.enums import Role, TicketState
from hotline.store.people.tables import Disclosure
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.console.programs import field_errors, hire, json_of, refused

UNIT = "city-management"
NUMBER = "13800009966"


@pytest.fixture
def ticket(application: Application) -> Ticket:
    make_unit(application, UNIT)
    make_ticket(application, state=TicketState.IN_PROGRESS, unit_code=UNIT, title="别的", text="无关")
    return make_ticket(
        application,
        state=TicketState.IN_PROGRESS,
        unit_code=UNIT,
        title="北门路灯",
        text="老人摔倒",
        place="春秋路12号",
        caller_number=f"+86{NUMBER}",
        external_number="OLD-77",
    )


@pytest.mark.parametrize(
    "query", ["北门 老人", "路灯 ", "ＯＬＤ－７７", "春秋路 12号", f"老人 {NUMBER}", "１３８００００９９６６"]
)
def test_list_inbox_and_api_find_the_same(
    query: str, app: Flask, application: Application, ticket: Ticket, signed_in: SignIn
) -> None:
    handler = signed_in(person_of(make_user(application, Role.HANDLER, unit_code=UNIT)))
    desk = signed_in(make_operator(application))
    for client, path in (
        (desk, "/console/tickets"),
        (handler, "/console/tickets"),
        (handler, "/console/unit"),
    ):
        html = client.get(path, query_string={"q": query}).get_data(as_text=True)
        found = set(re.findall(r"(?:tickets/|ticket=)(QF\d+)\"", html.replace("&amp;", '"')))
        assert found == {ticket.number}, path
    for role in (Role.HANDLER, Role.OPERATOR):
        program = hire(app, application, role, UNIT if role is Role.HANDLER else None)
        items = json_of(program.get("/tickets", q=query), 200)["items"]
        assert [item["number"] for item in items] == [ticket.number]


def test_list_and_api_take_days_mine_and_order(
    app: Flask, application: Application, ticket: Ticket, signed_in: SignIn
) -> None:
    operator = make_operator(application)
    mine = make_ticket(application, author_id=operator.id)
    html = signed_in(operator).get("/console/tickets?mine=1&from=2026-11-23&to=2026-11-23&sort=due")
    assert re.findall(r'nowrap"><a href="/console/tickets/([^"]+)"', html.get_data(as_text=True)) == [
        f"draft-{mine.id}"
    ]
    program = hire(app, application, Role.OPERATOR)
    query = {"from": "2026-11-23", "to": "2026-11-24", "sort": "oldest"}
    assert len(json_of(program.get("/tickets", **query), 200)["items"]) == 3
    assert json_of(program.get("/tickets", **{"from": "2026-11-24"}), 200)["items"] == []
    assert json_of(program.get("/tickets", mine="true"), 200)["items"] == []
    assert list(field_errors(program.get("/tickets", **{"from": "yesterday"}))) == ["from"]


@pytest.mark.parametrize("written", [NUMBER, "138 0000 9966", "+86 138-0000-9966", "１３８００００９９６６"])
def test_calls_are_looked_up_by_number_and_each_look_is_recorded(
    written: str, app: Flask, application: Application, signed_in: SignIn
) -> None:
    mine = make_call(application, number=f"+86{NUMBER}", number_raw=f"+86{NUMBER}")
    make_call(application)
    html = signed_in(make_operator(application)).get("/console/calls", query_string={"number": written})
    assert html.status_code == 200
    assert html.get_data(as_text=True).count("138****9966") == 1
    program = hire(app, application, Role.SHIFT_LEADER)
    items = json_of(program.get("/calls", number=written), 200)["items"]
    assert [item["id"] for item in items] == [mine.id]
    with application.read_session() as session:
        looks = session.query(Disclosure).all()
        assert [(look.subject, look.field, look.reason) for look in looks] == [
            ("call", "number", "search")
        ] * 2


def test_who_never_sees_a_number_looks_up_none(
    app: Flask, application: Application, signed_in: SignIn
) -> None:
    make_call(application, number=f"+86{NUMBER}")
    client = signed_in(person_of(make_user(application, Role.INSPECTOR)))
    assert client.get(f"/console/calls?number={NUMBER}").status_code == 403
    assert 'name="number"' not in client.get("/console/calls").get_data(as_text=True)
    refused(hire(app, application, Role.SUPERVISOR).get("/calls", number=NUMBER), 403, "not_allowed")
    with application.read_session() as session:
        assert session.query(Disclosure).count() == 0


def test_what_is_no_number_is_refused(app: Flask, application: Application, signed_in: SignIn) -> None:
    assert signed_in(make_operator(application)).get("/console/calls?number=abc").status_code == 422
    assert field_errors(hire(app, application, Role.OPERATOR).get("/calls", number="12")) == {
        "number": "unknown_value"
    }
