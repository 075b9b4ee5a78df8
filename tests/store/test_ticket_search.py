"""The search finds a ticket by all words in any order, whatever their spelling, and reveals nothing that is masked."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from hotline.rules.enums import Channel, Role, TicketAction, TicketState
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.fields import TicketFields
from hotline.services.tickets import actions
from hotline.store.calls.desks import tickets_near
from hotline.store.tickets.lists import TicketFilter, TicketOrder, list_tickets
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_operator, make_ticket, make_unit

S = TicketState
UNIT, LINE = "city-management", "+865374412345"
OPERATOR = Person(101, Role.OPERATOR)
LEADER = Person(102, Role.LEADER)
HANDLER = Person(103, Role.HANDLER, UNIT)
NUMBER, LOCAL = "+8613800009966", "+865374419876"


def found(application: Application, query: str, person: Person = OPERATOR, **more: object) -> list[int]:
    wanted = TicketFilter(q=query, line=LINE, **more)  # type: ignore[arg-type]
    with application.read_session() as session:
        page = list_tickets(session, person, wanted, application.clock(), limit=50)
    return [line.ticket.id for line in page.rows]


def seen(application: Application, query: str, person: Person = OPERATOR) -> bool:
    return bool(found(application, query, person))


@pytest.fixture
def ticket(application: Application) -> Ticket:
    """A ticket in its unit's hands; another one beside it is never found."""
    make_unit(application, UNIT)
    make_ticket(application, title="别的事", text="无关", caller_number="+8613911112222")
    return make_ticket(
        application,
        state=S.IN_PROGRESS,
        unit_code=UNIT,
        title="北门 路灯\u200b不亮",
        text="老人摔倒 100%_黑，找Ａｌｅｘ\\B，邻居电话 13977778888",
        place="春秋路　１２号",
        caller_name="欧阳小雨",
        caller_number=NUMBER,
        external_number="CASE-2026/ａ7",
    )


@pytest.mark.parametrize(
    "query",
    [
        "北门 老人",
        "老人\u3000北门",
        "路灯 ",
        "\u3000路灯不亮",
        "北门路灯",
        "alex",
        "ＡＬＥＸ\\b",
        "100%_",
        "春秋路12号",
        "１２号 摔倒",
        "case-2026/A7",
        "路\u2060灯",
        "  ",
        "\u3164",
    ],
)
@pytest.mark.parametrize("person", [OPERATOR, LEADER, HANDLER])
def test_everybody_who_may_read_a_ticket_finds_it_by_its_words(
    application: Application, ticket: Ticket, query: str, person: Person
) -> None:
    assert ticket.id in found(application, query, person)
    assert ticket.id in found(application, f"{query} {ticket.number or ''}"[:100], person)


@pytest.mark.parametrize(
    "query", ["北门 井盖", "%路", "100%%", "a_e", "北门%灯", "\\\\", "灯路", "case-2026_a7"]
)
def test_words_that_are_not_there_and_wildcards_find_nothing(
    application: Application, ticket: Ticket, query: str
) -> None:
    assert found(application, query) == []


def test_a_number_of_the_ticket_is_found_in_any_width_and_case(
    application: Application, ticket: Ticket
) -> None:
    number = ticket.number or ""
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in number)
    for query in (number, number.lower(), wide, number[2:12]):
        assert ticket.id in found(application, query)


@pytest.mark.parametrize(
    "query",
    ["13800009966", "138 0000 9966", "+86 138-0000-9966", "１３８００００９９６６", "路灯 138 0000 9966"],
)
def test_the_callers_number_finds_for_those_who_may_see_it_only(
    application: Application, ticket: Ticket, query: str
) -> None:
    assert found(application, query) == [ticket.id]
    assert found(application, query, HANDLER) == [ticket.id]
    assert found(application, query, LEADER) == []


@pytest.mark.parametrize("query", ["1380000", "00009966", "0000"])
def test_a_part_of_a_number_reveals_nothing(application: Application, ticket: Ticket, query: str) -> None:
    assert ticket.id not in found(application, query)


def test_a_local_number_is_read_in_the_area_of_the_line(application: Application) -> None:
    ticket = make_ticket(application, caller_number=LOCAL)
    for query in ("4419876", "441-9876", "0537 4419876", "（0537）4419876"):
        assert found(application, query) == [ticket.id]


