"""A ticket's steps: each looked up in one table, checked against who acts, written where it still holds, told as an event."""

import re

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.enums import (
    CLASS_OF,
    Channel,
    Closing,
    RequestClass,
    RequestType,
    TicketAction,
    TicketState,
)
from hotline.rules.errors import (
    ActionNotAllowed,
    InvalidFields,
    LostRace,
    MissingFields,
    NoSuchTicket,
    NotAllowed,
    StaleRevision,
    UnknownUnit,
)
from hotline.rules.people.actors import Person, Right
from hotline.rules.text import is_storable
from hotline.rules.tickets import transitions as rules
from hotline.rules.tickets.fields import TicketFields
from hotline.services.calls import lifecycle
from hotline.services.outbound import follow_ups
from hotline.services.queueing import desks, offers
from hotline.services.tickets import due_dates, numbering
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Unit
from hotline.store.tickets.tables import Ticket
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

SUGGESTED_TYPE = {
    RequestClass.COMPLAINT: RequestType.COMPLAINT,
    RequestClass.CONSULTATION: RequestType.CONSULTATION,
    RequestClass.SUGGESTION: RequestType.SUGGESTION,
}
"""The type preselected for a pressed class; the operator confirms or changes it."""


def open_draft(
    work: UnitOfWork,
    *,
    call_id: int | None = None,
    channel: Channel = Channel.PHONE,
    facts: TicketFields | None = None,
) -> Ticket:
    """Open a draft, or return the one this call already has. The pressed class is preselected.

    Raises NotAllowed, NoSuchCall, UnknownUnit.
    """
    author = work.actor.id if isinstance(work.actor, Person) else None
    if isinstance(work.actor, Person) and not work.actor.may(Right.WRITE_TICKETS):
        raise NotAllowed("writes no tickets")
    ticket = Ticket(
        state=TicketState.DRAFT,
        channel=channel,
        author_id=author,
        received_at=work.at,
        received_on=work.today,
    )
    if call_id is not None:
        known = _take_from_call(work, ticket, call_id)
        if known is not None:
            return known
    for name, value in _columns(work, facts or TicketFields()).items():
        setattr(ticket, name, value)
    work.session.add(ticket)
    work.session.flush()
    work.record(events.TicketOpened(ticket.id))
    return ticket


def perform(
    work: UnitOfWork, ticket_id: int, action: TicketAction, facts: TicketFields, revision: int | None = None
) -> Ticket:
    """Take one step of the table and return the ticket as it is afterwards.

    `revision` (of the last read) refuses to overwrite what somebody saved in between. Raises NoSuchTicket,
    ActionNotAllowed with what is allowed instead, BadFacts for facts this step may not change (code not_now),
    MissingFacts, StaleRevision, UnknownUnit, NotAllowed (discarding the draft of somebody else's call), LostRace.
    All but LostRace are raised before anything is changed.
    """
    ticket, step = _open_step(work, ticket_id, action)
    if revision is not None and revision != ticket.revision:
        raise StaleRevision(ticket.revision)
    said = _fitting(work, ticket, step, facts)
    values = {**said, **_consequences(work, ticket, action, said), "state": step.target}
    guarded = update(Ticket).where(
        Ticket.id == ticket_id, Ticket.state == ticket.state, Ticket.revision == ticket.revision
    )
    if not updated_one(work.session, guarded.values(**values, revision=Ticket.revision + 1)):
        raise LostRace(action.value)
    work.session.refresh(ticket)
    _follow(work, ticket, action, facts)
    return ticket


def _open_step(work: UnitOfWork, ticket_id: int, action: TicketAction) -> tuple[Ticket, rules.Transition]:
    """Return the ticket and the row of the table, if the actor may see the one and take the other."""
    ticket = work.session.get(Ticket, ticket_id, populate_existing=True)
    if ticket is None or not rules.may_read(work.actor, ticket.state, ticket.unit_code):
        raise NoSuchTicket(str(ticket_id))
    step = rules.transition(ticket.state, action)
    if step is None or not rules.may_take(work.actor, step, ticket.unit_code):
        raise ActionNotAllowed(action, rules.allowed_actions(ticket.state, work.actor, ticket.unit_code))
    return ticket, step


def _fitting(
    work: UnitOfWork, ticket: Ticket, step: rules.Transition, facts: TicketFields
) -> dict[str, object]:
    """Return the columns that the facts set, if this step may carry them and lacks nothing."""
    unfit = facts.given().keys() - rules.editable_fields(step)
    if unfit:
        raise InvalidFields(dict.fromkeys(sorted(unfit), "not_now"))
    said = _columns(work, facts)
    present = {name: getattr(ticket, name, None) for name in step.needs} | facts.given()
    lacking = rules.missing(step.needs, present)
    if lacking:
        raise MissingFields(lacking)
    _check_reach(work, ticket, step.action, said)
    return said


