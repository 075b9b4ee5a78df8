"""A ticket that a program creates and hands off is written once, and is the ticket that two steps would have made."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, func, insert, select, update

from hotline.rules.enums import Channel, RequestType, Role, TicketAction, TicketState
from hotline.rules.errors import DomainError, MissingFields, NotAllowed, UnknownUnit
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.fields import TicketFields
from hotline.services.tickets import actions
from hotline.store.calendar import CalendarDay
from hotline.store.outbox import EventRow
from hotline.store.people.tables import Unit
from hotline.store.row_cache import RowCache
from hotline.store.tickets.tables import Ticket
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


def test_with_known_units_and_days_three_statements_write_a_ticket(
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
    # The day's counter comes last: its row is locked until the commit.
    assert [statement.replace('"', "") for statement in statements] == [
        "UPDATE counters SET",
        "INSERT INTO tickets",
        "INSERT INTO events",
    ]


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
