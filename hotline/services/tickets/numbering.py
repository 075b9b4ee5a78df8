"""Ticket numbers: one sequence a day without gaps between committed tickets, and an access code for each number."""

import secrets

from sqlalchemy import bindparam, update

from hotline.rules.tickets.ticket_numbers import NumberSeries, ticket_number
from hotline.store.tickets.tables import Counter
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork

PREFIX = "QF"
CODE_DIGITS = 6
_RESERVE = (
    update(Counter)
    .where(Counter.name == bindparam("series"))
    .values(value=Counter.value + bindparam("amount"))
    .returning(Counter.value)
)


def series_of_today(work: UnitOfWork) -> NumberSeries:
    """Returns the ticket numbers of the unit of work's local day."""
    day = f"{work.today:%Y%m%d}"
    return NumberSeries(f"ticket:{day}", PREFIX, day)


def take(work: UnitOfWork) -> str:
    """Returns the next number of the unit of work's local day. Raises ValueError after 999,999 in one day."""
    series = series_of_today(work)
    return ticket_number(series.prefix, series.day, reserve(work, series.counter, 1))


def new_code() -> str:
    """Returns a random access code of six digits; the operator gives it to the caller with the ticket number."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def number_columns(work: UnitOfWork) -> dict[str, object]:
    """Returns the columns of a ticket that gets its number and its access code now."""
    return {"number": take(work), "access_code": new_code()}


def reserve(work: UnitOfWork, series: str, amount: int) -> int:
    """Takes the next `amount` numbers of a series and returns the first of them."""
    # The update holds the counter's row until the commit, so that a rolled back ticket gives its number back.
    taken = {"series": series, "amount": amount}
    value = work.connection.execute(_RESERVE, taken).scalar()
    if value is None:
        insert_if_absent(work.connection, Counter, Counter.name, {"name": series, "value": 0})
        value = work.connection.execute(_RESERVE, taken).scalar_one()
    return int(value) - amount + 1
