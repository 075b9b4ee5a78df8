"""`/console/unit`: the inbox of a department's 马上就办办公室, in piles by what is due, one ticket open at its next step.

Everything works by plain links and forms; scripts only keep the counts fresh.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.tickets.actions import look_at_number, take_step
from agent_console.tickets.sheet import Refused, Slip, read_slip
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.filters import Filters
from agent_console.web.locale import N_
from agent_console.web.template_context import unit_name
from hotline.rules.people.actors import Right
from hotline.rules.tickets.inbox import InboxSection
from hotline.store.cursors import BadCursor, Page
from hotline.store.people.tables import Unit
from hotline.store.tickets.lists import TicketListRow, address_of, count_sections, list_section

PILE_ROWS = 25

PILE_LABELS: dict[InboxSection, str] = {
    InboxSection.OVERDUE: N_("已超期"),
    InboxSection.DUE_TODAY: N_("今天到期"),
    InboxSection.TO_ACKNOWLEDGE: N_("待签收"),
    InboxSection.IN_HAND: N_("办理中"),
    InboxSection.TO_CLOSE: N_("已答复待办结"),
    InboxSection.DONE: N_("已办结"),
}

PILE_TONES: dict[InboxSection, str] = {
    InboxSection.OVERDUE: "over",
    InboxSection.DUE_TODAY: "soon",
    InboxSection.TO_ACKNOWLEDGE: "act",
}
"""Which piles ask for attention; the others stay grey."""


@needs(Right.HANDLE_TICKETS)
def index() -> ResponseReturnValue:
    return _inbox(request.args.get("ticket"))


@needs(Right.HANDLE_TICKETS)
def act(address: str, action: str) -> ResponseReturnValue:
    """Take a step; the ticket stays open and shows its next one, the pile stays where it was."""
    after, refused, status = take_step(address, action)
    if refused is None:
        return redirect(url_for("unit.index", ticket=after, pile=_pile_asked()), 303)
    return _inbox(address, refused=refused, status=status)


@needs(Right.HANDLE_TICKETS)
def show_number(address: str) -> ResponseReturnValue:
    number, refused = look_at_number(address)
    return _inbox(address, number=number, refused=refused, status=403 if refused else 200)


@needs(Right.HANDLE_TICKETS)
def piles() -> ResponseReturnValue:
    """Return the piles alone, for the page that keeps its counts fresh; `seen` is what it last showed to acknowledge."""
    asked = Filters()
    with application().read_session() as session:
        counts = count_sections(session, current_person(), application().clock(), application().policies.zone)
    seen = asked.row_id("seen") or 0
    fresh = max(counts[InboxSection.TO_ACKNOWLEDGE] - seen, 0) if "seen" in request.args else 0
    return render_template(
        "unit/piles.html", counts=counts, pile=asked.word(InboxSection, "pile"), fresh=fresh
    )


def _inbox(
    address: str | None, *, number: str | None = None, refused: Refused | None = None, status: int = 200
) -> ResponseReturnValue:
    asked, person, at, zone = Filters(), current_person(), application().clock(), application().policies.zone
    page: Page[TicketListRow] = Page((), None)
    with application().read_session() as session:
        counts = count_sections(session, person, at, zone)
        pile = asked.word(InboxSection, "pile") or _first(counts)
        try:
            page = list_section(session, person, pile, at, zone, limit=PILE_ROWS, cursor=asked.cursor)
        except BadCursor:
            asked.wrong.append("cursor")
        unit = session.get(Unit, person.unit_code)
    if address is None and page.rows:
        address = address_of(page.rows[0].ticket)
    slip: Slip | None = read_slip(address, shown_number=number, refused=refused) if address else None
    html = render_template(
        "unit/index.html",
        asked=asked,
        counts=counts,
        pile=pile,
        page=page,
        slip=slip,
        fresh=0,
        office=unit_name(unit) if unit else "",
    )
    return html, 422 if asked.wrong and status == 200 else status


def _pile_asked() -> str | None:
    pile = request.args.get("pile", "")
    return pile if pile in set(InboxSection) else None


def _first(counts: dict[InboxSection, int]) -> InboxSection:
    """Return the pile to open with: the most pressing one that is not empty."""
    return next((pile for pile in InboxSection if counts[pile]), InboxSection.TO_ACKNOWLEDGE)


def pile_label(pile: InboxSection) -> str:
    return str(_(PILE_LABELS[pile]))


def pile_tone(pile: InboxSection) -> str:
    """Return the colour a pile's count has while it is not empty; empty for a quiet pile."""
    return PILE_TONES.get(pile, "")


def pages() -> Blueprint:
    blueprint = Blueprint("unit", __name__, url_prefix="/console/unit")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("/piles", "piles", piles)
    blueprint.add_url_rule("/<address>/number", "show_number", show_number, methods=["POST"])
    blueprint.add_url_rule("/<address>/<action>", "act", act, methods=["POST"])
    for word in (pile_label, pile_tone):
        blueprint.add_app_template_global(word, word.__name__)
    return blueprint
