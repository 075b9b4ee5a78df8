"""`/console/calls`: all calls, newest first, with masked callers and each call's ticket or reason for none."""

from datetime import timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.filters import PAGE_ROWS, Filters
from agent_console.web.labels import N_, translated
from agent_console.web.playback import PlayableRecording, playable_recordings
from hotline.rules.enums import CallEnd, CallOutcome, CallPurpose
from hotline.rules.people.actors import Right
from hotline.rules.phone_numbers import parse_number
from hotline.services.people import disclosures
from hotline.store.calls.lists import CallFilter, CallLine, list_calls
from hotline.store.cursors import BadCursor, Page
from hotline.store.people.tables import list_operators

# Labels of the emergency services that every city's callers.toml names. A city may name other destinations.
EMERGENCY_LABELS: dict[str, str] = {
    "police": N_("公安 110"),
    "fire": N_("消防 119"),
    "ambulance": N_("急救 120"),
    "traffic": N_("交警 122"),
}


@needs(Right.READ_CALLS)
def index() -> ResponseReturnValue:
    filters = Filters()
    wanted = _wanted(filters)
    page: Page[CallLine] = Page((), None)
    recordings: dict[int, tuple[PlayableRecording, ...]] = {}
    with application().read_session() as session:
        operators = [user for user, _presence in list_operators(session)]
        try:
            if not filters.rejected:
                page = list_calls(session, wanted, limit=PAGE_ROWS, cursor=filters.cursor)
                recordings = playable_recordings(
                    session, current_person(), tuple(line.call.id for line in page.rows)
                )
        except BadCursor:
            filters.rejected.append("cursor")
    today = application().clock().astimezone(application().policies.zone).date()
    html = render_template(
        "pages/calls.html",
        filters=filters,
        wanted=wanted,
        page=page,
        recordings=recordings,
        operators=operators,
        outcomes=CallOutcome,
        ends=CallEnd,
        purposes=CallPurpose,
        today=today,
        yesterday=today - timedelta(days=1),
        searches_numbers=current_person().may(Right.WRITE_TICKETS),
        links_tickets=current_person().may(Right.READ_ALL_TICKETS),
    )
    return html, 422 if filters.rejected else 200


def _wanted(filters: Filters) -> CallFilter:
    """Returns the filter of the address. A look-up of a number is recorded. Raises Forbidden for who may not look it up."""
    outcome, end = filters.choice(CallOutcome, "outcome"), filters.choice(CallEnd, "end")
    purpose = filters.choice(CallPurpose, "purpose")
    return CallFilter(
        day=filters.day("day"),
        outcomes=(outcome,) if outcome else (),
        ends=(end,) if end else (),
        purposes=(purpose,) if purpose else (),
        operator_id=filters.row_id("operator"),
        number=_number(filters),
    )


def _number(filters: Filters) -> str:
    raw = filters.text("number")
    if not raw:
        return ""
    if not current_person().may(Right.WRITE_TICKETS):
        raise Forbidden
    number = parse_number(raw, application().policies.number)
    if number is None:
        filters.rejected.append("number")
        return ""
    with application().unit_of_work(current_person()) as work:
        disclosures.record_number_search(work)
    return number


def destination_label(name: str) -> str:
    """Returns the label of a transfer destination; one without a label keeps its name of the city's file."""
    return translated(EMERGENCY_LABELS, name)


def pages() -> Blueprint:
    blueprint = Blueprint("calls", __name__, url_prefix="/console/calls")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_app_template_global(destination_label, destination_label.__name__)
    return blueprint
