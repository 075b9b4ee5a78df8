"""The sections of a unit's inbox, by state and deadline. Every ticket of a unit is in exactly one section.

`section_of` and the inbox query of the store read the same table, so that a count and its list cannot disagree.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline.rules.enums import TicketState
from hotline.rules.tickets.deadlines import is_past
from hotline.rules.tickets.transitions import OPEN_AT_UNIT


class InboxSection(StrEnum):
    """The sections in the order in which a unit works on them."""

    OVERDUE = "overdue"
    DUE_TODAY = "due_today"
    TO_ACKNOWLEDGE = "to_acknowledge"
    IN_HAND = "in_hand"
    TO_CLOSE = "to_close"
    DONE = "done"


class DueRange(StrEnum):
    """The position of a deadline relative to now and to the midnight that ends the local day; both moments are in time."""

    ANY = "any"
    PAST = "past"
    NOT_PAST = "not_past"
    TODAY = "today"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class SectionRule:
    states: frozenset[TicketState]
    due: DueRange


_WORKING = frozenset({TicketState.ACKNOWLEDGED, TicketState.IN_PROGRESS})

INBOX_SECTIONS: dict[InboxSection, SectionRule] = {
    InboxSection.OVERDUE: SectionRule(OPEN_AT_UNIT, DueRange.PAST),
    InboxSection.DUE_TODAY: SectionRule(_WORKING, DueRange.TODAY),
    InboxSection.TO_ACKNOWLEDGE: SectionRule(frozenset({TicketState.DISPATCHED}), DueRange.NOT_PAST),
    InboxSection.IN_HAND: SectionRule(_WORKING, DueRange.LATER),
    InboxSection.TO_CLOSE: SectionRule(frozenset({TicketState.REPLIED}), DueRange.NOT_PAST),
    InboxSection.DONE: SectionRule(frozenset({TicketState.CLOSED}), DueRange.ANY),
}
# Drafts and discarded drafts belong to the desk and are in no section.


def is_overdue(state: TicketState, due_at: datetime | None, at: datetime) -> bool:
    """Returns whether an open ticket of a unit is past its deadline. A closed ticket is never overdue, however late it closed."""
    return state in OPEN_AT_UNIT and due_at is not None and is_past(due_at, at)


def section_of(
    state: TicketState, due_at: datetime | None, at: datetime, midnight: datetime
) -> InboxSection | None:
    """Returns the section of a ticket at `at`, or None for a draft; `midnight` ends the local day (both aware)."""
    for section, rule in INBOX_SECTIONS.items():
        if state in rule.states and _fits(rule.due, due_at, at, midnight):
            return section
    return None


def _fits(due: DueRange, due_at: datetime | None, at: datetime, midnight: datetime) -> bool:
    past = due_at is not None and is_past(due_at, at)
    today = due_at is not None and not past and not is_past(midnight, due_at)
    match due:
        case DueRange.ANY:
            return True
        case DueRange.PAST:
            return past
        case DueRange.NOT_PAST:
            return not past
        case DueRange.TODAY:
            return today
        case DueRange.LATER:
            return not past and not today
