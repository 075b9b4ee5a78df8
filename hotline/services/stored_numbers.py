"""Brings numbers that were stored before a rule of `rules.phone_numbers` existed to the form that is stored now."""

from sqlalchemy import select, update

from hotline.rules.phone_numbers import parse_number
from hotline.store.calls.tables import Call
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork


def normalise_numbers(work: UnitOfWork) -> int:
    """Writes E.164 for callers of tickets and calls whose stored text is a number; returns how many rows changed.

    Idempotent. Texts that are no number stay as they are; a call keeps the carrier's text beside the number.
    """
    return _normalise_tickets(work) + _normalise_calls(work)


def _normalise_tickets(work: UnitOfWork) -> int:
    texts = select(Ticket.caller_number).where(Ticket.caller_number.is_not(None)).distinct()
    changed = 0
    for text in work.session.scalars(texts.where(~Ticket.caller_number.startswith("+"))).all():
        number = parse_number(text or "", work.policies.number)
        if number is not None:
            rows = update(Ticket).where(Ticket.caller_number == text).values(caller_number=number)
            changed += work.connection.execute(rows).rowcount
    return changed


def _normalise_calls(work: UnitOfWork) -> int:
    texts = select(Call.number_raw).where(Call.number.is_(None)).distinct()
    changed = 0
    for text in work.session.scalars(texts).all():
        number = parse_number(text, work.policies.number)
        if number is not None:
            rows = update(Call).where(Call.number.is_(None), Call.number_raw == text).values(number=number)
            changed += work.connection.execute(rows).rowcount
    return changed
