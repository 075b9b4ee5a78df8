"""Serializes rows to the schemas of the API. Masking happens here and nowhere else in the API."""

from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from agent_console.api.schemas import (
    ANSWER_FIELDS,
    AttemptOut,
    CallbackOut,
    CallOut,
    Document,
    EventOut,
    OperatorOut,
    OperatorRef,
    UnitOut,
)
from hotline.rules.enums import PresenceState, TicketAction, TicketState
from hotline.rules.people.actors import Person
from hotline.rules.people.privacy import is_caller_hidden, is_number_withheld, mask_name, mask_number
from hotline.rules.tickets.deadlines import LATE, deadline_state
from hotline.rules.tickets.fields import TEXT_NAMES, DateTimeField
from hotline.rules.tickets.inbox import is_overdue
from hotline.rules.tickets.transitions import allowed_actions
from hotline.store.calls.lists import OPEN_CALLBACKS, CallbackLine, CallLine
from hotline.store.calls.outcomes import outcome_of
from hotline.store.people.tables import Presence, Unit, User
from hotline.store.people.users import TimelineEntry
from hotline.store.tickets.lists import TicketListRow, address_of
from hotline.store.tickets.private_texts import texts_of
from hotline.store.tickets.tables import Ticket


def moment(at: datetime, zone: ZoneInfo) -> datetime:
    """Returns `at` in whole seconds with the city's offset."""
    return at.astimezone(zone).replace(microsecond=0)


def moment_or_none(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else moment(at, zone)


def ticket_out(line: TicketListRow, person: Person, at: datetime, zone: ZoneInfo) -> Document:
    """Returns a ticket as `person` may see it at `at`, in the shape of `TicketOut`."""
    # A dictionary of what is stored, not a model: a list would validate thousands of values that the database holds as
    # they are. The tests compare each answer with the schema.
    row, unit = line.ticket, line.unit
    return {
        **{key: getattr(row, name) for key, name in _PLAIN},
        **{key: moment_or_none(getattr(row, name), zone) for key, name in _MOMENTS},
        **texts_of(row, person, _TEXTS),
        "number": address_of(row),
        "overdue": is_overdue(row, at),
        "caller": _caller(row, person),
        "unit": None if unit is None else {"code": unit.code, "name": unit.name_zh},
        "redo_of": line.redo_of,
        "deadlines": _deadlines(row, at, zone),
        "allowed_actions": _allowed_actions(row.state, person, row.unit_code),
    }


@lru_cache(maxsize=4096)
def _allowed_actions(state: TicketState, person: Person, unit_code: str | None) -> tuple[TicketAction, ...]:
    # The rows of a list have few states and units, and the table of transitions is walked for each.
    return allowed_actions(state, person, unit_code)


def ticket_made_out(line: TicketListRow, person: Person, at: datetime, zone: ZoneInfo) -> Document:
    """Returns a newly created ticket, in the shape of `TicketMadeOut`, with its access code, which only its author may see."""
    return {**ticket_out(line, person, at, zone), "access_code": line.ticket.access_code}


# Name in the answer and column of each field that is shown as it is stored, and of each moment; the free texts.
_MOMENTS = tuple(
    (field.api_name, field.name) for field in ANSWER_FIELDS if isinstance(field.kind, DateTimeField)
)
_PLAIN = tuple(
    (field.api_name, field.name)
    for field in ANSWER_FIELDS
    if field.name not in TEXT_NAMES and not isinstance(field.kind, DateTimeField)
)
_TEXTS = tuple(field.name for field in ANSWER_FIELDS if field.name in TEXT_NAMES)


def _caller(row: Ticket, person: Person) -> dict[str, Any]:
    if is_caller_hidden(person, confidential=row.confidential):
        return {"name": "", "number": "", "hidden": True}
    number = "" if is_number_withheld(row.caller_number) else mask_number(row.caller_number)
    return {"name": mask_name(row.caller_name), "number": number, "hidden": False}


def _deadlines(row: Ticket, at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    def clock(due: datetime | None, met: datetime | None) -> dict[str, Any] | None:
        if due is None:
            return None
        late = deadline_state(due, met, row.closed_at, at) in LATE
        return {"due_at": moment(due, zone), "met_at": moment_or_none(met, zone), "late": late}

    return {
        "acknowledge": clock(row.acknowledge_due, row.acknowledged_at),
        "contact": clock(row.contact_due, row.first_contact_at),
        "resolve": clock(row.due_at, row.closed_at),
        "provisional": row.due_provisional,
        "computed": row.due_computed,
    }


def event_out(entry: TimelineEntry, zone: ZoneInfo) -> EventOut:
    event = entry.event
    return EventOut(
        id=event.id,
        at=moment(event.at, zone),
        kind=event.kind,
        actor=event.actor,
        work_number=entry.person.work_number if entry.person else None,
        data=event.data,
    )


def call_out(line: CallLine, zone: ZoneInfo) -> CallOut:
    call, ticket = line.call, line.ticket
    return CallOut(
        id=call.id,
        purpose=call.purpose,
        state=call.state,
        end=call.end,
        outcome=outcome_of(call),
        number=mask_number(call.number),
        withheld=call.number is None and call.details_deleted_at is None,
        language=call.language,
        pressed=call.pressed,
        operator=_operator(line.operator),
        ticket=None if ticket is None else address_of(ticket),
        no_matter=call.no_matter,
        satisfied=call.satisfied,
        transferred_to=call.transferred_to,
        arrived_at=moment(call.arrived_at, zone),
        queued_at=moment_or_none(call.queued_at, zone),
        answered_at=moment_or_none(call.answered_at, zone),
        ended_at=moment_or_none(call.ended_at, zone),
        finished_at=moment_or_none(call.finished_at, zone),
        wait_seconds=call.wait_seconds,
        talk_seconds=call.talk_seconds,
    )


def callback_out(line: CallbackLine, zone: ZoneInfo) -> CallbackOut:
    row = line.callback
    attempts = (
        AttemptOut(
            attempt=dial.attempt,
            state=dial.state,
            planned_at=moment(dial.planned_at, zone),
            ended_at=moment_or_none(dial.ended_at, zone),
            outcome=dial.outcome,
        )
        for dial in line.dials
    )
    return CallbackOut(
        id=row.id,
        number=mask_number(row.number),
        reason=row.reason,
        state=row.state,
        language=row.language,
        call_id=row.call_id,
        promised_at=moment(row.promised_at, zone),
        place_since=moment(row.place_since, zone),
        next_try_at=moment(row.next_try_at, zone) if row.state in OPEN_CALLBACKS else None,
        settled_at=moment_or_none(row.settled_at, zone),
        attempts=tuple(attempts),
    )


def unit_out(unit: Unit) -> UnitOut:
    return UnitOut(
        code=unit.code, name=unit.name_zh, name_en=unit.name_en, kind=unit.kind, active=unit.active
    )


def operator_out(user: User, presence: Presence | None, zone: ZoneInfo) -> OperatorOut:
    return OperatorOut(
        id=user.id,
        display_name=user.display_name,
        work_number=user.work_number,
        role=user.role,
        state=presence.state if presence else PresenceState.OFFLINE,
        reason=presence.reason if presence else None,
        since=moment(presence.since, zone) if presence else None,
        call_id=presence.call_id if presence else None,
    )


def _operator(user: User | None) -> OperatorRef | None:
    if user is None:
        return None
    return OperatorRef(id=user.id, display_name=user.display_name, work_number=user.work_number)
