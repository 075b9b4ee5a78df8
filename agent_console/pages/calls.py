"""`/console/calls`: what happened on the line, newest first; callers masked, every call with its ticket or its reason for none."""

from datetime import timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.tickets.recordings import Heard, heard_by
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.filters import PAGE_ROWS, Filters
from agent_console.web.locale import N_
from hotline.rules.enums import CallEnd, CallPurpose, CallState
from hotline.rules.people.actors import Right
from hotline.store.calls.lists import CallFilter, CallLine, list_calls
from hotline.store.calls.tables import Call
from hotline.store.cursors import BadCursor, Page
from hotline.store.people.tables import list_operators

OUTSIDE: dict[str, str] = {
    "police": N_("公安 110"),
    "fire": N_("消防 119"),
    "ambulance": N_("急救 120"),
    "traffic": N_("交警 122"),
}
"""Names of config/city/example/callers.toml every city has -> what people read."""


@needs(Right.READ_CALLS)
def index() -> ResponseReturnValue:
    asked = Filters()
    wanted = _wanted(asked)
    page: Page[CallLine] = Page((), None)
    heard: dict[int, tuple[Heard, ...]] = {}
    with application().read_session() as session:
        operators = [user for user, _presence in list_operators(session)]
        try:
            if not asked.wrong:
                page = list_calls(session, wanted, limit=PAGE_ROWS, cursor=asked.cursor)
                heard = heard_by(session, current_person(), tuple(line.call.id for line in page.rows))
        except BadCursor:
            asked.wrong.append("cursor")
    today = application().clock().astimezone(application().policies.zone).date()
    html = render_template(
        "calls/index.html",
        asked=asked,
        wanted=wanted,
        page=page,
        heard=heard,
        operators=operators,
        ends=CallEnd,
        purposes=CallPurpose,
        today=today,
        yesterday=today - timedelta(days=1),
        links_tickets=current_person().may(Right.READ_ALL_TICKETS),
    )
    return html, 422 if asked.wrong else 200


def _wanted(asked: Filters) -> CallFilter:
    end = asked.word(CallEnd, "end")
    purpose = asked.word(CallPurpose, "purpose")
    return CallFilter(
        day=asked.day("day"),
        ends=(end,) if end else (),
        purposes=(purpose,) if purpose else (),
        operator_id=asked.row_id("operator"),
    )


def talk_seconds(call: Call) -> float | None:
    """Return how long caller and operator spoke, None if they did not or still do."""
    if call.answered_at is None or call.ended_at is None:
        return None
    return (call.ended_at - call.answered_at).total_seconds()


def call_outcome(call: Call) -> CallEnd | CallState:
    """Return how a call ended, or where it is now."""
    return call.end or call.state


def outside_label(name: str) -> str:
    """Return what people read for somebody outside, known to the city's file as `name`; an unknown name as it is."""
    return str(_(OUTSIDE[name])) if name in OUTSIDE else name


def pages() -> Blueprint:
    blueprint = Blueprint("calls", __name__, url_prefix="/console/calls")
    blueprint.add_url_rule("", "index", index)
    for word in (talk_seconds, call_outcome, outside_label):
        blueprint.add_app_template_global(word, word.__name__)
    return blueprint
