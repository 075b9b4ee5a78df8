"""A program writes, reads and moves tickets: the same table, rights and refusals as at the desk, as documents."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from hotline.rules.enums import Role, TicketState
from hotline.rules.tickets.transitions import TRANSITIONS, Relation
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit
from tests.console.programs import Program, field_errors, hire, json_of, refused

LAMP = {
    "type": "complaint",
    "title": "路灯不亮",
    "text": "春秋路三盏路灯不亮。",
    "caller_number": "13800001234",
}


Hire = Callable[..., Program]


@pytest.fixture
def program(app: Flask, application: Application) -> Hire:
    """Return a program acting for a new user of a role (and unit)."""

    def for_role(role: Role, unit: str | None = None) -> Program:
        return hire(app, application, role, unit)

    return for_role


@pytest.fixture
def operator(program: Hire) -> Program:
    return program(Role.OPERATOR)


@pytest.fixture
def unit(application: Application) -> str:
    return make_unit(application).code


def written(application: Application) -> int:
    with application.read_session() as session:
        return session.scalar(select(func.count()).select_from(Ticket)) or 0


def test_a_draft_is_written_and_addressed_before_it_has_a_number(operator: Program) -> None:
    response = operator.post("/tickets", LAMP)
    ticket = json_of(response, 201)
    assert re.fullmatch(r"draft-\d+", ticket["number"])
    assert response.headers["Location"] == f"/api/v1/tickets/{ticket['number']}"
    assert ticket["state"] == "draft"
    assert ticket["class"] == "complaint"
    assert ticket["caller"] == {"name": "", "number": "138****1234", "hidden": False}
    assert ticket["received_at"] == "2026-11-23T09:00:00+08:00"
    assert ticket["allowed_actions"] == ["save", "answer", "hand_off", "discard"]
    assert ticket.pop("access_code") is None
    assert json_of(operator.get(f"/tickets/{ticket['number']}"), 200) == ticket


def test_a_ticket_with_a_unit_is_handed_off_and_its_draft_address_stays_good(
    operator: Program, unit: str
) -> None:
    draft = json_of(operator.post("/tickets", LAMP), 201)
    sent = json_of(operator.post(f"/tickets/{draft['number']}/hand_off", {"unit": unit}), 200)
    assert re.fullmatch(r"QF20261123\d{6}", sent["number"])
    assert sent["unit"] == {"code": unit, "name": "城市管理局"}
    assert sent["deadlines"]["resolve"] == {
        "due_at": "2026-12-01T00:00:00+08:00",
        "met_at": None,
        "late": False,
    }
    assert json_of(operator.get(f"/tickets/{draft['number']}"), 200) == sent
    at_once = json_of(operator.post("/tickets", {**LAMP, "unit": unit}), 201)
    assert at_once["state"] == "dispatched"


def test_a_ticket_with_an_answer_is_closed_at_once(operator: Program) -> None:
    body = {**LAMP, "type": "consultation", "answer": "窗口周六开放。", "action": "answer"}
    ticket = json_of(operator.post("/tickets", body), 201)
    assert (ticket["state"], ticket["closing"]) == ("closed", "answered_direct")
    assert ticket["closed_at"] == "2026-11-23T09:00:00+08:00"


def test_every_transition_is_reached_by_its_own_address(
    program: Hire, unit: str, application: Application
) -> None:
    writer, handler = program(Role.OPERATOR), program(Role.HANDLER, unit)
    needed = {
        "type": "help",
        "title": "停水",
        "text": "整栋楼停水。",
        "unit": unit,
        "answer": "已恢复。",
        "reply": "已修好。",
        "contact_note": "已电话联系。",
        "no_matter": "wrong_number",
    }
    for row, origin in [(step, origin) for step in TRANSITIONS for origin in step.origins]:
        ticket = make_ticket(application, state=origin, unit_code=None if origin == "draft" else unit)
        address = ticket.number or f"draft-{ticket.id}"
        actor = handler if row.relation is Relation.OWN_UNIT else writer
        outside = {"unit" if name == "unit_code" else name for name in row.needs}
        body = {name: value for name, value in needed.items() if name in outside}
        done = json_of(actor.post(f"/tickets/{address}/{row.action}", body), 200)
        assert done["state"] == row.target


def test_a_wrong_state_is_a_conflict_that_names_what_is_allowed(
    program: Hire, unit: str, application: Application
) -> None:
    handler = program(Role.HANDLER, unit)
    ticket = make_ticket(application, state=TicketState.ACKNOWLEDGED, unit_code=unit)
    problem = refused(handler.post(f"/tickets/{ticket.number}/close"), 409, "action_not_allowed")
    assert problem["allowed_actions"] == ["record_contact", "reply"]


def test_a_role_that_never_takes_the_step_is_forbidden(
    program: Hire, unit: str, application: Application
) -> None:
    ticket = make_ticket(application, state=TicketState.DISPATCHED, unit_code=unit)
    for role in (Role.OPERATOR, Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN, Role.LEADER):
        refused(program(role).post(f"/tickets/{ticket.number}/acknowledge"), 403, "not_allowed")


def test_another_units_ticket_is_not_there(program: Hire, unit: str, application: Application) -> None:
    make_unit(application, "water-company", name_zh="供水公司")
    stranger = program(Role.HANDLER, "water-company")
    ticket = make_ticket(application, state=TicketState.DISPATCHED, unit_code=unit)
    draft = make_ticket(application, unit_code="water-company")
    for number in (ticket.number, f"draft-{ticket.id}", f"draft-{draft.id}", "draft-999", "nothing"):
        refused(stranger.get(f"/tickets/{number}"), 404, "not_found")
        refused(stranger.get(f"/tickets/{number}/events"), 404, "not_found")
        refused(stranger.post(f"/tickets/{number}/acknowledge"), 404, "not_found")
    assert json_of(stranger.get("/tickets"), 200)["items"] == []
    assert json_of(stranger.get("/tickets", unit=unit), 200)["items"] == []


def test_a_unit_cannot_rewrite_what_it_was_handed(program: Hire, unit: str, application: Application) -> None:
    handler = program(Role.HANDLER, unit)
    ticket = make_ticket(application, state=TicketState.DISPATCHED, unit_code=unit)
    body = {"title": "无事", "caller_number": "1", "unit": unit}
    expected = {"title": "not_now", "caller_number": "not_now", "unit": "not_now"}
    assert field_errors(handler.post(f"/tickets/{ticket.number}/acknowledge", body)) == expected
    kept = json_of(handler.get(f"/tickets/{ticket.number}"), 200)
    assert (kept["title"], kept["state"], kept["revision"]) == ("路灯不亮", "dispatched", 1)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"action": "hand_off"},
            {"type": "missing", "title": "missing", "text": "missing", "unit": "missing"},
        ),
        ({**LAMP, "unit": "nowhere"}, {"unit": "unknown_value"}),
        ({"type": "grumble", "colour": 1}, {"type": "unknown_value", "colour": "unknown_field"}),
        ({"title": "长" * 121, "text": 5}, {"text": "not_text"}),
        ({"title": "长" * 121, "place": "a\x00b"}, {"title": "too_long", "place": "unknown_value"}),
        ({"action": "close"}, {"action": "unknown_value"}),
        ({"no_matter": "bored"}, {"no_matter": "unknown_value"}),
        ([1], {"body": "model_type"}),
    ],
)
def test_refused_fields_are_all_named_and_nothing_is_written(
    operator: Program, application: Application, body: Any, expected: dict[str, str]
) -> None:
    assert field_errors(operator.post("/tickets", body)) == expected
    assert written(application) == 0


@pytest.mark.parametrize(
    "raw", [b"{", b"{'a':1}", b"\xff\xfe", b'{"title":NaN}', b'{"title":"\\ud800"}', b"[" * 100_000]
)
def test_a_body_that_is_not_json_is_a_bad_request(operator: Program, raw: bytes) -> None:
    response = operator.client.post(
        "/api/v1/tickets", data=raw, content_type="application/json", headers=operator.headers
    )
    refused(response, 400, "bad_json")


def test_a_form_is_not_json(operator: Program) -> None:
    response = operator.client.post("/api/v1/tickets", data={"title": "x"}, headers=operator.headers)
    refused(response, 415, "unsupported_media_type")


def test_an_old_revision_does_not_overwrite(operator: Program) -> None:
    draft = json_of(operator.post("/tickets", LAMP), 201)
    address = f"/tickets/{draft['number']}/save"
    assert json_of(operator.post(address, {"title": "一", "revision": 1}), 200)["revision"] == 2
    assert (
        refused(operator.post(address, {"title": "二", "revision": 1}), 409, "stale_revision")[
            "current_revision"
        ]
        == 2
    )
    assert json_of(operator.get(f"/tickets/{draft['number']}"), 200)["title"] == "一"


def test_events_tell_what_happened_without_naming_the_caller(program: Hire, unit: str) -> None:
    writer, handler = program(Role.OPERATOR), program(Role.HANDLER, unit)
    number = json_of(writer.post("/tickets", {**LAMP, "unit": unit, "caller_name": "王小明"}), 201)["number"]
    handler.post(f"/tickets/{number}/acknowledge")
    response = handler.get(f"/tickets/{number}/events")
    kinds = [item["kind"] for item in json_of(response, 200)["items"]]
    assert kinds == ["TicketOpened", "TicketHandedOff", "TicketAcknowledged"]
    assert response.get_json()["items"][0]["at"] == "2026-11-23T09:00:00+08:00"
    assert "13800001234" not in response.get_data(as_text=True)
    assert "王小明" not in response.get_data(as_text=True)


def test_a_confidential_matter_names_nobody_to_unit_staff(
    program: Hire, unit: str, application: Application
) -> None:
    ticket = make_ticket(
        application, state=TicketState.DISPATCHED, unit_code=unit, confidential=True, caller_name="王小明"
    )
    hidden = json_of(program(Role.HANDLER, unit).get(f"/tickets/{ticket.number}"), 200)["caller"]
    assert hidden == {"name": "", "number": "", "hidden": True}
    masked = json_of(program(Role.SHIFT_LEADER).get(f"/tickets/{ticket.number}"), 200)["caller"]
    assert masked["name"] == "王**"


def test_unknown_steps_are_not_there(operator: Program) -> None:
    number = json_of(operator.post("/tickets", LAMP), 201)["number"]
    for step in ("destroy", "record_follow_up", "Save"):
        refused(operator.post(f"/tickets/{number}/{step}"), 404, "not_found")
