"""Every list reads a small part of its table on both databases, whatever its filter, order and page.

A list that reads 20 of the 3,000 tickets here reads 20 of three million as well. What is read is counted by the database
itself: rows on PostgreSQL, instructions of its virtual machine on SQLite.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, event, select, text, update
from sqlalchemy.orm import Session

from config.demo.matters import read_matters
from config.demo.volume import fill
from hotline.outbox import return_to_relay
from hotline.rules.enums import (
    OPEN_AT_UNIT,
    CallbackReason,
    CallbackState,
    CallEnd,
    CallPurpose,
    CallState,
    Channel,
    DeliveryState,
    RequestType,
    Role,
    TicketState,
)
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.inbox import InboxSection
from hotline.services import retention
from hotline.services.calls import lost_webhooks, old_calls
from hotline.services.figures.reports import build_report
from hotline.services.outbound import follow_ups
from hotline.services.queueing import offers
from hotline.store.calls import desks
from hotline.store.calls.lists import CallbackFilter, CallFilter, list_callbacks, list_calls
from hotline.store.calls.tables import Call
from hotline.store.deliveries import list_deliveries
from hotline.store.engine import open_engine
from hotline.store.figures.cohorts import window_of
from hotline.store.figures.drill_down import (
    CALL_COUNTS,
    TICKET_COUNTS,
    DrillDownFilter,
    calls_behind,
    is_call_count,
    tickets_behind,
)
from hotline.store.people.tables import Unit
from hotline.store.tickets.history import read_ticket_details
from hotline.store.tickets.lists import (
    TicketFilter,
    TicketOrder,
    count_sections,
    count_tickets,
    count_unsigned,
    list_section,
    list_tickets,
)
from hotline.store.tickets.tables import AT_UNIT, UNFINISHED, Ticket
from hotline.unit_of_work import UnitOfWork
from tests.databases import Postgres, sqlite_template
from tests.policies import city_policies

S = TicketState
NOW, ZONE = datetime(2026, 11, 23, 1, tzinfo=UTC), ZoneInfo("Asia/Shanghai")
TODAY, LONG_AGO = NOW.date(), NOW.date() - timedelta(days=180)
BOSS, LARGEST, SMALL = Person(1, Role.SUPERVISOR), "city-management", "petitions"
HANDLER = Person(2, Role.HANDLER, LARGEST)
TICKETS, ROWS = 3_000, 10
OPEN = tuple(OPEN_AT_UNIT)
# Rows on PostgreSQL; instructions on SQLite, where a walk along an index of all tickets takes at least nine thousand.
MOST_ROWS, MOST_STEPS = 500, 8_000
# The newest tickets that a search reads without its index.
WALKED = 40
BIG = ("tickets", "calls", "events", "deliveries", "offers", "callbacks", "follow_ups", "dials")
Ask = Callable[[Session], object]


def tickets(person: Person = BOSS, **wanted: Any) -> Ask:
    """The first two pages of a list of tickets."""

    def ask(session: Session) -> None:
        filters = TicketFilter(line="+865374412345", **wanted)
        page = list_tickets(session, person, filters, NOW, limit=ROWS, walked=WALKED)
        if page.next_cursor:
            list_tickets(session, person, filters, NOW, limit=ROWS, cursor=page.next_cursor, walked=WALKED)

    return ask


def search(q: str) -> Ask:
    """A search and its number."""

    def ask(session: Session) -> None:
        tickets(q=q)(session)
        count_tickets(session, BOSS, TicketFilter(q=q, line="+865374412345"), NOW)

    return ask


def history(session: Session) -> None:
    """All that the page of a ticket shows which was redone."""
    ticket = session.scalars(select(Ticket).where(Ticket.redo_of.is_not(None)).limit(1)).one()
    read_ticket_details(session, BOSS, ticket)


def calls(**wanted: Any) -> Ask:
    def ask(session: Session) -> None:
        page = list_calls(session, CallFilter(**wanted), limit=ROWS)
        if page.next_cursor:
            list_calls(session, CallFilter(**wanted), limit=ROWS, cursor=page.next_cursor)

    return ask


def section(which: InboxSection) -> Ask:
    def ask(session: Session) -> None:
        page = list_section(session, HANDLER, which, NOW, ZONE, limit=ROWS)
        if page.next_cursor:
            list_section(session, HANDLER, which, NOW, ZONE, limit=ROWS, cursor=page.next_cursor)

    return ask


def behind(*names: str) -> Ask:
    window = window_of(Period(LONG_AGO, LONG_AGO), ZONE, NOW)

    def ask(session: Session) -> None:
        if is_call_count(names):
            calls_behind(session, window, names, threshold=5, limit=ROWS)
        else:
            tickets_behind(session, window, names, DrillDownFilter(unit=LARGEST), limit=ROWS)

    return ask


def report(session: Session) -> None:
    build_report(session, Period(LONG_AGO, LONG_AGO), at=NOW, policies=city_policies())


def service(run: Callable[[UnitOfWork], object]) -> Ask:
    """One of the scheduler's questions."""

    def ask(session: Session) -> None:
        run(
            UnitOfWork(
                session.connection(), NOW, Machine.CLOCK, city_policies(), has_reactions=lambda _event: False
            )
        )

    return ask


