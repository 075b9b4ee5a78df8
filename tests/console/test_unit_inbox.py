"""The unit's inbox: sections, the next step, and the caller's number, shown only to staff who must call back and recorded."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from agent_console.tickets.unit_inbox import SECTION_LABELS, SECTION_ROWS
from hotline.rules.enums import Role, TicketState
from hotline.rules.people.actors import Person
from hotline.rules.tickets.inbox import InboxSection
from hotline.store.people.tables import Disclosure
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.stopped_clock import StoppedClock

S = TicketState
FULL = "13877776666"


@pytest.fixture
def unit(application: Application) -> str:
    return make_unit(application).code


@pytest.fixture
def handler(application: Application, unit: str) -> Person:
    return person_of(make_user(application, Role.HANDLER, unit_code=unit))


@pytest.fixture
def office(handler: Person, signed_in: SignIn) -> FlaskClient:
    return signed_in(handler)


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.get_data(as_text=True)


def disclosures(application: Application) -> list[tuple[int, str, int]]:
    with application.read_session() as session:
        return [
            (row.user_id, row.subject, row.subject_id)
            for row in session.scalars(select(Disclosure).where(Disclosure.field == "number"))
        ]


def state_of(application: Application, ticket: Ticket) -> TicketState:
    with application.read_session() as session:
        return session.get_one(Ticket, ticket.id).state


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.HANDLER])
def test_only_handlers_have_an_inbox(role: Role, application: Application, signed_in: SignIn) -> None:
    client = signed_in(person_of(make_user(application, role)))
    assert client.get("/console/unit").status_code == 403
    assert client.get("/console/unit/sections").status_code == 403
    assert client.post("/console/unit/x/acknowledge").status_code == 403


def test_an_empty_inbox_says_so(office: FlaskClient) -> None:
    html = page(office, "/console/unit")
    assert "暂无工单" in html
    for name in SECTION_LABELS.values():
        assert name in html


def test_the_most_urgent_section_is_open_with_its_first_ticket(
    office: FlaskClient, application: Application, unit: str, clock: StoppedClock
) -> None:
    make_ticket(application, state=S.DISPATCHED, unit_code=unit, due_at=clock.at + timedelta(days=2))
    later = make_ticket(
        application, state=S.IN_PROGRESS, unit_code=unit, due_at=clock.at + timedelta(hours=3)
    )
    first = make_ticket(
        application,
        state=S.ACKNOWLEDGED,
        unit_code=unit,
        due_at=clock.at + timedelta(hours=2),
        title="井盖破损",
    )
    html = page(office, "/console/unit")
    assert "<h1>井盖破损</h1>" in html
    assert html.index(str(first.number)) < html.index(str(later.number))
    assert "下一步：记录先行联系" in html


def test_every_clock_can_make_a_ticket_overdue_or_due_today(
    office: FlaskClient, application: Application, unit: str, clock: StoppedClock
) -> None:
    """Neither the signature due in minutes nor the contact that is late hides behind a far due date."""
    later = clock.at + timedelta(days=3)
    make_ticket(
        application,
        state=S.DISPATCHED,
        unit_code=unit,
        title="树枝挡灯",
        acknowledge_due=clock.at + timedelta(minutes=11),
        due_at=later,
    )
    make_ticket(
        application,
        state=S.ACKNOWLEDGED,
        unit_code=unit,
        title="下水道堵塞",
        acknowledge_due=clock.at - timedelta(hours=5),
        acknowledged_at=clock.at - timedelta(hours=6),
        contact_due=clock.at - timedelta(hours=37),
        due_at=later,
    )
    today = page(office, "/console/unit?section=due_today")
    assert "树枝挡灯" in today
    assert "签收 剩 11 分钟" in today
    assert "下水道堵塞" not in today
    late = page(office, "/console/unit?section=overdue")
    assert "▲ 先行联系 超 37 小时" in late
    assert "暂无工单" not in late
    assert "2 张新工单" not in page(office, "/console/unit/sections?seen=0")
    assert "1 张新工单待签收" in page(office, "/console/unit/sections?seen=0")


def test_a_long_section_is_paged(office: FlaskClient, application: Application, unit: str) -> None:
    for _ in range(SECTION_ROWS + 2):
        make_ticket(application, state=S.DISPATCHED, unit_code=unit)
    html = page(office, "/console/unit?section=to_acknowledge")
    onward = re.search(r'rel="next" href="([^"]+)"', html)
    assert onward is not None
    rest = page(office, onward.group(1).replace("&amp;", "&"))
    assert len(re.findall(r'class="section-title"', html)) == SECTION_ROWS
    assert len(re.findall(r'class="section-title"', rest)) == 2


def test_a_ticket_goes_from_signature_to_close_by_plain_forms(
    office: FlaskClient, application: Application, unit: str
) -> None:
    ticket = make_ticket(application, state=S.DISPATCHED, unit_code=unit)
    steps: tuple[tuple[str, dict[str, str], TicketState], ...] = (
        ("acknowledge", {}, S.ACKNOWLEDGED),
        ("record_contact", {"contact_note": "已电话联系，约定明天查看。"}, S.IN_PROGRESS),
        ("reply", {"reply": "已更换线路，恢复照明。"}, S.REPLIED),
        ("close", {}, S.CLOSED),
    )
    for action, form, after in steps:
        address = f"/console/unit/{ticket.number}/{action}?section=to_acknowledge"
        assert f"/console/unit/{ticket.number}/{action}" in page(
            office, f"/console/unit?ticket={ticket.number}"
        )
        done = office.post(address, data=form)
        assert done.status_code == 303
        assert done.headers["Location"] == f"/console/unit?ticket={ticket.number}&section=to_acknowledge"
        assert state_of(application, ticket) is after
    html = page(office, f"/console/unit?ticket={ticket.number}")
    assert "已更换线路，恢复照明。" in html
    assert "已办结，没有下一步" in html


def test_an_empty_reply_is_refused_at_the_field(
    office: FlaskClient, application: Application, unit: str
) -> None:
    ticket = make_ticket(application, state=S.IN_PROGRESS, unit_code=unit)
    response = office.post(f"/console/unit/{ticket.number}/reply", data={"reply": "  "})
    assert response.status_code == 422
    assert 'id="fault-reply">请填写</span>' in response.get_data(as_text=True)
    assert state_of(application, ticket) is S.IN_PROGRESS


def test_too_long_a_reply_is_kept_and_told(office: FlaskClient, application: Application, unit: str) -> None:
    ticket = make_ticket(application, state=S.IN_PROGRESS, unit_code=unit)
    response = office.post(f"/console/unit/{ticket.number}/reply", data={"reply": "长" * 20_001})
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "太长了" in html
    assert "长" * 20_001 in html


@pytest.mark.parametrize(
    ("locale", "words"), [("zh_CN", "答复里只有承诺"), ("en", "the reply holds only promises")]
)
def test_a_reply_of_promises_is_warned_of_once_and_its_text_is_kept(
    office: FlaskClient, application: Application, unit: str, locale: str, words: str
) -> None:
    office.set_cookie("locale", locale)
    ticket = make_ticket(application, state=S.IN_PROGRESS, unit_code=unit)
    address, vague = f"/console/unit/{ticket.number}/reply", "我们会尽快处理，请耐心等待。"
    warned = office.post(address, data={"reply": vague})
    html = warned.get_data(as_text=True)
    assert warned.status_code == 422
    assert words in html
    assert f">\n{vague}</textarea>" in html
    assert state_of(application, ticket) is S.IN_PROGRESS
    (field,) = re.findall(r'<input type="hidden" name="(vague_accepted)" value="(.)">', html)
    assert vague in page(office, f"/console/unit?ticket={ticket.number}")
    assert office.post(address, data={"reply": vague, **dict([field])}).status_code == 303
    assert state_of(application, ticket) is S.REPLIED


def test_a_definite_reply_is_taken_at_once(office: FlaskClient, application: Application, unit: str) -> None:
    ticket = make_ticket(application, state=S.IN_PROGRESS, unit_code=unit)
    reply = {"reply": "经核实为灯泡损坏，3月18日已更换，请您放心。"}
    assert office.post(f"/console/unit/{ticket.number}/reply", data=reply).status_code == 303
    assert state_of(application, ticket) is S.REPLIED


def test_two_people_of_one_office_sign_the_same_ticket_once(
    office: FlaskClient, application: Application, unit: str, signed_in: SignIn
) -> None:
    ticket = make_ticket(application, state=S.DISPATCHED, unit_code=unit)
    colleague = signed_in(person_of(make_user(application, Role.HANDLER, unit_code=unit)))
    answers = [
        client.post(f"/console/unit/{ticket.number}/acknowledge").status_code
        for client in (office, colleague)
    ]
    assert answers == [303, 409]


def test_a_form_without_its_token_is_refused(
    office: FlaskClient, application: Application, unit: str
) -> None:
    ticket = make_ticket(application, state=S.DISPATCHED, unit_code=unit)
    del office.environ_base["HTTP_X_CSRFTOKEN"]
    assert office.post(f"/console/unit/{ticket.number}/acknowledge").status_code == 400
    assert state_of(application, ticket) is S.DISPATCHED


def test_the_number_is_shown_once_and_the_disclosure_is_recorded(
    office: FlaskClient, handler: Person, application: Application, unit: str
) -> None:
    ticket = make_ticket(application, state=S.ACKNOWLEDGED, unit_code=unit, caller_number=FULL)
    address = f"/console/unit?ticket={ticket.number}"
    assert FULL not in page(office, address)
    response = office.post(f"/console/unit/{ticket.number}/number")
    assert response.status_code == 200
    assert FULL in response.get_data(as_text=True)
    assert response.headers["Cache-Control"] == "no-store"
    assert disclosures(application) == [(handler.id, "ticket", ticket.id)]
    again = page(office, address)
    assert FULL not in again
    assert "138****6666" in again
    assert "显示号码 · 回电联系当事人" in again


@pytest.mark.parametrize(
    "columns",
    [{"state": S.DISPATCHED}, {"state": S.CLOSED}, {"state": S.ACKNOWLEDGED, "confidential": True}],
)
def test_who_need_not_call_back_is_not_shown_the_number(
    office: FlaskClient, application: Application, unit: str, columns: dict[str, object]
) -> None:
    ticket = make_ticket(application, unit_code=unit, caller_number=FULL, **columns)
    assert "显示号码" not in page(office, f"/console/unit?ticket={ticket.number}")
    response = office.post(f"/console/unit/{ticket.number}/number")
    assert response.status_code == 403
    assert FULL not in response.get_data(as_text=True)
    assert disclosures(application) == []


def test_a_confidential_matter_names_nobody(office: FlaskClient, application: Application, unit: str) -> None:
    ticket = make_ticket(
        application,
        state=S.IN_PROGRESS,
        unit_code=unit,
        confidential=True,
        caller_name="王小明",
        caller_number=FULL,
    )
    html = page(office, f"/console/unit?ticket={ticket.number}")
    assert "保密件，不显示来电人" in html
    assert "王**" not in html
    assert "138****" not in html


@pytest.mark.parametrize("number", [None, "anonymous", "+266696687", "sip:anonymous@10.0.0.1"])
def test_a_withheld_number_is_said_to_be_withheld(
    office: FlaskClient, application: Application, unit: str, number: str | None
) -> None:
    ticket = make_ticket(application, state=S.ACKNOWLEDGED, unit_code=unit, caller_number=number)
    html = page(office, f"/console/unit?ticket={ticket.number}")
    assert "未显示号码" in html
    assert "显示号码</button>" not in html


def test_the_sections_are_refreshed_and_new_tickets_announced(
    office: FlaskClient, application: Application, unit: str
) -> None:
    make_ticket(application, state=S.DISPATCHED, unit_code=unit)
    assert "1 张新工单待签收" in page(office, "/console/unit/sections?seen=0")
    assert "hidden" in page(office, "/console/unit/sections?seen=1")


def test_a_bad_address_is_told(office: FlaskClient) -> None:
    page(office, "/console/unit?cursor=x", 422)
    page(office, "/console/unit?section=heap", 422)
    page(office, "/console/unit?ticket=nothing", 404)


def test_every_section_has_a_label() -> None:
    assert set(SECTION_LABELS) == set(InboxSection)


def test_a_bookmark_with_the_former_parameter_still_opens_its_section(
    office: FlaskClient, application: Application, unit: str
) -> None:
    make_ticket(application, state=S.IN_PROGRESS, unit_code=unit, title="井盖破损")
    make_ticket(application, state=S.DISPATCHED, unit_code=unit, title="路灯不亮")
    html = page(office, "/console/unit?pile=in_hand")
    assert "<h1>井盖破损</h1>" in html
    assert 'aria-current="true" class="inbox-section"' in page(office, "/console/unit/piles?pile=in_hand")
