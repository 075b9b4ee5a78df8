"""Reports of one day or of a range of days, with the base of each rate and the lines that must agree."""

from typing import Any

from pydantic import Field

from agent_console.api.dispatch import ApiRequest, ApiResponse, Route
from agent_console.api.requests import ApiInput, Nothing, PlainText
from agent_console.reports.document import ReportOut, document_of
from agent_console.web.console_context import options
from hotline.rules.errors import InvalidFields
from hotline.rules.figures.report import Period, parse_day, parse_period
from hotline.rules.people.actors import Right
from hotline.services.figures.reports import build_report


class DayQuery(ApiInput):
    """`date` is a local day, YYYY-MM-DD; absent: today so far."""

    date: PlainText | None = None


class RangeQuery(ApiInput):
    """Local days, YYYY-MM-DD, both included."""

    first: PlainText = Field("", alias="from")
    last: PlainText = Field("", alias="to")


def get_daily_report(request: ApiRequest[DayQuery, Nothing]) -> ApiResponse:
    if request.query.date is None:
        today = request.application.clock().astimezone(request.application.policies.zone).date()
        return _report(request, Period(today, today))
    day = parse_day(request.query.date)
    if isinstance(day, str):
        raise InvalidFields({"date": day})
    return _report(request, Period(day, day))


def get_report(request: ApiRequest[RangeQuery, Nothing]) -> ApiResponse:
    return _report(request, parse_period(request.query.first, request.query.last))


def _report(request: ApiRequest[Any, Nothing], period: Period) -> ApiResponse:
    application = request.application
    with application.read_session() as session:
        report = build_report(
            session,
            period,
            at=application.clock(),
            policies=application.policies,
            claims=options().city.data.claims,
        )
    return ApiResponse(document_of(report))


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
        problems=(422,),
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
        problems=(422,),
    ),
)
