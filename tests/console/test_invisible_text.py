"""A value of invisible signs only is empty, wherever it is typed: form, API, file and command line."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from hotline.rules.enums import Role, TicketState
from hotline.rules.errors import InvalidFields
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import Machine
from hotline.rules.tickets.rows import COLUMNS, Code, TicketRow, parse_row
from hotline.services.people import accounts
from hotline.unit_of_work import Application
from tests.builders import make_operator, make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.console.programs import field_errors, hire, json_of
from tests.policies import city_policies

UNIT = "city-management"
AT = datetime(2026, 11, 24, tzinfo=UTC)
SIGNS = [
    "\u200b",
    "\u2060\ufeff",
    "\u00ad",
    "\u3164",
    "\u115f\u1160",
    "\u2800",
    "\ufe0f",
    "\u202e\u2066",
    "\U000e0041",
]
pytestmark = pytest.mark.parametrize("sign", SIGNS)


def test_the_api_names_the_missing_fields(sign: str, app: Flask, application: Application) -> None:
    make_unit(application, UNIT)
    program = hire(app, application, Role.OPERATOR)
    body = {"type": "complaint", "title": sign, "text": f" {sign} ", "unit": UNIT}
    assert field_errors(program.post("/tickets", body)) == {"title": "missing", "text": "missing"}
    kept = json_of(program.post("/tickets", {"title": f"路灯{sign}不亮"}), 201)
    assert kept["title"] == f"路灯{sign}不亮"


def test_the_forms_name_the_missing_fields(sign: str, application: Application, signed_in: SignIn) -> None:
    make_unit(application, UNIT)
    handler = signed_in(person_of(make_user(application, Role.HANDLER, unit_code=UNIT)))
    ticket = make_ticket(application, state=TicketState.ACKNOWLEDGED, unit_code=UNIT)
    for step, name in (("reply", "reply"), ("record_contact", "contact_note")):
        assert handler.post(f"/console/unit/{ticket.number}/{step}", data={name: sign}).status_code == 422
    operator = make_operator(application)
    draft = make_ticket(application, author_id=operator.id)
    desk = signed_in(operator)
    form = {"type": "help", "title": sign, "text": sign, "unit_code": UNIT, "revision": "1"}
    refused = desk.post(f"/console/tickets/draft-{draft.id}/hand_off", data=form)
    assert refused.status_code == 422
    assert refused.get_data(as_text=True).count('aria-invalid="true"') == 2
    saved = desk.post(
        f"/console/desk/tickets/{draft.id}/hand-off",
        json={"revision": 1, "facts": {"title": sign, "unit_code": UNIT}},
    )
    assert set(saved.get_json()["errors"]) == {"title"}
    leader = signed_in(person_of(make_user(application, Role.SHIFT_LEADER)))
    notice = leader.post("/console/notices", data={"text_zh": sign, "text_en": sign, "lasts": "60"})
    assert notice.status_code == 422


def test_a_file_and_a_name_may_not_be_invisible(sign: str, application: Application) -> None:
    cells = dict.fromkeys(COLUMNS, "") | {"external_number": sign, "received_at": "2026-11-23T10:00:00+08:00"}
    cells |= {"channel": "phone", "type": "help", "title": sign, "caller_number": ""}
    read = parse_row(cells, city_policies().zone, city_policies().number, AT)
    assert read == {"external_number": Code.MISSING}
    whole = parse_row({**cells, "external_number": "A1"}, city_policies().zone, city_policies().number, AT)
    assert isinstance(whole, TicketRow)
    assert whole.values["title"] == ""
    with application.unit_of_work(Machine.SYSTEM) as work, pytest.raises(InvalidFields):
        accounts.add_user(work, sign, Account("x", Role.OPERATOR), password="long enough")
