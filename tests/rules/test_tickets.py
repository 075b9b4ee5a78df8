"""The transition table: the rights and fields of each step, and that every ticket can come to an end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.enums import OPEN_AT_UNIT, Role, TicketAction, TicketState
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.fields import STATED_NAMES, TICKET_FIELDS, DateTimeField
from hotline.rules.tickets.ticket_numbers import ticket_number
from hotline.rules.tickets.transitions import (
    FINAL,
    TRANSITIONS,
    Relation,
    Transition,
    allowed_actions,
    editable_fields,
    find_action,
    may_read,
    may_take,
    missing,
    transition,
)

S, A = TicketState, TicketAction
OURS, THEIRS = "city-management", "water"

WRITERS = (Role.OPERATOR, Role.SHIFT_LEADER, Role.DISPATCHER)
DESK_STEPS = (A.SAVE, A.ANSWER, A.HAND_OFF, A.DISCARD)
UNIT_STEPS = {
    S.DISPATCHED: (A.ACKNOWLEDGE,),
    S.ACKNOWLEDGED: (A.RECORD_CONTACT, A.REPLY),
    S.IN_PROGRESS: (A.REPLY,),
    S.REPLIED: (A.CLOSE,),
}


def reachable() -> set[TicketState]:
    found = {S.DRAFT}
    while True:
        more = {row.target for row in TRANSITIONS if found & set(row.origins)} - found
        if not more:
            return found
        found |= more


def test_every_state_can_be_reached_and_every_row_leaves_one_that_can() -> None:
    assert reachable() == set(S)
    assert {origin for row in TRANSITIONS for origin in row.origins} == set(S) - FINAL


def test_no_row_leaves_a_final_state_and_every_other_state_leads_to_one() -> None:
    ends = set(FINAL)
    while more := {origin for row in TRANSITIONS if row.target in ends for origin in row.origins} - ends:
        ends |= more
    assert ends == set(S)
    assert not [row for row in TRANSITIONS if FINAL & set(row.origins)]


def test_an_action_leads_to_one_place_only() -> None:
    steps = [(origin, row.action) for row in TRANSITIONS for origin in row.origins]
    assert len(set(steps)) == len(steps)
    assert {row.action for row in TRANSITIONS} == set(A)


def test_every_row_is_found_and_no_other() -> None:
    known = {(origin, row.action): row for row in TRANSITIONS for origin in row.origins}
    for state in S:
        for action in A:
            assert transition(state, action) is known.get((state, action))


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: row.action.value)
def test_a_step_names_only_fields_and_moments_of_the_field_table(row: Transition) -> None:
    assert sorted(set(row.needs) - STATED_NAMES) == []
    assert sorted(editable_fields(row) - STATED_NAMES) == []
    moments = {field.name for field in TICKET_FIELDS if isinstance(field.kind, DateTimeField)}
    assert sorted(set(row.moments) - moments) == []


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: row.action.value)
def test_a_step_that_ends_a_ticket_says_how_and_when(row: Transition) -> None:
    assert (row.target is S.CLOSED) == ("closed_at" in row.moments) == (row.closing is not None)


def test_a_unit_cannot_rewrite_what_the_desk_wrote() -> None:
    for row in TRANSITIONS:
        if S.DRAFT not in row.origins:
            assert not editable_fields(row) & {"title", "text", "unit_code", "type", "caller_number"}


def test_the_states_open_at_a_unit_are_those_only_it_can_change() -> None:
    own = [row for row in TRANSITIONS if row.relation is Relation.OWN_UNIT]
    assert {origin for row in own for origin in row.origins} == OPEN_AT_UNIT


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", S)
def test_who_may_do_what(role: Role, state: TicketState) -> None:
    """The whole matrix: role x state x whose unit the ticket is."""
    if role is Role.HANDLER:
        at_home = UNIT_STEPS.get(state, ())
        assert allowed_actions(state, Person(1, role, OURS), OURS) == at_home
        for unit in (THEIRS, None):
            assert allowed_actions(state, Person(1, role, OURS), unit) == ()
        return
    expected = DESK_STEPS if role in WRITERS and state is S.DRAFT else ()
    for unit in (OURS, None):
        assert allowed_actions(state, Person(1, role), unit) == expected


def test_a_draft_with_a_unit_written_on_it_is_not_that_units_yet() -> None:
    handler = Person(1, Role.HANDLER, OURS)
    assert {state for state in S if may_read(handler, state, OURS)} == OPEN_AT_UNIT | {S.CLOSED}
    assert all(may_read(Person(1, Role.OPERATOR), state, OURS) for state in S)


def test_a_handler_without_a_unit_may_do_nothing() -> None:
    for state in S:
        assert allowed_actions(state, Person(1, Role.HANDLER), None) == ()


def test_a_machine_may_take_every_step() -> None:
    for state in S:
        actions = allowed_actions(state, Machine.SYSTEM, None)
        assert actions == tuple(row.action for row in TRANSITIONS if state in row.origins)


def test_blank_is_missing_and_the_order_is_the_tables() -> None:
    present = {"title": "  ", "text": "路灯不亮", "unit_code": None}
    assert missing(("type", "title", "text", "unit_code"), present) == ("type", "title", "unit_code")
    assert missing((), {}) == ()


@pytest.mark.parametrize(
    ("sequence", "number"),
    [
        (1, "QF20261123000014"),
        (17, "QF20261123000170"),
        (99_999, "QF20261123999991"),
        (100_000, "QF202611231000001"),
        (999_999, "QF202611239999998"),
    ],
)
def test_a_number_is_prefix_day_sequence_and_check_digit(sequence: int, number: str) -> None:
    assert ticket_number("QF", "20261123", sequence) == number


@pytest.mark.parametrize("sequence", [0, -1, 1_000_000])
def test_a_sequence_that_does_not_fit_is_refused(sequence: int) -> None:
    with pytest.raises(ValueError, match="used up"):
        ticket_number("QF", "20261123", sequence)


@given(st.integers(1, 999_999), st.integers(0, 13), st.integers(1, 9))
def test_one_mistyped_digit_never_gives_another_valid_number(sequence: int, place: int, by: int) -> None:
    digits = ticket_number("", "20261123", sequence)
    wrong = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    assert luhn_sum(digits) % 10 == 0
    assert luhn_sum(wrong) % 10 != 0


def luhn_sum(digits: str) -> int:
    """The check as any standard tool makes it, from the right: every second digit doubled, its digits added."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled)


