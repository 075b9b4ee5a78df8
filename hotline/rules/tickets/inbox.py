"""The sections of a unit's inbox, by state and nearest open clock. Every ticket of a unit is in exactly one section.

The three clocks (acknowledge, contact, resolve) decide alike what is overdue and what is due today. The counts and the
lists of the store read the same table, so that a count and its list cannot disagree.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from hotline.rules.enums import OPEN_AT_UNIT, TicketState
from hotline.rules.policies import DeadlineStage
from hotline.rules.tickets.deadlines import is_past


class InboxSection(StrEnum):
    """The sections in the order in which a unit works on them."""

    OVERDUE = "overdue"
    DUE_TODAY = "due_today"
    TO_ACKNOWLEDGE = "to_acknowledge"
    IN_HAND = "in_hand"
    TO_CLOSE = "to_close"
    DONE = "done"


class DueRange(StrEnum):
    """The position of the nearest open clock relative to now and to the midnight that ends the local day.

    Both moments are in time.
    """

    ANY = "any"
    PAST = "past"
    TODAY = "today"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class SectionRule:
    states: frozenset[TicketState]
    due: DueRange


_WORKING = frozenset({TicketState.ACKNOWLEDGED, TicketState.IN_PROGRESS})

INBOX_SECTIONS: dict[InboxSection, SectionRule] = {
    InboxSection.OVERDUE: SectionRule(OPEN_AT_UNIT, DueRange.PAST),
    InboxSection.DUE_TODAY: SectionRule(OPEN_AT_UNIT, DueRange.TODAY),
    InboxSection.TO_ACKNOWLEDGE: SectionRule(frozenset({TicketState.DISPATCHED}), DueRange.LATER),
    InboxSection.IN_HAND: SectionRule(_WORKING, DueRange.LATER),
    InboxSection.TO_CLOSE: SectionRule(frozenset({TicketState.REPLIED}), DueRange.LATER),
    InboxSection.DONE: SectionRule(frozenset({TicketState.CLOSED}), DueRange.ANY),
}
# Drafts and discarded drafts belong to the desk and are in no section.


class Clocked(Protocol):
    """A ticket with the three clocks of its unit, each a due moment and the moment of the step."""

    @property
    def state(self) -> TicketState: ...
    @property
    def acknowledge_due(self) -> datetime | None: ...
    @property
    def acknowledged_at(self) -> datetime | None: ...
    @property
    def contact_due(self) -> datetime | None: ...
    @property
    def first_contact_at(self) -> datetime | None: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def closed_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of a ticket. `met_at` None: the step was not taken."""

    stage: DeadlineStage
    due_at: datetime
    met_at: datetime | None


def clocks_of(ticket: Clocked) -> tuple[Clock, ...]:
    """Returns the clocks that were set for a ticket, in the order of the steps."""
    moments = (
        (DeadlineStage.ACKNOWLEDGE, ticket.acknowledge_due, ticket.acknowledged_at),
        (DeadlineStage.CONTACT, ticket.contact_due, ticket.first_contact_at),
        (DeadlineStage.RESOLVE, ticket.due_at, ticket.closed_at),
    )
    return tuple(Clock(stage, due_at, met_at) for stage, due_at, met_at in moments if due_at is not None)


def nearest_clock(ticket: Clocked) -> Clock | None:
    """Returns the open clock that falls due first; None for a ticket that is not at its unit, or without an open clock."""
    running = [clock for clock in clocks_of(ticket) if clock.met_at is None]
    if ticket.state not in OPEN_AT_UNIT or not running:
        return None
    return min(running, key=lambda clock: clock.due_at)


def is_overdue(ticket: Clocked, at: datetime) -> bool:
    """Returns whether any open clock of a ticket at its unit has passed (`store.tickets.deadlines` agrees).

    A closed ticket is never overdue, however late it closed.
    """
    clock = nearest_clock(ticket)
    return clock is not None and is_past(clock.due_at, at)
