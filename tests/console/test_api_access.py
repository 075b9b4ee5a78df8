"""Access to the API: tokens, rights by role, unknown addresses, methods, ids and numbers."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from agent_console.api.routes import BASE, ROUTES
from hotline.rules.enums import CallbackState, CallEnd, CallPurpose, CallState, Role, TicketState
from hotline.rules.people.actors import RIGHTS
from hotline.store.people.tables import ApiToken, User
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket, make_unit
from tests.console.conftest import SignIn
from tests.console.programs import field_errors, hire, json_of, refused
from tests.stopped_clock import StoppedClock

PLACES = {"number": "draft-1", "action": "save", "id": "1", "name": "nobody"}


def address(path: str) -> str:
    return BASE + path.format(**PLACES)


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer x", "Basic eDp5", "Bearer é", "hl_x"])
def test_without_a_valid_token_nothing_is_returned(browser: FlaskClient, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    for route in ROUTES:
        response = browser.open(address(route.path), method=route.method, json={}, headers=headers)
        assert response.status_code == 401, route.name
        assert response.mimetype == "application/problem+json"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_token_or_a_closed_account_opens_nothing(
    app: Flask, application: Application, clock: StoppedClock
) -> None:
    first, second = hire(app, application, Role.OPERATOR), hire(app, application, Role.OPERATOR)
    assert first.get("/units").status_code == second.get("/units").status_code == 200
    with application.engine.begin() as connection:
        connection.execute(update(ApiToken).where(ApiToken.id == 1).values(revoked_at=clock.at))
        connection.execute(update(User).where(User.id == 2).values(active=False))
    assert first.get("/units").status_code == second.get("/units").status_code == 401


def test_a_browser_session_is_no_token(signed_in: SignIn, application: Application) -> None:
    client = signed_in(make_operator(application))
    assert client.get(f"{BASE}/units").status_code == 401


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_exactly_what_its_rights_name(
    app: Flask, application: Application, role: Role
) -> None:
    unit = make_unit(application).code if role is Role.HANDLER else None
    program = hire(app, application, role, unit)
    for route in ROUTES:
        response = program.client.open(
            address(route.path), method=route.method, json={}, headers=program.headers
        )
        allowed = not route.rights or bool(RIGHTS[role] & set(route.rights))
        assert (response.status_code != 403) == allowed, route.name
        assert response.status_code < 500


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/tickets/", 404),
        ("PUT", "/tickets", 405),
        ("DELETE", "/tickets", 405),
        ("GET", "/tickets/QF1/close", 405),
        ("PATCH", "/callbacks/1", 405),
    ],
)
def test_odd_addresses_and_methods_are_problems_too(
    app: Flask, application: Application, method: str, path: str, status: int
) -> None:
    program = hire(app, application, Role.SHIFT_LEADER)
    response = program.client.open(BASE + path, method=method, headers=program.headers)
    assert json_of(response, status)["status"] == status
    assert response.mimetype == "application/problem+json"
    assert ("Allow" in response.headers) == (status == 405)


@pytest.mark.parametrize("path", ["/calls", "/callbacks"])
def test_a_text_that_can_be_no_id_is_not_found(app: Flask, application: Application, path: str) -> None:
    program = hire(app, application, Role.OPERATOR)
    for row_id in ("0", "-1", "x", "1.5", "2147483648", "9" * 40, "１", "%00"):
        refused(program.get(f"{path}/{row_id}"), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/calls", {"day": "yesterday"}, "day"),
        ("/calls", {"operator": "9" * 30}, "operator"),
        ("/calls", {"end": "bored"}, "end.0"),
        ("/callbacks", {"state": "kept"}, "state.0"),
        ("/tickets", {"q": "a\x00"}, "q"),
        ("/tickets", {"q": "长" * 101}, "q"),
        ("/tickets", {"limit": ["1", "2"]}, "limit"),
    ],
)
def test_an_unfit_filter_is_named(
    app: Flask, application: Application, path: str, query: dict[str, str], field: str
) -> None:
    assert list(field_errors(hire(app, application, Role.OPERATOR).get(path, **query))) == [field]


def test_calls_are_listed_masked_with_operator_and_ticket(app: Flask, application: Application) -> None:
    operator = make_operator(application)
    columns = {
        "operator_id": operator.id,
        "state": CallState.ENDED,
        "end": CallEnd.COMPLETED,
        "wait_seconds": 7,
    }
    call = make_call(application, number="+8613800001234", **columns)
    ticket = make_ticket(application, call_id=call.id, state=TicketState.CLOSED)
    make_ticket(application, call_id=call.id, round=2)
    (listed,) = json_of(hire(app, application, Role.SHIFT_LEADER).get("/calls"), 200)["items"]
    assert (listed["number"], listed["withheld"]) == ("138****1234", False)
    assert (listed["ticket"], listed["operator"]["id"]) == (ticket.number, operator.id)
    assert (listed["end"], listed["wait_seconds"]) == ("completed", 7)


def test_calls_are_filtered_and_paged(app: Flask, application: Application, clock: StoppedClock) -> None:
    operator, program = make_operator(application), hire(app, application, Role.SHIFT_LEADER)
    old = make_call(application, operator_id=operator.id, end=CallEnd.COMPLETED)
    clock.advance(24 * 3600)
    new = make_call(application, number=None, number_raw="anonymous", purpose=CallPurpose.CALLBACK)
    whole = json_of(program.get("/calls"), 200)["items"]
    assert [(item["id"], item["withheld"]) for item in whole] == [(new.id, True), (old.id, False)]
    assert json_of(program.get(f"/calls/{old.id}"), 200) == whole[1]
    for query in (
        {"day": "2026-11-23"},
        {"end": "completed"},
        {"operator": operator.id},
        {"purpose": "inbound"},
    ):
        assert json_of(program.get("/calls", **query), 200)["items"] == [whole[1]]
    first = json_of(program.get("/calls", limit=1), 200)
    rest = json_of(program.get("/calls", limit=1, cursor=first["next_cursor"]), 200)
    assert [*first["items"], *rest["items"]] == whole
    assert rest["next_cursor"] is None


def test_one_number_has_one_open_promise(app: Flask, application: Application) -> None:
    program = hire(app, application, Role.OPERATOR)
    made = program.post("/callbacks", {"number": "138 0000 1234", "language": "en"})
    owed = json_of(made, 201)
    assert made.headers["Location"] == f"{BASE}/callbacks/{owed['id']}"
    assert (owed["number"], owed["state"], owed["reason"]) == ("138****1234", "waiting", "manual")
    assert json_of(program.post("/callbacks", {"number": "+8613800001234"}), 200)["id"] == owed["id"]
    assert json_of(program.get("/callbacks", state="waiting", reason="manual"), 200)["items"] == [owed]
    assert program.delete(f"/callbacks/{owed['id']}").status_code == 204
    after = json_of(program.get(f"/callbacks/{owed['id']}"), 200)
    assert (after["state"], after["next_try_at"]) == (CallbackState.CANCELLED, None)
    refused(program.delete(f"/callbacks/{owed['id']}"), 409, "lost_race")
    refused(program.delete("/callbacks/77"), 404, "not_found")
    assert json_of(program.post("/callbacks", {"number": "13800001234"}), 201)["id"] != owed["id"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"number": "missing"}),
        ({"number": "110"}, {"number": "unknown_value"}),
        ({"number": "no"}, {"number": "unknown_value"}),
        ({"number": "1" * 81}, {"number": "too_long"}),
        ({"number": "13800001234", "language": "fr"}, {"language": "unknown_value"}),
    ],
)
def test_a_number_that_cannot_be_phoned_is_refused(
    app: Flask, application: Application, body: dict[str, str], expected: dict[str, str]
) -> None:
    assert field_errors(hire(app, application, Role.OPERATOR).post("/callbacks", body)) == expected


def test_units_and_operators_are_listed(app: Flask, application: Application) -> None:
    make_unit(application)
    operator = make_operator(application)
    program = hire(app, application, Role.SUPERVISOR)
    assert json_of(program.get("/units"), 200)["items"] == [
        {
            "code": "city-management",
            "name": "城市管理局",
            "name_en": "Urban Management Bureau",
            "kind": "department",
            "active": True,
        }
    ]
    (listed,) = json_of(program.get("/operators"), 200)["items"]
    assert (listed["id"], listed["state"]) == (operator.id, "ready")
    assert listed["since"] == "2026-11-23T09:00:00+08:00"


def test_no_full_number_leaves_through_the_api(app: Flask, application: Application) -> None:
    unit = make_unit(application).code
    call = make_call(application, number="+8613877776666", number_raw="+8613877776666")
    ticket = make_ticket(
        application,
        state=TicketState.ACKNOWLEDGED,
        unit_code=unit,
        caller_number="13877776666",
        call_id=call.id,
    )
    hire(app, application, Role.OPERATOR).post("/callbacks", {"number": "13877776666"})
    for role in Role:
        program = hire(app, application, role, unit if role is Role.HANDLER else None)
        for route in ROUTES:
            path = route.path.format(number=ticket.number, action="acknowledge", id=1, name="nobody")
            response = program.client.open(BASE + path, method=route.method, json={}, headers=program.headers)
            assert "77776666" not in response.get_data(as_text=True), (role, route.name)
