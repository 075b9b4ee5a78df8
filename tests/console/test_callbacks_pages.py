"""The callbacks page: every attempt, recording one by hand, and a number shown only while the callback is open."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from agent_console.pages.callbacks import OUTCOME_LABELS
from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.enums import CallbackReason, CallPurpose, DialState, Role
from hotline.rules.people.actors import Machine, Person, Right
from hotline.services.outbound import callbacks
from hotline.services.outbound.outbound_calls import DROPPED, ENGAGED, LOST
from hotline.store.outbound import Callback, Dial
from hotline.store.people.tables import Disclosure
from hotline.unit_of_work import Application
from tests.builders import make_unit, make_user, person_of
from tests.console.conftest import SignIn

FULL = "13877776666"


@pytest.fixture
def operator(application: Application) -> Person:
    return person_of(make_user(application, Role.OPERATOR))


@pytest.fixture
def desk(operator: Person, signed_in: SignIn) -> FlaskClient:
    return signed_in(operator)


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.get_data(as_text=True)


def owed(
    application: Application, number: str = FULL, reason: CallbackReason = CallbackReason.ABANDONED
) -> Callback:
    with application.unit_of_work(Machine.SYSTEM) as work:
        return callbacks.promise_callback(work, number=number, reason=reason)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reads_and_promises_what_its_rights_name(
    role: Role, application: Application, signed_in: SignIn
) -> None:
    person = person_of(
        make_user(application, role, unit_code=make_unit(application).code if role is Role.HANDLER else None)
    )
    row, client = owed(application), signed_in(person)
    reads, promises = person.may(Right.READ_CALLBACKS), person.may(Right.PROMISE_CALLBACKS)
    assert client.get("/console/callbacks").status_code == (200 if reads else 403)
    shown = client.post(f"/console/callbacks/{row.id}/number")
    assert shown.status_code == (200 if promises else 403)
    assert (FULL in shown.get_data(as_text=True)) == promises
    assert client.post("/console/callbacks", data={"number": "x"}).status_code == (422 if promises else 403)
    assert client.post(f"/console/callbacks/{row.id}/cancel").status_code == (303 if promises else 403)


def test_nothing_owed_is_said(desk: FlaskClient) -> None:
    assert "暂无待回拨来电" in page(desk, "/console/callbacks")


def test_a_promise_is_made_once_per_number(desk: FlaskClient, application: Application) -> None:
    for said in ("已登记回拨", "没有重复登记"):
        done = desk.post("/console/callbacks", data={"number": "0537-4412345", "language": "en"})
        assert done.status_code == 303
        assert said in page(desk, "/console/callbacks")
    with application.read_session() as session:
        (row,) = session.scalars(select(Callback))
    assert (row.number, row.language, row.reason) == ("+865374412345", "en", CallbackReason.MANUAL)


@pytest.mark.parametrize("number", ["", "110", "abc", "9" * 100])
def test_a_number_that_cannot_be_phoned_is_told_and_kept(desk: FlaskClient, number: str) -> None:
    response = desk.post("/console/callbacks", data={"number": number})
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "这不是可以回拨的号码" in html
    assert f'value="{number}"' in html


def test_attempts_are_listed_with_their_outcomes(desk: FlaskClient, application: Application) -> None:
    row = owed(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        for attempt, outcome in enumerate(("busy", "no-answer"), 1):
            work.session.add(
                Dial(
                    ref=f"ref{attempt}",
                    purpose=CallPurpose.CALLBACK,
                    callback_id=row.id,
                    number=row.number,
                    attempt=attempt,
                    state=DialState.ENDED,
                    planned_at=work.at,
                    outcome=outcome,
                )
            )
    html = page(desk, "/console/callbacks")
    for words in (
        "138****6666",
        "排队中挂断",
        "第 1 次",
        "占线",
        "第 2 次",
        "无人接听",
        "11月23日 周一 09:01",
    ):
        assert words in html
    assert FULL not in html


def test_settled_promises_are_found_by_their_state(desk: FlaskClient, application: Application) -> None:
    row = owed(application)
    owed(application, "13900001111", CallbackReason.REQUESTED)
    assert desk.post(f"/console/callbacks/{row.id}/cancel").status_code == 303
    assert "138****6666" not in page(desk, "/console/callbacks")
    for query in ("state=cancelled", "state=all", "state=all&reason=abandoned"):
        assert "138****6666" in page(desk, f"/console/callbacks?{query}")
    assert "139****1111" not in page(desk, "/console/callbacks?reason=abandoned")
    desk.post(f"/console/callbacks/{row.id}/cancel")
    assert "已经结束，不能取消" in page(desk, "/console/callbacks")


def test_a_number_is_shown_only_while_it_is_owed_and_each_look_is_on_file(
    desk: FlaskClient, operator: Person, application: Application
) -> None:
    row = owed(application)
    assert FULL in desk.post(f"/console/callbacks/{row.id}/number").get_data(as_text=True)
    assert FULL not in page(desk, "/console/callbacks")
    with application.unit_of_work(operator) as work:
        callbacks.cancel_callback(work, row.id)
    assert desk.post(f"/console/callbacks/{row.id}/number").status_code == 303
    assert "不再显示完整号码" in page(desk, "/console/callbacks")
    with application.read_session() as session:
        (look,) = session.scalars(select(Disclosure))
    assert (look.user_id, look.subject, look.subject_id) == (operator.id, "callback", row.id)


@pytest.mark.parametrize("query", ["state=kept", "reason=x", "cursor=x"])
def test_an_address_nobody_understands_is_told(desk: FlaskClient, query: str) -> None:
    assert query.split("=", maxsplit=1)[0] in page(desk, f"/console/callbacks?{query}", 422)


def test_a_callback_that_does_not_exist_is_not_there(desk: FlaskClient) -> None:
    for row_id in ("77", "99999999999999999999", "x"):
        assert desk.post(f"/console/callbacks/{row_id}/cancel").status_code == 404
        assert desk.post(f"/console/callbacks/{row_id}/number").status_code == 404


def test_every_outcome_has_its_words() -> None:
    assert set(OUTCOME_LABELS) == TERMINAL_STATUSES | {"refused", DROPPED, ENGAGED, LOST}
