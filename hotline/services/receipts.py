"""Webhooks already answered are remembered for as long as a carrier might repeat them, then forgotten."""

from datetime import timedelta

from sqlalchemy import delete

from hotline.store.calls import Receipt
from hotline.work import Work

KEPT = timedelta(days=2)
"""A call lasts a day at most, and a carrier repeats within seconds."""


def forget_old(work: Work) -> int:
    """Delete receipts older than `KEPT`; returns how many."""
    result = work.session.execute(delete(Receipt).where(Receipt.at < work.at - KEPT))
    return int(getattr(result, "rowcount", 0))