def test_a_unit_step_is_for_people_of_that_unit_only() -> None:
    row = transition(S.DISPATCHED, A.ACKNOWLEDGE)
    assert row is not None
    ours, without = Person(1, Role.HANDLER, OURS), Person(2, Role.HANDLER)
    assert may_take(ours, row, OURS)
    assert not may_take(ours, row, THEIRS)
    assert not may_take(ours, row, None)
    assert not may_take(without, row, None)
    assert not may_take(Person(3, Role.SUPERVISOR, OURS), row, OURS)
    assert may_take(Machine.SYSTEM, row, None)


def test_nothing_is_allowed_on_a_ticket_that_may_not_be_read() -> None:
    """A unit that is already written on a draft may not read it, hence take no step."""
    handler = Person(1, Role.HANDLER, OURS)
    assert allowed_actions(S.DRAFT, handler, OURS) == ()
    assert allowed_actions(S.DISPATCHED, handler, OURS) == (A.ACKNOWLEDGE,)
    assert allowed_actions(S.DISPATCHED, handler, THEIRS) == ()


@pytest.mark.parametrize("action", A)
def test_every_action_is_found_by_its_public_name(action: TicketAction) -> None:
    assert find_action(action.value) is action


def test_a_name_of_no_action_finds_none() -> None:
    assert find_action("reopen") is None


def test_a_step_may_carry_the_fields_it_needs_and_a_note() -> None:
    row = transition(S.IN_PROGRESS, A.REPLY)
    assert row is not None
    assert editable_fields(row) == {"reply", "note"}
