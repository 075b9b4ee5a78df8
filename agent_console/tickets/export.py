"""`/console/tickets/export`: the tickets of some days as a spreadsheet, for a reason, with the name of who takes it out."""

import tempfile
from datetime import date
from typing import IO

from flask import render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from openpyxl import Workbook

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.domain_errors import entry_of
from agent_console.web.labels import label
from agent_console.web.template_context import watermark
from agent_console.web.typed_days import canonical_day
from hotline.rules.enums import LookReason
from hotline.rules.errors import InvalidFields, ReasonNeeded
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Right
from hotline.services.people import looks
from hotline.services.tickets.export import EXPORT_COLUMNS, exported_rows
from hotline.unit_of_work import UnitOfWork

MOST_DAYS = 366
MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@needs(Right.EXPORT_TICKETS)
def form() -> ResponseReturnValue:
    return _page({})


@needs(Right.EXPORT_TICKETS)
def take_out() -> ResponseReturnValue:
    """Sends the spreadsheet and records the look. 422 with what was typed for wrong days or without a reason."""
    first, last = _day("from"), _day("to")
    errors: dict[str, str] = {}
    if first is None or last is None:
        errors["days"] = str(_("请写成 2026-11-23 这样的日期"))
    elif not 0 <= (last - first).days < MOST_DAYS:
        errors["days"] = str(_("结束日期不早于开始日期，最多 366 天。"))
    try:
        reason = looks.parse_reason(request.form.get("reason", ""))
    except InvalidFields:
        reason = None
    if reason is None:
        errors["reason"] = str(_(entry_of(ReasonNeeded()).words))
    if errors or first is None or last is None or reason is None:
        return _page(errors)
    # The look is recorded before the first row is read: a file that breaks off was seen too.
    with application().unit_of_work(current_person()) as work:
        looks.record_export(work, reason)
    with application().read_only_unit(current_person()) as work:
        book = _workbook(work, Period(first, last), reason)
    return send_file(
        book, MIMETYPE, as_attachment=True, download_name=f"tickets-{first}-{last}.xlsx", max_age=0
    )


def _workbook(work: UnitOfWork, period: Period, reason: LookReason) -> IO[bytes]:
    mark = str(_("导出：%(mark)s", mark=watermark()))
    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(_("工单")))
    sheet.oddFooter.center.text = sheet.evenFooter.center.text = mark.replace("&", "&&")
    sheet.append([mark, label(reason)])
    sheet.append(list(EXPORT_COLUMNS))
    for cells in exported_rows(work, period, received_only=True):
        sheet.append(cells)
    sheet.append([mark])
    target = tempfile.TemporaryFile()  # noqa: SIM115 - closed by Flask with the response
    book.save(target)
    target.seek(0)
    return target


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(canonical_day(request.form.get(name, "")))
    except ValueError:
        return None


def _page(errors: dict[str, str]) -> ResponseReturnValue:
    html = render_template("tickets/export.html", errors=errors)
    return html, 422 if errors else 200
