"""A ticket's life as one table. A row says: from here, this action leads there, this right may do it, these facts it needs.

Buttons, API actions, the state picture and the tests all read `TRANSITIONS`; to add a step, add a row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hotline.rules.enums import TicketAction, TicketState
from hotline.rules.people.actors import Actor, Machine, Right, may_read_ticket
from hotline.rules.tickets.fields import DRAFT_FIELDS

A, S = TicketAction, TicketState


@dataclass(frozen=True, slots=True)
class Transition:
    """`own_unit`: only people of the ticket's unit. `needs`: facts that may not be empty afterwards."""

    origin: TicketState
    action: TicketAction
    target: TicketState
    right: Right
    needs: tuple[str, ...] = ()
    own_unit: bool = False


TRANSITIONS: tuple[Transition, ...] = (
    Transition(S.DRAFT, A.SAVE, S.DRAFT, Right.WRITE_TICKETS),
    Transition(S.DRAFT, A.ANSWER, S.CLOSED, Right.WRITE_TICKETS, ("type", "title", "answer")),
    Transition(
        S.DRAFT, A.HAND_OFF, S.DISPATCHED, Right.WRITE_TICKETS, ("type", "title", "text", "unit_code")
    ),
    Transition(S.DRAFT, A.DISCARD, S.DISCARDED, Right.WRITE_TICKETS, ("no_matter",)),
    Transition(S.DISPATCHED, A.ACKNOWLEDGE, S.ACKNOWLEDGED, Right.HANDLE_TICKETS, own_unit=True),
    Transition(
        S.ACKNOWLEDGED,
        A.RECORD_CONTACT,
        S.IN_PROGRESS,
        Right.HANDLE_TICKETS,
        ("contact_note",),
        own_unit=True,
    ),
    Transition(S.ACKNOWLEDGED, A.REPLY, S.REPLIED, Right.HANDLE_TICKETS, ("reply",), own_unit=True),
    Transition(S.IN_PROGRESS, A.REPLY, S.REPLIED, Right.HANDLE_TICKETS, ("reply",), own_unit=True),
    Transition(S.REPLIED, A.CLOSE, S.CLOSED, Right.HANDLE_TICKETS, own_unit=True),
)

FINAL: frozenset[TicketState] = frozenset({S.CLOSED, S.DISCARDED})
OPEN_AT_UNIT: frozenset[TicketState] = frozenset({S.DISPATCHED, S.ACKNOWLEDGED, S.IN_PROGRESS, S.REPLIED})
"""A unit owes something on these."""

AT_THE_DESK: frozenset[TicketState] = frozenset({S.DRAFT, S.DISCARDED})
"""Never handed off: the unit a writer may already have chosen does not own it and must not see it."""

_BY_STEP = {(row.origin, row.action): row for row in TRANSITIONS}


def transition(state: TicketState, action: TicketAction) -> Transition | None:
    """Return the row for `action` in `state`, or None if the table has none."""
    return _BY_STEP.get((state, action))


def editable_fields(row: Transition) -> frozenset[str]:
    """Return the facts a step may carry: everything while it is a draft, afterwards only what the step itself needs."""
    return DRAFT_FIELDS if row.origin is S.DRAFT else frozenset({*row.needs, "note"})


def may_read(actor: Actor, state: TicketState, unit_code: str | None) -> bool:
    """Say whether `actor` may see a ticket in `state` on which `unit_code` is written."""
    return may_read_ticket(actor, None if state in AT_THE_DESK else unit_code)


def may_take(actor: Actor, row: Transition, unit_code: str | None) -> bool:
    """Say whether `actor` may take this step on a ticket of `unit_code`."""
    if isinstance(actor, Machine):
        return True
    if not actor.may(row.right):
        return False
    return not row.own_unit or (unit_code is not None and actor.unit_code == unit_code)


def allowed_actions(state: TicketState, actor: Actor, unit_code: str | None) -> tuple[TicketAction, ...]:
    """Return what `actor` may do now, in the table's order; nothing for a ticket they may not even read."""
    if not may_read(actor, state, unit_code):
        return ()
    return tuple(row.action for row in TRANSITIONS if row.origin is state and may_take(actor, row, unit_code))


def missing(needs: Iterable[str], present: Mapping[str, object]) -> tuple[str, ...]:
    """Return the needed facts that are absent or blank, in the order of `needs`."""
    return tuple(name for name in needs if not str(present.get(name) or "").strip())


def ticket_number(prefix: str, day: str, sequence: int, digits: int = 5) -> str:
    """Return prefix + YYYYMMDD + the sequence in `digits` digits + one check digit (Luhn), e.g. QF20261123000170.

    Raises ValueError when the day's sequence is outside 1..99999 (of five digits).
    """
    if not 1 <= sequence < 10**digits:
        raise ValueError(f"ticket sequence of {day} is used up: {sequence}")
    body = f"{day}{sequence:0{digits}d}"
    return f"{prefix}{body}{_luhn(body)}"


def _luhn(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10
