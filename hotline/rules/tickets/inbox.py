"""How a unit office's inbox is sorted: by what is due. Every ticket of a unit lies in exactly one pile.

The piles are one table of (states, due): the pure `pile_of` and the inbox query in the store both read it, so a
count and the list behind it cannot disagree.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline.rules.enums import TicketState
from hotline.rules.tickets.transitions import OPEN_AT_UNIT


class InboxSection(StrEnum):
    """In the order an office works them off."""

    OVERDUE = "overdue"
    DUE_TODAY = "due_today"
    TO_ACKNOWLEDGE = "to_acknowledge"
    IN_HAND = "in_hand"
    TO_CLOSE = "to_close"
    DONE = "done"


class Due(StrEnum):
    """Where a due moment lies; a deadline is the first moment that is late."""

    ANY = "any"
    PAST = "past"
    NOT_PAST = "not_past"
    TODAY = "today"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class SectionRule:
    states: frozenset[TicketState]
    due: Due


_WORKING = frozenset({TicketState.ACKNOWLEDGED, TicketState.IN_PROGRESS})

INBOX_SECTIONS: dict[InboxSection, SectionRule] = {
    InboxSection.OVERDUE: SectionRule(OPEN_AT_UNIT, Due.PAST),
    InboxSection.DUE_TODAY: SectionRule(_WORKING, Due.TODAY),
    InboxSection.TO_ACKNOWLEDGE: SectionRule(frozenset({TicketState.DISPATCHED}), Due.NOT_PAST),
    InboxSection.IN_HAND: SectionRule(_WORKING, Due.LATER),
    InboxSection.TO_CLOSE: SectionRule(frozenset({TicketState.REPLIED}), Due.NOT_PAST),
    InboxSection.DONE: SectionRule(frozenset({TicketState.CLOSED}), Due.ANY),
}
"""Pile -> what lies in it. Drafts and discarded drafts are the desk's and lie in no unit's pile."""


def is_overdue(state: TicketState, due_at: datetime | None, at: datetime) -> bool:
    """Say whether a unit still owes something after its time. A closed ticket is never overdue, however late it closed."""
    return state in OPEN_AT_UNIT and due_at is not None and due_at <= at


def section_of(
    state: TicketState, due_at: datetime | None, at: datetime, midnight: datetime
) -> InboxSection | None:
    """Return the pile of a ticket at `at`; `midnight` is the end of the local day (both aware). None: not a unit's."""
    for pile, rule in INBOX_SECTIONS.items():
        if state in rule.states and _fits(rule.due, due_at, at, midnight):
            return pile
    return None


def _fits(due: Due, due_at: datetime | None, at: datetime, midnight: datetime) -> bool:
    past = due_at is not None and due_at <= at
    today = due_at is not None and at < due_at <= midnight
    match due:
        case Due.ANY:
            return True
        case Due.PAST:
            return past
        case Due.NOT_PAST:
            return not past
        case Due.TODAY:
            return today
        case Due.LATER:
            return not past and not today
