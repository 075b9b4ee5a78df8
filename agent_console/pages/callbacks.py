"""`/console/callbacks`: callbacks with their reason and every dial attempt; recording and cancelling one by hand."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.filters import PAGE_ROWS, Filters
from agent_console.web.kept_forms import RejectedForm, page_key, read_kept
from agent_console.web.labels import N_, translated
from hotline.rules.enums import CallbackReason, CallbackState, Language
from hotline.rules.errors import BadNumber, LostRace, NotAllowed
from hotline.rules.people.actors import Right
from hotline.rules.people.privacy import may_see_callback_number
from hotline.rules.phone_numbers import format_national
from hotline.services.outbound import callbacks
from hotline.services.people import disclosures
from hotline.services.people.kept_forms import drop_form
from hotline.store.calls.lists import OPEN_CALLBACKS, CallbackFilter, CallbackLine, list_callbacks
from hotline.store.cursors import BadCursor, Page

DISCLOSURE_REASON = "call_back"

# Final status of an attempt, the carrier's or our own -> label.
OUTCOME_LABELS: dict[str, str] = {
    "completed": N_("已接听，未确认是本人"),
    "busy": N_("占线"),
    "no-answer": N_("无人接听"),
    "failed": N_("呼叫失败"),
    "canceled": N_("已取消"),
    "refused": N_("线路拒绝"),
    "dropped": N_("未拨出"),
    "engaged": N_("未拨出：本人正在线上"),
    "lost": N_("结果不明"),
}


@dataclass(frozen=True, slots=True)
class PageState:
    """A number disclosed by this request, or a rejected form with its typed number."""

    callback_id: int | None = None
    number: str = ""
    typed: str = ""
    error: str = ""
    kept: RejectedForm | None = None


@needs(Right.READ_CALLBACKS)
def index() -> ResponseReturnValue:
    kept = read_kept(current_person().id, "callback")
    return _list(PageState() if kept is None else PageState(typed=kept.typed.get("number", ""), kept=kept))


@needs(Right.PROMISE_CALLBACKS)
def promise() -> ResponseReturnValue:
    """Records a callback by hand. A number with an open callback gets no second one."""
    typed = request.form.get("number", "").strip()
    language = request.form.get("language", "")
    spoken = Language(language) if language in set(Language) else Language.ZH_CN
    try:
        with application().unit_of_work(current_person()) as work:
            callbacks.promise_callback(
                work, number=typed, reason=CallbackReason.MANUAL, language=spoken.value
            )
            is_new = bool(work.recorded_events)
            drop_form(work, current_person().id, page_key("callback"))
    except BadNumber:
        error = _("这不是可以回拨的号码。请填手机号，或带区号的固定电话。")
        return _list(PageState(typed=typed, error=error))
    flash(
        _("已登记回拨。") if is_new else _("此号码已有待回拨登记，没有重复登记。"),
        "done" if is_new else "warning",
    )
    return redirect(url_for("callbacks.index"), 303)


@needs(Right.PROMISE_CALLBACKS)
def cancel(callback_id: int) -> ResponseReturnValue:
    try:
        with application().unit_of_work(current_person()) as work:
            callbacks.cancel_callback(work, callback_id)
    except LostRace:
        flash(_("这次回拨已经结束，不能取消。"), "warning")
    else:
        flash(_("已取消回拨。"), "done")
    return redirect(url_for("callbacks.index"), 303)


@needs(Right.PROMISE_CALLBACKS)
def show_number(callback_id: int) -> ResponseReturnValue:
    """Shows the full number once. The disclosure is recorded."""
    try:
        with application().unit_of_work(current_person()) as work:
            number = disclosures.show_number(work, "callback", callback_id, DISCLOSURE_REASON)
    except NotAllowed:
        flash(_("这次回拨已经结束，不再显示完整号码。"), "warning")
        return redirect(url_for("callbacks.index"), 303)
    return _list(PageState(callback_id=callback_id, number=format_national(number)))


def _list(shown: PageState) -> ResponseReturnValue:
    filters, person = Filters(), current_person()
    wanted = _wanted(filters)
    page: Page[CallbackLine] = Page((), None)
    with application().read_session() as session:
        try:
            if not filters.rejected:
                page = list_callbacks(session, wanted, limit=PAGE_ROWS, cursor=filters.cursor)
        except BadCursor:
            filters.rejected.append("cursor")
    html = render_template(
        "pages/callbacks.html",
        filters=filters,
        page=page,
        shown=shown,
        states=CallbackState,
        reasons=CallbackReason,
        languages=Language,
        may_promise=person.may(Right.PROMISE_CALLBACKS),
        may_show={
            line.callback.id for line in page.rows if may_see_callback_number(person, line.callback.state)
        },
    )
    return html, 422 if filters.rejected or shown.error else 200


def _wanted(filters: Filters) -> CallbackFilter:
    """Returns the filter of the address; open callbacks by default."""
    reason = filters.choice(CallbackReason, "reason")
    reasons = (reason,) if reason else ()
    if request.args.get("state") == "all":
        return CallbackFilter(reasons=reasons)
    state = filters.choice(CallbackState, "state")
    return CallbackFilter(states=(state,) if state else OPEN_CALLBACKS, reasons=reasons)


def outcome_label(outcome: str | None) -> str:
    """Returns the label of a final status; a status without a label as it is."""
    return "" if outcome is None else translated(OUTCOME_LABELS, outcome)


def pages() -> Blueprint:
    blueprint = Blueprint("callbacks", __name__, url_prefix="/console/callbacks")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("", "promise", promise, methods=["POST"])
    blueprint.add_url_rule("/<int(max=2147483647):callback_id>/cancel", "cancel", cancel, methods=["POST"])
    blueprint.add_url_rule(
        "/<int(max=2147483647):callback_id>/number", "show_number", show_number, methods=["POST"]
    )
    blueprint.add_app_template_global(outcome_label, "outcome_label")
    return blueprint
