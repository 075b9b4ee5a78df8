"""The list and the slip of tickets, as people of each role meet them."""

import re
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from agent_console.web.filters import PAGE_ROWS
from hotline import events
from hotline.rules.enums import Channel, RequestType, Role, TicketAction, TicketState
from hotline.rules.people.actors import Machine, Person, Right
from hotline.rules.tickets.fields import TicketFields
from hotline.services.tickets import actions
from hotline.store.tickets.lists import MAX_COUNT
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_operator, make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.stopped_clock import StoppedClock

S = TicketState


@pytest.fixture
def unit(application: Application) -> str:
    return make_unit(application).code


@pytest.fixture
def operator(application: Application) -> Person:
    return make_operator(application, display_name="Zhang Wei")


@pytest.fixture
def desk(operator: Person, signed_in: SignIn) -> FlaskClient:
    return signed_in(operator)


def page(client: FlaskClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.get_data(as_text=True)


def rows(html: str) -> list[str]:
    """Returns the addresses of the tickets in a list, in its order."""
    return re.findall(r'<td class="num nowrap"><a href="/console/tickets/([^"]+)"', html)


def write_many(application: Application, number: int) -> None:
    for place in range(number):
        make_ticket(
            application, title=f"第 {place} 件", received_at=application.clock() - timedelta(minutes=place)
        )


@pytest.mark.parametrize("role", list(Role))
def test_who_may_read_tickets_opens_the_list_and_others_do_not(
    role: Role, application: Application, unit: str, signed_in: SignIn
) -> None:
    person = person_of(make_user(application, role, unit_code=unit if role is Role.HANDLER else None))
    reads = person.may(Right.READ_ALL_TICKETS) or person.may(Right.READ_UNIT_TICKETS)
    assert signed_in(person).get("/console/tickets").status_code == (200 if reads else 403)


def test_an_empty_line_says_so(desk: FlaskClient) -> None:
    assert "还没有工单" in page(desk, "/console/tickets")


def test_a_search_without_a_hit_offers_the_way_back(desk: FlaskClient, application: Application) -> None:
    make_ticket(application)
    html = page(desk, "/console/tickets?q=没有这种事")
    assert "没有符合条件的工单" in html
    assert "清除条件" in html


def test_pages_of_a_long_list_follow_one_another(desk: FlaskClient, application: Application) -> None:
    write_many(application, PAGE_ROWS + 7)
    first = page(desk, "/console/tickets")
    assert "共 57 张" in first
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward is not None
    second = page(desk, onward.group(1).replace("&amp;", "&"))
    assert len(rows(first)) == PAGE_ROWS
    assert len(rows(second)) == 7
    assert not set(rows(first)) & set(rows(second))
    assert "已到末尾" in second
    assert "回到第一页" in second


@pytest.mark.parametrize(
    "query", ["state=lost", "type=1", "channel=pigeon", "q=%00", "cursor=x", "q=" + "长" * 101]
)
def test_an_address_nobody_understands_shows_no_rows_and_says_which_part(
    desk: FlaskClient, application: Application, query: str
) -> None:
    make_ticket(application)
    html = page(desk, f"/console/tickets?{query}", 422)
    assert query.split("=", maxsplit=1)[0] in html
    assert rows(html) == []


def test_more_than_anybody_counts_is_said_to_be_more(desk: FlaskClient, application: Application) -> None:
    row = {
        "state": S.DRAFT,
        "channel": Channel.PHONE,
        "received_at": application.clock(),
        "received_on": date(2026, 11, 23),
    }
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(insert(Ticket), [row] * (MAX_COUNT + 1))
    html = page(desk, "/console/tickets")
    assert "超过 10,000 张" in html
    assert len(rows(html)) == PAGE_ROWS


def test_filters_and_search_narrow_the_list(
    desk: FlaskClient, application: Application, unit: str, clock: StoppedClock
) -> None:
    late = make_ticket(
        application,
        state=S.IN_PROGRESS,
        unit_code=unit,
        due_at=clock.at - timedelta(seconds=1),
        title="井盖破损",
    )
    make_ticket(application)
    for query in ("overdue=1", "state=in_progress", f"unit={unit}", "q=井盖"):
        assert rows(page(desk, f"/console/tickets?{query}")) == [late.number]
    assert "▲" in page(desk, "/console/tickets")


def test_a_unit_finds_only_its_own_tickets(application: Application, unit: str, signed_in: SignIn) -> None:
    make_unit(application, "water-company", name_zh="供水公司")
    mine = make_ticket(application, state=S.DISPATCHED, unit_code=unit)
    other = make_ticket(application, state=S.DISPATCHED, unit_code="water-company")
    draft = make_ticket(application, unit_code=unit)
    handler = signed_in(person_of(make_user(application, Role.HANDLER, unit_code=unit)))
    assert rows(page(handler, "/console/tickets")) == [mine.number]
    page(handler, f"/console/tickets/{mine.number}")
    for address in (other.number, f"draft-{draft.id}", "draft-99999999999", "nothing"):
        page(handler, f"/console/tickets/{address}", 404)
        assert handler.post(f"/console/tickets/{address}/acknowledge").status_code == 404
        assert handler.post(f"/console/tickets/{address}/number").status_code == 404


def test_a_draft_is_finished_from_its_slip(desk: FlaskClient, application: Application, unit: str) -> None:
    draft = make_ticket(application)
    form = {"type": "help", "title": "停水", "text": "整栋楼停水", "unit_code": unit, "revision": "1"}
    done = desk.post(f"/console/tickets/draft-{draft.id}/hand_off", data=form)
    assert done.status_code == 303
    assert re.fullmatch(r"/console/tickets/QF\d+", done.headers["Location"])
    html = page(desk, done.headers["Location"])
    assert "待签收" in html
    assert "转办至城市管理局" in html


def test_what_is_missing_is_said_at_the_field_and_what_was_typed_stays(
    desk: FlaskClient, application: Application
) -> None:
    draft = make_ticket(application, text="")
    form = {"type": "help", "title": "停水了", "text": " ", "answer": "打字到一半", "unit_code": ""}
    response = desk.post(f"/console/tickets/draft-{draft.id}/hand_off", data=form)
    html = response.get_data(as_text=True)
    assert response.status_code == 422
    assert html.count('aria-invalid="true"') == 2
    assert "停水了" in html
    assert "打字到一半" in html
    assert "草稿" in page(desk, f"/console/tickets/draft-{draft.id}")


def test_a_save_over_somebody_elses_is_refused_and_keeps_what_was_typed(
    desk: FlaskClient, application: Application, operator: Person
) -> None:
    draft = make_ticket(application)
    with application.unit_of_work(operator) as work:
        actions.perform(work, draft.id, TicketAction.SAVE, TicketFields(title="别人改的"))
    response = desk.post(
        f"/console/tickets/draft-{draft.id}/save", data={"title": "我写的", "revision": str(draft.revision)}
    )
    assert response.status_code == 409
    assert "我写的" in response.get_data(as_text=True)
    assert "别人改的" in page(desk, f"/console/tickets/draft-{draft.id}")


def test_a_step_that_is_not_there_or_not_theirs_changes_nothing(
    desk: FlaskClient, application: Application, unit: str
) -> None:
    ticket = make_ticket(application, state=S.DISPATCHED, unit_code=unit)
    assert desk.post(f"/console/tickets/{ticket.number}/destroy").status_code == 404
    assert desk.post(f"/console/tickets/{ticket.number}/acknowledge").status_code == 409
    assert "等待签收" in page(desk, f"/console/tickets/{ticket.number}")


def test_the_slip_shows_clocks_rounds_and_the_way_it_went(
    desk: FlaskClient, application: Application, unit: str, operator: Person
) -> None:
    with application.unit_of_work(operator) as work:
        draft = actions.open_draft(work)
    with application.unit_of_work(operator) as work:
        facts = TicketFields(type=RequestType.COMPLAINT, title="路灯不亮", text="三盏", unit_code=unit)
        sent = actions.perform(work, draft.id, TicketAction.HAND_OFF, facts)
    redone = make_ticket(application, state=S.DISPATCHED, unit_code=unit, redo_of=sent.id, round=2)
    html = page(desk, f"/console/tickets/{sent.number}")
    assert "11月30日 周一 24:00" in html
    for day in ("11月24日 周二", "11月25日 周三", "11月26日 周四", "11月27日 周五", "11月30日 周一"):
        assert f"<li>{day}</li>" in html
    assert "尚未公布放假安排" in html
    assert f'href="/console/tickets/{redone.number}"' in html
    assert html.index("转办至城市管理局") < html.index("受理登记")


def test_the_end_of_a_follow_up_stands_after_its_last_answer(
    desk: FlaskClient, application: Application, unit: str, clock: StoppedClock
) -> None:
    ticket = make_ticket(application, state=S.CLOSED, unit_code=unit)
    steps: tuple[tuple[events.Event, ...], ...] = (
        (
            events.FollowUpAnswered(ticket.id, "solved", "yes"),
            events.FollowUpSettled(ticket.id, "answered"),
        ),
        (events.FollowUpAnswered(ticket.id, "satisfied", "yes"),),
    )
    for step in steps:
        clock.advance(70)
        with application.unit_of_work(Machine.CALLER) as work:
            for event in step:
                work.record(event)
    html = page(desk, f"/console/tickets/{ticket.number}")
    # The newest line stands first.
    assert html.index("回访结束") < html.index("回访：满意") < html.index("回访：已解决")
    times = re.findall(
        r"(09:\d\d)[^<]*</time>", html[html.index('class="timeline"') : html.index("查看记录")]
    )
    assert times == ["09:02", "09:02", "09:01"]


def test_a_draft_is_called_unnumbered_and_never_by_its_address(
    desk: FlaskClient, application: Application
) -> None:
    draft = make_ticket(application, title="停水")
    html = page(desk, f"/console/tickets/draft-{draft.id}")
    assert "未编号 停水" in html
    shown = re.sub(r'="[^"]*"', "", html)
    assert f"draft-{draft.id}" not in shown


def test_english_is_whole_on_every_slip(desk: FlaskClient, application: Application, unit: str) -> None:
    ticket = make_ticket(
        application, title="lamp", text="dark", state=S.DISPATCHED, unit_code=unit, due_at=application.clock()
    )
    page(desk, f"/console/tickets/{ticket.number}")
    desk.set_cookie("locale", "en")
    html = page(desk, f"/console/tickets/{ticket.number}")
    assert re.findall(r"[\u4e00-\u9fff]+", re.sub(r">中文<", "", html)) == []
