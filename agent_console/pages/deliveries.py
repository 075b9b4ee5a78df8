"""`/console/deliveries`: what follows from an event and could not be delivered, its repetition or its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.domain_errors import field_codes
from agent_console.web.filters import PAGE_ROWS, Filters
from agent_console.web.kept_forms import RejectedForm, page_key, read_kept
from agent_console.web.labels import N_, problem_label, translated
from hotline.rules.enums import DeliveryState
from hotline.rules.errors import DomainError, InvalidFields, LostRace, MissingFields, NotAllowed
from hotline.rules.people.actors import Right
from hotline.services import deliveries
from hotline.services.people.kept_forms import drop_form
from hotline.store.cursors import MAX_ID, BadCursor, Page
from hotline.store.deliveries import DeliveryLine, discard_reasons, lane_figures, list_deliveries

REACTION_LABELS: dict[str, str] = {
    "ring_operator": N_("呼叫坐席"),
    "release_operator": N_("停止振铃"),
    "connect_caller": N_("接通来电人"),
    "release_operator_of_call": N_("结束坐席通话"),
    "hang_up_call": N_("挂断来电"),
    "take_back_caller": N_("来电人回到队列"),
    "check_call": N_("核对通话状态"),
    "place_dial": N_("拨打电话"),
    "check_dial": N_("核对外呼状态"),
    "ask_outside": N_("查询外部系统"),
    "keep_sound": N_("取回录音"),
    "deliver_to_inbox": N_("送达单位收件箱"),
    "notify_unit": N_("通知单位自有系统"),
}


LANE_LABELS: dict[str, str] = {"calls": N_("通话"), "notifications": N_("通知与送达")}
# Filters that stand for no single state.
ALL, FAILING = "all", "failing"
KEPT = "deliveries"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rows that are ticked and the reason that is typed, with the words for what is wrong."""

    ids: frozenset[int] = frozenset()
    reason: str = ""
    error: str = ""
    kept: RejectedForm | None = None


@needs(Right.MANAGE_DELIVERIES)
def index() -> ResponseReturnValue:
    kept = read_kept(current_person().id, KEPT)
    return _list(Chosen() if kept is None else Chosen(reason=kept.typed.get("reason", ""), kept=kept))


def _list(chosen: Chosen) -> ResponseReturnValue:
    filters, at = Filters(), application().clock()
    page: Page[DeliveryLine] = Page((), None)
    reasons: Mapping[int, str] = {}
    states, failing = _states(filters)
    with application().read_session() as session:
        lanes = lane_figures(session, deliveries.LANES)
        try:
            if not filters.rejected:
                page = list_deliveries(
                    session, states, failing=failing, limit=PAGE_ROWS, cursor=filters.cursor
                )
                reasons = discard_reasons(session, _discarded(page))
        except BadCursor:
            filters.rejected.append("cursor")
    html = render_template(
        "pages/deliveries.html",
        filters=filters,
        page=page,
        states=DeliveryState,
        repeatable=deliveries.REPEATABLE_LANE,
        lanes=[(lane, lane.oldest_seconds(at)) for lane in lanes],
        reasons=reasons,
        chosen=chosen,
    )
    return html, 422 if filters.rejected or chosen.error else 200


def _discarded(page: Page[DeliveryLine]) -> list[int]:
    return [line.delivery.id for line in page.rows if line.delivery.state is DeliveryState.DISCARDED]


def _states(filters: Filters) -> tuple[tuple[DeliveryState, ...], bool]:
    """Returns the states of the address, and whether those that fail are wanted; dead deliveries by default."""
    wanted = filters.text("state")
    if wanted in {ALL, FAILING}:
        return (), wanted == FAILING
    return (filters.choice(DeliveryState, "state") or DeliveryState.DEAD,), False


@needs(Right.MANAGE_DELIVERIES)
def retry(delivery_id: int) -> ResponseReturnValue:
    try:
        with application().unit_of_work(current_person()) as work:
            deliveries.retry(work, delivery_id)
    except NotAllowed:
        flash(_("通话的步骤已过时效，不能重试。"), "warning")
    except LostRace:
        flash(_("这条投递已不是失败状态，无需重试。"), "warning")
    else:
        flash(_("已安排重新投递。"), "done")
    return redirect(_here(), 303)


@needs(Right.MANAGE_DELIVERIES)
def act() -> ResponseReturnValue:
    """Repeats or discards the ticked rows. Those whose state has changed meanwhile are left, and the page says how many."""
    ids, reason = _ticked(), request.form.get("reason", "")
    if not ids:
        return _list(Chosen(reason=reason, error=_("请先勾选要处理的投递。")))
    is_discard = request.form.get("step") == "discard"
    try:
        with application().unit_of_work(current_person()) as work:
            if is_discard:
                done = deliveries.discard_many(work, ids, reason)
            else:
                done = deliveries.retry_many(work, ids)
            drop_form(work, current_person().id, page_key(KEPT))
    except (MissingFields, InvalidFields) as error:
        return _list(Chosen(ids, reason, _reason_problem(error)))
    words = _("已放弃 %(n)s 条。", n=done) if is_discard else _("已安排重新投递 %(n)s 条。", n=done)
    left = len(ids) - done
    if left:
        words += _("另有 %(n)s 条状态已变化或不能这样处理，没有改动。", n=left)
    flash(words, "warning" if left else "done")
    return redirect(_here(), 303)


def _here() -> str:
    """Returns the address of the list with the filters of this request."""
    filters: dict[str, Any] = Filters().address()
    return url_for("deliveries.index", **filters)


def _reason_problem(error: DomainError) -> str:
    code = field_codes(error).get("reason", "missing")
    return str(_("请填写放弃的原因。")) if code == "missing" else problem_label(code)


def _ticked() -> frozenset[int]:
    given = (raw for raw in request.form.getlist("id") if raw.isascii() and raw.isdigit() and len(raw) <= 10)
    return frozenset(number for number in map(int, given) if 0 < number <= MAX_ID)


def reaction_label(name: str) -> str:
    """Returns the label of a reaction; a reaction without a label by its name."""
    return translated(REACTION_LABELS, name)


def lane_label(name: str) -> str:
    """Returns the label of a lane; a lane without a label by its name."""
    return translated(LANE_LABELS, name)


def pages() -> Blueprint:
    blueprint = Blueprint("deliveries", __name__, url_prefix="/console/deliveries")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("/chosen", "act", act, methods=["POST"])
    blueprint.add_url_rule("/<int(max=2147483647):delivery_id>/retry", "retry", retry, methods=["POST"])
    blueprint.add_app_template_global(reaction_label, "reaction_label")
    blueprint.add_app_template_global(lane_label, "lane_label")
    return blueprint
