"""Handing out ticket numbers: one daily sequence, no gaps inside a committed day, no two alike; each with its code."""

from sqlalchemy import update

from hotline.rules.tickets.transitions import ticket_number
from hotline.services.tickets.status import new_code
from hotline.store.tickets.tables import Counter
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork

PREFIX = "QF"


def take(work: UnitOfWork) -> str:
    """Return the next number of the Work's local day. Raises ValueError after 99,999 in one day."""
    day = f"{work.today:%Y%m%d}"
    return ticket_number(PREFIX, day, reserve(work, f"ticket:{day}", 1))


def named(work: UnitOfWork) -> dict[str, object]:
    """Return the columns of a ticket that gets its number now, and the code its caller is told with it."""
    return {"number": take(work), "access_code": new_code()}


def reserve(work: UnitOfWork, series: str, amount: int) -> int:
    """Take the next `amount` numbers of a series; returns the first of them."""
    step = (
        update(Counter)
        .where(Counter.name == series)
        .values(value=Counter.value + amount)
        .returning(Counter.value)
    )
    value = work.session.scalar(step)
    if value is None:
        insert_if_absent(work.session, Counter, Counter.name, {"name": series, "value": 0})
        value = work.session.scalar(step)
    return int(value or 0) - amount + 1
