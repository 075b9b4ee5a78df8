"""Deletes data that is needed only while a call may last: webhook receipts, wrong access codes, answers of lookups."""

from datetime import timedelta

from sqlalchemy import delete

from hotline.rules.enums import LookupState
from hotline.store.calls.lookups import CodeTry, Lookup
from hotline.store.calls.tables import Receipt
from hotline.unit_of_work import UnitOfWork

# A call lasts a day at most, a carrier repeats a webhook within seconds, and wrong codes count for an hour.
RETENTION = timedelta(days=2)


def delete_expired(work: UnitOfWork) -> int:
    """Deletes rows older than `RETENTION`; returns their number."""
    long_ago = work.at - RETENTION
    rows = (
        delete(Receipt).where(Receipt.at < long_ago),
        delete(CodeTry).where(CodeTry.at < long_ago),
        # A lookup without an answer stays: a reaction still has to finish it.
        delete(Lookup).where(Lookup.asked_at < long_ago, Lookup.state != LookupState.ASKED),
    )
    return sum(int(getattr(work.session.execute(each), "rowcount", 0)) for each in rows)
