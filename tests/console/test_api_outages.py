"""Known outages for programs: the same rules as the page, with codes instead of sentences."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from hotline.rules.enums import Role
from hotline.rules.people.actors import Person, Right
from hotline.unit_of_work import Application
from tests.builders import make_unit
from tests.console.programs import Program, field_errors, hire, json_of, refused
from tests.stopped_clock import StoppedClock

OUTAGE = {"text_zh": "春秋路停水。", "text_en": "No water.", "ends_at": "2026-11-23T18:00:00+08:00"}


@pytest.fixture
def program(app: Flask, application: Application) -> Program:
    return hire(app, application, Role.SHIFT_LEADER)


@pytest.mark.parametrize("role", list(Role))
def test_a_program_reads_and_announces_as_its_person_may(
    role: Role, app: Flask, application: Application
) -> None:
    unit = make_unit(application).code if role is Role.HANDLER else None
    program, person = hire(app, application, role, unit), Person(1, role, unit)
    assert program.get("/notices").status_code == (200 if person.may(Right.READ_OUTAGES) else 403)
    assert program.post("/notices", OUTAGE).status_code == (201 if person.may(Right.ANNOUNCE) else 403)
    if not person.may(Right.ANNOUNCE):
        assert program.delete("/notices/1").status_code == 403


def test_an_announced_outage_is_listed_found_and_stopped_once(program: Program, clock: StoppedClock) -> None:
    made = program.post("/notices", OUTAGE)
    notice = json_of(made, 201)
    assert (notice["state"], notice["starts_at"]) == ("running", "2026-11-23T09:00:00+08:00")
    address = made.headers["Location"].removeprefix("/api/v1")
    assert json_of(program.get(address), 200) == notice
    assert json_of(program.get("/notices", running="true"), 200)["items"] == [notice]
    clock.advance(60)
    assert program.delete(address).status_code == 204
    stopped = json_of(program.get(address), 200)
    assert (stopped["state"], stopped["stopped_at"]) == ("stopped", "2026-11-23T09:01:00+08:00")
    assert json_of(program.get("/notices", running="true"), 200)["items"] == []
    refused(program.delete(address), 409, "lost_race")


def test_the_list_goes_on_by_cursor(program: Program) -> None:
    for hour in range(10, 13):
        ends = f"2026-11-23T{hour}:00:00+08:00"
        json_of(program.post("/notices", {"text_zh": f"{hour}号井停水。", "ends_at": ends}), 201)
    first = json_of(program.get("/notices", limit="2"), 200)
    rest = json_of(program.get("/notices", limit="2", cursor=first["next_cursor"]), 200)
    assert [row["ends_at"][11:13] for row in (*first["items"], *rest["items"])] == ["12", "11", "10"]
    assert rest["next_cursor"] is None
    refused(program.get("/notices", cursor="x"), 400, "bad_cursor")


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"text_zh": ""}, {"text_zh": "missing"}),
        ({"text_zh": "水" * 121}, {"text_zh": "too_long"}),
        ({"text_zh": 5}, {"text_zh": "not_text"}),
        ({"text_zh": "停\x01水"}, {"text_zh": "unspeakable"}),
        ({"text_en": "no\uffff water"}, {"text_en": "unspeakable"}),
        ({"colour": "red"}, {"colour": "unknown_field"}),
        ({"ends_at": "soon"}, {"ends_at": "not_a_moment"}),
        ({"ends_at": "2026-11-23T18:00:00"}, {"ends_at": "not_a_moment"}),
        ({"ends_at": "2026-11-22T18:00:00Z"}, {"ends_at": "past"}),
        ({"ends_at": "2027-11-22T18:00:00Z"}, {"ends_at": "too_far"}),
        ({"starts_at": "0001-01-01T00:00:00+08:00"}, {"ends_at": "too_far"}),
        (
            {"starts_at": "9999-12-30T00:00:00Z", "ends_at": "9999-12-31T23:59:59-08:00"},
            {"starts_at": "too_far"},
        ),
    ],
)
def test_what_cannot_be_announced_is_named_by_field(
    wrong: dict[str, object], expected: dict[str, str], program: Program
) -> None:
    assert field_errors(program.post("/notices", {**OUTAGE, **wrong})) == expected
    assert json_of(program.get("/notices"), 200)["items"] == []


def test_a_notice_that_does_not_exist_is_not_there(program: Program) -> None:
    for row_id in ("77", "0", "99999999999999999999", "x"):
        refused(program.get(f"/notices/{row_id}"), 404, "not_found")
        refused(program.delete(f"/notices/{row_id}"), 404, "not_found")


def test_an_outage_announced_already_is_refused_in_words(program: Program) -> None:
    json_of(program.post("/notices", OUTAGE), 201)
    assert field_errors(program.post("/notices", OUTAGE)) == {
        "text_zh": "told_already",
        "text_en": "told_already",
    }
    assert len(json_of(program.get("/notices"), 200)["items"]) == 1


def test_the_same_key_and_body_mean_the_same_notice(
    program: Program, app: Flask, application: Application
) -> None:
    first = program.post("/notices", OUTAGE, Idempotency_Key="a-1")
    again = program.post("/notices", dict(reversed(OUTAGE.items())), Idempotency_Key="a-1")
    assert json_of(first, 201) == json_of(again, 201)
    assert first.headers["Location"] == again.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    other = {**OUTAGE, "text_zh": "春秋路停电。"}
    refused(program.post("/notices", other, Idempotency_Key="a-1"), 422, "key_reused")
    stranger = hire(app, application, Role.SHIFT_LEADER)
    field_errors(stranger.post("/notices", OUTAGE, Idempotency_Key="a-1"))


def test_a_repeat_after_its_end_is_still_the_same_notice(program: Program, clock: StoppedClock) -> None:
    made = json_of(program.post("/notices", OUTAGE, Idempotency_Key="k"), 201)
    clock.advance(12 * 3600)
    again = json_of(program.post("/notices", OUTAGE, Idempotency_Key="k"), 201)
    assert (again["id"], again["state"]) == (made["id"], "over")


def test_a_refused_announcement_does_not_use_up_its_key(program: Program) -> None:
    field_errors(program.post("/notices", {**OUTAGE, "text_zh": ""}, Idempotency_Key="k"))
    json_of(program.post("/notices", OUTAGE, Idempotency_Key="k"), 201)


def test_the_same_key_sent_six_times_at_once_announces_once(app: Flask, program: Program) -> None:
    def send(_: int) -> TestResponse:
        return Program(app.test_client(), program.token).post("/notices", OUTAGE, Idempotency_Key="race")

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(6)))
    assert {json_of(answer, 201)["id"] for answer in answers} == {1}
    assert len(json_of(program.get("/notices"), 200)["items"]) == 1
