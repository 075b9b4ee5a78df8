"""Leases in the database: one process at a time acts for the whole line, such as the scheduler."""

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from hotline.store.outbox import Lease
from hotline.store.upsert import insert_if_absent, updated_one
from hotline.unit_of_work import UnitOfWork


def acquire(work: UnitOfWork, name: str, holder: str, seconds: int) -> bool:
    """Takes or renews the lease `name` for `holder`; False while another process holds it.

    It ends `seconds` after the last renewal.
    """
    until = work.at + timedelta(seconds=seconds)
    free = or_(Lease.holder == holder, Lease.until < work.at)
    if updated_one(
        work.session, update(Lease).where(Lease.name == name, free).values(holder=holder, until=until)
    ):
        return True
    row = {"name": name, "holder": holder, "until": until}
    return insert_if_absent(work.session, Lease, Lease.name, row) is not None


def holder_of(session: Session, name: str) -> str | None:
    """Returns the process that holds or held the lease last."""
    return session.scalar(select(Lease.holder).where(Lease.name == name))


def current_holder(session: Session, name: str, at: datetime) -> str | None:
    """Returns the process that holds the lease at `at`, or None."""
    return session.scalar(select(Lease.holder).where(Lease.name == name, Lease.until >= at))


def release(work: UnitOfWork, name: str, holder: str) -> None:
    """Ends the lease, so that another process need not wait until it runs out."""
    work.session.execute(
        update(Lease).where(Lease.name == name, Lease.holder == holder).values(until=work.at)
    )
