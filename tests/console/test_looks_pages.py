"""Looks in the browser and for programs: the question before a confidential ticket, the log, the watermark, the export."""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from hotline.rules.enums import Duty, RecordingKind, Role, TicketState
from hotline.store.people.tables import Disclosure
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import (
    make_call,
    make_recording,
    make_ticket,
    make_unit,
    make_user,
    person_of,
    store_sound,
)
from tests.console.conftest import SignIn
from tests.console.programs import field_errors, hire, json_of

S = TicketState
NUMBER, TITLE = "QF20261123000077", "举报某处违规收费"


@pytest.fixture
def unit(application: Application) -> str:
    return make_unit(application).code


@pytest.fixture
def supervisor(application: Application, signed_in: SignIn) -> FlaskClient:
    user = make_user(application, Role.SUPERVISOR, name="watch", display_name="督查员", work_number="901")
    return signed_in(person_of(user))


@pytest.fixture
def sealed(application: Application, unit: str) -> Ticket:
    return make_ticket(
        application,
        state=S.ACKNOWLEDGED,
        unit_code=unit,
        number=NUMBER,
        title=TITLE,
        text=TITLE,
        confidential=True,
    )


def kinds(application: Application) -> list[tuple[str, str]]:
    with application.read_session() as session:
        return [
            (row.field, row.reason) for row in session.scalars(select(Disclosure).order_by(Disclosure.id))
        ]


def test_nothing_of_a_confidential_ticket_is_shown_before_the_reason(
    application: Application, supervisor: FlaskClient, sealed: Ticket
) -> None:
    page = supervisor.get(f"/console/tickets/{NUMBER}")
    assert (page.status_code, NUMBER in page.text, TITLE in page.text) == (200, True, False)
    assert TITLE not in supervisor.get("/console/tickets").text
    # A step that is refused shows the ticket no more than its page does.
    assert TITLE not in supervisor.post(f"/console/tickets/{NUMBER}/close", data={"reply": "x"}).text
    for wrong in ("", "nothing"):
        answer = supervisor.post(f"/console/tickets/{NUMBER}/look", data={"reason": wrong})
        assert (answer.status_code, "请选择查看原因。" in answer.text, TITLE in answer.text) == (
            422,
            True,
            False,
        )
    assert kinds(application) == []
    opened = supervisor.post(f"/console/tickets/{NUMBER}/look", data={"reason": "supervision"})
    assert opened.location == f"/console/tickets/{NUMBER}"
    sheet = supervisor.get(opened.location).text
    assert TITLE in sheet
    assert "打开保密工单 · 督办核查" in sheet
    assert kinds(application) == [("confidential", "supervision")]


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/console/looks"])
def test_the_question_leads_to_no_other_site(supervisor: FlaskClient, sealed: Ticket, back: str) -> None:
    sent = {"reason": "supervision", "back": back}
    answer = supervisor.post(f"/console/tickets/{NUMBER}/look", data=sent)
    assert answer.location in {f"/console/tickets/{NUMBER}", "/console/looks"}


def test_the_unit_that_handles_it_is_asked_nothing_until_it_is_closed(
    application: Application, signed_in: SignIn, unit: str, sealed: Ticket
) -> None:
    clerk = signed_in(person_of(make_user(application, Role.HANDLER, unit_code=unit)))
    assert TITLE in clerk.get(f"/console/unit?ticket={NUMBER}").text
    closed = make_ticket(
        application, state=S.CLOSED, unit_code=unit, number="QF2", title="旧的举报", confidential=True
    )
    asked = clerk.get(f"/console/unit?ticket={closed.number}&section=done").text
    assert "请选择查看原因" in asked
    back = f"/console/unit?ticket={closed.number}&section=done"
    answer = clerk.post(f"/console/tickets/{closed.number}/look", data={"reason": "handling", "back": back})
    assert answer.location == back
    assert "查看记录" in clerk.get(back).text


def test_a_ticket_of_another_unit_is_not_there_to_be_opened(
    application: Application, signed_in: SignIn, sealed: Ticket
) -> None:
    other = signed_in(
        person_of(make_user(application, Role.HANDLER, unit_code=make_unit(application, "water").code))
    )
    answer = other.post(f"/console/tickets/{NUMBER}/look", data={"reason": "handling"})
    assert answer.status_code == 404


def test_who_may_not_read_the_log_sees_their_own_looks_alone(
    application: Application, signed_in: SignIn, supervisor: FlaskClient, unit: str
) -> None:
    ticket = make_ticket(application, state=S.ACKNOWLEDGED, unit_code=unit, number="QF3")
    supervisor.get("/console/tickets/QF3")
    leader = signed_in(person_of(make_user(application, Role.LEADER, display_name="梁局长")))
    sheet = leader.get("/console/tickets/QF3").text
    assert "梁局长" in sheet
    assert "督查员" not in sheet
    assert leader.get("/console/looks").status_code == 403
    assert "梁局长" in supervisor.get("/console/looks?ticket=QF3").text
    assert ticket.number == "QF3"


