"""A program that repeats itself means the same ticket: one key, one body, one ticket, however often and however fast."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from hotline.rules.enums import Role
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_unit
from tests.console.programs import Program, field_errors, hire, json_of, refused

LAMP = {"type": "complaint", "title": "路灯不亮", "text": "春秋路三盏路灯不亮。"}


@pytest.fixture
def operator(app: Flask, application: Application) -> Program:
    return hire(app, application, Role.OPERATOR)


@pytest.fixture
def unit(application: Application) -> str:
    return make_unit(application).code


def written(application: Application) -> int:
    with application.read_session() as session:
        return session.scalar(select(func.count()).select_from(Ticket)) or 0


def test_the_same_key_and_body_mean_the_same_ticket(
    operator: Program, unit: str, application: Application
) -> None:
    body = {**LAMP, "unit": unit}
    first = operator.post("/tickets", body, Idempotency_Key="a-1")
    again = operator.post("/tickets", dict(reversed(body.items())), Idempotency_Key="a-1")
    assert json_of(first, 201) == json_of(again, 201)
    assert first.headers["Location"] == again.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert json_of(operator.post("/tickets", body, Idempotency_Key="a-2"), 201) != first.get_json()
    refused(operator.post("/tickets", LAMP, Idempotency_Key="a-1"), 422, "key_reused")
    assert written(application) == 2


def test_a_key_belongs_to_one_token(app: Flask, application: Application) -> None:
    for _ in range(2):
        json_of(hire(app, application, Role.OPERATOR).post("/tickets", LAMP, Idempotency_Key="k"), 201)
    assert written(application) == 2


def test_a_refused_request_does_not_use_up_its_key(operator: Program, unit: str) -> None:
    field_errors(operator.post("/tickets", {"unit": unit}, Idempotency_Key="k"))
    json_of(operator.post("/tickets", {**LAMP, "unit": unit}, Idempotency_Key="k"), 201)


@pytest.mark.parametrize("key", ["", "x" * 121, "schlüssel"])
def test_an_odd_key_is_refused(operator: Program, key: str) -> None:
    refused(operator.post("/tickets", LAMP, Idempotency_Key=key), 400, "bad_idempotency_key")


def test_the_same_key_sent_eight_times_at_once_writes_one_ticket(
    app: Flask, operator: Program, unit: str, application: Application
) -> None:
    def send(_: int) -> TestResponse:
        rival = Program(app.test_client(), operator.token)
        return rival.post("/tickets", {**LAMP, "unit": unit}, Idempotency_Key="race")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert {json_of(answer, 201)["number"] for answer in answers} == {answers[0].get_json()["number"]}
    assert written(application) == 1
