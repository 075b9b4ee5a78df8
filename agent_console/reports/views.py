"""`/console/reports`: the report of a day or a range on one printable page, its files, and the rows behind each figure."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from agent_console.reports.files import FORMATS, render
from agent_console.reports.page import (
    Chart,
    Headline,
    call_counts,
    chart_of,
    headlines_of,
    rows_title,
    weekday,
)
from agent_console.reports.tables import Table, tables_of
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application, options
from agent_console.web.filters import PAGE_ROWS, Filters
from agent_console.web.labels import problem_label
from agent_console.web.locale import locale_name
from agent_console.web.template_context import unit_name, watermark
from agent_console.web.typed_days import canonical_day
from hotline.rules.enums import Channel, RequestClass, RequestType
from hotline.rules.errors import InvalidFields
from hotline.rules.figures.report import Period, parse_period
from hotline.rules.figures.statistics import STATISTICS
from hotline.rules.people.actors import Right
from hotline.services.figures.reports import Report, build_report
from hotline.store.calls.tables import Call
from hotline.store.cursors import BadCursor, Page
from hotline.store.figures.cohorts import window_of
from hotline.store.figures.drill_down import (
    DrillDownFilter,
    calls_behind,
    is_call_count,
    is_ticket_count,
    tickets_behind,
)
from hotline.store.people.units import list_units
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import ReadSession

MIMETYPES = {
    "text": "text/plain",
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ENDINGS = {"text": "txt"}


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """The days a page was asked to show, as typed; `problem` says in words what is wrong with them."""

    period: Period
    first: str
    last: str
    problem: str


@needs(Right.READ_REPORTS)
def index() -> ResponseReturnValue:
    query = _query()
    report = _report(query.period)
    tables: dict[str, Table] = {table.name: table for table in tables_of(report, gettext)}
    headlines: list[Headline] = headlines_of(report)
    chart: Chart = chart_of(report)
    html = render_template(
        "reports/index.html",
        query=query,
        report=report,
        period=query.period,
        tables=tables,
        headlines=headlines,
        chart=chart,
        days=_days_around(query.period),
        call_counts=call_counts(),
        unit_statistics=[statistic for statistic in STATISTICS if statistic.by_unit],
        may_list_calls=current_person().may(Right.READ_CALLS),
    )
    return html, 422 if query.problem else 200


@needs(Right.READ_REPORTS)
def file(fmt: str) -> ResponseReturnValue:
    """Sends the report as a file."""
    query = _query()
    if fmt not in FORMATS:
        abort(404)
    if query.problem:
        return query.problem, 422
    mark = gettext("导出：%(mark)s", mark=watermark())
    made = render(_report(query.period), fmt, locale_name(), mark)
    body = made.encode() if isinstance(made, str) else made
    name = f"report-{query.period.first}-{query.period.last}.{ENDINGS.get(fmt, fmt)}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, headers=headers, mimetype=MIMETYPES[fmt])


@needs(Right.READ_REPORTS)
def rows() -> ResponseReturnValue:
    """Lists the rows behind one figure: the tickets or calls of the named counts."""
    query, filters = _query(), Filters()
    names = tuple(name for name in request.args.get("counts", "").split(",") if name)
    narrowed = _narrowed(filters)
    of_calls = is_call_count(names)
    if not (of_calls or is_ticket_count(names)):
        abort(404)
    if not current_person().may(Right.READ_CALLS if of_calls else Right.READ_ALL_TICKETS):
        abort(403)
    if query.problem:
        filters.rejected.append("from, to")
    page: Page[Call] | Page[Ticket] = Page((), None)
    with application().read_session() as session:
        units = {unit.code: unit_name(unit) for unit in list_units(session)}
        try:
            if not filters.rejected:
                page = _behind(session, query.period, names, narrowed, filters.cursor)
        except BadCursor:
            filters.rejected.append("cursor")
    html = render_template(
        "reports/rows.html",
        filters=filters,
        page=page,
        of_calls=of_calls,
        title=rows_title(names, narrowed),
        period=query.period,
        units=units,
    )
    return html, 422 if filters.rejected else 200


def _behind(
    session: ReadSession, period: Period, names: tuple[str, ...], narrowed: DrillDownFilter, cursor: str
) -> Page[Call] | Page[Ticket]:
    window = window_of(period, application().policies.zone, application().clock())
    if is_call_count(names):
        threshold = application().policies.queue.abandon_threshold
        return calls_behind(session, window, names, threshold=threshold, limit=PAGE_ROWS, cursor=cursor)
    return tickets_behind(session, window, names, narrowed, limit=PAGE_ROWS, cursor=cursor)


def _query() -> ReportQuery:
    """Returns the days of the address: `date`, or `from` and `to`; today without either."""
    today = application().clock().astimezone(application().policies.zone).date()
    day, first, last = (canonical_day(request.args.get(name, "")) for name in ("date", "from", "to"))
    first = first or day or today.isoformat()
    last = last or day or (first if "from" in request.args else today.isoformat())
    try:
        return ReportQuery(parse_period(first, last), first, last, "")
    except InvalidFields as refused:
        return ReportQuery(
            Period(today, today), first, last, problem_label(next(iter(refused.errors.values())))
        )


def _report(period: Period) -> Report:
    with application().read_session() as session:
        return build_report(
            session,
            period,
            at=application().clock(),
            policies=application().policies,
            claims=options().city.data.claims,
        )


def _narrowed(filters: Filters) -> DrillDownFilter:
    return DrillDownFilter(
        unit=filters.text("unit") or None,
        request_class=filters.choice(RequestClass, "class"),
        type=filters.choice(RequestType, "type"),
        channel=filters.choice(Channel, "channel"),
    )


def _days_around(period: Period) -> dict[str, date]:
    """Returns the day before the period and the day after it."""
    return {"before": period.first - timedelta(days=1), "after": period.last + timedelta(days=1)}


def pages() -> Blueprint:
    blueprint = Blueprint("reports", __name__, url_prefix="/console/reports")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("/file/<fmt>", "file", file)
    blueprint.add_url_rule("/rows", "rows", rows)

    @blueprint.app_template_global("report_rows_url")
    def report_rows_url(period: Period, counts: tuple[str, ...], **narrowed: str) -> str:
        """Returns the address of the rows behind counts of a period."""
        days = {"from": period.first.isoformat(), "to": period.last.isoformat()}
        return f"{url_for('reports.rows')}?{urlencode({'counts': ','.join(counts), **days, **narrowed})}"

    blueprint.add_app_template_filter(weekday, "weekday")
    return blueprint