def test_the_log_tells_a_citizen_who_saw_the_ticket(supervisor: FlaskClient, sealed: Ticket) -> None:
    supervisor.post(f"/console/tickets/{NUMBER}/look", data={"reason": "citizen_request"})
    page = supervisor.get(f"/console/looks?ticket={NUMBER}").text
    for shown in (f"谁看过工单 {NUMBER}", "督查员", "打开保密工单", "当事人申请查询"):
        assert shown in page
    file = supervisor.get(f"/console/looks/file.csv?ticket={NUMBER}")
    assert file.mimetype == "text/csv"
    lines = file.text.splitlines()
    assert "督查员,watch,901,督办员,打开保密工单,当事人申请查询" in lines[1]
    assert lines[-1].startswith("导出：督查员 901 ")
    for wrong in ("ticket=QF404", "from=x", "kind=x", "cursor=x"):
        assert supervisor.get(f"/console/looks?{wrong}").status_code == 422


@pytest.mark.parametrize("duty", Duty)
def test_an_administrator_opens_the_log_with_the_duty_of_audit_alone(
    application: Application, signed_in: SignIn, duty: Duty
) -> None:
    admin = signed_in(person_of(make_user(application, Role.ADMIN, duties=duty.value)))
    assert admin.get("/console/looks").status_code == (200 if duty is Duty.AUDIT else 403)


def test_pages_of_tickets_and_spreadsheets_carry_the_readers_name(
    application: Application, supervisor: FlaskClient, unit: str
) -> None:
    make_ticket(application, state=S.ACKNOWLEDGED, unit_code=unit, number="QF3")
    assert "督查员 901 " in supervisor.get("/console/tickets/QF3").text
    days = {"from": "2026-11-01", "to": "2026-11-30"}
    refused = supervisor.post("/console/tickets/export", data={**days, "reason": ""})
    assert (refused.status_code, 'value="2026-11-01"' in refused.text) == (422, True)
    for wrong in ({"from": "x"}, {"to": "2026-10-01"}, {"from": "2020-01-01"}):
        answer = supervisor.post("/console/tickets/export", data={**days, **wrong, "reason": "dispute"})
        assert answer.status_code == 422
    file = supervisor.post("/console/tickets/export", data={**days, "reason": "dispute"})
    sheet = load_workbook(io.BytesIO(file.data)).active
    values = list(sheet.values)
    assert values[0][0].startswith("导出：督查员 901 ")
    assert "督查员" in sheet.oddFooter.center.text
    assert any("QF3" in row for row in values)
    assert kinds(application)[-1] == ("export", "dispute")
    report = supervisor.get("/console/reports/file/csv?from=2026-11-23&to=2026-11-23")
    assert report.status_code == 404 or "导出：督查员" in report.text


def test_a_recording_of_others_is_played_for_a_reason(
    application: Application, supervisor: FlaskClient
) -> None:
    call = make_call(application)
    recording = make_recording(application, call.id, RecordingKind.TALK)
    store_sound(application, recording)
    address = f"/console/recordings/{recording.id}"
    for path in ("sound", "player", "sound?reason=x"):
        assert supervisor.get(f"{address}/{path}").status_code == 422
    assert kinds(application) == []
    player = supervisor.get(f"{address}/player?reason=quality").text
    assert f"{address}/sound?reason=quality" in player
    supervisor.get(f"{address}/sound?reason=quality")
    assert kinds(application) == [("sound", "quality")]


def test_a_program_may_name_a_reason_and_is_recorded_without_one(
    app: Flask, application: Application, sealed: Ticket
) -> None:
    program = hire(app, application, Role.SUPERVISOR)
    assert field_errors(program.get(f"/tickets/{NUMBER}", reason="x")) == {"reason": "unknown_value"}
    assert json_of(program.get(f"/tickets/{NUMBER}"), 200)["number"] == NUMBER
    assert kinds(application) == [("confidential", "unstated")]
    other = hire(app, application, Role.LEADER)
    json_of(other.get(f"/tickets/{NUMBER}", reason="supervision"), 200)
    told = json_of(program.get("/looks", ticket=NUMBER), 200)["items"]
    assert [(row["kind"], row["reason"], row["ticket"]) for row in told] == [
        ("confidential", "supervision", NUMBER),
        ("confidential", "unstated", NUMBER),
    ]
    assert field_errors(program.get("/looks", ticket="QF404")) == {"ticket": "unknown_value"}
