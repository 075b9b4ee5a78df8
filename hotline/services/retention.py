"""What is needed only while a call may last is then forgotten: webhooks answered, codes typed in vain, lookups' answers."""

from datetime import timedelta

from sqlalchemy import delete

from hotline.rules.enums import LookupState
from hotline.store.calls.lookups import CodeTry, Lookup
from hotline.store.calls.tables import Receipt
from hotline.unit_of_work import UnitOfWork

RETENTION = timedelta(days=2)
"""A call lasts a day at most, a carrier repeats within seconds, and wrong codes count for an hour."""


def delete_expired(work: UnitOfWork) -> int:
    """Delete what is older than `KEPT`; returns how many rows. A lookup still to be answered stays until it is."""
    long_ago = work.at - RETENTION
    rows = (
        delete(Receipt).where(Receipt.at < long_ago),
        delete(CodeTry).where(CodeTry.at < long_ago),
        delete(Lookup).where(Lookup.asked_at < long_ago, Lookup.state != LookupState.ASKED),
    )
    return sum(int(getattr(work.session.execute(each), "rowcount", 0)) for each in rows)
