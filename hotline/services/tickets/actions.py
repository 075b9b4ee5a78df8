"""Takes the steps of a ticket: looked up in the transition table, checked, written conditionally, recorded as events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from sqlalchemy import select, update

from hotline import events
from hotline.rules.enums import CLASS_OF, Channel, RequestClass, RequestType, TicketAction, TicketState
from hotline.rules.errors import (
    ActionNotAllowed,
    InvalidFields,
    LostRace,
    MissingFields,
    NoSuchTicket,
    NotAllowed,
    StaleRevision,
)
from hotline.rules.people.actors import Person, Right
from hotline.rules.phone_numbers import parse_caller_number
from hotline.rules.tickets import transitions as rules
from hotline.rules.tickets.fields import FIELDS_BY_NAME, TicketFields
from hotline.rules.tickets.search import SEARCH_SOURCES, search_columns
from hotline.rules.tickets.transitions import Effect
from hotline.services.calls import queries
from hotline.services.tickets import numbering
from hotline.services.tickets.effects import EFFECTS, TicketStep, check_unit
from hotline.store.tickets.creation import insert_numbered
from hotline.store.tickets.tables import TICKET_COLUMNS, TICKET_DEFAULTS, Ticket
from hotline.store.upsert import insert_for_id, updated_one
from hotline.unit_of_work import UnitOfWork

# The type that is preselected for the class a caller pressed; the operator confirms or changes it.
SUGGESTED_TYPE = {
    RequestClass.COMPLAINT: RequestType.COMPLAINT,
    RequestClass.CONSULTATION: RequestType.CONSULTATION,
    RequestClass.SUGGESTION: RequestType.SUGGESTION,
}
_NO_FIELDS = TicketFields()


def open_draft(
    work: UnitOfWork,
    *,
    call_id: int | None = None,
    channel: Channel = Channel.PHONE,
    stated: TicketFields = _NO_FIELDS,
) -> Ticket:
    """Opens a draft, or returns the ticket that this call already has. The pressed class is preselected.

    Raises NotAllowed, NoSuchCall, UnknownUnit, InvalidFields.
    """
    draft = _new_draft(work, channel)
    if call_id is not None:
        known = _take_from_call(work, draft, call_id)
        if known is not None:
            return known
    _set(draft, _columns(work, draft, stated))
    _insert(work, draft)
    work.record(events.TicketOpened(draft.id))
    return draft


def create_ticket(
    work: UnitOfWork, *, channel: Channel, stated: TicketFields, action: TicketAction | None
) -> Ticket:
    """Writes a new ticket as it is after `action`, a step that a draft may take; None leaves it a draft.

    The checks and the events are those of `open_draft` and of `perform`, one after the other, and so is the revision; the
    row is written once. Raises what they raise.
    """
    if action is None:
        return open_draft(work, channel=channel, stated=stated)
    ticket = _new_draft(work, channel)
    _set(ticket, _columns(work, ticket, stated))
    row = _row_for(work, ticket, action)
    if Effect.ASSIGN_NUMBER not in row.effects:
        raise ActionNotAllowed(action, rules.allowed_actions(ticket.state, work.actor, ticket.unit_code))
    step = TicketStep(work, ticket, _NO_FIELDS, _step_columns(work, ticket, row, _NO_FIELDS))
    # The number is taken by the insert: the day's counter is locked from then on.
    values = _values(step, row, [effect for effect in row.effects if effect is not Effect.ASSIGN_NUMBER])
    _set(ticket, {**values, "access_code": numbering.new_code(), "revision": ticket.revision + 1})
    _insert_numbered(work, ticket, ("TicketOpened", *row.events))
    _carry_out(step, row)
    return ticket


def perform(
    work: UnitOfWork, ticket_id: int, action: TicketAction, stated: TicketFields, revision: int | None = None
) -> Ticket:
    """Takes one step of the table and returns the ticket as it is afterwards.

    With `revision`, of the last read, a step after another change is refused. Raises NoSuchTicket, ActionNotAllowed
    with the allowed actions, InvalidFields for fields that this step may not change (code not_now), MissingFields,
    StaleRevision, UnknownUnit, NotAllowed (discarding the draft of another operator's call), LostRace. All but LostRace
    are raised before anything is changed.
    """
    ticket = work.session.get(Ticket, ticket_id, populate_existing=True)
    if ticket is None or not rules.may_read(work.actor, ticket.state, ticket.unit_code):
        raise NoSuchTicket(str(ticket_id))
    row = _row_for(work, ticket, action)
    if revision is not None and revision != ticket.revision:
        raise StaleRevision(ticket.revision)
    step = TicketStep(work, ticket, stated, _step_columns(work, ticket, row, stated))
    values = _values(step, row, row.effects)
    if values.keys() & SEARCH_SOURCES:
        stored = {name: getattr(ticket, name) for name in SEARCH_SOURCES}
        values |= search_columns({**stored, **values})
    # State and revision are compared again by the update: of two requests that read the same ticket, one changes it.
    unchanged = update(Ticket).where(
        Ticket.id == ticket_id, Ticket.state == ticket.state, Ticket.revision == ticket.revision
    )
    if not updated_one(work.session, unchanged.values(**values, revision=Ticket.revision + 1)):
        raise LostRace(action.value)
    work.session.refresh(ticket)
    if row.events:
        work.record(*(_event(kind, ticket) for kind in row.events))
    _carry_out(step, row)
    return ticket


def _new_draft(work: UnitOfWork, channel: Channel) -> Ticket:
    """Returns a draft that is not written yet. Raises NotAllowed."""
    author = work.actor.id if isinstance(work.actor, Person) else None
    if isinstance(work.actor, Person) and not work.actor.may(Right.WRITE_TICKETS):
        raise NotAllowed("writes no tickets")
    return Ticket(
        **TICKET_DEFAULTS,
        state=TicketState.DRAFT,
        channel=channel,
        author_id=author,
        received_at=work.at,
        received_on=work.today,
    )


def _set(ticket: Ticket, columns: Mapping[str, object]) -> None:
    for name, value in columns.items():
        setattr(ticket, name, value)


def _insert(work: UnitOfWork, ticket: Ticket) -> None:
    """Writes a new ticket and sets its id."""
    work.flush()
    stored = {name: getattr(ticket, name) for name in TICKET_COLUMNS}
    ticket.id = insert_for_id(work.connection, Ticket, stored | search_columns(stored))


def _insert_numbered(work: UnitOfWork, ticket: Ticket, kinds: Sequence[str]) -> None:
    """Writes a new ticket under the next number of the day, with its events, and sets its id and number."""
    work.flush()
    stored = {name: getattr(ticket, name) for name in TICKET_COLUMNS if name != "number"}
    ticket.id = 0
    rows = [work.event_row(_event(kind, ticket)) for kind in kinds]
    series = numbering.series_of_today(work)
    ticket.id, ticket.number = insert_numbered(work.connection, stored | search_columns(stored), series, rows)
    work.recorded_events.extend(_event(kind, ticket) for kind in kinds)


def _values(step: TicketStep, row: rules.Transition, wanted: Iterable[Effect]) -> dict[str, object]:
    """Returns the columns that a step with the `wanted` effects changes, after all of these have agreed to it."""
    effects = [EFFECTS[effect] for effect in wanted]
    for effect in effects:
        effect.check(step)
    values = {**step.columns, **dict.fromkeys(row.moments, step.work.at), "state": row.target}
    if row.closing:
        values["closing"] = row.closing
    for effect in effects:
        values |= effect.columns(step)
    return values


def _carry_out(step: TicketStep, row: rules.Transition) -> None:
    for effect in row.effects:
        EFFECTS[effect].after(step)


def _row_for(work: UnitOfWork, ticket: Ticket, action: TicketAction) -> rules.Transition:
    """Returns the row of the table for this step of this ticket. Raises ActionNotAllowed."""
    row = rules.transition(ticket.state, action)
    if row is None or not rules.may_take(work.actor, row, ticket.unit_code):
        raise ActionNotAllowed(action, rules.allowed_actions(ticket.state, work.actor, ticket.unit_code))
    return row


def _step_columns(
    work: UnitOfWork, ticket: Ticket, row: rules.Transition, stated: TicketFields
) -> dict[str, object]:
    """Returns the columns that the fields set, if the step may carry them and lacks none."""
    unfit = stated.given().keys() - rules.editable_fields(row)
    if unfit:
        raise InvalidFields(dict.fromkeys(sorted(unfit), "not_now"))
    columns = _columns(work, ticket, stated)
    present = {name: getattr(ticket, name, None) for name in row.needs} | stated.given()
    lacking = rules.missing(row.needs, present)
    if lacking:
        raise MissingFields(lacking)
    return columns


def _event(kind: str, ticket: Ticket) -> events.Event:
    names = [field.name for field in fields(events.KINDS[kind])]
    return events.unpack(
        kind, {name: ticket.id if name == "ticket_id" else getattr(ticket, name) for name in names}
    )


def _columns(work: UnitOfWork, ticket: Ticket, stated: TicketFields) -> dict[str, object]:
    """Returns the ticket's columns that the fields set. A new report (举报) is confidential by default.

    Raises UnknownUnit, InvalidFields.
    """
    columns = {name: value for name, value in stated.given().items() if FIELDS_BY_NAME[name].stored}
    if stated.type is not None:
        columns["request_class"] = CLASS_OF[stated.type]
        if stated.type is RequestType.REPORT and ticket.type is not RequestType.REPORT:
            columns.setdefault("confidential", True)
    if stated.caller_number is not None:
        columns["caller_number"] = _caller_number(work, stated.caller_number)
    if stated.unit_code:
        check_unit(work, stated.unit_code)
    elif "unit_code" in columns:
        columns["unit_code"] = None
    return columns


def _caller_number(work: UnitOfWork, text: str) -> str | None:
    try:
        return parse_caller_number(text, work.policies.number)
    except ValueError:
        raise InvalidFields({"caller_number": "not_a_number"}) from None


def _take_from_call(work: UnitOfWork, ticket: Ticket, call_id: int) -> Ticket | None:
    """Copies number and pressed class of the call into the new draft, or returns the ticket that the call already has."""
    # The call is held until the transaction ends: two requests for the same call cannot open two drafts.
    call = queries.lock_call(work, call_id)
    if isinstance(work.actor, Person) and call.operator_id != work.actor.id:
        raise NotAllowed("not your call")
    first_round = select(Ticket).where(Ticket.call_id == call_id, Ticket.round == 1)
    known = work.session.scalar(first_round.order_by(Ticket.id).limit(1))
    if known is not None:
        return known
    ticket.call_id = call_id
    ticket.caller_number = call.number or call.number_raw
    if call.pressed in SUGGESTED_TYPE:
        ticket.type = SUGGESTED_TYPE[call.pressed]
        ticket.request_class = call.pressed
    return None
