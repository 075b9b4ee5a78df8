"""Access codes: six random digits for every numbered ticket, and no answer after a few wrong ones."""

import re
from functools import partial

import pytest

from hotline.rules.enums import RequestType, TicketAction, TicketState
from hotline.rules.people.actors import Machine
from hotline.rules.tickets.fields import TicketFields
from hotline.services.tickets import actions, numbering, status
from hotline.services.tickets.status import KnownTicket, LookupLocked, UnknownTicket
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_ticket, make_unit
from tests.racing import at_once
from tests.stopped_clock import StoppedClock


def handed_off(application: Application) -> Ticket:
    make_unit(application)
    stated = TicketFields(type=RequestType.COMPLAINT, title="路灯", text="不亮", unit_code="city-management")
    draft = make_ticket(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        return actions.perform(work, draft.id, TicketAction.HAND_OFF, stated)


def test_a_ticket_gets_a_code_with_its_number(application: Application) -> None:
    assert make_ticket(application).access_code is None
    assert re.fullmatch(r"\d{6}", handed_off(application).access_code or "")


def test_codes_are_drawn_and_not_counted(application: Application) -> None:
    codes = {numbering.new_code() for _ in range(200)}
    assert len(codes) > 190
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)


def test_who_withholds_the_number_has_no_tickets_of_their_own(application: Application) -> None:
    call = make_call(application, number=None)
    with application.unit_of_work(Machine.CALLER) as work:
        assert status.look_up_caller(work, call.id, "123456") == UnknownTicket()


def test_a_ticket_without_a_code_is_not_found(application: Application) -> None:
    make_unit(application)
    make_ticket(
        application, state=TicketState.DISPATCHED, number="QF20261123000170", unit_code="city-management"
    )
    call = make_call(application)
    with application.unit_of_work(Machine.CALLER) as work:
        assert status.look_up_number(work, call.id, "20261123000170", "") == UnknownTicket()


def test_right_codes_are_not_counted(application: Application) -> None:
    ticket = handed_off(application)
    digits, code = (ticket.number or "")[2:], ticket.access_code or ""
    call = make_call(application)
    for _ in range(application.policies.callers.code_tries_per_call + 2):
        with application.unit_of_work(Machine.CALLER) as work:
            assert isinstance(status.look_up_number(work, call.id, digits, code), KnownTicket)


def test_a_number_that_tries_from_call_to_call_is_locked_for_an_hour(
    application: Application, clock: StoppedClock
) -> None:
    ticket = handed_off(application)
    digits, code = (ticket.number or "")[2:], ticket.access_code or ""
    for attempt in range(application.policies.callers.code_tries_per_hour):
        call = make_call(application, number="+8613800001234")
        with application.unit_of_work(Machine.CALLER) as work:
            status.look_up_number(work, call.id, f"2026112300{attempt:04d}", "000000")
    call = make_call(application, number="+8613800001234")
    with application.unit_of_work(Machine.CALLER) as work:
        assert status.look_up_number(work, call.id, digits, code) == LookupLocked()
    other = make_call(application, number="+8613800009999")
    with application.unit_of_work(Machine.CALLER) as work:
        assert isinstance(status.look_up_number(work, other.id, digits, code), KnownTicket)
    clock.advance(3601)
    call = make_call(application, number="+8613800001234")
    with application.unit_of_work(Machine.CALLER) as work:
        assert isinstance(status.look_up_number(work, call.id, digits, code), KnownTicket)


OWNER, STRANGER = "+8613800001234", "+8613900005678"
DIGITS, CODE, WRONG = "20261123000170", "042042", "000000"
Answer = KnownTicket | UnknownTicket | LookupLocked


def known_ticket(application: Application, caller_number: str = OWNER) -> None:
    make_unit(application)
    make_ticket(
        application,
        state=TicketState.DISPATCHED,
        number=f"QF{DIGITS}",
        access_code=CODE,
        caller_number=caller_number,
        unit_code="city-management",
    )


