"""The code of a ticket: read to its caller by who wrote it, shown to who writes tickets, and nowhere else."""

import io
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from hotline.rules.enums import Role
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Machine, Right
from hotline.services.tickets.export import export_tickets
from hotline.store.outbox import EventRow
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.console.desk_scenes import talking_desk
from tests.console.programs import hire, json_of

LAMP = {"type": "complaint", "title": "路灯不亮", "text": "三盏路灯不亮。"}


def only(application: Application) -> Ticket:
    with application.read_session() as session:
        return session.scalars(select(Ticket)).one()


def code_of(application: Application) -> str:
    code = only(application).access_code
    assert code is not None
    return code


def marked(application: Application) -> str:
    """Replace the code by signs that no page, number or token holds by chance, and return it."""
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Ticket).values(access_code="K7QW-ZPX"))
    return "K7QW-ZPX"


def handed_off(application: Application, client: FlaskClient, call_id: int, unit: str) -> str:
    """Write and hand off the ticket of a call at its desk; return its number."""
    draft = client.post(f"/console/desk/calls/{call_id}/draft").get_json()
    body = {"revision": draft["revision"], "facts": {**LAMP, "unit_code": unit}}
    done = client.post(f"/console/desk/tickets/{draft['ticket_id']}/hand-off", json=body)
    assert done.status_code == 200
    return str(done.get_json()["number"])


@pytest.mark.parametrize(("language", "first"), [("zh-CN", "您的工单号是"), ("en", "Your ticket number is")])
def test_the_desk_shows_what_to_read_to_the_caller(
    language: str, first: str, application: Application, signed_in: SignIn
) -> None:
    person, call = talking_desk(application, language=language)
    client = signed_in(person)
    number = handed_off(application, client, call.id, make_unit(application).code)
    html = client.get("/console").get_data(as_text=True)
    code = code_of(application)
    assert f'data-number="{number}"' in html
    assert f'data-code="{code}"' in html
    sentences = [part for part in html.split("<p lang=")[1:] if code in part]
    assert len(sentences) == 1
    assert first in sentences[0]


@pytest.mark.parametrize("role", list(Role))
def test_a_tickets_page_shows_the_code_to_who_writes_tickets_only(
    role: Role, app: Flask, application: Application, signed_in: SignIn
) -> None:
    unit = make_unit(application).code
    json_of(hire(app, application, Role.OPERATOR).post("/tickets", {**LAMP, "unit": unit}), 201)
    person = person_of(make_user(application, role, unit_code=unit if role is Role.HANDLER else None))
    code = marked(application)
    html = signed_in(person).get(f"/console/tickets/{only(application).number}").get_data(as_text=True)
    assert (code in html) == person.may(Right.WRITE_TICKETS)


def test_a_units_inbox_and_every_list_keep_the_code_to_themselves(
    app: Flask, application: Application, signed_in: SignIn
) -> None:
    unit = make_unit(application).code
    json_of(hire(app, application, Role.OPERATOR).post("/tickets", {**LAMP, "unit": unit}), 201)
    number, code = only(application).number, marked(application)
    office = signed_in(person_of(make_user(application, Role.HANDLER, unit_code=unit)))
    for path in (
        "/console/unit",
        f"/console/unit?ticket={number}",
        f"/console/tickets/{number}",
        "/console/tickets",
    ):
        assert code not in office.get(path).get_data(as_text=True)
    writer = signed_in(person_of(make_user(application, Role.OPERATOR)))
    assert code not in writer.get("/console/tickets").get_data(as_text=True)


def test_a_program_is_told_the_code_once_for_what_it_wrote(app: Flask, application: Application) -> None:
    unit = make_unit(application).code
    writer, office = hire(app, application, Role.OPERATOR), hire(app, application, Role.HANDLER, unit)
    made = json_of(writer.post("/tickets", {**LAMP, "unit": unit}, Idempotency_Key="a"), 201)
    code = code_of(application)
    assert made["access_code"] == code
    assert (
        json_of(writer.post("/tickets", {**LAMP, "unit": unit}, Idempotency_Key="a"), 201)["access_code"]
        == code
    )
    number, code = made["number"], marked(application)
    others = [
        writer.get("/tickets"),
        writer.get(f"/tickets/{number}"),
        writer.get(f"/tickets/{number}/events"),
        office.get("/tickets"),
        office.post(f"/tickets/{number}/acknowledge"),
    ]
    for answer in others:
        assert answer.status_code == 200
        assert code not in answer.get_data(as_text=True)
        assert "access_code" not in answer.get_data(as_text=True)


def test_a_draft_has_no_code_yet(app: Flask, application: Application) -> None:
    assert json_of(hire(app, application, Role.OPERATOR).post("/tickets", LAMP), 201)["access_code"] is None


def test_neither_the_log_nor_a_file_holds_the_code(app: Flask, application: Application) -> None:
    unit = make_unit(application).code
    json_of(hire(app, application, Role.OPERATOR).post("/tickets", {**LAMP, "unit": unit}), 201)
    file = io.StringIO(newline="")
    code = code_of(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        events = [str(row.data) for row in work.session.scalars(select(EventRow))]
    assert all(code not in event for event in events)
    code = marked(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        day = Period(date(2026, 11, 23), date(2026, 11, 23))
        assert export_tickets(work, day, file) == 1
    assert str(only(application).number) in file.getvalue()
    assert code not in file.getvalue()
