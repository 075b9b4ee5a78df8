"""`/console/deliveries`: what follows from an event and could not be delivered, and its repetition."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.filters import PAGE_ROWS, Filters
from agent_console.web.labels import N_, translated
from hotline.rules.enums import DeliveryState
from hotline.rules.errors import LostRace, NotAllowed
from hotline.rules.people.actors import Right
from hotline.services import deliveries
from hotline.store.cursors import BadCursor, Page
from hotline.store.deliveries import DeliveryLine, list_deliveries

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


@needs(Right.MANAGE_DELIVERIES)
def index() -> ResponseReturnValue:
    filters = Filters()
    page: Page[DeliveryLine] = Page((), None)
    states = _states(filters)
    with application().read_session() as session:
        try:
            if not filters.rejected:
                page = list_deliveries(session, states, limit=PAGE_ROWS, cursor=filters.cursor)
        except BadCursor:
            filters.rejected.append("cursor")
    html = render_template(
        "pages/deliveries.html",
        filters=filters,
        page=page,
        states=DeliveryState,
        repeatable=deliveries.REPEATABLE_LANE,
    )
    return html, 422 if filters.rejected else 200


def _states(filters: Filters) -> tuple[DeliveryState, ...]:
    """Returns the states of the address; dead deliveries by default."""
    if request.args.get("state") == "all":
        return ()
    return (filters.choice(DeliveryState, "state") or DeliveryState.DEAD,)


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
    return redirect(url_for("deliveries.index"), 303)


def reaction_label(name: str) -> str:
    """Returns the label of a reaction; a reaction without a label by its name."""
    return translated(REACTION_LABELS, name)


def pages() -> Blueprint:
    blueprint = Blueprint("deliveries", __name__, url_prefix="/console/deliveries")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("/<int(max=2147483647):delivery_id>/retry", "retry", retry, methods=["POST"])
    blueprint.add_app_template_global(reaction_label, "reaction_label")
    return blueprint
