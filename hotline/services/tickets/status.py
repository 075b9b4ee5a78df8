"""Looks up the state of a ticket for a caller who types its access code.

Wrong codes are limited for the call, for the caller's number (all withheld numbers count as one) and for the ticket
number that was typed, whether it exists or not. The answer does not say which part was wrong.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from hotline.rules.enums import TicketState
from hotline.rules.phone_numbers import parse_number
from hotline.rules.policies import CallerPolicy
from hotline.services.calls.queries import get_call
from hotline.services.tickets.numbering import PREFIX
from hotline.store.advisory_locks import acquire_advisory_locks
from hotline.store.calls.lookups import CodeTry
from hotline.store.calls.tables import Call
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

HOUR = timedelta(hours=1)
# The number of a caller's latest tickets that are compared with a code.
MAX_TICKETS_TRIED = 50
CALL, WITHHELD = "call", "withheld"


@dataclass(frozen=True, slots=True)
class KnownTicket:
    """The state that a caller who knows the code may hear. `due_at` None: no deadline; `closed_at` None: still open."""

    state: TicketState
    due_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnknownTicket:
    """There is no such ticket, or the code is wrong."""


@dataclass(frozen=True, slots=True)
class LookupLocked:
    """While the wrong codes of the last hour reach a limit, no code of this call, number or ticket is checked."""


def look_up_number(
    work: UnitOfWork, call_id: int, digits: str, code: str
) -> KnownTicket | UnknownTicket | LookupLocked:
    """Returns the state of the ticket whose number has these digits, if `code` is its code."""
    number = _caller_of(work, call_id)
    ticket = work.session.scalar(select(Ticket).where(Ticket.number == f"{PREFIX}{digits}"))
    keys = _caller_keys(call_id, number)
    # The caller's own ticket is not locked from their number: otherwise strangers could lock its caller out.
    if (
        ticket is None
        or number is None
        or parse_number(ticket.caller_number or "", work.policies.number) != number
    ):
        keys.append(f"ticket:{digits}")
    return _answer(work, keys, [] if ticket is None else [ticket], code)


def look_up_caller(work: UnitOfWork, call_id: int, code: str) -> KnownTicket | UnknownTicket | LookupLocked:
    """Returns the state of the caller's own ticket that has `code`. The number is the one the carrier reports."""
    number = _caller_of(work, call_id)
    if number is None:
        return UnknownTicket()
    theirs = (
        select(Ticket)
        .where(Ticket.caller_number == number, Ticket.number.is_not(None))
        .order_by(Ticket.received_at.desc())
        .limit(MAX_TICKETS_TRIED)
    )
    return _answer(work, _caller_keys(call_id, number), list(work.session.scalars(theirs)), code)


def _caller_of(work: UnitOfWork, call_id: int) -> str | None:
    """Returns the caller's number, and records that this call asked for the state of a ticket."""
    work.session.execute(update(Call).where(Call.id == call_id).values(status_asked=True))
    return get_call(work, call_id).number


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


def _answer(
    work: UnitOfWork, keys: list[str], tickets: list[Ticket], code: str
) -> KnownTicket | UnknownTicket | LookupLocked:
    """Returns the state of the latest round of the first ticket with this code, or counts the try."""
    # Concurrent tries with the same keys take turns, so that no more than the limit are compared.
    acquire_advisory_locks(work.connection, keys)
    if _is_locked(work, keys):
        return LookupLocked()
    for ticket in tickets:
        if ticket.access_code is not None and secrets.compare_digest(ticket.access_code, code):
            latest = _latest_round(work, ticket)
            return KnownTicket(latest.state, latest.due_at, latest.closed_at)
    work.session.add_all([CodeTry(key=key, at=work.at) for key in keys])
    work.session.flush()
    return UnknownTicket()


def _latest_round(work: UnitOfWork, ticket: Ticket) -> Ticket:
    """Returns the last redo round of a ticket. A caller knows only the number of the first one."""
    while True:
        after = work.session.scalar(select(Ticket).where(Ticket.redo_of == ticket.id))
        if after is None:
            return ticket
        ticket = after
