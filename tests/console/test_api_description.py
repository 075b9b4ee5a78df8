"""The OpenAPI document is what the API does: every route is in it, and every answer of a whole story fits it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from agent_console.api.routes import BASE, ROUTES
from hotline.rules.enums import CallEnd, CallState, Role
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_unit
from tests.console.json_schema import misfits, resolve
from tests.console.programs import Program, hire

Document = dict[str, Any]
LAMP = {
    "type": "complaint",
    "title": "路灯不亮",
    "text": "春秋路三盏路灯不亮。",
    "caller_number": "13800001234",
}


@pytest.fixture
def document(app: Flask) -> Document:
    response = app.test_client().get(f"{BASE}/openapi.json")
    assert response.status_code == 200
    return dict(response.get_json())


def operation(document: Document, method: str, path: str) -> Document:
    """Return the description of a request by its real path."""
    for template, methods in document["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in methods:
            return dict(methods[method.lower()])
    raise AssertionError(f"{method} {path} is not described")


def agrees(document: Document, response: TestResponse) -> None:
    """Check one answer against the document."""
    path = response.request.path.removeprefix(BASE)
    described = operation(document, response.request.method, path)["responses"]
    answer = described[str(response.status_code)]
    if "content" not in answer:
        assert response.get_data() == b""
        return
    schema = answer["content"][response.mimetype]["schema"]
    assert misfits(response.get_json(), schema, document) == []


def refs(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name == "$ref")
    children = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for child in children:
        yield from refs(child)


def test_the_document_is_whole(app: Flask, document: Document) -> None:
    assert document["openapi"] == "3.1.0"
    for ref in refs(document):
        resolve(ref, document)
    served = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(BASE)))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.openapi"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(method.upper(), path) for path, each in document["paths"].items() for method in each}
    assert described == served == {(route.method, route.path) for route in ROUTES}
    assert len({route.name for route in ROUTES}) == len(ROUTES)


def a_ticket_from_draft_to_close(writer: Program, office: Program, unit: str) -> list[TestResponse]:
    draft = writer.post("/tickets", LAMP)
    sent = writer.post(f"/tickets/{draft.get_json()['number']}/hand_off", {"unit": unit})
    ticket = f"/tickets/{sent.get_json()['number']}"
    return [
        draft,
        sent,
        office.post(f"{ticket}/acknowledge"),
        office.post(f"{ticket}/acknowledge"),
        office.post(f"{ticket}/record_contact", {"contact_note": "已联系。"}),
        office.post(f"{ticket}/reply", {}),
        office.post(f"{ticket}/reply", {"reply": "已修好。"}),
        office.post(f"{ticket}/close"),
        office.post("/tickets", LAMP),
        office.get(f"{ticket}/events"),
        writer.get(ticket),
    ]


def a_promise_made_and_dropped(writer: Program) -> list[TestResponse]:
    promised = writer.post("/callbacks", {"number": "13900004321"})
    address = f"/callbacks/{promised.get_json()['id']}"
    again = writer.post("/callbacks", {"number": "13900004321"})
    return [promised, again, writer.get(address), writer.delete(address), writer.delete(address)]


def an_outage_announced_and_stopped(writer: Program) -> list[TestResponse]:
    announced = writer.post("/notices", {"text_zh": "停水。", "ends_at": "2026-11-23T18:00:00+08:00"})
    address = f"/notices/{announced.get_json()['id']}"
    return [
        announced,
        writer.post("/notices", {"text_zh": ""}),
        writer.get("/notices"),
        writer.get(address),
        writer.delete(address),
        writer.delete(address),
    ]


def lists_and_refusals(writer: Program, call_id: int) -> list[TestResponse]:
    found = (
        "/tickets",
        "/calls",
        f"/calls/{call_id}",
        "/callbacks",
        "/units",
        "/operators",
        "/reports/daily",
    )
    return [
        *(writer.get(path) for path in found),
        *(writer.get(path) for path in ("/tickets/none", "/calls/0", "/callbacks/99")),
        writer.get("/reports", **{"from": "2026-11-01", "to": "2026-11-23"}),
        writer.get("/reports", **{"from": "2026-11-23", "to": "2026-11-01"}),
        writer.get("/tickets", cursor="x"),
        writer.get("/tickets", sort="x"),
    ]


def test_every_answer_of_a_story_fits_the_document(
    app: Flask, application: Application, document: Document
) -> None:
    unit = make_unit(application).code
    operator = make_operator(application)
    call = make_call(application, operator_id=operator.id, state=CallState.ENDED, end=CallEnd.COMPLETED)
    make_call(application, number=None, number_raw="anonymous")
    writer, office = hire(app, application, Role.SHIFT_LEADER), hire(app, application, Role.HANDLER, unit)
    answers = [
        *a_ticket_from_draft_to_close(writer, office, unit),
        *a_promise_made_and_dropped(writer),
        *an_outage_announced_and_stopped(writer),
        *lists_and_refusals(writer, call.id),
        Program(app.test_client(), "none of ours").get("/units"),
    ]
    for answer in answers:
        agrees(document, answer)
    assert {200, 201, 204, 400, 401, 403, 404, 409, 422} == {answer.status_code for answer in answers}


def test_bodies_that_fit_the_document_are_understood_and_others_are_not(
    app: Flask, application: Application, document: Document
) -> None:
    writer = hire(app, application, Role.OPERATOR)
    asked = operation(document, "POST", "/tickets")["requestBody"]["content"]["application/json"]["schema"]
    fit: tuple[Document, ...] = (LAMP, {}, {"urgency": "urgent", "confidential": True, "unit": None})
    for body in fit:
        assert misfits(body, asked, document) == []
        assert writer.post("/tickets", body).status_code == 201
    unfit: tuple[Document, ...] = ({"urgency": "very"}, {"colour": "red"}, {"title": 5}, {"channel": None})
    for body in unfit:
        assert misfits(body, asked, document) != []
        assert writer.post("/tickets", body).status_code == 422


def test_the_document_names_nothing_of_this_machine(document: Document) -> None:
    assert "localhost" not in json.dumps(document)
