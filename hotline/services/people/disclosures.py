"""Discloses a protected number to staff on the call or staff who must call back, and records each disclosure."""

from sqlalchemy import func, select

from hotline import events
from hotline.rules.enums import CHOOSABLE_LOOK_REASONS, CallbackState, LookKind, LookReason
from hotline.rules.errors import NoSuchCall, NoSuchCallback, NoSuchTicket, NotAllowed, ReasonNeeded
from hotline.rules.people.actors import Person, Right
from hotline.rules.people.privacy import may_ask_for_number, may_see_ticket_number
from hotline.rules.text import SHORT_TEXT, to_storable
from hotline.store.calls.escalation_lists import owner_of_callback
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback
from hotline.store.people.tables import Disclosure
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork


def show_number(work: UnitOfWork, subject: str, subject_id: int, reason: str = "") -> str:
    """Returns the full number behind a call, ticket or callback and records the disclosure.

    Raises NotAllowed unless the actor answered that call and has not finished its record, must call back
    for the ticket (`rules.people.privacy`), or works the callback list; and NoSuchCall / NoSuchTicket /
    NoSuchCallback. The right `see_numbers` shows the number of a ticket that is not confidential outside one's own open
    work: ReasonNeeded unless `reason` is one of the list.
    """
    if not isinstance(work.actor, Person):
        raise NotAllowed("only a user may see a number")
    sources = {"call": _of_call, "ticket": _of_ticket, "callback": _of_callback}
    if subject not in sources:
        raise NotAllowed(subject)
    number, ticket_id = sources[subject](work, work.actor, subject_id, reason)
    usual = LookReason.OWN_WORK if subject == "call" else LookReason.CALL_BACK
    _record(work, work.actor, subject, subject_id, reason=reason or usual, ticket_id=ticket_id)
    return number


def _record(
    work: UnitOfWork,
    person: Person,
    subject: str,
    subject_id: int,
    *,
    reason: str,
    ticket_id: int | None = None,
) -> None:
    look = Disclosure(
        at=work.at,
        user_id=person.id,
        subject=subject,
        subject_id=subject_id,
        field=LookKind.NUMBER.value,
        ticket_id=ticket_id,
        reason=to_storable(reason, SHORT_TEXT),
    )
    work.session.add(look)
    work.session.flush()
    work.record(events.NumberShown(look.id))


def record_number_search(work: UnitOfWork) -> None:
    """Records that the actor looked up the calls of a telephone number. Raises NotAllowed for who may not.

    The number is not recorded: it is the caller's.
    """
    if not isinstance(work.actor, Person) or not work.actor.may(Right.WRITE_TICKETS):
        raise NotAllowed("looks up no numbers")
    _record(work, work.actor, "call", 0, reason=LookReason.SEARCH)


# Returns the number and the ticket to which the look belongs.
Found = tuple[str, int | None]


def _of_call(work: UnitOfWork, person: Person, call_id: int, _reason: str) -> Found:
    call = work.session.get(Call, call_id)
    if call is None:
        raise NoSuchCall(str(call_id))
    if call.operator_id != person.id or call.finished_at is not None:
        raise NotAllowed("the operator is not on this call")
    written = select(func.min(Ticket.id)).where(Ticket.call_id == call_id)
    return call.number or call.number_raw, work.session.scalar(written)


def _of_ticket(work: UnitOfWork, person: Person, ticket_id: int, reason: str) -> Found:
    ticket = work.session.get(Ticket, ticket_id)
    if ticket is None:
        raise NoSuchTicket(str(ticket_id))
    may_see = may_see_ticket_number(
        person, ticket.state, ticket.unit_code, ticket.author_id, confidential=ticket.confidential
    )
    if not may_see:
        if not may_ask_for_number(person, confidential=ticket.confidential):
            raise NotAllowed("the user need not call back")
        if reason not in CHOOSABLE_LOOK_REASONS:
            raise ReasonNeeded(str(ticket_id))
    return ticket.caller_number or "", ticket_id


def _of_callback(work: UnitOfWork, person: Person, callback_id: int, _reason: str) -> Found:
    callback = work.session.scalar(select(Callback).where(Callback.id == callback_id))
    if callback is None:
        raise NoSuchCallback(str(callback_id))
    still_open = callback.state in {CallbackState.WAITING, CallbackState.DIALLING}
    # A callback that reached nobody is phoned by the person who has taken its escalation.
    is_own = (
        callback.state is CallbackState.EXHAUSTED
        and owner_of_callback(work.session, callback_id) == person.id
    )
    if not (is_own or (person.may(Right.PROMISE_CALLBACKS) and still_open)):
        raise NotAllowed("the user need not call back")
    return callback.number, None
