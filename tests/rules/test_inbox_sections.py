"""The sections of a unit's inbox: every ticket of a unit is in exactly one of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.enums import TicketState
from hotline.rules.tickets.inbox import INBOX_SECTIONS, InboxSection, is_overdue, section_of

S = TicketState
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "hours", "pile"),
    [
        (S.DISPATCHED, 48, InboxSection.TO_ACKNOWLEDGE),
        (S.DISPATCHED, 3, InboxSection.TO_ACKNOWLEDGE),
        (S.DISPATCHED, 0, InboxSection.TO_ACKNOWLEDGE),
        (S.IN_PROGRESS, 0, InboxSection.DUE_TODAY),
        (S.REPLIED, 0, InboxSection.TO_CLOSE),
        (S.REPLIED, -0.0001, InboxSection.OVERDUE),
        (S.ACKNOWLEDGED, 3, InboxSection.DUE_TODAY),
        (S.IN_PROGRESS, 15, InboxSection.DUE_TODAY),
        (S.IN_PROGRESS, 15.5, InboxSection.IN_HAND),
        (S.IN_PROGRESS, None, InboxSection.IN_HAND),
        (S.IN_PROGRESS, -1, InboxSection.OVERDUE),
        (S.REPLIED, 3, InboxSection.TO_CLOSE),
        (S.REPLIED, -1, InboxSection.OVERDUE),
        (S.CLOSED, -1, InboxSection.DONE),
        (S.DRAFT, None, None),
        (S.DISCARDED, None, None),
    ],
)
def test_a_ticket_is_in_the_section_of_its_state_and_deadline(
    state: TicketState, hours: float | None, pile: InboxSection | None
) -> None:
    due = None if hours is None else AT + timedelta(hours=hours)
    assert section_of(state, due, AT, MIDNIGHT) is pile


@given(
    st.sampled_from([state for state in TicketState if state not in {S.DRAFT, S.DISCARDED}]),
    st.none() | st.integers(-100, 100),
)
def test_every_ticket_of_a_unit_is_in_a_section(state: TicketState, hours: int | None) -> None:
    due = None if hours is None else AT + timedelta(hours=hours)
    pile = section_of(state, due, AT, MIDNIGHT)
    assert pile is not None
    assert state in INBOX_SECTIONS[pile].states
    assert (pile is InboxSection.OVERDUE) == is_overdue(state, due, AT)


def test_the_due_moment_itself_is_in_time() -> None:
    assert not is_overdue(S.IN_PROGRESS, AT, AT)
    assert is_overdue(S.IN_PROGRESS, AT - timedelta(microseconds=1), AT)
    assert not is_overdue(S.CLOSED, AT - timedelta(days=9), AT)
