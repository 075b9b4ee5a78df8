"""Actors, and the rights of each role. Pages, API actions, lists and single views all check rights here."""

from dataclasses import dataclass
from enum import StrEnum

from hotline.rules.enums import Duty, Role


class Right(StrEnum):
    """A right that a page or an API action requires."""

    TAKE_CALLS = "take_calls"
    WRITE_TICKETS = "write_tickets"
    READ_ALL_TICKETS = "read_all_tickets"
    READ_UNIT_TICKETS = "read_unit_tickets"
    HANDLE_TICKETS = "handle_tickets"
    READ_CALLS = "read_calls"
    READ_CALLBACKS = "read_callbacks"
    PROMISE_CALLBACKS = "promise_callbacks"
    READ_REPORTS = "read_reports"
    READ_OPERATORS = "read_operators"
    HEAR_TALKS = "hear_talks"
    READ_FLOWS = "read_flows"
    PUBLISH_FLOWS = "publish_flows"
    READ_OUTAGES = "read_outages"
    ANNOUNCE = "announce"
    MANAGE_DELIVERIES = "manage_deliveries"
    HANDLE_ESCALATIONS = "handle_escalations"
    SEE_NUMBERS = "see_numbers"
    EXPORT_TICKETS = "export_tickets"
    READ_LOOKS = "read_looks"
    MANAGE_PEOPLE = "manage_people"
    READ_CITY = "read_city"
    MANAGE_CITY = "manage_city"


_DESK = {
    Right.TAKE_CALLS,
    Right.WRITE_TICKETS,
    Right.READ_ALL_TICKETS,
    Right.READ_CALLS,
    Right.READ_CALLBACKS,
    Right.PROMISE_CALLBACKS,
    Right.READ_OUTAGES,
}
_OVERSIGHT = {
    Right.READ_ALL_TICKETS,
    Right.READ_CALLS,
    Right.READ_CALLBACKS,
    Right.READ_REPORTS,
    Right.READ_OPERATORS,
    Right.HEAR_TALKS,
    Right.READ_FLOWS,
    Right.READ_CITY,
    Right.READ_OUTAGES,
}

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OPERATOR: frozenset(_DESK),
    Role.SHIFT_LEADER: frozenset(
        _DESK
        | {
            Right.READ_REPORTS,
            Right.READ_OPERATORS,
            Right.HEAR_TALKS,
            Right.ANNOUNCE,
            Right.HANDLE_ESCALATIONS,
            Right.SEE_NUMBERS,
        }
    ),
    Role.DISPATCHER: frozenset({Right.WRITE_TICKETS, Right.READ_ALL_TICKETS, Right.READ_REPORTS}),
    Role.HANDLER: frozenset({Right.READ_UNIT_TICKETS, Right.HANDLE_TICKETS}),
    Role.SUPERVISOR: frozenset(
        _OVERSIGHT
        | {
            Right.ANNOUNCE,
            Right.MANAGE_DELIVERIES,
            Right.HANDLE_ESCALATIONS,
            Right.SEE_NUMBERS,
            Right.EXPORT_TICKETS,
            Right.READ_LOOKS,
        }
    ),
    Role.LEADER: frozenset({Right.READ_ALL_TICKETS, Right.READ_REPORTS}),
    Role.INSPECTOR: frozenset(_OVERSIGHT),
    Role.ADMIN: frozenset(
        _OVERSIGHT
        | {
            Right.PUBLISH_FLOWS,
            Right.ANNOUNCE,
            Right.MANAGE_DELIVERIES,
            Right.MANAGE_PEOPLE,
            Right.READ_LOOKS,
            Right.MANAGE_CITY,
        }
    ),
}

ALL_DUTIES = frozenset(Duty)
# The duty that an administrator needs for a right; other rights belong to every administrator.
DUTY_OF: dict[Right, Duty] = {
    Right.PUBLISH_FLOWS: Duty.SYSTEM,
    Right.MANAGE_DELIVERIES: Duty.SYSTEM,
    Right.MANAGE_CITY: Duty.SYSTEM,
    Right.MANAGE_PEOPLE: Duty.SECURITY,
    Right.READ_LOOKS: Duty.AUDIT,
}
# A contractor may take calls and keep the system running, but not handle, approve or inspect
# (国办函〔2025〕66号: the handling of requests may not be contracted out).
CONTRACTOR_ROLES = frozenset({Role.OPERATOR, Role.SHIFT_LEADER})


@dataclass(frozen=True, slots=True)
class Person:
    """A logged-in user, or a program acting with that user's rights."""

    id: int
    role: Role
    unit_code: str | None = None
    # Of an administrator.
    duties: frozenset[Duty] = ALL_DUTIES

    def may(self, right: Right) -> bool:
        if right not in RIGHTS[self.role]:
            return False
        return self.role is not Role.ADMIN or right not in DUTY_OF or DUTY_OF[right] in self.duties

    def __str__(self) -> str:
        return f"user:{self.id}"


class Machine(StrEnum):
    """An actor without a user account."""

    CALLER = "caller"
    CARRIER = "carrier"
    CLOCK = "clock"
    WORKER = "worker"
    SYSTEM = "system"


Actor = Person | Machine


def may_be_contractor(role: Role, duties: frozenset[Duty]) -> bool:
    """Returns whether the employee of a contractor may have this role; as administrator for the system alone."""
    return role in CONTRACTOR_ROLES or (role is Role.ADMIN and duties == {Duty.SYSTEM})


def may_read_ticket(actor: Actor, unit_code: str | None) -> bool:
    """Returns whether `actor` may read a ticket that belongs to `unit_code` (None: not handed off)."""
    if isinstance(actor, Machine):
        return True
    if actor.may(Right.READ_ALL_TICKETS):
        return True
    return actor.may(Right.READ_UNIT_TICKETS) and unit_code is not None and unit_code == actor.unit_code
