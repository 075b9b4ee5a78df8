"""A caller's tickets are one history however their number was written, and their codes work from that telephone."""

import io

import pytest

from hotline.rules.enums import CallPurpose, TicketAction
from hotline.rules.errors import InvalidFields
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.fields import TicketFields, parse_ticket_fields
from hotline.services.calls import lifecycle
from hotline.services.calls.lifecycle import Arrival
from hotline.services.stored_numbers import normalise_numbers
from hotline.services.tickets import actions, status
from hotline.services.tickets.import_file import import_tickets
from hotline.services.tickets.status import KnownTicket
from hotline.store.calls.desks import earlier_calls, earlier_tickets
from hotline.store.calls.tables import Call
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket, make_unit
from tests.services.desk_work import draft_of, perform, wrapping_up
from tests.services.test_import_tickets import file_of, line

SPELLINGS = {
    "+865374412361": [
        "0537-4412361",
        "（0537）4412361",
        "4412361",
        "００８６ 537 441 2361",
        "+86–537–441–2361",
    ],
    "+8614900001234": [
        "149 0000 1234",
        "１４９００００１２３４",
        "+86 149-0000-1234",
        "0086149 00001234",
        "014900001234",
    ],
}


def arrive(application: Application, sid: str, number_raw: str) -> Call:
    with application.unit_of_work(Machine.CALLER) as work:
        call = lifecycle.receive_call(
            work,
            Arrival(
                sid=sid,
                number_raw=number_raw,
                dialed=application.policies.number,
                purpose=CallPurpose.INBOUND,
                flow="menu",
                flow_version="v1",
                position="greeting:0",
            ),
        )
        return work.session.get_one(Call, call.id)


def stated(number: str) -> TicketFields:
    return parse_ticket_fields(
        {"type": "complaint", "title": "路灯不亮", "text": "三盏路灯不亮。", "caller_number": number}
    )


def hand_off(application: Application, person: Person, number: str) -> Ticket:
    with application.unit_of_work(person) as work:
        draft = actions.open_draft(work, stated=stated(number))
    return perform(
        application, person, draft.id, TicketAction.HAND_OFF, TicketFields(unit_code="city-management")
    )


@pytest.mark.parametrize("number", list(SPELLINGS))
def test_five_spellings_are_one_caller_whose_codes_work_on_the_phone(
    application: Application, number: str
) -> None:
    make_unit(application)
    person = make_operator(application)
    tickets = [hand_off(application, person, written) for written in SPELLINGS[number]]
    with application.unit_of_work(Machine.SYSTEM) as work:
        rows = [
            line(external_number=f"X-{at}", caller_number=text) for at, text in enumerate(SPELLINGS[number])
        ]
        import_tickets(work, io.BytesIO(file_of(*rows)))
    call = arrive(application, "CA1", SPELLINGS[number][0])
    assert call.number == number
    with application.read_session() as session:
        known = earlier_tickets(session, call.number, None)
    assert {ticket.id for ticket in tickets} <= {ticket.id for ticket in known}
    assert {ticket.caller_number for ticket in known} == {number}
    for ticket in tickets:
        with application.unit_of_work(Machine.CALLER) as work:
            assert isinstance(status.look_up_caller(work, call.id, ticket.access_code or ""), KnownTicket)


def test_an_impossible_number_is_refused_and_nothing_is_written(application: Application) -> None:
    person = make_operator(application)
    with pytest.raises(InvalidFields) as refused, application.unit_of_work(person) as work:
        actions.open_draft(work, stated=stated("1380000123"))
    assert refused.value.errors == {"caller_number": "not_a_number"}
    with application.read_session() as session:
        assert session.query(Ticket).count() == 0


def test_a_number_can_be_taken_off_a_ticket(application: Application) -> None:
    person, call = wrapping_up(application)
    draft = draft_of(application, person, call)
    saved = perform(application, person, draft.id, TicketAction.SAVE, stated(""))
    assert saved.caller_number is None


@pytest.mark.parametrize("raw", ["7378742833", "+266696687", "RESTRICTED", "86282452253"])
def test_a_withheld_call_is_not_the_call_of_a_stranger(application: Application, raw: str) -> None:
    assert arrive(application, "CA1", raw).number is None


def test_numbers_of_earlier_versions_are_brought_to_one_form_once(application: Application) -> None:
    for text in ("138 0000 9966", "4412361", "anonymous", "110", "+8613800009966"):
        make_ticket(application, caller_number=text)
    make_call(application, number=None, number_raw="14900001234")
    make_call(application, number=None, number_raw="7378742833")
    for changed in (3, 0):
        with application.unit_of_work(Machine.SYSTEM) as work:
            assert normalise_numbers(work) == changed
    with application.read_session() as session:
        stored = sorted(session.query(Ticket.caller_number).all())
        assert [number for (number,) in stored] == [
            "+8613800009966",
            "+8613800009966",
            "+865374412361",
            "110",
            "anonymous",
        ]
        [known] = earlier_calls(session, "+8614900001234", 0)
        assert known.number_raw == "14900001234"
