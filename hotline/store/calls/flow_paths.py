"""Reads the flow exits recorded with each call, for the traffic of a flow diagram."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hotline.rules.enums import CallPurpose
from hotline.store.calls.tables import Call

# (purpose, flow, version).
Version = tuple[CallPurpose, str, str]


def paths_of_day(session: Session, day: date, version: Version, limit: int) -> Iterator[str]:
    """Yields the path (`node>exit`, one a line) of at most `limit` calls that arrived on `day` in this version."""
    purpose, flow, edition = version
    taken = select(Call.path).where(
        Call.arrived_on == day, Call.purpose == purpose, Call.flow == flow, Call.flow_version == edition
    )
    yield from session.scalars(taken.limit(limit).execution_options(yield_per=1000))


def calls_of_day(session: Session, day: date) -> dict[Version, int]:
    """Returns the number of calls that arrived on `day` in each version of a flow."""
    version = Call.purpose, Call.flow, Call.flow_version
    counted = select(*version, func.count()).where(Call.arrived_on == day).group_by(*version)
    return {(row[0], row[1], row[2]): row[3] for row in session.execute(counted)}
