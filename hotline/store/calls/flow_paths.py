"""Where callers went: the ways written down with each call, read back for a day's picture of a flow."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hotline.rules.enums import CallPurpose
from hotline.store.calls.tables import Call

Version = tuple[CallPurpose, str, str]
"""(purpose, flow, version)."""


def paths_of_day(session: Session, day: date, version: Version, limit: int) -> Iterator[str]:
    """Yield the path (`node>exit`, one a line) of each call that arrived on `day` in this version; `limit` at most."""
    purpose, flow, edition = version
    taken = select(Call.path).where(
        Call.arrived_on == day, Call.purpose == purpose, Call.flow == flow, Call.flow_version == edition
    )
    yield from session.scalars(taken.limit(limit).execution_options(yield_per=1000))


def calls_of_day(session: Session, day: date) -> dict[Version, int]:
    """Return how many calls arrived on `day` in each version of a flow."""
    version = Call.purpose, Call.flow, Call.flow_version
    counted = select(*version, func.count()).where(Call.arrived_on == day).group_by(*version)
    return {(row[0], row[1], row[2]): row[3] for row in session.execute(counted)}
