"""Programs list tickets: filters that narrow, cursors that neither lose nor repeat, and no filter quietly ignored."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from hotline.rules.enums import Role, Solved, TicketState
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit
from tests.console.json_schema import misfits
from tests.console.programs import Program, field_errors, hire, json_of, refused
from tests.stopped_clock import StoppedClock


@pytest.fixture
def operator(app: Flask, application: Application) -> Program:
    return hire(app, application, Role.OPERATOR)


@pytest.fixture
def unit(application: Application) -> str:
    return make_unit(application).code


def test_lists_are_filtered_and_paged(
    operator: Program, unit: str, application: Application, clock: StoppedClock
) -> None:
    for minute in range(7):
        make_ticket(application, received_at=clock.at - timedelta(minutes=minute))
    late = make_ticket(
        application,
        state=TicketState.IN_PROGRESS,
        unit_code=unit,
        due_at=clock.at - timedelta(seconds=1),
        title="下水道堵塞",
    )
    seen, cursor = [], ""
    while cursor is not None:
        page = json_of(operator.get("/tickets", limit=3, cursor=cursor), 200)
        seen += [item["number"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 8
    for query in ({"overdue": "true"}, {"state": "in_progress"}, {"unit": unit}, {"q": "下水道"}):
        found = json_of(operator.get("/tickets", **query), 200)["items"]
        assert [item["number"] for item in found] == [late.number]
        assert found[0]["overdue"]
    assert len(json_of(operator.get("/tickets", state=["draft", "closed"]), 200)["items"]) == 7
    assert json_of(operator.get("/tickets", type="praise"), 200) == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"state": "lost"}, "state.0"),
        ({"sort": "x"}, "sort"),
    ],
)
def test_an_unknown_filter_is_refused_rather_than_ignored(
    operator: Program, query: dict[str, Any], field: str
) -> None:
    assert list(field_errors(operator.get("/tickets", **query))) == [field]


def test_a_bad_cursor_is_a_bad_request(operator: Program) -> None:
    refused(operator.get("/tickets", cursor="rubbish"), 400, "bad_cursor")


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.HANDLER, Role.SUPERVISOR])
@pytest.mark.parametrize("query", [{}, {"sort": "due"}, {"q": "路灯"}])
def test_a_list_shows_each_ticket_as_its_own_address_does(
    app: Flask, application: Application, unit: str, role: Role, query: dict[str, str]
) -> None:
    at = application.clock()
    texts = {"title": "路灯不亮，电话13800001234", "reply": "已联系王小明", "caller_name": "王小明"}
    rounds = {"acknowledge_due": at, "acknowledged_at": at, "due_at": at - timedelta(hours=1)}
    first = make_ticket(application, state=TicketState.CLOSED, unit_code=unit, solved=Solved.NO, **rounds)
    for state in TicketState:
        of_unit = None if state is TicketState.DRAFT else unit
        make_ticket(application, state=state, unit_code=of_unit, **texts, **rounds)
    make_ticket(application, state=TicketState.DISPATCHED, unit_code=unit, redo_of=first.id, round=2)
    make_ticket(application, state=TicketState.REPLIED, unit_code=unit, confidential=True, **texts)
    program = hire(app, application, role, unit if role is Role.HANDLER else None)
    listed = json_of(program.get("/tickets", **query), 200)
    assert len(listed["items"]) >= 7
    for item in listed["items"]:
        assert json_of(program.get(f"/tickets/{item['number']}"), 200) == item
    document = json_of(program.get("/openapi.json"), 200)
    assert misfits(listed, {"$ref": "#/components/schemas/TicketListOut"}, document) == []
    assert ("13800001234" in json.dumps(listed)) is (role is not Role.SUPERVISOR)
