"""Follow-up calls that ask the caller whether the matter was solved.

A "no" opens the redo round (重办), a new ticket linked to the closed one, so that first, second and third rounds can be
counted; the closed ticket stays closed.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from sqlalchemy import Select, bindparam, func, or_, select, update

from hotline import events
from hotline.rules.calls import dial_schedule
from hotline.rules.calls.dial_schedule import Tried
from hotline.rules.enums import FollowUpState, RequestType, Satisfied, Solved, TicketState
from hotline.rules.errors import NoSuchCall, NoSuchTicket
from hotline.rules.people.private_words import mask_text
from hotline.rules.phone_numbers import parse_number
from hotline.rules.tickets.fields import TICKET_FIELDS
from hotline.services.outbound.dial_attempts import plan_dial
from hotline.services.tickets import due_dates, numbering
from hotline.store.base import UtcDateTime, constants
from hotline.store.calls.callees import may_phone_follow_up
from hotline.store.calls.live_calls import peace_since
from hotline.store.calls.tables import Call
from hotline.store.outbound import Dial, FollowUp
from hotline.store.tickets.tables import Ticket
from hotline.store.upsert import insert_if_absent, updated_one
from hotline.unit_of_work import UnitOfWork

# Follow-up calls placed at the same time; they need no operator, only lines.
MAX_CONCURRENT = 5
# No round of a ticket is counted beyond this one; it bounds the way back to the first.
MAX_ROUNDS = 20
# Fields that the next round takes over from the closed ticket.
_CARRIED = tuple(field.name for field in TICKET_FIELDS if field.carried)
# A call about such a matter would reveal it to whoever picks up the phone.
IS_SECRET = or_(Ticket.confidential, func.coalesce(Ticket.type == RequestType.REPORT, False))
_IS_WAITING = FollowUp.state == constants([FollowUpState.WAITING])[0]
# Built once: it runs every second.
_WAITING_SECRETS = (
    select(FollowUp.id, FollowUp.ticket_id)
    .join(Ticket, Ticket.id == FollowUp.ticket_id)
    .where(_IS_WAITING, IS_SECRET)
)


def promise_follow_up(work: UnitOfWork, ticket: Ticket) -> None:
    """Promises the follow-up of a closed ticket. Idempotent.

    A confidential ticket, a report (举报) and a caller without a number are exempt at once.
    """
    given = "" if _is_secret(work, ticket.id) else ticket.caller_number or ""
    number = parse_number(given, work.policies.number)
    first = work.at + timedelta(seconds=work.policies.follow_ups.delay_seconds)
    row = {
        "ticket_id": ticket.id,
        "state": FollowUpState.WAITING if number else FollowUpState.EXEMPT,
        "number": number,
        "language": _language(work, ticket),
        "attempts": 0,
        "promised_at": work.at,
        "next_try_at": dial_schedule.next_allowed(first, work.policies.follow_ups, work.zone),
        "settled_at": None if number else work.at,
    }
    follow_up_id = insert_if_absent(work.session, FollowUp, FollowUp.id, row)
    if follow_up_id is not None:
        work.record(events.FollowUpPromised(ticket.id, follow_up_id))


def plan_due_dials(work: UnitOfWork) -> int:
    """Plans the follow-up calls that are due, outside quiet hours and never two to one number. Returns their number."""
    _exempt_secret(work)
    if not dial_schedule.may_ring(work.at, work.policies.follow_ups, work.zone):
        return 0
    moments = {"now": work.at, "peace_since": peace_since(work.at, work.policies.follow_ups)}
    due = work.connection.execute(_due(work.policies.callers.shared_numbers), moments).all()
    if not due:
        return 0
    busy = work.session.scalar(select(func.count()).where(FollowUp.state == FollowUpState.DIALLING)) or 0
    phoned: set[str] = set()
    for follow_up_id, number, attempts in due[: max(MAX_CONCURRENT - busy, 0)]:
        taken = number not in phoned and updated_one(
            work.session,
            update(FollowUp)
            .where(FollowUp.id == follow_up_id, FollowUp.state == FollowUpState.WAITING)
            .values(state=FollowUpState.DIALLING, attempts=attempts + 1),
        )
        if taken and number is not None:
            plan_dial(work, number=number, attempt=attempts + 1, follow_up_id=follow_up_id)
            phoned.add(number)
    return len(phoned)


@lru_cache(maxsize=8)
def _due(shared_numbers: frozenset[str]) -> Select[int, str | None, int]:
    # Built once: it runs every second, and building it cost two thirds of what an idle scheduler uses.
    return (
        select(FollowUp.id, FollowUp.number, FollowUp.attempts)
        .where(
            _IS_WAITING,
            FollowUp.next_try_at <= bindparam("now"),
            FollowUp.number.is_not(None),
            may_phone_follow_up(shared_numbers, bindparam("peace_since", type_=UtcDateTime)),
        )
        .order_by(FollowUp.next_try_at, FollowUp.id)
        .limit(MAX_CONCURRENT)
    )


@dataclass(frozen=True, slots=True)
class FollowUpMatter:
    """The matter of a follow-up as its caller recognises it: the local day it was received, its kind, its place."""

    received_on: date
    kind: RequestType
    place: str


def matter_of_call(work: UnitOfWork, call_id: int) -> FollowUpMatter | None:
    """Returns the matter of a follow-up call, or None for another call. A redo has the day of its first round."""
    behind = (
        select(Ticket)
        .join(FollowUp, FollowUp.ticket_id == Ticket.id)
        .join(Dial, Dial.follow_up_id == FollowUp.id)
        .join(Call, Call.dial_id == Dial.id)
        .where(Call.id == call_id)
    )
    ticket = work.session.scalar(behind)
    if ticket is None:
        return None
    first = ticket
    for _ in range(MAX_ROUNDS):
        earlier = None if first.redo_of is None else work.session.get(Ticket, first.redo_of)
        if earlier is None:
            break
        first = earlier
    return FollowUpMatter(
        received_on=first.received_at.astimezone(work.zone).date(),
        kind=ticket.type or RequestType.OTHER,
        # Who answers may be another person: a place with a number or a name in it is not spoken.
        place=ticket.place if mask_text(ticket.place, ticket.caller_name) == ticket.place else "",
    )


def may_dial(work: UnitOfWork, follow_up_id: int) -> bool:
    """Returns whether an attempt is under way and its ticket has not become confidential since it was planned."""
    mine = select(FollowUp.state, IS_SECRET).join(Ticket, Ticket.id == FollowUp.ticket_id)
    row = work.session.execute(mine.where(FollowUp.id == follow_up_id)).one_or_none()
    return row is not None and row[0] is FollowUpState.DIALLING and not row[1]


def _is_secret(work: UnitOfWork, ticket_id: int) -> bool:
    return bool(work.session.scalar(select(IS_SECRET).where(Ticket.id == ticket_id)))


def _exempt_secret(work: UnitOfWork) -> None:
    """Settles the waiting follow-ups of tickets that became confidential after they were closed."""
    for follow_up_id, ticket_id in work.connection.execute(_WAITING_SECRETS).all():
        _settle(work, follow_up_id, ticket_id, FollowUpState.EXEMPT)


def record_answer(work: UnitOfWork, call_id: int, question: str, answer: str) -> None:
    """Records the caller's answer to `question` (solved | satisfied) of a follow-up call; the first answer stands.

    Raises NoSuchCall if the call is not a follow-up, ValueError for an unknown question or answer.
    """
    behind = (
        select(FollowUp.id, FollowUp.ticket_id)
        .join(Dial, Dial.follow_up_id == FollowUp.id)
        .join(Call, Call.dial_id == Dial.id)
        .where(Call.id == call_id)
    )
    row = work.session.execute(behind).first()
    if row is None:
        raise NoSuchCall(str(call_id))
    follow_up_id, ticket_id = row
    if not _save_answer(work, ticket_id, question, answer):
        return
    work.record(events.FollowUpAnswered(ticket_id, question, answer))
    _settle(work, follow_up_id, ticket_id, FollowUpState.ANSWERED)
    if question == "solved" and Solved(answer) is Solved.NO:
        open_redo(work, ticket_id)


def open_redo(work: UnitOfWork, ticket_id: int) -> int | None:
    """Opens the next round of a ticket at the same unit and returns the new ticket's id.

    Returns None if that round exists already, or if the ticket never belonged to a unit. Raises NoSuchTicket.
    """
    old = work.session.get(Ticket, ticket_id, populate_existing=True)
    if old is None:
        raise NoSuchTicket(str(ticket_id))
    if old.unit_code is None:
        return None
    row: dict[str, object] = {name: getattr(old, name) for name in _CARRIED}
    row |= {
        "state": TicketState.DISPATCHED,
        "revision": 1,
        "round": old.round + 1,
        "redo_of": old.id,
        "received_at": work.at,
        "received_on": work.today,
        "dispatched_at": work.at,
    }
    # `redo_of` is unique: a second "no" for the same round inserts nothing. The number is taken only afterwards, so
    # that a repeated answer leaves no gap in the day's sequence.
    new_id = insert_if_absent(work.session, Ticket, Ticket.id, row)
    if new_id is None:
        return None
    dates = due_dates.for_hand_off(work, old.type, old.urgency)
    work.session.execute(
        update(Ticket).where(Ticket.id == new_id).values(number=numbering.take(work), **dates)
    )
    work.record(events.RedoOpened(new_id, old.id))
    work.record(events.TicketHandedOff(new_id, old.unit_code))
    return int(new_id)


def reschedule(work: UnitOfWork, follow_up_id: int, tried: Tried = Tried.YES) -> None:
    """Schedules the next attempt after one that brought no answer, or settles the follow-up as unreached."""
    follow_up = work.session.get(FollowUp, follow_up_id, populate_existing=True)
    if follow_up is None or follow_up.state is not FollowUpState.DIALLING:
        return
    attempts = follow_up.attempts if tried is Tried.YES else follow_up.attempts - 1
    again = dial_schedule.next_try(work.at, attempts, work.policies.follow_ups, work.zone, tried)
    if again is None:
        _settle(work, follow_up_id, follow_up.ticket_id, FollowUpState.UNREACHED)
        return
    work.session.execute(
        update(FollowUp)
        .where(FollowUp.id == follow_up_id, FollowUp.state == FollowUpState.DIALLING)
        .values(state=FollowUpState.WAITING, attempts=attempts, next_try_at=again),
    )


def _save_answer(work: UnitOfWork, ticket_id: int, question: str, answer: str) -> bool:
    unasked = update(Ticket).where(Ticket.id == ticket_id).values(followed_up_at=work.at)
    if question == "solved":
        return updated_one(work.session, unasked.where(Ticket.solved.is_(None)).values(solved=Solved(answer)))
    if question == "satisfied":
        still_open = unasked.where(Ticket.satisfied.is_(None))
        return updated_one(work.session, still_open.values(satisfied=Satisfied(answer)))
    raise ValueError(f"not a follow-up question: {question}")


def _settle(work: UnitOfWork, follow_up_id: int, ticket_id: int, state: FollowUpState) -> None:
    settled = updated_one(
        work.session,
        update(FollowUp)
        .where(
            FollowUp.id == follow_up_id, FollowUp.state.in_((FollowUpState.WAITING, FollowUpState.DIALLING))
        )
        .values(state=state, settled_at=work.at),
    )
    if settled:
        work.record(events.FollowUpSettled(ticket_id, state.value))


def _language(work: UnitOfWork, ticket: Ticket) -> str:
    if ticket.call_id is None:
        return "zh-CN"
    return work.session.scalar(select(Call.language).where(Call.id == ticket.call_id)) or "zh-CN"
