"""Codes: six digits for every numbered ticket, never the same by habit, and useless after a few wrong ones."""

import re

from hotline.rules.actors import Machine
from hotline.rules.facts import Facts
from hotline.rules.words import RequestType, TicketAction, TicketState
from hotline.services import ticket_status, tickets
from hotline.services.ticket_status import Known, Locked, Unknown
from hotline.store.tickets import Ticket
from hotline.work import Hall
from tests.builders import make_call, make_ticket, make_unit
from tests.stopped_clock import StoppedClock


def handed_off(hall: Hall) -> Ticket:
    make_unit(hall)
    facts = Facts(type=RequestType.COMPLAINT, title="路灯", text="不亮", unit_code="city-management")
    draft = make_ticket(hall)
    with hall.open_work(Machine.SYSTEM) as work:
        return tickets.perform(work, draft.id, TicketAction.HAND_OFF, facts)


def test_a_ticket_gets_a_code_with_its_number(hall: Hall) -> None:
    assert make_ticket(hall).access_code is None
    assert re.fullmatch(r"\d{6}", handed_off(hall).access_code or "")


def test_codes_are_drawn_and_not_counted(hall: Hall) -> None:
    codes = {ticket_status.new_code() for _ in range(200)}
    assert len(codes) > 190
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)


def test_who_withholds_the_number_has_no_tickets_of_their_own(hall: Hall) -> None:
    call = make_call(hall, number=None)
    with hall.open_work(Machine.CALLER) as work:
        assert ticket_status.look_up_caller(work, call.id, "123456") == Unknown()


def test_a_ticket_without_a_code_is_told_to_nobody(hall: Hall) -> None:
    make_unit(hall)
    make_ticket(hall, state=TicketState.DISPATCHED, number="QF20261123000170", unit_code="city-management")
    call = make_call(hall)
    with hall.open_work(Machine.CALLER) as work:
        assert ticket_status.look_up_number(work, call.id, "20261123000170", "") == Unknown()


def test_right_codes_are_not_counted(hall: Hall) -> None:
    ticket = handed_off(hall)
    digits, code = (ticket.number or "")[2:], ticket.access_code or ""
    call = make_call(hall)
    for _ in range(hall.policies.callers.code_tries_per_call + 2):
        with hall.open_work(Machine.CALLER) as work:
            assert isinstance(ticket_status.look_up_number(work, call.id, digits, code), Known)


def test_a_number_that_tries_from_call_to_call_is_locked_for_an_hour(hall: Hall, clock: StoppedClock) -> None:
    ticket = handed_off(hall)
    digits, code = (ticket.number or "")[2:], ticket.access_code or ""
    for attempt in range(hall.policies.callers.code_tries_per_hour):
        call = make_call(hall, number="+8613800001234")
        with hall.open_work(Machine.CALLER) as work:
            ticket_status.look_up_number(work, call.id, f"2026112300{attempt:04d}", "000000")
    call = make_call(hall, number="+8613800001234")
    with hall.open_work(Machine.CALLER) as work:
        assert ticket_status.look_up_number(work, call.id, digits, code) == Locked()
    other = make_call(hall, number="+8613800009999")
    with hall.open_work(Machine.CALLER) as work:
        assert isinstance(ticket_status.look_up_number(work, other.id, digits, code), Known)
    clock.advance(3601)
    call = make_call(hall, number="+8613800001234")
    with hall.open_work(Machine.CALLER) as work:
        assert isinstance(ticket_status.look_up_number(work, call.id, digits, code), Known)
