"""Each look is one row; a confidential ticket, a recording or an export outside one's own open work needs a reason."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from hotline.rules.enums import LookKind, LookReason, Role, TicketState
from hotline.rules.errors import InvalidFields, NotAllowed, ReasonNeeded
from hotline.rules.people.actors import Person
from hotline.rules.people.privacy import is_own_open_work
from hotline.services.people import disclosures, looks
from hotline.store.people.looks import LookFilter, list_looks
from hotline.store.people.tables import Disclosure
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit, make_user, person_of
from tests.stopped_clock import StoppedClock

S = TicketState


def look(application: Application, person: Person, ticket: Ticket, reason: LookReason | None = None) -> None:
    """Opens the ticket as its page does."""
    with application.unit_of_work(person) as work:
        if not looks.is_look_recorded(work.session, person, ticket, work.at):
            looks.look_at_ticket(work, ticket, reason)


def rows(application: Application) -> list[tuple[int, str, str, int | None]]:
    with application.read_session() as session:
        found = session.scalars(select(Disclosure).order_by(Disclosure.id))
        return [(row.user_id, row.field, row.reason, row.ticket_id) for row in found]


@pytest.fixture
def unit(application: Application) -> str:
    return make_unit(application).code


@pytest.fixture
def supervisor(application: Application) -> Person:
    return person_of(make_user(application, Role.SUPERVISOR))


@pytest.fixture
def sealed(application: Application, unit: str) -> Ticket:
    return make_ticket(application, state=S.ACKNOWLEDGED, unit_code=unit, confidential=True)


def test_a_confidential_ticket_needs_a_reason_that_holds_for_a_while(
    application: Application, clock: StoppedClock, supervisor: Person, sealed: Ticket
) -> None:
    with pytest.raises(ReasonNeeded):
        look(application, supervisor, sealed)
    assert rows(application) == []
    look(application, supervisor, sealed, LookReason.SUPERVISION)
    look(application, supervisor, sealed)
    assert rows(application) == [(supervisor.id, "confidential", "supervision", sealed.id)]
    clock.advance(looks.LOOK_WINDOW.total_seconds())
    with pytest.raises(ReasonNeeded):
        look(application, supervisor, sealed)


def test_ones_own_open_work_is_opened_without_a_question_and_recorded(
    application: Application, unit: str, sealed: Ticket
) -> None:
    handler = person_of(make_user(application, Role.HANDLER, unit_code=unit))
    look(application, handler, sealed)
    look(application, handler, sealed)
    assert rows(application) == [(handler.id, "ticket", "own_work", sealed.id)]


def test_an_ordinary_ticket_asks_nobody_and_is_recorded(application: Application, supervisor: Person) -> None:
    ticket = make_ticket(application)
    look(application, supervisor, ticket)
    assert rows(application) == [(supervisor.id, "ticket", "ordinary", ticket.id)]


def test_a_look_before_a_ticket_became_confidential_opens_nothing(
    application: Application, supervisor: Person, sealed: Ticket
) -> None:
    ordinary = make_ticket(application)
    look(application, supervisor, ordinary)
    ordinary.confidential = True
    with pytest.raises(ReasonNeeded):
        look(application, supervisor, ordinary)


@pytest.mark.parametrize("state", list(S))
def test_own_open_work_ends_with_the_ticket(state: TicketState) -> None:
    author, other = Person(1, Role.OPERATOR), Person(2, Role.OPERATOR)
    handler, stranger = Person(3, Role.HANDLER, "water"), Person(4, Role.HANDLER, "roads")
    is_over = state in {S.CLOSED, S.DISCARDED}
    assert is_own_open_work(author, state, "water", 1) != is_over
    assert not is_own_open_work(other, state, "water", 1)
    assert is_own_open_work(handler, state, "water", 1) == (not is_over and state is not S.DRAFT)
    assert not is_own_open_work(stranger, state, "water", 1)
    assert is_own_open_work(other, state, None, None) == (state is S.DRAFT)


def test_a_number_outside_ones_own_work_needs_a_reason_and_a_right(
    application: Application, unit: str, supervisor: Person, sealed: Ticket
) -> None:
    ticket = make_ticket(application, state=S.ACKNOWLEDGED, unit_code=unit, caller_number="+8613800005678")
    for reason in ("", "because", "own_work"):
        with pytest.raises(ReasonNeeded), application.unit_of_work(supervisor) as work:
            disclosures.show_number(work, "ticket", ticket.id, reason)
    with application.unit_of_work(supervisor) as work:
        assert disclosures.show_number(work, "ticket", ticket.id, "dispute") == "+8613800005678"
    assert rows(application) == [(supervisor.id, "number", "dispute", ticket.id)]
    inspector = person_of(make_user(application, Role.INSPECTOR))
    with pytest.raises(NotAllowed), application.unit_of_work(inspector) as work:
        disclosures.show_number(work, "ticket", ticket.id, "dispute")
    with pytest.raises(NotAllowed), application.unit_of_work(supervisor) as work:
        disclosures.show_number(work, "ticket", sealed.id, "dispute")


def test_an_export_needs_the_right_and_a_reason(application: Application, supervisor: Person) -> None:
    with pytest.raises(ReasonNeeded), application.unit_of_work(supervisor) as work:
        looks.record_export(work, None)
    dispatcher = person_of(make_user(application, Role.DISPATCHER))
    with pytest.raises(NotAllowed), application.unit_of_work(dispatcher) as work:
        looks.record_export(work, LookReason.HANDLING)
    with application.unit_of_work(supervisor) as work:
        looks.record_export(work, LookReason.INSPECTION)
    assert rows(application) == [(supervisor.id, "export", "inspection", None)]


@pytest.mark.parametrize("text", ["own_work", "unstated", "x", "call_back "])
def test_only_a_reason_of_the_list_can_be_stated(text: str) -> None:
    with pytest.raises(InvalidFields):
        looks.parse_reason(text)


def test_the_log_is_filtered_by_ticket_person_kind_and_time(
    application: Application, clock: StoppedClock, supervisor: Person, sealed: Ticket
) -> None:
    other = make_user(application, Role.LEADER, name="leader")
    look(application, supervisor, sealed, LookReason.SUPERVISION)
    clock.advance(86_400)
    look(application, person_of(other), make_ticket(application))

    def found(wanted: LookFilter) -> list[int]:
        with application.read_session() as session:
            return [line.look.user_id for line in list_looks(session, wanted, limit=10).rows]

    assert found(LookFilter()) == [other.id, supervisor.id]
    assert found(LookFilter(ticket_id=sealed.id)) == [supervisor.id]
    assert found(LookFilter(person="leader")) == [other.id]
    assert found(LookFilter(kind=LookKind.CONFIDENTIAL)) == [supervisor.id]
    assert found(LookFilter(since=clock.at - timedelta(hours=1))) == [other.id]
    assert found(LookFilter(until=clock.at - timedelta(hours=1))) == [supervisor.id]
