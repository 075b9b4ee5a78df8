"""Users and tokens for programs: the rules of the people page, with codes instead of sentences."""

from datetime import timedelta

import pytest
from flask import Flask

from hotline.rules.enums import Role
from hotline.store.people.tables import User
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit, make_user
from tests.console.conftest import arm_with_csrf_token
from tests.console.programs import Program, field_errors, hire, json_of, refused

NEW = "Correct-horse-电池"


@pytest.fixture
def program(app: Flask, application: Application) -> Program:
    return hire(app, application, Role.ADMIN)


def patch(program: Program, name: str, body: dict[str, object]) -> object:
    return program.client.patch(f"/api/v1/users/{name}", json=body, headers=program.headers)


def test_a_user_is_invited_by_a_program(app: Flask, program: Program) -> None:
    body = {
        "name": "lin",
        "display_name": "林一诺",
        "role": "operator",
        "work_number": "088",
        "skills": ["english"],
    }
    answer = program.post("/users", body)
    made = json_of(answer, 201)
    assert answer.location == "/api/v1/users/lin"
    assert (made["skills"], made["active"], made["duties"]) == (["english"], True, [])
    browser = app.test_client()
    arm_with_csrf_token(app, browser)
    path = made["invite_url"].removeprefix("http://localhost")
    assert browser.post(path, data={"new": NEW, "again": NEW}).status_code == 303
    assert json_of(program.get("/users/lin"), 200)["invite_url"] is None
    refused(program.post("/users", body), 409, "name_taken")


def test_a_user_with_a_given_password_must_change_it(program: Program) -> None:
    made = json_of(program.post("/users", {"name": "lin", "role": "leader", "password": NEW}), 201)
    assert made["must_change_password"] is True
    assert made["invite_url"] is None
    assert field_errors(program.post("/users", {"name": "x", "role": "leader", "password": "short"})) == {
        "password": "too_short"
    }


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"role": "operator"}, {"name": "missing"}),
        ({"name": "a/b", "role": "operator"}, {"name": "not_printable"}),
        ({"name": "a", "role": "king"}, {"role": "unknown_value"}),
        ({"name": "a", "role": "handler"}, {"unit_code": "missing"}),
        ({"name": "a", "role": "handler", "unit_code": "nowhere"}, {"unit_code": "unknown_value"}),
        ({"name": "a", "role": "leader", "contractor": True}, {"contractor": "not_for_contractors"}),
        ({"name": "a", "role": "operator", "crown": 1}, {"crown": "unknown_field"}),
    ],
)
def test_a_wrong_user_is_refused_with_its_fields(
    program: Program, body: dict[str, object], errors: dict[str, str]
) -> None:
    assert field_errors(program.post("/users", body)) == errors


def test_only_the_given_fields_change(program: Program, application: Application) -> None:
    unit = make_unit(application)
    make_user(application, name="li", display_name="李", work_number="7")
    changed = json_of(
        patch(program, "li", {"role": "handler", "unit_code": unit.code, "reason": "借调"}), 200
    )
    assert (changed["role"], changed["unit_code"], changed["work_number"]) == ("handler", unit.code, "7")
    back = json_of(patch(program, "li", {"role": "operator", "work_number": None}), 200)
    assert (back["role"], back["unit_code"], back["work_number"]) == ("operator", None, None)
    assert json_of(patch(program, "li", {}), 200) == back
    refused(patch(program, "nobody", {"role": "operator"}), 404, "not_found")


def test_a_disabled_user_is_out_and_comes_back(
    program: Program, app: Flask, application: Application
) -> None:
    other = hire(app, application, Role.OPERATOR)
    with application.read_session() as session:
        name = session.get_one(User, session.query(User.id).order_by(User.id.desc()).first()[0]).name
    make_user(application, name="wang")
    make_ticket(application)
    assert json_of(other.get("/tickets"), 200)
    assert json_of(patch(program, name, {"active": False, "successor": "wang"}), 200)["active"] is False
    assert other.get("/tickets").status_code == 401
    refused(patch(program, name, {"active": False}), 409, "lost_race")
    assert json_of(patch(program, name, {"active": True}), 200)["active"] is True
    assert other.get("/tickets").status_code == 200


def test_users_are_listed_and_filtered(program: Program, application: Application) -> None:
    make_user(application, name="li", display_name="李思远")
    make_user(application, name="gone", active=False)
    names = [row["name"] for row in json_of(program.get("/users", q="思远"), 200)["items"]]
    assert names == ["li"]
    assert [row["name"] for row in json_of(program.get("/users", active="false"), 200)["items"]] == ["gone"]
    assert json_of(program.get("/users", limit=1), 200)["next_cursor"] is not None


def test_a_reset_answers_with_a_link(program: Program, application: Application) -> None:
    make_user(application, name="li", password=NEW)
    assert "/account/" in json_of(program.post("/users/li/reset"), 200)["reset_url"]
    refused(program.post("/users/nobody/reset"), 404, "not_found")


def test_a_program_changes_the_password_of_its_own_user(app: Flask, application: Application) -> None:
    program = hire(app, application, Role.OPERATOR)
    assert field_errors(program.post("/users/me/password", {"current": "x", "new": NEW})) == {
        "current": "wrong_password"
    }


def test_a_token_is_made_listed_and_revoked(program: Program, app: Flask, application: Application) -> None:
    make_user(application, Role.SUPERVISOR, name="reader")
    until = (application.clock() + timedelta(days=1)).isoformat()
    body = {"name": "open data", "user": "reader", "scope": "read", "expires_at": until}
    made = json_of(program.post("/tokens", body), 201)
    reader = Program(app.test_client(), made["token"])
    assert reader.get("/tickets").status_code == 200
    assert reader.post("/tickets", {}).status_code == 403
    listed = json_of(program.get("/tokens"), 200)["items"]
    assert (listed[0]["name"], listed[0]["scope"], listed[0]["token"]) == ("open data", "read", None)
    assert program.delete(f"/tokens/{made['id']}").status_code == 204
    assert reader.get("/tickets").status_code == 401
    refused(program.delete(f"/tokens/{made['id']}"), 409, "lost_race")
    refused(program.delete("/tokens/99999"), 404, "not_found")
    refused(program.post("/tokens", {"name": "x", "user": "nobody"}), 404, "not_found")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_administrator_reaches_people(app: Flask, application: Application, role: Role) -> None:
    unit = make_unit(application).code if role is Role.HANDLER else None
    program = hire(app, application, role, unit)
    for answer in (
        program.get("/users"),
        program.get("/tokens"),
        program.post("/users", {}),
        program.delete("/tokens/1"),
    ):
        assert answer.status_code == 403
