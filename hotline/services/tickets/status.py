"""The state of a ticket by keypad: for whoever knows its code. Wrong codes are limited, and nothing tells how wrong.

They are counted for the call, the number it comes from (all withheld numbers are one) and the ticket that was named,
whether it exists or not. A ticket is never locked for the number it was told from: strangers could keep its caller out.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from hotline.rules.enums import TicketState
from hotline.rules.phone_numbers import parse_number
from hotline.rules.policies import CallerPolicy
from hotline.services.calls.views import get_call
from hotline.services.tickets.numbering import PREFIX
from hotline.store.advisory_locks import acquire_advisory_locks
from hotline.store.calls.lookups import CodeTry
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

HOUR = timedelta(hours=1)
LOOKED_AT = 50
"""So many of a caller's latest tickets are tried against a code."""
CALL, WITHHELD = "call", "withheld"


@dataclass(frozen=True, slots=True)
class Known:
    """What a caller who knows the code may hear. `due_at` and `closed_at` None: not (yet) so."""

    state: TicketState
    due_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such ticket, or not this code: which of both is nobody's business."""


@dataclass(frozen=True, slots=True)
class Locked:
    """Too many wrong codes of this call, this number or for this ticket: no more answers for now, right or wrong."""


def look_up_number(work: UnitOfWork, call_id: int, digits: str, code: str) -> Known | Unknown | Locked:
    """Return the state of the ticket whose number has these digits, if `code` is its code."""
    number = get_call(work, call_id).number
    ticket = work.session.scalar(select(Ticket).where(Ticket.number == f"{PREFIX}{digits}"))
    keys = _caller_keys(call_id, number)
    if ticket is None or number is None or parse_number(ticket.caller_number or "") != number:
        keys.append(f"ticket:{digits}")
    return _answer(work, keys, [] if ticket is None else [ticket], code)


def look_up_caller(work: UnitOfWork, call_id: int, code: str) -> Known | Unknown | Locked:
    """Return the state of the caller's own ticket that has `code`; their number is the carrier's word, not typed."""
    number = get_call(work, call_id).number
    if number is None:
        return Unknown()
    theirs = (
        select(Ticket)
        .where(Ticket.caller_number == number, Ticket.number.is_not(None))
        .order_by(Ticket.received_at.desc())
        .limit(LOOKED_AT)
    )
    return _answer(work, _caller_keys(call_id, number), list(work.session.scalars(theirs)), code)


def _caller_keys(call_id: int, number: str | None) -> list[str]:
    return [f"{CALL}:{call_id}", WITHHELD if number is None else f"number:{number}"]


def _is_locked(work: UnitOfWork, keys: list[str]) -> bool:
    since = work.at - HOUR
    tries = select(CodeTry.key, func.count()).where(CodeTry.key.in_(keys), CodeTry.at > since)
    counts = work.session.execute(tries.group_by(CodeTry.key))
    return any(count >= _limit(work.policies.callers, key) for key, count in counts)


def _limit(limits: CallerPolicy, key: str) -> int:
    kind, _, _ = key.partition(":")
    if kind == CALL:
        return limits.code_tries_per_call
    return limits.code_tries_withheld if kind == WITHHELD else limits.code_tries_per_hour


def _answer(work: UnitOfWork, keys: list[str], tickets: list[Ticket], code: str) -> Known | Unknown | Locked:
    """Return what the first ticket with this code is at, in its latest round; else count the try.

    Whoever tries the same is waited for first: the last try before the lock is one, however many make it at once.
    """
    acquire_advisory_locks(work.connection, keys)
    if _is_locked(work, keys):
        return Locked()
    for ticket in tickets:
        if ticket.access_code is not None and secrets.compare_digest(ticket.access_code, code):
            latest = _latest_round(work, ticket)
            return Known(latest.state, latest.due_at, latest.closed_at)
    work.session.add_all([CodeTry(key=key, at=work.at) for key in keys])
    work.session.flush()
    return Unknown()


def _latest_round(work: UnitOfWork, ticket: Ticket) -> Ticket:
    """Return the last redo of a ticket: who was told one number asks by it, whatever round it is in."""
    while True:
        after = work.session.scalar(select(Ticket).where(Ticket.redo_of == ticket.id))
        if after is None:
            return ticket
        ticket = after
