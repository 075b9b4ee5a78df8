"""The life of a ticket as one table. A row says everything about a step: who may take it, what it needs and what it does.

Buttons, API actions, the documents and the tests read `TRANSITIONS`. A new step is one row, one label per language and
one test; the names of effects are implemented in `services.tickets.effects`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hotline.rules.enums import Closing, TicketAction, TicketState
from hotline.rules.people.actors import Actor, Machine, Person, Right, may_read_ticket
from hotline.rules.text import is_blank
from hotline.rules.tickets.fields import DRAFT_FIELDS


class Relation(StrEnum):
    """The relation to a ticket that a person needs, beside the right, to take a step."""

    ANY = "any"
    OWN_UNIT = "own unit"


class Effect(StrEnum):
    """Something that a step checks, computes or does beyond its fields, its moments and its events."""

    # In a row, ASSIGN_NUMBER comes after the effects that compute other columns: the day's counter is locked for all hosts
    # from there to the commit.

    REQUIRE_ACTIVE_UNIT = "require_active_unit"
    REQUIRE_OWN_CALL = "require_own_call"
    ASSIGN_NUMBER = "assign_number"
    START_DEADLINES = "start_deadlines"
    CLEAR_UNIT = "clear_unit"
    FINISH_CALL = "finish_call"
    FINISH_CALL_WITHOUT_TICKET = "finish_call_without_ticket"
    PROMISE_FOLLOW_UP = "promise_follow_up"


A, E, S = TicketAction, Effect, TicketState


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table.

    `needs`: fields that may not be empty afterwards. `takes`: fields that the step may carry as well. `moments`: columns
    that are set to the moment of the step. `events`: kinds of `hotline.events`, in the order in which they are recorded;
    what such an event holds beside the ticket's id are columns of the ticket.
    """

    origins: tuple[TicketState, ...]
    action: TicketAction
    target: TicketState
    right: Right
    relation: Relation = Relation.ANY
    needs: tuple[str, ...] = ()
    takes: frozenset[str] = frozenset({"note"})
    moments: tuple[str, ...] = ()
    closing: Closing | None = None
    events: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()


TRANSITIONS: tuple[Transition, ...] = (
    Transition((S.DRAFT,), A.SAVE, S.DRAFT, Right.WRITE_TICKETS, takes=DRAFT_FIELDS),
    Transition(
        (S.DRAFT,),
        A.ANSWER,
        S.CLOSED,
        Right.WRITE_TICKETS,
        needs=("type", "title", "answer"),
        takes=DRAFT_FIELDS,
        moments=("closed_at",),
        closing=Closing.ANSWERED_DIRECT,
        events=("TicketAnswered", "TicketClosed"),
        effects=(E.CLEAR_UNIT, E.ASSIGN_NUMBER, E.FINISH_CALL),
    ),
    Transition(
        (S.DRAFT,),
        A.HAND_OFF,
        S.DISPATCHED,
        Right.WRITE_TICKETS,
        needs=("type", "title", "text", "unit_code"),
        takes=DRAFT_FIELDS,
        moments=("dispatched_at",),
        events=("TicketHandedOff",),
        effects=(E.REQUIRE_ACTIVE_UNIT, E.START_DEADLINES, E.ASSIGN_NUMBER, E.FINISH_CALL),
    ),
    Transition(
        (S.DRAFT,),
        A.DISCARD,
        S.DISCARDED,
        Right.WRITE_TICKETS,
        needs=("no_matter",),
        takes=DRAFT_FIELDS,
        events=("TicketDiscarded",),
        effects=(E.REQUIRE_OWN_CALL, E.FINISH_CALL_WITHOUT_TICKET),
    ),
    Transition(
        (S.DISPATCHED,),
        A.ACKNOWLEDGE,
        S.ACKNOWLEDGED,
        Right.HANDLE_TICKETS,
        Relation.OWN_UNIT,
        moments=("acknowledged_at",),
        events=("TicketAcknowledged",),
    ),
    Transition(
        (S.ACKNOWLEDGED,),
        A.RECORD_CONTACT,
        S.IN_PROGRESS,
        Right.HANDLE_TICKETS,
        Relation.OWN_UNIT,
        needs=("contact_note",),
        moments=("first_contact_at",),
        events=("FirstContactRecorded",),
    ),
    Transition(
        (S.ACKNOWLEDGED, S.IN_PROGRESS),
        A.REPLY,
        S.REPLIED,
        Right.HANDLE_TICKETS,
        Relation.OWN_UNIT,
        needs=("reply",),
        moments=("replied_at",),
        events=("TicketReplied",),
    ),
    Transition(
        (S.REPLIED,),
        A.CLOSE,
        S.CLOSED,
        Right.HANDLE_TICKETS,
        Relation.OWN_UNIT,
        moments=("closed_at",),
        closing=Closing.HANDLED,
        events=("TicketClosed",),
        effects=(E.PROMISE_FOLLOW_UP,),
    ),
)

FINAL: frozenset[TicketState] = frozenset({S.CLOSED, S.DISCARDED})
# Never handed off: a unit that is already written on such a ticket does not own it and must not see it.
AT_THE_DESK: frozenset[TicketState] = frozenset({S.DRAFT, S.DISCARDED})

_BY_STEP = {(origin, row.action): row for row in TRANSITIONS for origin in row.origins}


def transition(state: TicketState, action: TicketAction) -> Transition | None:
    """Returns the row for `action` in `state`, or None if the table has none."""
    return _BY_STEP.get((state, action))


def find_action(name: str) -> TicketAction | None:
    """Returns the action with this public name, or None if no row has it."""
    return next((row.action for row in TRANSITIONS if row.action.value == name), None)


def editable_fields(row: Transition) -> frozenset[str]:
    """Returns the fields that a step may carry."""
    return row.takes | frozenset(row.needs)


def may_read(actor: Actor, state: TicketState, unit_code: str | None) -> bool:
    """Returns whether `actor` may see a ticket in `state` on which `unit_code` is written."""
    return may_read_ticket(actor, None if state in AT_THE_DESK else unit_code)


def may_take(actor: Actor, row: Transition, unit_code: str | None) -> bool:
    """Returns whether `actor` may take this step on a ticket of `unit_code`."""
    if isinstance(actor, Machine):
        return True
    return actor.may(row.right) and _is_related(actor, row.relation, unit_code)


def _is_related(person: Person, relation: Relation, unit_code: str | None) -> bool:
    match relation:
        case Relation.ANY:
            return True
        case Relation.OWN_UNIT:
            return unit_code is not None and person.unit_code == unit_code


def allowed_actions(state: TicketState, actor: Actor, unit_code: str | None) -> tuple[TicketAction, ...]:
    """Returns the actions that `actor` may take now, in the table's order; none for a ticket they may not read."""
    if not may_read(actor, state, unit_code):
        return ()
    rows = (row for row in TRANSITIONS if state in row.origins)
    return tuple(row.action for row in rows if may_take(actor, row, unit_code))


def missing(needs: Iterable[str], present: Mapping[str, object]) -> tuple[str, ...]:
    """Returns the needed fields that are absent or blank, in the order of `needs`."""
    return tuple(name for name in needs if is_blank(str(present.get(name) or "")))
