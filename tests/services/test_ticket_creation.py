"""A ticket that a program creates and hands off is written once, and is the ticket that two steps would have made."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, func, insert, select, text, update

from hotline.rules.enums import Channel, RequestType, Role, TicketAction, TicketState
from hotline.rules.errors import DomainError, MissingFields, NotAllowed, UnknownUnit
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.fields import TicketFields
from hotline.rules.tickets.ticket_numbers import LAST_SEQUENCE, luhn_sum, ticket_number
from hotline.services.tickets import actions
from hotline.store.calendar import CalendarDay
from hotline.store.outbox import EventRow
from hotline.store.people.tables import Unit
from hotline.store.row_cache import RowCache
from hotline.store.tickets.creation import NUMBER
from hotline.store.tickets.tables import Counter, Ticket
from hotline.unit_of_work import Application
from tests.builders import make_unit, make_user, person_of
from tests.services.desk_work import COMPLETE
from tests.stopped_clock import StoppedClock

A = TicketAction
AGE = timedelta(seconds=2)
COLUMNS = [column.key for column in Ticket.__table__.c]


@pytest.fixture
def writer(application: Application) -> Person:
    make_unit(application)
    return person_of(make_user(application, Role.OPERATOR))


def create(
    application: Application, person: Person, action: TicketAction | None, stated: TicketFields = COMPLETE
) -> Ticket:
    with application.unit_of_work(person) as work:
        return actions.create_ticket(work, channel=Channel.WEB, stated=stated, action=action)


def count_tickets_of_today(application: Application, used: int) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        name = f"ticket:{work.today:%Y%m%d}"
        work.session.execute(insert(Counter).values(name=name, value=used))


def two_steps(application: Application, person: Person, action: TicketAction, stated: TicketFields) -> Ticket:
    with application.unit_of_work(person) as work:
        draft = actions.open_draft(work, channel=Channel.WEB, stated=stated)
        return actions.perform(work, draft.id, action, TicketFields())


def columns_of(application: Application, ticket: Ticket) -> dict[str, object]:
    with application.read_session() as session:
        row = session.get_one(Ticket, ticket.id)
        unequal = {"id", "number", "access_code"}
        return {name: getattr(row, name) for name in COLUMNS if name not in unequal}


def events_of(application: Application, ticket: Ticket) -> list[tuple[str, dict[str, object]]]:
    with application.read_session() as session:
        rows = session.scalars(select(EventRow).where(EventRow.subject_id == ticket.id).order_by(EventRow.id))
        return [(row.kind, {**row.data, "ticket_id": 0}) for row in rows]


@pytest.mark.parametrize("action", [A.HAND_OFF, A.ANSWER])
@pytest.mark.parametrize("kind", [RequestType.COMPLAINT, RequestType.REPORT])
def test_one_insert_writes_the_row_and_the_events_of_two_steps(
    application: Application, writer: Person, action: TicketAction, kind: RequestType
) -> None:
    stated = replace(COMPLETE, type=kind, place="春秋路", caller_number="13800001234", caller_name="王小明")
    at_once, slowly = (
        create(application, writer, action, stated),
        two_steps(application, writer, action, stated),
    )
    assert columns_of(application, at_once) == columns_of(application, slowly)
    assert events_of(application, at_once) == events_of(application, slowly)
    assert at_once.revision == 2


def test_the_returned_ticket_is_the_stored_one(application: Application, writer: Person) -> None:
    made = create(application, writer, A.HAND_OFF)
    with application.read_session() as session:
        stored = session.get_one(Ticket, made.id)
        names = [name for name in COLUMNS if not name.startswith("search")]
        assert {name: getattr(made, name) for name in names} == {
            name: getattr(stored, name) for name in names
        }


@pytest.mark.parametrize(
    ("stated", "refusal"),
    [
        (replace(COMPLETE, title=None, text=""), MissingFields),
        (replace(COMPLETE, title=None, unit_code="nowhere"), UnknownUnit),
        (replace(COMPLETE, unit_code=None), MissingFields),
    ],
)
def test_a_refused_step_writes_nothing_and_uses_up_no_number(
    application: Application, writer: Person, stated: TicketFields, refusal: type[DomainError]
) -> None:
    with pytest.raises(refusal):
        create(application, writer, A.HAND_OFF, stated)
    with application.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 0
    assert (create(application, writer, A.HAND_OFF).number or "")[10:15] == "00001"


def test_who_writes_no_tickets_creates_none(application: Application, writer: Person) -> None:
    inspector = person_of(make_user(application, Role.INSPECTOR))
    with pytest.raises(NotAllowed):
        create(application, inspector, A.HAND_OFF)


def test_with_known_units_and_days_one_statement_or_three_write_a_ticket(
    application: Application, writer: Person
) -> None:
    keeping = replace(application, cache=RowCache(AGE))
    with keeping.unit_of_work(Machine.SYSTEM) as work:
        day = work.today
        work.session.execute(insert(CalendarDay).values(day=day, is_working=True, source="test", note=""))
    create(keeping, writer, A.HAND_OFF)
    statements: list[str] = []

    def remember(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(" ".join(statement.split()[:3]))

    event.listen(keeping.engine, "before_cursor_execute", remember)
    create(keeping, writer, A.HAND_OFF)
    event.remove(keeping.engine, "before_cursor_execute", remember)
    of_sqlite = ["INSERT INTO counters", "INSERT INTO tickets", "INSERT INTO events"]
    assert [statement.replace('"', "") for statement in statements] == (
        of_sqlite if application.engine.dialect.name == "sqlite" else ["WITH counted AS"]
    )


def test_a_unit_that_was_closed_gets_no_ticket_when_the_cache_has_aged(
    application: Application, writer: Person, clock: StoppedClock
) -> None:
    keeping = replace(application, cache=RowCache(AGE))
    create(keeping, writer, A.HAND_OFF)
    with keeping.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Unit).values(active=False))
    clock.advance(2)
    with pytest.raises(UnknownUnit):
        create(keeping, writer, A.HAND_OFF)


def test_a_new_holiday_moves_the_deadlines_of_tickets_created_when_the_cache_has_aged(
    application: Application, writer: Person, clock: StoppedClock
) -> None:
    keeping = replace(application, cache=RowCache(AGE))
    with keeping.unit_of_work(Machine.SYSTEM) as work:
        tomorrow = work.today + timedelta(days=1)
        work.session.add(CalendarDay(day=tomorrow, is_working=True, source="test", note=""))
    before = create(keeping, writer, A.HAND_OFF).due_at
    with keeping.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(CalendarDay).values(is_working=False))
    clock.advance(2)
    after = create(keeping, writer, A.HAND_OFF).due_at
    assert before is not None
    assert after is not None
    assert after - before == timedelta(days=1)


def test_a_draft_stays_a_draft_without_a_step(application: Application, writer: Person) -> None:
    draft = create(application, writer, None)
    assert (draft.state, draft.number, draft.revision) == (TicketState.DRAFT, None, 1)


def test_the_database_and_the_rules_write_the_same_numbers(application: Application) -> None:
    if application.engine.dialect.name == "sqlite":
        pytest.skip("only PostgreSQL writes the number in its statement")
    sequences = [
        *range(1, 2_000),
        *range(2_000, 99_000, 997),
        *range(99_990, 100_020),
        543_210,
        LAST_SEQUENCE,
    ]
    written = text(
        f"SELECT {NUMBER} FROM unnest(:sequences) WITH ORDINALITY AS each (value, place) ORDER BY place"
    )
    for day in ("20261123", "20270101", "20311231"):
        sums = {"sum": luhn_sum(day + "00000"), "longer_sum": luhn_sum(day + "000000")}
        values = {"prefix": "QF", "day": day, "sequences": sequences, **sums}
        with application.read_session() as session:
            found = session.scalars(written, values).all()
        assert found == [ticket_number("QF", day, sequence) for sequence in sequences]


@pytest.mark.parametrize(("used", "length"), [(99_998, 16), (99_999, 17), (LAST_SEQUENCE - 1, 17)])
def test_the_numbers_of_a_day_get_longer(
    application: Application, writer: Person, used: int, length: int
) -> None:
    count_tickets_of_today(application, used)
    number = create(application, writer, A.HAND_OFF).number or ""
    assert (len(number), number[10:-1]) == (length, f"{used + 1:05d}")


def test_a_ticket_beyond_the_last_number_of_a_day_is_not_written(
    application: Application, writer: Person
) -> None:
    count_tickets_of_today(application, LAST_SEQUENCE)
    with pytest.raises(ValueError, match="used up"):
        create(application, writer, A.HAND_OFF)
    with application.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 0
        assert session.scalar(select(func.count()).where(EventRow.kind == "TicketOpened")) == 0


def test_tickets_created_at_once_leave_no_gap_and_share_no_number(
    application: Application, writer: Person
) -> None:
    def write(_: int) -> str:
        with application.single_write_unit(writer) as work:
            made = actions.create_ticket(work, channel=Channel.WEB, stated=COMPLETE, action=A.HAND_OFF)
        return made.number or ""

    with ThreadPoolExecutor(6) as pool:
        numbers = sorted(pool.map(write, range(24)))
    assert [number[10:15] for number in numbers] == [f"{place:05d}" for place in range(1, 25)]
    with application.read_session() as session:
        stored = session.scalars(select(Ticket.number).order_by(Ticket.number)).all()
        kinds = session.execute(select(EventRow.subject_id, EventRow.kind).order_by(EventRow.id)).all()
    assert stored == numbers
    for ticket_id in {of_ticket for of_ticket, _ in kinds}:
        assert [kind for of, kind in kinds if of == ticket_id] == ["TicketOpened", "TicketHandedOff"]
