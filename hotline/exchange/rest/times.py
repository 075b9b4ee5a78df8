"""Date filters of lists: `StartTime=`, `StartTime<=` (in the query `StartTime<`), `StartTime>=` and the same for others.

Source: "Read multiple Call resources": a bare date means midnight UTC, equality means that whole day.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hotline.exchange.rest.errors import invalid


def matches_date_filter(query: Mapping[str, str], name: str, moment: datetime) -> bool:
    """Whether `moment` passes the filters called `name`; raises ApiError 20001 for what is not a date."""
    on, before, after = (query.get(name + mark) for mark in ("", "<", ">"))
    if on and not _moment(name, on) <= moment < _moment(name, on) + timedelta(days=1):
        return False
    if before and moment > _moment(name, before):
        return False
    return not (after and moment < _moment(name, after))


def check_date_filters(query: Mapping[str, str], *names: str) -> None:
    """Refuse (20001) filters called `names` that are not dates, even where there is nothing to filter."""
    for name in names:
        for mark in ("", "<", ">"):
            if query.get(name + mark):
                _moment(name, query[name + mark])


def _moment(name: str, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid(name, "must be a date (YYYY-MM-DD) or an ISO 8601 time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
