"""`/console/escalations` and its API: a shift leader takes what failed and writes what came of it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from agent_console.api.failures.deliveries import DeliverySelection
from hotline.rules.enums import DeliveryState, Role
from hotline.rules.phone_numbers import format_national
from hotline.unit_of_work import Application
from tests.builders import make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.console.programs import field_errors, hire, json_of, refused
from tests.services.test_escalations import NUMBER, exhaust


@pytest.fixture
def leader(application: Application, signed_in: SignIn) -> FlaskClient:
    return signed_in(person_of(make_user(application, Role.SHIFT_LEADER)))


def test_the_bar_counts_what_nobody_has_taken(application: Application, leader: FlaskClient) -> None:
    assert "nav-alarm" not in leader.get("/console/escalations").text
    escalation = exhaust(application)
    page = leader.get("/console/escalations").text
    assert 'title="1 条等待处理"' in page
    assert "回拨未接通" in page
    assert NUMBER[3:] not in page
    assert leader.post(f"/console/escalations/{escalation}/take").status_code == 303
    assert "nav-alarm" not in leader.get("/console/escalations").text


def test_a_note_is_asked_for_and_what_was_typed_stays(application: Application, leader: FlaskClient) -> None:
    escalation = exhaust(application)
    leader.post(f"/console/escalations/{escalation}/take")
    missing = leader.post(f"/console/escalations/{escalation}/finish", data={"note": " "})
    assert (missing.status_code, "请填写" in missing.text) == (422, True)
    long = leader.post(f"/console/escalations/{escalation}/finish", data={"note": "联系" * 300})
    assert (long.status_code, "联系" * 300 in long.text) == (422, True)
    done = leader.post(f"/console/escalations/{escalation}/finish", data={"note": "已联系上"})
    assert done.status_code == 303
    assert "已联系上" in leader.get("/console/escalations?state=done").text
    again = leader.post(f"/console/escalations/{escalation}/finish", data={"note": "又联系"})
    assert (again.status_code, "又联系" in again.text, "状态刚刚变化" in again.text) == (409, True, True)


def test_the_owner_sees_the_number_once_and_promises_again(
    application: Application, leader: FlaskClient
) -> None:
    escalation = exhaust(application)
    refusal = leader.post(f"/console/escalations/{escalation}/number", follow_redirects=True)
    assert "您不能进行此操作" in refusal.text
    leader.post(f"/console/escalations/{escalation}/take")
    assert format_national(NUMBER) in leader.post(f"/console/escalations/{escalation}/number").text
    again = {"note": "晚上再拨", "step": "call_again"}
    assert leader.post(f"/console/escalations/{escalation}/finish", data=again).status_code == 303
    assert "138****5678" in leader.get("/console/callbacks").text


@pytest.mark.parametrize("query", ["state=gone", "cursor=x", "open=x"])
def test_an_address_that_is_not_understood_shows_nothing(leader: FlaskClient, query: str) -> None:
    assert leader.get(f"/console/escalations?{query}").status_code == 422


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.SHIFT_LEADER, Role.SUPERVISOR}])
def test_no_other_role_opens_the_page(application: Application, signed_in: SignIn, role: Role) -> None:
    unit = make_unit(application).code if role is Role.HANDLER else None
    browser = signed_in(person_of(make_user(application, role, unit_code=unit)))
    assert browser.get("/console/escalations").status_code == 403
    for step in ("take", "release", "finish", "number"):
        assert browser.post(f"/console/escalations/1/{step}").status_code == 403


def test_a_program_takes_and_finishes_by_the_same_rules(app: Flask, application: Application) -> None:
    program = hire(app, application, Role.SHIFT_LEADER)
    escalation = exhaust(application)
    (row,) = json_of(program.get("/escalations"), 200)["items"]
    assert (row["id"], row["kind"], row["state"], row["owner"]) == (
        escalation,
        "callback_exhausted",
        "open",
        None,
    )
    taken = json_of(program.post(f"/escalations/{escalation}/take"), 200)
    assert taken["state"] == "taken"
    refused(program.post(f"/escalations/{escalation}/take"), 409, "lost_race")
    assert field_errors(program.post(f"/escalations/{escalation}/finish", {"note": ""})) == {
        "note": "missing"
    }
    done = json_of(program.post(f"/escalations/{escalation}/finish", {"note": "联系上了"}), 200)
    assert (done["state"], done["note"]) == ("done", "联系上了")
    assert json_of(program.get("/escalations"), 200)["items"] == []
    assert len(json_of(program.get("/escalations", state="done"), 200)["items"]) == 1
    refused(program.post("/escalations/99/take"), 404, "not_found")


def test_the_selection_of_deliveries_names_each_state() -> None:
    assert {each.value for each in DeliverySelection} - {"failing"} == {each.value for each in DeliveryState}