def find_ticket(session: Session, number: str) -> Ticket | None:
    """Return the ticket with this number (`draft-17` addresses a draft by its id), or None."""
    draft_id = number.removeprefix("draft-")
    if draft_id != number:
        return session.get(Ticket, int(draft_id)) if re.fullmatch(r"[0-9]{1,9}", draft_id) else None
    if not is_storable(number):
        return None
    return session.scalar(select(Ticket).where(Ticket.number == number))


def _columns(work: UnitOfWork, facts: TicketFields) -> dict[str, object]:
    """Return the ticket's columns that the facts set; what belongs to the call or the log is left out."""
    said = facts.given()
    said.pop("no_matter", None)
    said.pop("note", None)
    if facts.type is not None:
        said["request_class"] = CLASS_OF[facts.type]
    if facts.unit_code:
        _check_unit(work, facts.unit_code)
    elif "unit_code" in said:
        said["unit_code"] = None
    return said


def _check_unit(work: UnitOfWork, code: str) -> None:
    unit = work.session.get(Unit, code)
    if unit is None or not unit.active:
        raise UnknownUnit(code)


def _check_reach(work: UnitOfWork, ticket: Ticket, action: TicketAction, said: dict[str, object]) -> None:
    """Refuse a hand-off to a unit closed since it was chosen, and throwing away what belongs to somebody else's call.

    A message that nobody answered belongs to all.
    """
    if action is TicketAction.HAND_OFF:
        _check_unit(work, str(said.get("unit_code", ticket.unit_code)))
    if action is TicketAction.DISCARD and ticket.call_id is not None:
        call = lifecycle.get_call(work, ticket.call_id)
        if call.operator_id is not None:
            lifecycle.require_own_call(work, call.id)


def _take_from_call(work: UnitOfWork, ticket: Ticket, call_id: int) -> Ticket | None:
    """Copy what the call tells into the new draft; or return the ticket this call already has.

    The call is held meanwhile, so that two hands cannot open two drafts.
    """
    call = lifecycle.lock_call(work, call_id)
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


def _consequences(
    work: UnitOfWork, ticket: Ticket, action: TicketAction, said: dict[str, object]
) -> dict[str, object]:
    """Return what a step changes beyond what was said: numbers, clocks, moments."""
    match action:
        case TicketAction.ANSWER:
            closing: dict[str, object] = {"closed_at": work.at, "closing": Closing.ANSWERED_DIRECT}
            return {**numbering.named(work), "unit_code": None, **closing}
        case TicketAction.HAND_OFF:
            kind = said.get("type") or ticket.type
            urgency = said.get("urgency") or ticket.urgency
            dates = due_dates.for_hand_off(work, RequestType(str(kind)), type(ticket.urgency)(str(urgency)))
            return {**numbering.named(work), "dispatched_at": work.at, **dates}
        case TicketAction.ACKNOWLEDGE:
            return {"acknowledged_at": work.at}
        case TicketAction.RECORD_CONTACT:
            return {"first_contact_at": work.at}
        case TicketAction.REPLY:
            return {"replied_at": work.at}
        case TicketAction.CLOSE:
            return {"closed_at": work.at, "closing": Closing.HANDLED}
        case TicketAction.SAVE | TicketAction.DISCARD:
            return {}


def _follow(work: UnitOfWork, ticket: Ticket, action: TicketAction, facts: TicketFields) -> None:
    """Tell the step, and finish or promise what it brings with it."""
    match action:
        case TicketAction.SAVE:
            return
        case TicketAction.ANSWER:
            work.record(events.TicketAnswered(ticket.id))
            work.record(events.TicketClosed(ticket.id, Closing.ANSWERED_DIRECT))
            _finish_call(work, ticket)
        case TicketAction.HAND_OFF:
            work.record(events.TicketHandedOff(ticket.id, ticket.unit_code or ""))
            _finish_call(work, ticket)
        case TicketAction.DISCARD:
            work.record(events.TicketDiscarded(ticket.id))
            if ticket.call_id is not None and facts.no_matter is not None:
                lifecycle.finish_without_ticket(work, ticket.call_id, facts.no_matter, facts.note or "")
        case TicketAction.ACKNOWLEDGE:
            work.record(events.TicketAcknowledged(ticket.id))
        case TicketAction.RECORD_CONTACT:
            work.record(events.FirstContactRecorded(ticket.id))
        case TicketAction.REPLY:
            work.record(events.TicketReplied(ticket.id))
        case TicketAction.CLOSE:
            work.record(events.TicketClosed(ticket.id, Closing.HANDLED))
            follow_ups.promise_follow_up(work, ticket)


def _finish_call(work: UnitOfWork, ticket: Ticket) -> None:
    """A finished ticket completes the record of the call it was written in; its operator is free for the next."""
    if ticket.call_id is None:
        return
    finished = updated_one(
        work.session,
        update(Call).where(Call.id == ticket.call_id, Call.finished_at.is_(None)).values(finished_at=work.at),
    )
    if finished:
        desks.complete_record(work, ticket.call_id, ticket_id=ticket.id)
        offers.offer_waiting(work)
