"""Lists show exactly what their reader may open, filter as asked, and page without losing or repeating a row."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from hotline.rules.enums import Channel, RequestType, Role, TicketState
from hotline.rules.people.actors import Person, may_read_ticket
from hotline.rules.tickets.inbox import InboxSection, is_overdue, nearest_clock
from hotline.store.cursors import BadCursor
from hotline.store.tickets.lists import (
    TicketFilter,
    count_sections,
    count_tickets,
    end_of_day,
    find_ticket_for,
    list_section,
    list_tickets,
)
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit

S = TicketState
UNITS = ("city-management", "water-company")
BOSS = Person(1, Role.SUPERVISOR)
ALL = TicketFilter()


@dataclass(frozen=True)
class City:
    """Two units, and a ticket in every state with every kind of deadline for each and for none."""

    application: Application
    tickets: tuple[Ticket, ...]

    def listed(self, person: Person, wanted: TicketFilter = ALL) -> list[int]:
        with self.application.read_session() as session:
            page = list_tickets(session, person, wanted, self.application.clock(), limit=500)
        return [line.ticket.id for line in page.rows]


def clocks(at: datetime, due: datetime) -> tuple[dict[str, datetime], ...]:
    """Columns of tickets whose clock for the signature or the contact falls due at `due`, met or not."""
    far = at + timedelta(days=9)
    return (
        {"due_at": far, "acknowledge_due": due},
        {"due_at": far, "acknowledge_due": due, "acknowledged_at": at},
        {"due_at": far, "contact_due": due},
        {"due_at": due, "acknowledge_due": far, "contact_due": far, "first_contact_at": at},
    )


@pytest.fixture
def city(application: Application) -> City:
    for code in UNITS:
        make_unit(application, code, name_zh=code)
    at, made = application.clock(), []
    dues = (None, at - timedelta(seconds=1), at, at + timedelta(hours=2), at + timedelta(days=2))
    for unit in (None, *UNITS):
        for state in TicketState:
            for place, due in enumerate(dues):
                moment = at - timedelta(minutes=place % 2)
                row = make_ticket(application, state=state, unit_code=unit, due_at=due, received_at=moment)
                made.append(row)
                if unit == UNITS[0] and due is not None:
                    made += [
                        make_ticket(application, state=state, unit_code=unit, **more)
                        for more in clocks(at, due)
                    ]
    return City(application, tuple(made))


PEOPLE = [Person(7, role, unit) for role in Role for unit in (None, *UNITS)]


def test_a_list_and_a_single_view_ask_the_same_rule(city: City) -> None:
    for person in PEOPLE:
        listed = set(city.listed(person))
        with city.application.read_session() as session:
            for ticket in city.tickets:
                found = find_ticket_for(session, person, ticket.number or f"draft-{ticket.id}")
                assert (found is not None) == (ticket.id in listed), person
                at_desk = ticket.state in {S.DRAFT, S.DISCARDED} and person.role is Role.HANDLER
                assert (ticket.id in listed) == (may_read_ticket(person, ticket.unit_code) and not at_desk)


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_pages_lose_nothing_and_repeat_nothing(city: City, limit: int) -> None:
    whole, cursor = [], ""
    with city.application.read_session() as session:
        while True:
            page = list_tickets(session, BOSS, ALL, city.application.clock(), limit=limit, cursor=cursor)
            whole += [(line.ticket.received_at, line.ticket.id) for line in page.rows]
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
    assert whole == sorted(whole, reverse=True)
    assert len(whole) == len(set(whole)) == len(city.tickets)


def test_filters_narrow_the_list(city: City) -> None:
    late = city.listed(BOSS, TicketFilter(overdue=True))
    rest = city.listed(BOSS, TicketFilter(overdue=False))
    at = city.application.clock()
    assert sorted(late) == [ticket.id for ticket in city.tickets if is_overdue(ticket, at)]
    assert len(late) == 3 * 4 + 3 * 4
    assert sorted(late + rest) == sorted(city.listed(BOSS))
    assert len(city.listed(BOSS, TicketFilter(states=(S.CLOSED, S.REPLIED), unit=UNITS[1]))) == 10
    assert city.listed(BOSS, TicketFilter(types=(RequestType.PRAISE,))) == []
    assert city.listed(BOSS, TicketFilter(channels=(Channel.WEB,))) == []
    assert len(city.listed(BOSS, TicketFilter(channels=(Channel.PHONE,)))) == len(city.tickets)
    with city.application.read_session() as session:
        assert count_tickets(session, BOSS, TicketFilter(overdue=True), city.application.clock()) == len(late)


def test_a_search_takes_percent_and_underscore_literally(application: Application) -> None:
    odd = make_ticket(application, title="水压只有 50% 了", text="a_b")
    make_ticket(application, title="水压只有 500 了", text="acb")
    city = City(application, ())
    assert city.listed(BOSS, TicketFilter(q="50%")) == [odd.id]
    assert city.listed(BOSS, TicketFilter(q="a_b")) == [odd.id]
    assert city.listed(BOSS, TicketFilter(q="\\")) == []
    assert len(city.listed(BOSS, TicketFilter(q="水压"))) == 2


def test_a_search_never_finds_by_the_callers_number(application: Application) -> None:
    ticket = make_ticket(application)
    assert City(application, ()).listed(BOSS, TicketFilter(q=str(ticket.caller_number)[-6:])) == []


def section_in_words(ticket: Ticket, at: datetime, midnight: datetime) -> str:
    """The section of a ticket by its nearest open clock, written out."""
    if ticket.state is S.CLOSED:
        return "done"
    clock = nearest_clock(ticket)
    if clock is not None and clock.due_at < at:
        return "overdue"
    if clock is not None and clock.due_at <= midnight:
        return "due_today"
    return {S.DISPATCHED: "to_acknowledge", S.REPLIED: "to_close"}.get(ticket.state, "in_hand")


@pytest.mark.parametrize("unit", UNITS)
def test_piles_part_a_units_tickets_and_their_counts_agree_with_their_lists(city: City, unit: str) -> None:
    person, at, zone = Person(7, Role.HANDLER, unit), city.application.clock(), city.application.policies.zone
    midnight = end_of_day(at, zone)
    with city.application.read_session() as session:
        counts = count_sections(session, person, at, zone)
        assert sum(counts.values()) == len(city.listed(person))
        for pile in InboxSection:
            page = list_section(session, person, pile, at, zone, limit=3)
            rows = list(page.rows)
            while page.next_cursor:
                page = list_section(session, person, pile, at, zone, limit=3, cursor=page.next_cursor)
                rows += page.rows
            found = [line.ticket for line in rows]
            assert len({ticket.id for ticket in found}) == len(found) == counts[pile]
            assert all(section_in_words(row, at, midnight) == pile for row in found)
            dues = [clock.due_at for clock in map(nearest_clock, found) if clock is not None]
            assert dues == sorted(dues)


def packed(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "?",
        "路灯",
        "x" * 500,
        packed("[]"),
        packed("3"),
        packed("{"),
        packed('["i",1]'),
        packed('["m",1]'),
        packed('["m","1","2"]'),
        packed('["m",1,true]'),
        packed('["m",1,99999999999]'),
        packed('["m",9' + "9" * 60 + ",1]"),
        packed("[" * 140),
    ],
)
def test_a_cursor_that_is_none_of_ours_is_refused(application: Application, cursor: str) -> None:
    with application.read_session() as session, pytest.raises(BadCursor):
        list_tickets(session, BOSS, ALL, application.clock(), limit=5, cursor=cursor)


@pytest.mark.parametrize("address", ["draft-", "draft-x", "draft-²", "draft-" + "9" * 30, "QF1", ""])
def test_an_odd_address_finds_nothing(application: Application, address: str) -> None:
    with application.read_session() as session:
        assert find_ticket_for(session, BOSS, address) is None


def test_the_newest_tickets_are_read_from_an_index_however_many_there_are(application: Application) -> None:
    if application.engine.dialect.name != "sqlite":
        pytest.skip("the planner of PostgreSQL needs many rows before it prefers an index")
    asked: list[str] = []

    def remember(_c: object, _k: object, statement: str, values: object, _x: object, _m: object) -> None:
        asked.append(statement)
        kept.append(values)

    kept: list[Any] = []
    event.listen(application.engine, "before_cursor_execute", remember)
    with application.read_session() as session:
        list_tickets(session, BOSS, ALL, application.clock(), limit=50)
    event.remove(application.engine, "before_cursor_execute", remember)
    with application.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[-1]}", kept[-1]).all()
    told = " ".join(str(row[3]) for row in plan)
    assert "ix_tickets_received_at_id" in told
    assert "TEMP B-TREE" not in told