def test_the_callers_name_and_numbers_in_texts_find_only_where_they_are_not_masked(
    application: Application, ticket: Ticket
) -> None:
    for query in ("欧阳小雨", "欧阳　小雨", "13977778888"):
        assert [seen(application, query, who) for who in (OPERATOR, HANDLER, LEADER)] == [True, True, False]
    secret = make_ticket(
        application,
        state=S.IN_PROGRESS,
        unit_code=UNIT,
        confidential=True,
        text="司马小云电话 13955556666",
        caller_name="司马小云",
        caller_number="+8613955557777",
    )
    for query in ("司马小云", "13955556666"):
        assert [seen(application, query, who) for who in (OPERATOR, HANDLER, LEADER)] == [False] * 3
    assert [seen(application, "13955557777", who) for who in (OPERATOR, HANDLER)] == [True, False]
    assert found(application, "电话", HANDLER) == [secret.id, ticket.id]


@pytest.mark.parametrize("state", [S.DISPATCHED, S.CLOSED])
def test_a_unit_that_need_not_call_back_finds_nobody_by_number(
    application: Application, state: TicketState
) -> None:
    make_unit(application, UNIT)
    make_ticket(application, state=state, unit_code=UNIT, caller_number=NUMBER, caller_name="欧阳小雨")
    assert found(application, "13800009966", HANDLER) == []
    assert found(application, "欧阳小雨", HANDLER) == []


def test_what_a_step_changes_is_found_at_once_and_what_it_replaced_is_not(application: Application) -> None:
    operator = make_operator(application)
    draft = make_ticket(application, author_id=operator.id, title="下水道")
    changes = TicketFields(title="井盖 松动", place="西关大街", caller_name="令狐小冲")
    with application.unit_of_work(operator) as work:
        actions.perform(work, draft.id, TicketAction.SAVE, changes)
    for query in ("井盖松动", "西关", "令狐小冲 井盖", "春秋路"):
        assert seen(application, query)
    assert not seen(application, "下水道")


def test_rows_that_are_inserted_together_are_found(application: Application) -> None:
    at = application.clock()
    common = {"state": S.DRAFT, "channel": Channel.PHONE, "received_at": at, "received_on": at.date()}
    rows = [
        {**common, "title": f"第 {place} 件 停水", "external_number": f"OLD-{place}"} for place in range(3)
    ]
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.connection.execute(insert(Ticket), rows)
    assert len(found(application, "停水")) == 3
    assert len(found(application, "第1件")) == 1
    assert len(found(application, "old-2")) == 1


def test_tickets_of_the_same_place_are_found_by_the_same_words(
    application: Application, ticket: Ticket
) -> None:
    make_ticket(application, text="春秋路１２号的事，地点没有填")
    with application.read_session() as session:
        for place in ("春秋路 12号", "12号　春秋路", "春秋路１２", "秋路"):
            near = tickets_near(session, place, 0, application.clock().date())
            assert [row.id for row in near] == [ticket.id]
        assert tickets_near(session, "\u200b\u200b", 0, application.clock().date()) == ()


def test_days_mine_and_order_narrow_and_sort(application: Application) -> None:
    at, operator = application.clock(), make_operator(application)
    days = [
        make_ticket(
            application,
            received_at=at - timedelta(days=days),
            due_at=at + timedelta(days=due) if due else None,
            author_id=operator.id if days == 1 else None,
            state=S.IN_PROGRESS,
        ).id
        for days, due in ((0, 3), (1, None), (2, 1), (3, 2))
    ]
    today = at.date()
    assert found(application, "") == days
    assert (
        found(application, "", first=today - timedelta(days=2), last=today - timedelta(days=1)) == days[1:3]
    )
    assert found(application, "", author_id=operator.id) == [days[1]]
    assert found(application, "", order=TicketOrder.OLDEST) == days[::-1]
    assert found(application, "", order=TicketOrder.DUE) == [days[2], days[3], days[0], days[1]]


@pytest.mark.parametrize("order", list(TicketOrder))
def test_each_order_pages_without_gap_or_repeat(application: Application, order: TicketOrder) -> None:
    at = application.clock()
    for place in range(7):
        due = at + timedelta(days=place % 3) if place % 2 else None
        make_ticket(application, received_at=at - timedelta(hours=place % 4), due_at=due)
    whole, cursor, pages = found(application, "", order=order), "", []
    with application.read_session() as session:
        while True:
            page = list_tickets(session, OPERATOR, TicketFilter(order=order), at, limit=2, cursor=cursor)
            pages += [line.ticket.id for line in page.rows]
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
    assert pages == whole
    assert len(set(pages)) == 7
