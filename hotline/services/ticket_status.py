"""The state of a ticket by keypad: for whoever knows its code. Wrong codes are limited, and nothing tells how wrong."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from hotline.rules.words import TicketState
from hotline.services.call_views import get_call
from hotline.store.lookups import CodeTry
from hotline.store.tickets import Ticket
from hotline.work import Work

CODE_DIGITS = 6
PREFIX = "QF"
HOUR = timedelta(hours=1)
LOOKED_AT = 50
"""So many of a caller's latest tickets are tried against a code."""


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


def new_code() -> str:
    """Return a code of six digits for a new ticket; told to its caller beside the number."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def look_up_number(work: Work, call_id: int, digits: str, code: str) -> Known | Unknown | Locked:
    """Return the state of the ticket whose number has these digits, if `code` is its code."""
    keys = [*_caller_keys(work, call_id), f"ticket:{digits}"]
    if _is_locked(work, call_id, keys):
        return Locked()
    ticket = work.session.scalar(select(Ticket).where(Ticket.number == f"{PREFIX}{digits}"))
    return _answer(work, keys, [] if ticket is None else [ticket], code)


def look_up_caller(work: Work, call_id: int, code: str) -> Known | Unknown | Locked:
    """Return the state of the caller's own ticket that has `code`; their number is the carrier's word, not typed."""
    keys = _caller_keys(work, call_id)
    number = get_call(work, call_id).number
    if number is None or _is_locked(work, call_id, keys):
        return Locked() if number is not None else Unknown()
    theirs = (
        select(Ticket)
        .where(Ticket.caller_number == number, Ticket.number.is_not(None))
        .order_by(Ticket.received_at.desc())
        .limit(LOOKED_AT)
    )
    return _answer(work, keys, list(work.session.scalars(theirs)), code)


def _caller_keys(work: Work, call_id: int) -> list[str]:
    number = get_call(work, call_id).number
    return [f"call:{call_id}"] if number is None else [f"call:{call_id}", f"number:{number}"]


def _is_locked(work: Work, call_id: int, keys: list[str]) -> bool:
    limits = work.policies.callers
    since = work.at - HOUR
    tries = select(CodeTry.key, func.count()).where(CodeTry.key.in_(keys), CodeTry.at > since)
    counts = dict(work.session.execute(tries.group_by(CodeTry.key)).all())
    return counts.pop(f"call:{call_id}", 0) >= limits.code_tries_per_call or any(
        count >= limits.code_tries_per_hour for count in counts.values()
    )


def _answer(work: Work, keys: list[str], tickets: list[Ticket], code: str) -> Known | Unknown:
    """Return what the first ticket with this code is at, in its latest round; else count the try."""
    for ticket in tickets:
        if ticket.access_code is not None and secrets.compare_digest(ticket.access_code, code):
            latest = _latest_round(work, ticket)
            return Known(latest.state, latest.due_at, latest.closed_at)
    work.session.add_all([CodeTry(key=key, at=work.at) for key in keys])
    work.session.flush()
    return Unknown()


def _latest_round(work: Work, ticket: Ticket) -> Ticket:
    """Return the last redo of a ticket: who was told one number asks by it, whatever round it is in."""
    while True:
        after = work.session.scalar(select(Ticket).where(Ticket.redo_of == ticket.id))
        if after is None:
            return ticket
        ticket = after
