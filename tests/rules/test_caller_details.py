"""Tests which caller details a person may see: names, ticket numbers, callback numbers, and numbers that were withheld."""

import itertools

import pytest

from hotline.rules.enums import CallbackState, Role, TicketState
from hotline.rules.people.actors import Machine, Person
from hotline.rules.people.privacy import (
    is_caller_hidden,
    is_number_withheld,
    mask_name,
    may_see_callback_number,
    may_see_ticket_number,
)

S = TicketState
OURS, THEIRS = "city-management", "water"
OPERATOR, HANDLER = Person(1, Role.OPERATOR), Person(2, Role.HANDLER, OURS)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("张三", "张**"), (" 李四 ", "李**"), ("Anna", "A**"), ("王", "王**"), ("", ""), ("  ", "")],
)
def test_a_name_shows_its_first_sign(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize("role", Role)
def test_a_confidential_caller_is_hidden_from_unit_staff_only(role: Role) -> None:
    person = Person(3, role, OURS if role is Role.HANDLER else None)
    assert is_caller_hidden(person, confidential=True) == (role is Role.HANDLER)
    assert not is_caller_hidden(person, confidential=False)


def test_no_caller_is_hidden_from_a_machine() -> None:
    assert not is_caller_hidden(Machine.WORKER, confidential=True)


@pytest.mark.parametrize(
    ("person", "author_id", "allowed"),
    [
        (OPERATOR, 1, True),
        (OPERATOR, 9, False),
        (OPERATOR, None, True),
        (HANDLER, 2, True),
        (HANDLER, None, False),
        (Person(4, Role.SUPERVISOR), None, False),
    ],
)
def test_a_drafts_number_is_for_its_author_or_for_a_writer_where_it_has_none(
    person: Person, author_id: int | None, allowed: bool
) -> None:
    found = may_see_ticket_number(person, S.DRAFT, OURS, author_id, confidential=True)
    assert found == allowed


AT_THE_UNIT = {S.ACKNOWLEDGED, S.IN_PROGRESS, S.REPLIED}


@pytest.mark.parametrize(
    ("state", "unit_code", "confidential"),
    list(
        itertools.product([state for state in S if state is not S.DRAFT], [OURS, THEIRS, None], [False, True])
    ),
)
def test_the_unit_sees_a_number_from_its_acknowledgement_to_its_close(
    state: TicketState, unit_code: str | None, confidential: bool
) -> None:
    allowed = state in AT_THE_UNIT and unit_code == OURS and not confidential
    assert may_see_ticket_number(HANDLER, state, unit_code, 2, confidential=confidential) == allowed
    assert not may_see_ticket_number(OPERATOR, state, unit_code, 1, confidential=confidential)


def test_a_handler_without_a_unit_sees_no_number_of_a_ticket_without_one() -> None:
    assert not may_see_ticket_number(Person(5, Role.HANDLER), S.REPLIED, None, None, confidential=False)


@pytest.mark.parametrize("state", CallbackState)
def test_a_callback_number_is_for_those_who_promise_callbacks_while_it_is_open(state: CallbackState) -> None:
    is_open = state in {CallbackState.WAITING, CallbackState.DIALLING}
    assert may_see_callback_number(OPERATOR, state) == is_open
    assert not may_see_callback_number(HANDLER, state)


@pytest.mark.parametrize(
    ("raw", "withheld"),
    [
        (None, True),
        ("", True),
        ("anonymous", True),
        ("+266696687", True),
        ("266696687", True),
        ("RESTRICTED", True),
        ("139****5678", False),
        ("sip:kiosk@city.example", True),
        ("12", True),
        ("1" * 21, True),
        ("12 a4", True),
        ("+8613800001234", False),
        ("110", False),
        ("123", False),
        ("441-2345", False),
        ("4412345", False),
        ("1" * 20, False),
    ],
)
def test_a_number_is_withheld_if_nobody_could_have_dialled_it(raw: str | None, withheld: bool) -> None:
    assert is_number_withheld(raw) == withheld
