"""The nearest open clock of a ticket decides what is overdue; the section table covers every state and moment once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from hotline.rules.enums import OPEN_AT_UNIT, TicketState
from hotline.rules.policies import DeadlineStage
from hotline.rules.tickets.inbox import INBOX_SECTIONS, DueRange, is_overdue, nearest_clock

S, D = TicketState, DeadlineStage
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """A ticket with hours from now to each due moment and to each step."""

    state: TicketState
    acknowledge_due: datetime | None = None
    acknowledged_at: datetime | None = None
    contact_due: datetime | None = None
    first_contact_at: datetime | None = None
    due_at: datetime | None = None
    closed_at: datetime | None = None


def row(state: TicketState, **hours: float) -> Row:
    return Row(state, **{name: AT + timedelta(hours=number) for name, number in hours.items()})


@pytest.mark.parametrize(
    ("ticket", "stage", "overdue"),
    [
        (row(S.DISPATCHED, acknowledge_due=0.2, contact_due=24, due_at=96), D.ACKNOWLEDGE, False),
        (row(S.DISPATCHED, acknowledge_due=5, contact_due=2, due_at=96), D.CONTACT, False),
        (row(S.DISPATCHED, acknowledge_due=-5, contact_due=-37, due_at=72), D.CONTACT, True),
        (row(S.ACKNOWLEDGED, acknowledge_due=-5, acknowledged_at=-6, due_at=72), D.RESOLVE, False),
        (row(S.ACKNOWLEDGED, acknowledge_due=-5, acknowledged_at=-1, contact_due=0), D.CONTACT, False),
        (row(S.IN_PROGRESS, contact_due=-2, first_contact_at=-1, due_at=1), D.RESOLVE, False),
        # A reply is no contact: that clock still runs.
        (row(S.REPLIED, contact_due=-2, due_at=50), D.CONTACT, True),
        (row(S.IN_PROGRESS, due_at=-0.001), D.RESOLVE, True),
        (row(S.IN_PROGRESS), None, False),
        (row(S.CLOSED, acknowledge_due=-9, contact_due=-9, due_at=-9, closed_at=-1), None, False),
        (row(S.DRAFT, due_at=-9), None, False),
        (row(S.DISCARDED, due_at=-9), None, False),
    ],
)
def test_the_nearest_open_clock_decides(ticket: Row, stage: DeadlineStage | None, overdue: bool) -> None:
    clock = nearest_clock(ticket)
    assert (clock.stage if clock else None) is stage
    assert is_overdue(ticket, AT) is overdue


def test_the_due_moment_itself_is_in_time() -> None:
    assert not is_overdue(row(S.IN_PROGRESS, due_at=0), AT)
    assert is_overdue(Row(S.IN_PROGRESS, due_at=AT - timedelta(microseconds=1)), AT)


def test_every_open_state_has_one_section_for_each_moment() -> None:
    for state in OPEN_AT_UNIT:
        ranges = [rule.due for rule in INBOX_SECTIONS.values() if state in rule.states]
        assert sorted(ranges) == sorted([DueRange.PAST, DueRange.TODAY, DueRange.LATER]), state
    closed = [rule.due for rule in INBOX_SECTIONS.values() if S.CLOSED in rule.states]
    assert closed == [DueRange.ANY]
