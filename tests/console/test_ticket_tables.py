"""The tables of fields and steps add up: each row has its column, its labels, its place in the API, its control at the desk."""

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from flask import Flask
from sqlalchemy import Column, DateTime, Enum, String
from sqlalchemy import Text as LongText

import agent_console
from agent_console.api.requests import ActionIn, TicketIn
from agent_console.api.schemas import TicketMadeOut, TicketOut
from agent_console.tickets.ticket_sheet import WAITING_LABELS
from agent_console.tickets.timeline import SENTENCES
from agent_console.web.labels import FIELDS, LABELS
from hotline.rules.enums import TicketAction, TicketState
from hotline.rules.text import SHORT_TEXT
from hotline.rules.tickets.fields import (
    DESK_FIELDS,
    FIELDS_BY_NAME,
    STATED_FIELDS,
    TICKET_FIELDS,
    ChoiceField,
    DateTimeField,
    TextField,
    TicketField,
)
from hotline.rules.tickets.rows import COLUMNS
from hotline.rules.tickets.transitions import TRANSITIONS, Transition
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.console.conftest import SignIn
from tests.console.desk_scenes import talking_desk

COLUMNS_OF_TICKETS: dict[str, Column[Any]] = dict(Ticket.__table__.columns)
STORED = [row for row in TICKET_FIELDS if row.stored]
OTHER_SHAPES = {
    "number": "number",
    "caller_name": "caller",
    "caller_number": "caller",
    "unit_code": "unit",
    "redo_of": "redo_of",
    "acknowledge_due": "deadlines",
    "contact_due": "deadlines",
    "due_at": "deadlines",
    "due_provisional": "deadlines",
    "due_computed": "deadlines",
}
# Computed from the other columns, for the search.
COMPUTED = {"search_text", "search_private"}
NOT_IN_ANSWERS = {"access_code", "author_id", "policy", "policy_version", "received_on"}


def name_of(row: TicketField) -> str:
    return row.name


def test_every_column_of_a_ticket_is_a_row_of_the_table() -> None:
    assert {row.name for row in STORED} | {"id"} | COMPUTED == set(COLUMNS_OF_TICKETS)
    assert len({row.name for row in TICKET_FIELDS}) == len(TICKET_FIELDS)


@pytest.mark.parametrize("row", STORED, ids=name_of)
def test_a_column_holds_what_its_row_accepts(row: TicketField) -> None:
    column = COLUMNS_OF_TICKETS[row.name]
    assert column.nullable is row.optional
    match row.kind:
        case TextField(limit) if limit > SHORT_TEXT:
            assert isinstance(column.type, LongText)
        case TextField(limit):
            assert isinstance(column.type, String)
            assert column.type.length == limit
        case ChoiceField(kind):
            assert isinstance(column.type, Enum)
            assert column.type.enum_class is kind
        case DateTimeField():
            assert isinstance(getattr(column.type, "impl", None), DateTime)
        case other:
            assert column.type.python_type is other.value_type


@pytest.mark.parametrize("row", STATED_FIELDS, ids=name_of)
def test_a_field_that_people_state_has_a_label_in_both_languages(row: TicketField) -> None:
    catalog = Path(agent_console.__file__).parent / "translations/en/LC_MESSAGES/messages.po"
    with catalog.open("rb") as source:
        english = read_po(source)
    assert row.name in FIELDS
    message = english.get(FIELDS[row.name])
    assert message is not None
    assert message.string


def test_every_label_belongs_to_a_field() -> None:
    assert set(FIELDS) == {row.name for row in STATED_FIELDS}


@pytest.mark.parametrize("row", STATED_FIELDS, ids=name_of)
def test_a_field_that_people_state_is_in_the_requests_of_the_api(row: TicketField) -> None:
    for model in (TicketIn, ActionIn):
        assert row.api_name in model.model_json_schema()["properties"]


@pytest.mark.parametrize("row", STORED, ids=name_of)
def test_a_stored_field_is_in_the_answers_of_the_api_or_in_another_shape(row: TicketField) -> None:
    shown = TicketOut.model_json_schema(mode="serialization")["properties"]
    if row.in_answers:
        assert row.api_name in shown
    else:
        assert OTHER_SHAPES.get(row.name) in shown or row.name in NOT_IN_ANSWERS


def test_the_access_code_is_only_in_the_answer_that_gives_it() -> None:
    assert "access_code" not in TicketOut.model_fields
    assert "access_code" in TicketMadeOut.model_fields


def test_the_columns_of_a_ticket_file_are_the_public_ones_in_their_order() -> None:
    public = (
        "external_number,received_at,channel,type,category,title,text,caller_number,unit,closed_at,due_at,"
        "first_contact_at,solved,satisfied"
    )
    assert ",".join(COLUMNS) == public


def controls_of(application: Application, signed_in: SignIn) -> set[str]:
    person, call = talking_desk(application)
    browser = signed_in(person)
    browser.post(f"/console/desk/calls/{call.id}/draft", json={})
    form = browser.get("/console/desk/state").get_json()["html"]["work"]
    return set(re.findall(r'<(?:input|textarea|select)[^>]* name="(\w+)"', form))


def test_the_desks_form_has_a_control_for_each_field_of_the_desk(
    application: Application, signed_in: SignIn
) -> None:
    assert controls_of(application, signed_in) == {row.name for row in DESK_FIELDS}


def test_a_field_without_a_place_of_its_own_comes_last_in_the_desks_form(
    app: Flask, application: Application, signed_in: SignIn
) -> None:
    more = {"reply", "caller_number"}
    rows = (*DESK_FIELDS, *(FIELDS_BY_NAME[name] for name in sorted(more)))
    app.jinja_env.globals["desk_fields"] = lambda: rows
    assert more <= controls_of(application, signed_in)


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: row.action.value)
def test_a_step_has_its_labels(row: Transition) -> None:
    assert row.action.value in LABELS[TicketAction]
    for state in (*row.origins, row.target):
        assert state.value in LABELS[TicketState]
        assert state in WAITING_LABELS
    for kind in row.events:
        assert kind in SENTENCES
