"""Reports for programs: one day, or any range of days, with every rate's base and every line that must agree."""

from typing import Any

from pydantic import Field

from agent_console.api.dispatch import Asked, Reply, Route
from agent_console.api.requests import Nothing, Text
from agent_console.reports.document import ReportOut, document_of
from agent_console.web.console_context import options
from hotline.rules.errors import InvalidFields
from hotline.rules.figures.report import Period, parse_day, parse_period
from hotline.rules.people.actors import Right
from hotline.services.figures.reports import build_report


class DayQuery(Nothing):
    """`date` is a local day, YYYY-MM-DD; absent: today so far."""

    date: Text | None = None


class RangeQuery(Nothing):
    """Local days, YYYY-MM-DD, both included."""

    first: Text = Field("", alias="from")
    last: Text = Field("", alias="to")


def get_daily_report(asked: Asked[DayQuery, Nothing]) -> Reply:
    if asked.query.date is None:
        today = asked.application.clock().astimezone(asked.application.policies.zone).date()
        return _report(asked, Period(today, today))
    day = parse_day(asked.query.date)
    if isinstance(day, str):
        raise InvalidFields({"date": day})
    return _report(asked, Period(day, day))


def get_report(asked: Asked[RangeQuery, Nothing]) -> Reply:
    return _report(asked, parse_period(asked.query.first, asked.query.last))


def _report(asked: Asked[Any, Nothing], period: Period) -> Reply:
    application = asked.application
    with application.read_session() as session:
        report = build_report(
            session, period, at=application.clock(), policies=application.policies, claims=options().claims
        )
    return Reply(document_of(report))


REPORT_ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/reports/daily",
        get_daily_report,
        "日报 Read one day's report",
        DayQuery,
        Nothing,
        ReportOut,
        rights=(Right.READ_REPORTS,),
        refuses=(422,),
    ),
    Route(
        "GET",
        "/reports",
        get_report,
        "报表 Read the report of a range of days",
        RangeQuery,
        Nothing,
        ReportOut,
        rights=(Right.READ_REPORTS,),
        refuses=(422,),
    ),
)
