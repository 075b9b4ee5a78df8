"""The index of the search changes no result: the tickets it names hold every one that the search finds."""

from random import Random

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from config.demo.matters import read_matters
from config.demo.volume import fill
from hotline.rules.enums import Channel, Role, TicketState
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.search import search_words
from hotline.store.tickets.lists import TicketFilter, count_tickets, list_tickets
from hotline.store.tickets.search import matches
from hotline.store.tickets.search_index import candidates, prepare
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit

OPERATOR, LINE = Person(101, Role.OPERATOR), "+865374412345"
ODD = ("it's 5\\\\6 & (7|8):*", "<->!灯", "a'b\"c", "Ⅷ号楼 ﬁne", "𠮷野家", "1", "水", "é")


@pytest.fixture
def city(application: Application) -> Application:
    """A few hundred tickets, and some with letters that mean something in a query."""
    for unit in {matter.unit for matter in read_matters()}:
        make_unit(application, unit)
    fill(application.engine, 300, now=application.clock(), zone=application.policies.zone)
    at = application.clock()
    common = {
        "state": TicketState.DRAFT,
        "channel": Channel.PHONE,
        "received_at": at,
        "received_on": at.date(),
    }
    with application.unit_of_work(Machine.SYSTEM) as work:
        rows = [{**common, "title": odd, "external_number": f"老-{odd}-9"} for odd in ODD]
        work.connection.execute(insert(Ticket), rows)
    return application


def queries(session: Session) -> list[str]:
    """Parts of one to seven letters of all texts, alone and in pairs, numbers and their parts, and words that are nowhere."""
    dice = Random(7)  # noqa: S311 - dice, not secrets
    tickets = session.scalars(select(Ticket)).all()
    words = [*ODD, "飞碟", "没有的词", "QV2026", "999999999"]
    for ticket in dice.sample(tickets, 60):
        for column in (ticket.text, ticket.place, ticket.title, ticket.number or "", ticket.caller_name):
            start, length = dice.randrange(max(len(column), 1)), dice.randrange(1, 8)
            words.append(column[start : start + length])
        words.append(ticket.caller_number or "")
        words.append(f"{words[-2]} {words[-4]}")
    return [word for word in words if word.strip()]


def test_every_ticket_that_the_search_finds_is_a_candidate_of_the_index(city: Application) -> None:
    with city.read_session() as session:
        for query in queries(session):
            asked = matches(query, OPERATOR, LINE)
            found = set(session.scalars(select(Ticket.id).where(asked)))
            indexed = select(Ticket.id).where(candidates(session, search_words(query, LINE)), asked)
            assert set(session.scalars(indexed)) == found, query


def test_a_list_and_its_number_are_the_tickets_that_hold_the_words(city: Application) -> None:
    at = city.clock()
    with city.read_session() as session:
        for query in queries(session)[:120]:
            wanted = TicketFilter(q=query, line=LINE)
            newest = select(Ticket.id).where(matches(query, OPERATOR, LINE))
            expected = session.scalars(newest.order_by(Ticket.received_at.desc(), Ticket.id.desc())).all()
            listed, cursor = [], ""
            while True:
                page = list_tickets(session, OPERATOR, wanted, at, limit=40, cursor=cursor, walked=20)
                listed += [line.ticket.id for line in page.rows]
                cursor = page.next_cursor or ""
                if not cursor:
                    break
            assert listed == expected, query
            assert count_tickets(session, OPERATOR, wanted, at) == len(expected)


def test_a_change_of_a_ticket_changes_the_index_with_it(city: Application) -> None:
    ticket = make_ticket(city, title="独角兽")
    with city.unit_of_work(Machine.SYSTEM) as work:
        change = text("UPDATE tickets SET search_text = '麒麟' WHERE id = :id")
        work.connection.execute(change, {"id": ticket.id})
    with city.read_session() as session:
        for query, found in (("独角兽", []), ("麒麟", [ticket.id])):
            wanted = TicketFilter(q=query, line=LINE)
            page = list_tickets(session, OPERATOR, wanted, city.clock(), limit=5, walked=0)
            assert [line.ticket.id for line in page.rows] == found


def test_the_index_names_a_ticket_by_what_it_says_now_and_no_longer_when_it_is_deleted(
    city: Application,
) -> None:
    ticket = make_ticket(city, title="独角兽")
    steps: tuple[tuple[str, set[str]], ...] = (
        ("UPDATE tickets SET search_text = '麒麟' WHERE id = :id", {"麒麟"}),
        ("UPDATE tickets SET number = 'ZZ20990101777776' WHERE id = :id", {"麒麟", "zz2099", "777776"}),
        (
            "UPDATE tickets SET search_private = '白泽', revision = 9 WHERE id = :id",
            {"麒麟", "zz2099", "777776", "白泽"},
        ),
        ("DELETE FROM tickets WHERE id = :id", set()),
    )
    with city.unit_of_work(Machine.SYSTEM) as work:
        for change, expected in steps:
            work.connection.execute(text(change), {"id": ticket.id})
            named = {
                word
                for word in ("独角兽", "麒麟", "zz2099", "777776", "白泽")
                for found in [candidates(work.session, search_words(word, LINE))]
                if work.session.scalar(select(Ticket.id).where(found)) == ticket.id
            }
            assert named == expected
        if work.connection.dialect.name == "sqlite":
            work.connection.execute(
                text("INSERT INTO ticket_signs (ticket_signs) VALUES ('integrity-check')")
            )


def test_a_short_part_of_a_number_is_found_wherever_it_stands(city: Application) -> None:
    with city.read_session() as session:
        number = session.scalars(select(Ticket.number).where(Ticket.number.is_not(None))).first() or ""
        for length in (2, 3, 4):
            for place in range(len(number) - length + 1):
                words = search_words(number[place : place + length], LINE)
                named = select(Ticket.number).where(candidates(session, words), Ticket.number == number)
                assert session.scalars(named).all() == [number]


def test_a_long_text_is_indexed_to_its_end(city: Application) -> None:
    ticket = make_ticket(city, text="井盖" * 9_990 + "独角兽")
    with city.read_session() as session:
        found = candidates(session, search_words("独角兽", LINE))
        assert session.scalars(select(Ticket.id).where(found)).all() == [ticket.id]


def test_the_settings_of_a_search_hold_in_the_sessions_that_ask(application: Application) -> None:
    if application.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no settings for a query")
    with application.read_session() as session:
        prepare(session)
        assert session.scalar(text("SHOW jit")) == "off"
    with application.read_session() as session:
        assert session.scalar(text("SHOW work_mem")) != "32MB"
