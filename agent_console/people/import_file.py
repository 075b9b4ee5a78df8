"""`/console/people/import`: accounts from a CSV or XLSX file, previewed row by row before anything is written."""

import csv
import io
import json
from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.people.history import CHANGED
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application, options
from agent_console.web.domain_errors import entry_of
from agent_console.web.labels import N_, problem_label, translated
from agent_console.web.reauthentication import needs_recent_proof
from hotline.rules.enums import LinkKind
from hotline.rules.errors import DomainError
from hotline.rules.people.account_rows import COLUMNS
from hotline.rules.people.actors import Right
from hotline.rules.tickets.cells import safe_cell
from hotline.services.people import account_import, accounts, passwords
from hotline.services.people.account_import import AccountFileRefused, Cells, ImportPlan, RowKind
from hotline.services.people.kept_forms import KeptReason, drop_form, keep_form
from hotline.store.cursors import MAX_ID
from hotline.store.people.kept_forms import find_kept_form
from hotline.store.people.tables import User

# The rows of a preview are kept for their author under this name, as typed text is.
KEPT = "people-import:"
# Rows of each kind that the page lists.
MOST_LISTED = 1_000
KIND_LABELS: dict[RowKind, str] = {
    RowKind.WRONG: N_("有误"),
    RowKind.NEW: N_("新增"),
    RowKind.CHANGED: N_("更改"),
    RowKind.SAME: N_("不变"),
}
FIELD_LABELS: dict[str, str] = {"name": N_("用户名"), "file": N_("文件"), "skills": N_("技能"), **CHANGED}
FILE_PROBLEMS: dict[str, str] = {
    "empty": N_("文件里没有数据行"),
    "missing": N_("缺少这一列"),
    "twice": N_("出现了不止一次"),
    "too_many_rows": N_("行数太多，请分成每份不超过 2000 行的文件"),
    "old_excel": N_("旧版 Excel 格式（.xls），请另存为 .xlsx 或 .csv"),
    "no_file": N_("请选择文件"),
    "too_large": N_("文件太大"),
}


@needs(Right.MANAGE_PEOPLE)
def index() -> ResponseReturnValue:
    cells = _kept()
    return _page(None if cells is None else _plan(cells))


@needs(Right.MANAGE_PEOPLE)
def preview() -> ResponseReturnValue:
    """Reads the file and shows what its rows would do. Nothing but the preview itself is stored."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return _page(None, {"file": "no_file"})
    try:
        cells = account_import.read_cells(io.BytesIO(upload.read()))
    except AccountFileRefused as refused:
        return _page(None, refused.problems)
    person = current_person()
    with application().unit_of_work(person) as work:
        address, rows = url_for("people_import.index"), {"rows": json.dumps(cells, ensure_ascii=False)}
        kept = keep_form(work, person.id, KEPT, address=address, reason=KeptReason.REFUSED, fields=rows)
    if not kept:
        return _page(None, {"file": "too_large"})
    return redirect(url_for("people_import.index"), 303)


@needs(Right.MANAGE_PEOPLE)
@needs_recent_proof
def confirm() -> ResponseReturnValue:
    """Writes the plan that was previewed; if it is another one by now, the new one is shown and nothing is written."""
    cells, person = _kept(), current_person()
    if cells is None:
        flash(_("预览已不存在，请重新上传。"), "warning")
        return redirect(url_for("people_import.index"), 303)
    try:
        with application().unit_of_work(person) as work:
            new = account_import.carry_out(work, cells, request.form.get("digest", ""), str(_("批量导入")))
            drop_form(work, person.id, KEPT)
    except DomainError as error:
        return _page(_plan(cells), error=_(entry_of(error).words), status=entry_of(error).status)
    return render_template("people/imported.html", new=new)


@needs(Right.MANAGE_PEOPLE)
def drop() -> ResponseReturnValue:
    with application().unit_of_work(current_person()) as work:
        drop_form(work, current_person().id, KEPT)
    return redirect(url_for("people_import.index"), 303)


@needs(Right.MANAGE_PEOPLE)
@needs_recent_proof
def links() -> ResponseReturnValue:
    """Makes links for the named users who have no password yet and sends them as a list. Older links end."""
    given = (raw for raw in request.form.getlist("id") if raw.isascii() and raw.isdigit() and len(raw) <= 10)
    ids = sorted({int(raw) for raw in given if 0 < int(raw) <= MAX_ID})
    target = io.StringIO(newline="")
    target.write("\ufeff")
    out = csv.writer(target)
    out.writerow([_("用户名"), _("姓名"), _("工号"), _("设置密码的链接")])
    with application().unit_of_work(current_person()) as work:
        for user_id in ids:
            user = work.session.get(User, user_id)
            if user is None or accounts.state_of(user, work.at) != "invited":
                continue
            token = passwords.make_link(work, user_id, LinkKind.INVITE)
            address = options().public_url + url_for("account_links.choose", token=token)
            cells = (user.name, user.display_name, user.work_number or "", address)
            out.writerow([safe_cell(cell) for cell in cells])
    headers = {"Content-Disposition": 'attachment; filename="links.csv"', "Cache-Control": "no-store"}
    return Response(target.getvalue(), headers=headers, mimetype="text/csv")


@needs(Right.MANAGE_PEOPLE)
def template() -> ResponseReturnValue:
    """Sends a file with the header alone."""
    headers = {"Content-Disposition": 'attachment; filename="people.csv"'}
    return Response("\ufeff" + ",".join(COLUMNS.values()) + "\r\n", headers=headers, mimetype="text/csv")


def _kept() -> Cells | None:
    with application().read_session() as reading:
        kept = find_kept_form(reading, current_person().id, KEPT)
    cells: Cells | None = None if kept is None else json.loads(kept.fields["rows"])
    return cells


def _plan(cells: Cells) -> ImportPlan:
    with application().read_only_unit(current_person()) as work:
        return account_import.plan_import(work, cells)


def _page(
    plan: ImportPlan | None, problems: Mapping[str, str] | None = None, error: str = "", status: int = 200
) -> ResponseReturnValue:
    html = render_template(
        "people/import.html",
        plan=plan,
        counts={} if plan is None else {kind: len(plan.of(kind)) for kind in KIND_LABELS},
        problems=problems or {},
        error=error,
        columns=COLUMNS,
        kinds=KIND_LABELS,
        most=MOST_LISTED,
    )
    return html, 422 if problems else status


def import_kind_label(kind: RowKind) -> str:
    return translated(KIND_LABELS, kind)


def import_problem(name: str, code: str) -> str:
    """Returns the words for what is wrong with a column or a field."""
    words = translated(FILE_PROBLEMS, code) if code in FILE_PROBLEMS else problem_label(code)
    return f"{translated(FIELD_LABELS, name)}：{words}"


def import_change(name: str, values: tuple[str, str]) -> str:
    return f"{translated(FIELD_LABELS, name)} {values[0] or '–'} → {values[1] or '–'}"


def pages() -> Blueprint:
    blueprint = Blueprint("people_import", __name__, url_prefix="/console/people/import")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("", "preview", preview, methods=["POST"])
    for step in (confirm, drop, links):
        blueprint.add_url_rule(f"/{step.__name__}", step.__name__, step, methods=["POST"])
    blueprint.add_url_rule("/template.csv", "template", template)
    for function in (import_kind_label, import_problem, import_change):
        blueprint.add_app_template_global(function, function.__name__)
    return blueprint
