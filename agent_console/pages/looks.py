"""`/console/looks`: the log of looks, for the administrator with the duty of audit and for supervisors.

With the number of a ticket it answers the question of a citizen: who has seen this ticket?
"""

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.filters import PAGE_ROWS, Filters
from agent_console.web.labels import LABELS, N_, label, translated
from agent_console.web.locale import moment
from agent_console.web.template_context import watermark
from hotline.rules.enums import LookKind, LookReason
from hotline.rules.people.actors import Right
from hotline.rules.tickets.cells import safe_cell
from hotline.store.cursors import BadCursor, Page
from hotline.store.people.looks import LookFilter, LookLine, list_looks
from hotline.store.tickets.lists import address_of, find_ticket_for
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import ReadSession

# Rows of one file.
MOST_ROWS = 10_000
COLUMNS = (
    N_("时间"),
    N_("查看人"),
    N_("用户名"),
    N_("工号"),
    N_("角色"),
    N_("查看内容"),
    N_("原因"),
    N_("工单号"),
)


@needs(Right.READ_LOOKS)
def index() -> ResponseReturnValue:
    filters = Filters()
    page: Page[LookLine] = Page((), None)
    with application().read_session() as session:
        wanted, ticket = _wanted(filters, session)
        try:
            if not filters.rejected:
                page = list_looks(session, wanted, limit=PAGE_ROWS, cursor=filters.cursor)
        except BadCursor:
            filters.rejected.append("cursor")
    html = render_template("pages/looks.html", filters=filters, page=page, ticket=ticket, kinds=LookKind)
    return html, 422 if filters.rejected else 200


@needs(Right.READ_LOOKS)
def file() -> ResponseReturnValue:
    """Sends the looks of the filter as CSV; its last line names who took it out and when."""
    filters = Filters()
    with application().read_session() as session:
        wanted, ticket = _wanted(filters, session)
        if filters.rejected:
            return ", ".join(filters.rejected), 422
        lines = list_looks(session, wanted, limit=MOST_ROWS).rows
    name = f"looks-{address_of(ticket)}.csv" if ticket else "looks.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(_csv(lines), headers=headers, mimetype="text/csv")


def _csv(lines: Iterable[LookLine]) -> str:
    target = io.StringIO(newline="")
    # Spreadsheets misread Chinese in a CSV file without a byte-order mark.
    target.write("\ufeff")
    out = csv.writer(target)
    out.writerow([_(column) for column in COLUMNS])
    for line in lines:
        who = line.person
        cells = (
            moment(line.look.at),
            who.display_name if who else "",
            who.name if who else "",
            (who.work_number or "") if who else "",
            label(who.role) if who else "",
            look_label(line.look.field),
            look_reason_label(line.look.reason),
            address_of(line.ticket) if line.ticket else "",
        )
        out.writerow([safe_cell(cell) for cell in cells])
    out.writerow([_("导出：%(mark)s", mark=watermark())])
    return target.getvalue()


def _wanted(filters: Filters, session: ReadSession) -> tuple[LookFilter, Ticket | None]:
    number, ticket = filters.text("ticket"), None
    if number:
        ticket = find_ticket_for(session, current_person(), number)
        if ticket is None:
            filters.rejected.append("ticket")
    first, last = filters.day("from"), filters.day("to")
    return (
        LookFilter(
            ticket_id=ticket.id if ticket else None,
            person=filters.text("person"),
            kind=filters.choice(LookKind, "kind"),
            since=None if first is None else _midnight(first),
            until=None if last is None else _midnight(last + timedelta(days=1)),
        ),
        ticket,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), application().policies.zone)


def look_label(field: str) -> str:
    """Returns the label of what was seen; a value of an older version as it is."""
    return translated(LABELS[LookKind], field)


def look_reason_label(reason: str) -> str:
    """Returns the label of a reason; what an older version stored as it is."""
    return translated(LABELS[LookReason], reason)


def pages() -> Blueprint:
    blueprint = Blueprint("looks", __name__, url_prefix="/console/looks")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("/file.csv", "file", file)
    blueprint.add_app_template_global(look_label, "look_label")
    blueprint.add_app_template_global(look_reason_label, "look_reason_label")
    return blueprint