DETAILS_OF_OLD_CALLS = service(lambda work: old_calls.delete_details(work, ROWS))
LISTS: dict[str, Ask] = {
    **{f"tickets, {order}": tickets(order=order) for order in TicketOrder},
    **{f"tickets, {state}": tickets(states=(state,)) for state in TicketState},
    **{f"tickets, open, {order}": tickets(states=OPEN, order=order) for order in TicketOrder},
    **{f"tickets of the largest unit, {order}": tickets(unit=LARGEST, order=order) for order in TicketOrder},
    **{
        f"tickets of the largest unit, open, {order}": tickets(unit=LARGEST, states=OPEN, order=order)
        for order in TicketOrder
    },
    **{f"tickets, overdue, {order}": tickets(overdue=True, order=order) for order in TicketOrder},
    "tickets of a small unit": tickets(unit=SMALL),
    "tickets of a small unit, overdue": tickets(unit=SMALL, overdue=True),
    "tickets, in time": tickets(overdue=False),
    "tickets, rare channel": tickets(channels=(Channel.OTHER,)),
    "tickets, rare type": tickets(types=(RequestType.PRAISE,)),
    "tickets of nobody": tickets(author_id=999),
    "tickets with a message": tickets(messages=True),
    "drafts of leavers": tickets(unowned=True),
    "tickets of an old day": tickets(first=LONG_AGO, last=LONG_AGO),
    "tickets as their unit sees them": tickets(person=HANDLER),
    **{f"inbox, {which}": section(which) for which in InboxSection},
    "inbox, to acknowledge, number": lambda session: count_unsigned(session, HANDLER),
    "calls": calls(),
    "calls of an old day": calls(day=LONG_AGO),
    "calls of a number": calls(number="+8613800000000"),
    "calls of nobody": calls(operator_id=999),
    "calls, rare end": calls(ends=(CallEnd.LEFT_MESSAGE,)),
    "calls, waiting": calls(states=(CallState.QUEUED,)),
    "calls, placed by us": calls(purposes=(CallPurpose.FOLLOW_UP, CallPurpose.CALLBACK)),
    "callbacks": lambda session: list_callbacks(session, CallbackFilter(), limit=ROWS),
    "callbacks, reached": lambda session: list_callbacks(
        session, CallbackFilter(states=(CallbackState.REACHED,)), limit=ROWS
    ),
    "callbacks, chosen": lambda session: list_callbacks(
        session, CallbackFilter(reasons=(CallbackReason.ABANDONED,)), limit=ROWS
    ),
    "deliveries": lambda session: list_deliveries(session, (), limit=ROWS),
    "deliveries, dead": lambda session: list_deliveries(session, (DeliveryState.DEAD,), limit=ROWS),
    **{
        f"drill-down, {name}": behind(name)
        for counts in (*TICKET_COUNTS, *CALL_COUNTS)
        for name in sorted(counts)
    },
    "search, rare": search("龙屿公寓"),
    "search, absent": search("飞碟降落"),
    "search, absent pair": search("鲸鱼"),
    "search, two words": search("龙屿公寓 影响附近"),
    "search, number": search("+8613800000000"),
    "search, part of a number": search("0001234"),
    "ticket, its page": history,
    "tickets of one place": lambda session: desks.tickets_near(
        session, "裕隆路西段锦苑花园", 0, TODAY, walked=WALKED
    ),
    "tickets of a day by their author": lambda session: desks.tickets_written_by(session, 3, LONG_AGO),
    "desk, queue": lambda session: desks.queue_figures(session, LONG_AGO, ZONE, NOW, 5),
    "retention": service(retention.delete_expired),
    "outbox, events that lead to nothing": service(return_to_relay),
    "follow-ups, due": service(follow_ups.plan_due_dials),
    "desk": lambda session: desks.read_desk(session, 3),
    "desk, frequent units": lambda session: desks.recent_hand_offs(session, TODAY, most=WALKED),
    "desk, earlier tickets": lambda session: desks.earlier_tickets(session, "+8613800000000", None),
    "desk, earlier calls": lambda session: desks.earlier_calls(session, "+8613800000000", 0),
    "scheduler, silent calls": service(lost_webhooks.check_silent_calls),
    "scheduler, stranded callers": service(lost_webhooks.return_stranded_callers),
    "scheduler, silent attempts": service(lost_webhooks.check_silent_dials),
    "scheduler, stuck desks": service(lost_webhooks.free_stuck_desks),
    "scheduler, overdue rings": service(offers.settle_overdue_offers),
    "details of old calls": DETAILS_OF_OLD_CALLS,
}
ONLY_POSTGRESQL = (
    "tickets of the largest unit, open, newest",
    "tickets of the largest unit, open, oldest",
    "desk",
)
# Each index, and a list that reads too much without it.
NEEDED = {
    "ix_tickets_received_at_id": "tickets, newest",
    "ix_tickets_channel_received_at": "tickets, rare channel",
    "ix_tickets_author_id_received_at": "tickets of nobody",
    "ix_tickets_unit_code_received_at": "tickets of a small unit",
    "ix_tickets_unfinished_received_at": "tickets, open, oldest",
    "ix_tickets_at_unit_nearest_due": "tickets, due",
    "ix_tickets_at_unit_unit_nearest_due": "inbox, in_hand",
    "ix_tickets_closed_unit_closed_at": "inbox, done",
    "ix_calls_end_id": "calls, rare end",
    "ix_calls_operator_id_id": "calls of nobody",
}

