"""Nobody reads a full number by the way: every page is opened by every role, and only a recorded look shows one."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hotline.rules.enums import CallbackReason, CallState, Channel, Role, TicketState
from hotline.services.outbound import callbacks
from hotline.store.people.tables import Disclosure
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn

SECRET = "77776666"
FULL = f"138{SECRET}"
QUERIES = (
    "",
    "?state=all",
    f"?q={FULL}",
    f"?q={SECRET}",
    "?overdue=1",
    "?day=2026-11-23",
    "?pile=in_hand",
    "?state=draft",
)
STREAMS = {"/events"}
"""Never end; what they carry is tested where they are."""


@pytest.fixture
def addresses(application: Application) -> list[str]:
    """One number in every place that can hold one: calls, tickets in every state, a promise; the pages that show them."""
    unit = make_unit(application).code
    operator = make_operator(application)
    call = make_call(
        application,
        number=f"+86{FULL}",
        number_raw=f"+86{FULL}",
        operator_id=operator.id,
        state=CallState.AFTER,
    )
    made = [
        make_ticket(
            application,
            state=state,
            unit_code=None if state is TicketState.DRAFT else unit,
            caller_number=number,
            call_id=call.id,
            channel=Channel.PHONE,
            author_id=operator.id,
            caller_name="王小明",
        )
        for state in TicketState
        for number in (FULL, f"+86{FULL}", f"0086 138 {SECRET[:4]} {SECRET[4:]}")
    ]
    with application.unit_of_work(operator) as work:
        callbacks.promise_callback(work, number=FULL, reason=CallbackReason.MANUAL)
    names = [ticket.number or f"draft-{ticket.id}" for ticket in made]
    return [f"/console/tickets/{name}" for name in names] + [f"/console/unit?ticket={name}" for name in names]


def pages_of(app: Flask) -> list[str]:
    plain = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and not rule.arguments
    ]
    return [path for path in plain if path not in STREAMS and not path.startswith("/api/")]


def leaks(client: FlaskClient, path: str) -> list[str]:
    """Returns the secrets that the answer at `path` contains."""
    response = client.get(path)
    assert response.status_code < 500, path
    text = response.get_data(as_text=True).replace(f"q={FULL}", "").replace(f"q={SECRET}", "")
    text = text.replace(f'value="{FULL}"', "").replace(f'value="{SECRET}"', "")
    bare = text.replace(" ", "").replace("-", "")
    return [secret for secret in (SECRET, "王小明") if secret in bare]


@pytest.mark.parametrize("role", list(Role))
def test_no_page_tells_a_full_number_or_name(
    role: Role, app: Flask, application: Application, signed_in: SignIn, addresses: list[str]
) -> None:
    unit = "city-management" if role is Role.HANDLER else None
    client = signed_in(person_of(make_user(application, role, unit_code=unit)))
    paths = addresses + [path + query for path in pages_of(app) for query in QUERIES]
    found = {path: told for path in paths if (told := leaks(client, path))}
    assert found == {}
    with application.read_session() as session:
        assert session.query(Disclosure).where(Disclosure.field != "ticket").count() == 0
