"""The form of the call in hand: saved as typed, never overwritten unseen, finished only when it is complete."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from hotline.rules.enums import Closing, PresenceState, RequestType, TicketState
from hotline.rules.people.actors import Person
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Presence
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_operator, make_ticket, make_unit
from tests.console.conftest import SignIn
from tests.console.desk_scenes import finished_talking, talking_desk


@dataclass(frozen=True, slots=True)
class Draft:
    """A browser in a call, and the draft of that call (revision 1)."""

    browser: FlaskClient
    id: int
    person: Person
    call: Call

    def post(self, step: str, revision: object = 1, **facts: object) -> TestResponse:
        body = {"revision": revision, "facts": facts}
        return self.browser.post(f"/console/desk/tickets/{self.id}/{step}", json=body)


@pytest.fixture
def draft(application: Application, signed_in: SignIn) -> Draft:
    person, call = talking_desk(application)
    browser = signed_in(person)
    opened = browser.post(f"/console/desk/calls/{call.id}/draft").get_json()
    return Draft(browser, opened["ticket_id"], person, call)


def test_what_is_typed_is_saved_with_the_servers_time(draft: Draft, session: Session) -> None:
    answer = draft.post("save", title="路灯不亮", text="三盏路灯不亮。", urgency="urgent", confidential=True)
    assert answer.status_code == 200
    assert (answer.get_json()["revision"], answer.get_json()["saved_clock"]) == (2, "09:00:00")
    ticket = session.get_one(Ticket, draft.id)
    assert (ticket.title, ticket.text) == ("路灯不亮", "三盏路灯不亮。")
    assert (ticket.urgency.value, ticket.confidential) == ("urgent", True)
    assert ticket.state is TicketState.DRAFT


def test_a_second_page_does_not_overwrite_the_first(draft: Draft, session: Session) -> None:
    draft.post("save", title="第一页", place="春秋路")
    refused = draft.post("save", title="第二页")
    assert (refused.status_code, refused.get_json()) == (409, {"stale": 2})
    theirs = draft.browser.get(f"/console/desk/tickets/{draft.id}").get_json()
    assert (theirs["revision"], theirs["facts"]["title"], theirs["facts"]["place"]) == (2, "第一页", "春秋路")
    assert draft.post("save", revision=2, title="第一页，第二页").status_code == 200
    assert session.get_one(Ticket, draft.id).title == "第一页，第二页"


def test_an_answer_at_once_closes_the_ticket_and_frees_the_desk(
    application: Application, draft: Draft, session: Session
) -> None:
    finished_talking(application, draft.person, draft.call)
    answer = draft.post("answer", title="供暖时间", answer="11 月 15 日供暖。", type="consultation")
    assert answer.status_code == 200
    assert answer.get_json()["number"].startswith("QF20261123")
    ticket = session.get_one(Ticket, draft.id)
    assert (ticket.state, ticket.closing) == (TicketState.CLOSED, Closing.ANSWERED_DIRECT)
    assert ticket.type is RequestType.CONSULTATION
    assert session.get_one(Presence, draft.person.id).state is PresenceState.READY


def test_a_hand_off_needs_a_unit_and_names_what_is_missing_in_words(
    application: Application, draft: Draft, session: Session
) -> None:
    refused = draft.post("hand-off", title="路灯不亮")
    assert refused.status_code == 422
    assert refused.get_json() == {"errors": {"text": "请填写", "unit_code": "请选择承办单位"}}
    unknown = draft.post("hand-off", title="路灯不亮", text="三盏。", unit_code="nowhere")
    assert unknown.get_json() == {"errors": {"unit_code": "不在可选范围内"}}
    make_unit(application, "municipal-works")
    assert (
        draft.post("hand-off", title="路灯不亮", text="三盏。", unit_code="municipal-works").status_code
        == 200
    )
    ticket = session.get_one(Ticket, draft.id)
    assert (ticket.state, ticket.unit_code) == (TicketState.DISPATCHED, "municipal-works")
    assert ticket.due_at is not None


def test_a_ticket_finished_while_talking_does_not_end_the_call(draft: Draft, session: Session) -> None:
    draft.post("answer", title="供暖时间", answer="11 月 15 日供暖。")
    state = draft.browser.get("/console/desk/state").get_json()
    assert state["stage"] == "talking"
    assert "通话仍在进行" in state["html"]["work"]
    assert session.get_one(Presence, draft.person.id).state is PresenceState.TALKING


def test_the_deadline_of_a_handed_off_ticket_is_midnight_of_its_last_day(
    application: Application, draft: Draft, session: Session
) -> None:
    make_unit(application, "municipal-works")
    draft.post("hand-off", title="路灯不亮", text="三盏。", unit_code="municipal-works", type="complaint")
    due_at = session.get_one(Ticket, draft.id).due_at
    assert due_at is not None
    last_day = due_at.astimezone(application.policies.zone) - timedelta(minutes=1)
    work = draft.browser.get("/console/desk/state").get_json()["html"]["work"]
    assert f"办理期限 {last_day.month}月{last_day.day}日" in work
    assert "24:00" in work


def test_a_finished_ticket_is_not_finished_twice(draft: Draft) -> None:
    draft.post("answer", title="供暖时间", answer="11 月 15 日供暖。")
    again = draft.post("answer", revision=2, title="供暖时间", answer="再答复")
    assert again.status_code == 409
    assert "工单状态已变化" in again.get_json()["message"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", "长" * 121, "太长了"),
        ("type", "gossip", "不在可选范围内"),
        ("urgency", 3, "不在可选范围内"),
        ("text", ["a"], "格式不正确"),
        ("reply", "单位的答复", "没有这个字段"),
        ("caller_number", "+8613800000000", "没有这个字段"),
    ],
)
def test_what_cannot_be_accepted_is_told_at_its_field(
    draft: Draft, field: str, value: object, words: str
) -> None:
    refused = draft.post("save", **{field: value})
    assert refused.status_code == 422
    assert words in refused.get_json()["errors"][field]


@pytest.mark.parametrize(
    "body",
    [None, [], "text", {"facts": {}}, {"revision": "1"}, {"revision": True}, {"revision": 1, "facts": []}],
)
def test_a_malformed_save_is_refused_not_a_fault(draft: Draft, body: object) -> None:
    answer = draft.browser.post(f"/console/desk/tickets/{draft.id}/save", json=body)
    assert answer.status_code == 400


def test_nobody_reads_or_writes_the_draft_of_another(
    application: Application, signed_in: SignIn, draft: Draft
) -> None:
    other = signed_in(make_operator(application))
    assert other.get(f"/console/desk/tickets/{draft.id}").status_code == 404
    for step in ("save", "answer", "hand-off", "discard"):
        answer = other.post(f"/console/desk/tickets/{draft.id}/{step}", json={"revision": 1, "facts": {}})
        assert answer.status_code == 404, step


def test_recent_tickets_of_the_same_place_are_shown(application: Application, draft: Draft) -> None:
    make_ticket(application, place="书院街道春秋路东段", title="路灯不亮", state=TicketState.CLOSED)
    make_ticket(application, place="书院街道静轩路", title="井盖松动", state=TicketState.CLOSED)
    make_ticket(application, place="100%路", title="百分号", state=TicketState.CLOSED)
    look = draft.browser.get
    found = look("/console/desk/nearby", query_string={"place": "春秋路", "ticket": draft.id}).text
    assert "路灯不亮" in found
    assert "井盖松动" not in found
    assert "百分号" not in look("/console/desk/nearby", query_string={"place": "%%"}).text
    assert "近 60 天没有" in look("/console/desk/nearby", query_string={"place": "没有这条路"}).text
    assert "填写地点后" in look("/console/desk/nearby", query_string={"place": "春"}).text


@pytest.mark.parametrize("ticket", ["9" * 40, "-1", "x"])
def test_an_impossible_id_is_answered_not_a_fault(draft: Draft, ticket: str) -> None:
    assert (
        draft.browser.get(
            "/console/desk/nearby", query_string={"place": "春秋路", "ticket": ticket}
        ).status_code
        == 200
    )
    assert draft.browser.get(f"/console/desk/tickets/{ticket}").status_code == 404
    assert draft.browser.post(f"/console/desk/calls/{ticket}/draft").status_code == 404


@pytest.mark.parametrize("body", ["[" * 100_000, '{"facts":' * 100_000])
def test_a_body_nested_without_end_is_refused(draft: Draft, body: str) -> None:
    for address in (f"/console/desk/tickets/{draft.id}/save", "/console/desk/presence"):
        answer = draft.browser.post(address, data=body, content_type="application/json")
        assert answer.status_code == 400