def typed(application: Application, number: str | None, code: str, digits: str = DIGITS) -> Answer:
    """Returns what a new call hears for a ticket's number and a code."""
    call = make_call(application, number=number)
    with application.unit_of_work(Machine.CALLER) as work:
        return status.look_up_number(work, call.id, digits, code)


def own(application: Application, number: str, code: str) -> Answer:
    call = make_call(application, number=number)
    with application.unit_of_work(Machine.CALLER) as work:
        return status.look_up_caller(work, call.id, code)


def strangers_lock(application: Application, digits: str = DIGITS) -> None:
    for stranger in range(application.policies.callers.code_tries_per_hour):
        assert typed(application, f"+86139000010{stranger:02d}", WRONG, digits) == UnknownTicket()


@pytest.mark.parametrize("caller_number", [OWNER, "138 0000 1234"])
def test_strangers_lock_a_ticket_for_each_other_and_not_for_its_caller(
    application: Application, caller_number: str
) -> None:
    known_ticket(application, caller_number)
    strangers_lock(application)
    assert typed(application, STRANGER, CODE) == LookupLocked()
    assert typed(application, None, CODE) == LookupLocked()
    assert isinstance(typed(application, OWNER, CODE), KnownTicket)
    if caller_number == OWNER:
        assert isinstance(own(application, OWNER, CODE), KnownTicket)


def test_a_ticket_that_does_not_exist_is_locked_like_one_that_does(application: Application) -> None:
    known_ticket(application)
    for digits in (DIGITS, "20261123999999"):
        strangers_lock(application, digits)
        assert typed(application, STRANGER, CODE, digits) == LookupLocked()


def test_a_callers_own_wrong_codes_lock_their_number_and_not_their_ticket(application: Application) -> None:
    known_ticket(application)
    for _ in range(application.policies.callers.code_tries_per_hour):
        assert typed(application, OWNER, WRONG) == UnknownTicket()
    assert typed(application, OWNER, CODE) == LookupLocked()
    assert own(application, OWNER, CODE) == LookupLocked()
    assert isinstance(typed(application, STRANGER, CODE), KnownTicket)


def test_all_who_withhold_their_number_share_one_bound(application: Application, clock: StoppedClock) -> None:
    known_ticket(application)
    for attempt in range(application.policies.callers.code_tries_withheld):
        assert typed(application, None, WRONG, f"2026112400{attempt:04d}") == UnknownTicket()
    assert typed(application, None, CODE) == LookupLocked()
    assert typed(application, None, WRONG, "20261124009999") == LookupLocked()
    assert isinstance(typed(application, STRANGER, CODE), KnownTicket)
    clock.advance(3601)
    assert isinstance(typed(application, None, CODE), KnownTicket)


def test_the_last_guess_is_one_guess_however_many_make_it_at_once(application: Application) -> None:
    known_ticket(application)
    limits = application.policies.callers
    for stranger in range(limits.code_tries_per_hour - 1):
        typed(application, f"+86139000010{stranger:02d}", WRONG)
    guesses = [partial(typed, application, f"+86139000020{rival:02d}", f"10000{rival}") for rival in range(5)]
    heard = at_once(*guesses)
    assert sorted(heard, key=str) == [LookupLocked()] * 4 + [UnknownTicket()]


def test_the_last_guess_of_a_number_is_one_guess_on_whatever_tickets(application: Application) -> None:
    for attempt in range(application.policies.callers.code_tries_per_hour - 1):
        typed(application, STRANGER, WRONG, f"2026112300{attempt:04d}")
    guesses = [partial(typed, application, STRANGER, WRONG, f"2026112500{rival:04d}") for rival in range(5)]
    assert sorted(at_once(*guesses), key=str) == [LookupLocked()] * 4 + [UnknownTicket()]