NEEDED_AT_SIZE = {
    "ix_tickets_unit_code_received_at",
    "ix_tickets_closed_unit_closed_at",
    "ix_tickets_at_unit_unit_nearest_due",
    "ix_tickets_channel_received_at",
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def city(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: Postgres | None
) -> Iterator[Engine]:
    """A year of tickets in each of the two databases."""
    if request.param == "sqlite":
        yield from _filled(f"sqlite:///{sqlite_template(tmp_path_factory.mktemp('volume'))}")
    elif postgres is None:
        pytest.skip("no PostgreSQL on this machine")
    else:
        with postgres.clone() as url:
            yield from _filled(url)


def _filled(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    units = {matter.unit for matter in read_matters()}
    with Session(engine) as session:
        session.add_all(Unit(code=unit, name_zh=unit, name_en=unit, kind="department") for unit in units)
        session.commit()
    fill(engine, TICKETS, now=NOW, zone=ZONE)
    yield engine
    engine.dispose()


@dataclass
class Work:
    """The work that a database reports for the statements of one list."""

    rows: int = 0
    steps: int = 0
    scanned: set[str] = field(default_factory=set)

    @property
    def is_small(self) -> bool:
        return self.rows <= MOST_ROWS and self.steps <= MOST_STEPS and not self.scanned


def work_of(session: Session, ask: Ask) -> Work:
    """Returns the work of the statements that `ask` executes."""
    connection, work = session.connection(), Work()
    asked: list[tuple[str, Any]] = []

    def remember(_c: object, _k: object, statement: str, values: Any, _x: object, _m: object) -> None:
        asked.append((statement, values))

    event.listen(connection, "before_cursor_execute", remember)
    ask(session)
    event.remove(connection, "before_cursor_execute", remember)
    # A change is undone with the transaction, and its repetition reads as much.
    for statement, values in asked:
        if statement.startswith("SELECT set_config"):
            continue
        if connection.dialect.name == "sqlite":
            _count_steps(connection, statement, values, work)
        else:
            _count_rows(connection, statement, values, work)
    return work


def _count_steps(connection: Connection, statement: str, values: Any, work: Work) -> None:
    driver: Any = connection.connection.driver_connection

    def count() -> int:
        work.steps += 10
        return 0

    driver.set_progress_handler(count, 10)
    connection.exec_driver_sql(statement, values).close()
    driver.set_progress_handler(None, 0)


def _count_rows(connection: Connection, statement: str, values: Any, work: Work) -> None:
    # So few rows are faster read in a row than found through an index. The index of the search has bitmaps only.
    connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    is_search = "ticket_signs" in statement
    connection.exec_driver_sql(f"SET LOCAL enable_bitmapscan = {'on' if is_search else 'off'}")
    explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values).scalar_one()
    pending = [explained[0]["Plan"]]
    while pending:
        node = pending.pop()
        pending += node.get("Plans", ())
        if node.get("Relation Name") in BIG:
            dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            work.rows += int((node["Actual Rows"] + dropped) * node["Actual Loops"])
            if node["Node Type"] == "Seq Scan":
                work.scanned.add(node["Relation Name"])


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session whose transaction is rolled back."""
    with Session(engine) as session:
        yield session
        session.rollback()


@pytest.mark.parametrize("name", LISTS)
def test_a_list_reads_a_small_part_of_its_table(city: Engine, name: str) -> None:
    if city.dialect.name == "sqlite" and name in ONLY_POSTGRESQL:
        pytest.skip("without statistics SQLite takes a partial index for as large as a full one")
    with reading(city) as session:
        work = work_of(session, LISTS[name])
    assert work.is_small, work


def test_the_counts_of_an_inbox_read_what_is_open_and_a_limited_part_of_the_rest(
    city: Engine,
) -> None:
    with reading(city) as session:
        counts = count_sections(session, HANDLER, NOW, ZONE, most_done=40)
        work = work_of(session, lambda session: count_sections(session, HANDLER, NOW, ZONE, most_done=40))
    assert counts[InboxSection.DONE] == 41
    read = sum(counts.values())
    assert work.rows <= 5 * read
    assert work.steps <= 100 * read


@pytest.mark.parametrize(("index", "name"), NEEDED.items())
def test_a_list_reads_more_without_its_index(city: Engine, index: str, name: str) -> None:
    if city.dialect.name == "postgresql" and index in NEEDED_AT_SIZE:
        pytest.skip("so few rows PostgreSQL sorts as fast")
    with reading(city) as session:
        before = work_of(session, LISTS[name])
        session.execute(text(f"DROP INDEX {index}"))
        after = work_of(session, LISTS[name])
    assert after.rows + after.steps > 1.5 * (before.rows + before.steps) or not after.is_small


def test_what_is_at_a_unit_is_the_same_in_the_rules_and_in_the_index() -> None:
    excluded = {state for state in TicketState if f"'{state}'" in AT_UNIT}
    assert set(TicketState) - excluded == OPEN_AT_UNIT
    assert {state for state in TicketState if f"'{state}'" in UNFINISHED} == {S.CLOSED, S.DISCARDED}


def test_retention_passes_over_the_calls_without_details(city: Engine) -> None:
    with Session(city) as session:
        reduced = {
            "arrived_on": NOW.date() - timedelta(days=2_000),
            "details_deleted_at": NOW,
            "ended_at": NOW,
        }
        session.execute(update(Call).values(reduced))
        session.execute(text("ANALYZE calls"))
        with_index = work_of(session, DETAILS_OF_OLD_CALLS)
        session.execute(text("DROP INDEX ix_calls_detailed"))
        assert with_index.is_small, with_index
        assert not work_of(session, DETAILS_OF_OLD_CALLS).is_small
        session.rollback()
