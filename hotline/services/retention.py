"""Deletes data that is needed for days only: webhook receipts, wrong access codes, answers of lookups, typed forms."""

from datetime import timedelta

from sqlalchemy import delete

from hotline.rules.enums import LookupState
from hotline.services.people.kept_forms import KEPT
from hotline.store.calls.lookups import CodeTry, Lookup
from hotline.store.calls.tables import Receipt
from hotline.store.people.kept_forms import KeptForm
from hotline.unit_of_work import UnitOfWork

# A call lasts a day at most, a carrier repeats a webhook within seconds, and wrong codes count for an hour.
RETENTION = timedelta(days=2)


def delete_expired(work: UnitOfWork) -> int:
    """Deletes rows older than `RETENTION`, and kept forms older than theirs; returns their number."""
    long_ago = work.at - RETENTION
    rows = (
        delete(KeptForm).where(KeptForm.at < work.at - KEPT),
        delete(Receipt).where(Receipt.at < long_ago),
        delete(CodeTry).where(CodeTry.at < long_ago),
        # A lookup without an answer stays: a reaction still has to finish it.
        delete(Lookup).where(Lookup.asked_at < long_ago, Lookup.state != LookupState.ASKED),
    )
    return sum(int(getattr(work.session.execute(each), "rowcount", 0)) for each in rows)
