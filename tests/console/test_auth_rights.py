"""Every address by every role: nothing opens without a sign-in, and each role opens exactly what its rights cover."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hotline.rules.enums import Role
from hotline.rules.people.actors import RIGHTS, Right
from hotline.unit_of_work import Application
from tests.builders import make_unit, make_user, person_of
from tests.console.conftest import SignIn, arm_with_csrf_token

OPEN = {"/login", "/logout", "/locale", "/", "/assets/<path:filename>", "/console/settings/brand.css"}
DESCRIPTION = "/api/v1/openapi.json"
NEEDED: dict[str, tuple[Right, ...]] = {
    "/console": (Right.TAKE_CALLS,),
    "/console/desk/state": (Right.TAKE_CALLS,),
    "/console/desk/queue": (Right.TAKE_CALLS,),
    "/console/desk/nearby": (Right.TAKE_CALLS,),
    "/console/tickets": (Right.READ_ALL_TICKETS, Right.READ_UNIT_TICKETS),
    "/console/unit": (Right.HANDLE_TICKETS,),
    "/console/calls": (Right.READ_CALLS,),
    "/console/callbacks": (Right.READ_CALLBACKS,),
    "/console/reports": (Right.READ_REPORTS,),
}


def rules(app: Flask, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield (method, an address) for every rule below `prefix`."""
    addresses = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(prefix) and rule.rule not in OPEN:
            address = addresses.build(rule.endpoint, dict.fromkeys(rule.arguments, 1))
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, address


def test_every_page_asks_who_you_are(app: Flask, browser: FlaskClient) -> None:
    arm_with_csrf_token(app, browser)
    asked = list(rules(app, "/console"))
    assert len(asked) > 15
    for method, address in asked:
        answer = browser.open(address, method=method)
        assert (answer.status_code, answer.location.split("?")[0]) == (303, "/login"), (method, address)


def test_a_script_without_a_session_is_told_so(app: Flask, browser: FlaskClient) -> None:
    arm_with_csrf_token(app, browser)
    answer = browser.get("/console/desk/state", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login")


def test_every_api_action_asks_for_a_token(app: Flask, browser: FlaskClient) -> None:
    asked = [(method, address) for method, address in rules(app, "/api/v1") if address != DESCRIPTION]
    assert len(asked) > 10
    for method, address in asked:
        for given in ({}, {"Authorization": "Bearer hl_wrong"}, {"Authorization": "Basic eDp5"}):
            answer = browser.open(address, method=method, headers=given)
            assert answer.status_code == 401, (method, address, given)
            assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")
            assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_its_rights_cover_and_nothing_else(
    app: Flask, application: Application, signed_in: SignIn, role: Role
) -> None:
    unit = make_unit(application).code if role is Role.HANDLER else None
    browser = signed_in(person_of(make_user(application, role, unit_code=unit)))
    known = {rule.rule for rule in app.url_map.iter_rules()}
    for address, rights in NEEDED.items():
        if address in known:
            may = bool(set(rights) & RIGHTS[role])
            assert browser.get(address).status_code == (200 if may else 403), (role, address)


@pytest.mark.parametrize("role", [role for role in Role if Right.TAKE_CALLS not in RIGHTS[role]])
def test_who_takes_no_calls_changes_nothing_at_a_desk(
    app: Flask, application: Application, signed_in: SignIn, role: Role
) -> None:
    unit = make_unit(application).code if role is Role.HANDLER else None
    browser = signed_in(person_of(make_user(application, role, unit_code=unit)))
    for method, address in rules(app, "/console/desk"):
        assert browser.open(address, method=method, json={}).status_code == 403, (role, method, address)


def test_the_bar_offers_only_what_may_be_opened(
    app: Flask, application: Application, signed_in: SignIn
) -> None:
    leader = signed_in(person_of(make_user(application, Role.LEADER))).get("/console/tickets").text
    assert 'href="/console/tickets"' in leader
    assert 'href="/console/calls"' not in leader
    assert 'href="/console"' not in leader
