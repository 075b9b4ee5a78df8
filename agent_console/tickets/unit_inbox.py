"""`/console/unit`: the inbox of a unit's office (马上就办办公室), in sections by due date, with one ticket open.

Everything works by plain links and forms; a script only refreshes the counts.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from agent_console.tickets.actions import reveal_number, take_step
from agent_console.tickets.sealed import begin_look
from agent_console.tickets.ticket_sheet import TicketSheet, read_ticket_sheet
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.filters import Filters
from agent_console.web.kept_forms import RejectedForm
from agent_console.web.labels import N_, translated
from agent_console.web.template_context import unit_name
from hotline.rules.people.actors import Right
from hotline.rules.tickets.inbox import InboxSection
from hotline.store.cursors import BadCursor, Page
from hotline.store.people.tables import Unit
from hotline.store.tickets.lists import (
    MAX_DONE,
    TicketFilter,
    TicketListRow,
    address_of,
    count_sections,
    count_unsigned,
    list_section,
    list_tickets,
)

SECTION_ROWS = 25

SECTION_LABELS: dict[InboxSection, str] = {
    InboxSection.OVERDUE: N_("已超期"),
    InboxSection.DUE_TODAY: N_("今天到期"),
    InboxSection.TO_ACKNOWLEDGE: N_("待签收"),
    InboxSection.IN_HAND: N_("办理中"),
    InboxSection.TO_CLOSE: N_("已答复待办结"),
    InboxSection.DONE: N_("已办结"),
}

# Sections that need attention; the counts of the others stay grey.
SECTION_TONES: dict[InboxSection, str] = {
    InboxSection.OVERDUE: "over",
    InboxSection.DUE_TODAY: "soon",
    InboxSection.TO_ACKNOWLEDGE: "act",
}


@needs(Right.HANDLE_TICKETS)
def index() -> ResponseReturnValue:
    return _inbox(request.args.get("ticket"))


@needs(Right.HANDLE_TICKETS)
def act(address: str, action: str) -> ResponseReturnValue:
    """Performs an action. The ticket stays open at its next step, in the same section."""
    after, rejected, status = take_step(address, action)
    if rejected is None:
        return redirect(url_for("unit.index", ticket=after, section=_requested_section(Filters())), 303)
    return _inbox(address, rejected=rejected, status=status)


@needs(Right.HANDLE_TICKETS)
def show_number(address: str) -> ResponseReturnValue:
    number, rejected = reveal_number(address)
    return _inbox(address, number=number, rejected=rejected, status=403 if rejected else 200)


@needs(Right.HANDLE_TICKETS)
def sections() -> ResponseReturnValue:
    """Renders the sections with their counts alone, for the script that refreshes them.

    `seen` is the number of tickets to acknowledge that the page showed first; more than that are announced as new.
    """
    filters = Filters()
    with application().read_session() as session:
        counts = count_sections(session, current_person(), application().clock(), application().policies.zone)
        unsigned = count_unsigned(session, current_person())
    seen = filters.row_id("seen") or 0
    fresh = max(unsigned - seen, 0) if "seen" in request.args else 0
    return render_template(
        "tickets/inbox_sections.html",
        counts=counts,
        most_done=MAX_DONE,
        unsigned=unsigned,
        section=_requested_section(filters),
        fresh=fresh,
    )


def _inbox(
    address: str | None, *, number: str | None = None, rejected: RejectedForm | None = None, status: int = 200
) -> ResponseReturnValue:
    filters, person, at, zone = (
        Filters(),
        current_person(),
        application().clock(),
        application().policies.zone,
    )
    page: Page[TicketListRow] = Page((), None)
    # A search goes through all sections.
    searched = TicketFilter(q=filters.text("q"), line=application().policies.number)
    with application().read_session() as session:
        counts = count_sections(session, person, at, zone)
        unsigned = count_unsigned(session, person)
        section = _requested_section(filters) or _first(counts)
        try:
            page = (
                list_tickets(session, person, searched, at, limit=SECTION_ROWS, cursor=filters.cursor)
                if searched.q
                else list_section(
                    session, person, section, at, zone, limit=SECTION_ROWS, cursor=filters.cursor
                )
            )
        except BadCursor:
            filters.rejected.append("cursor")
        unit = session.get(Unit, person.unit_code)
    if address is None and page.rows:
        address = address_of(page.rows[0].ticket)
    sealed = begin_look(address) if address else None
    sheet: TicketSheet | None = (
        read_ticket_sheet(address, shown_number=number, rejected=rejected)
        if address and sealed is None
        else None
    )
    html = render_template(
        "tickets/unit_inbox.html",
        filters=filters,
        counts=counts,
        most_done=MAX_DONE,
        unsigned=unsigned,
        section=section,
        page=page,
        searched=searched.q,
        sheet=sheet,
        sealed=sealed,
        fresh=0,
        office=unit_name(unit) if unit else "",
    )
    return html, 422 if filters.rejected and status == 200 else status


def _requested_section(filters: Filters) -> InboxSection | None:
    # `pile` is the parameter's former name. Bookmarks still use it.
    return filters.choice(InboxSection, "section") or filters.choice(InboxSection, "pile")


def _first(counts: dict[InboxSection, int]) -> InboxSection:
    """Returns the section to open with: the most urgent one that is not empty."""
    return next((section for section in InboxSection if counts[section]), InboxSection.TO_ACKNOWLEDGE)


def section_label(section: InboxSection) -> str:
    return translated(SECTION_LABELS, section)


def section_tone(section: InboxSection) -> str:
    """Returns the CSS tone of a section's count; empty for a grey one."""
    return SECTION_TONES.get(section, "")


def pages() -> Blueprint:
    blueprint = Blueprint("unit", __name__, url_prefix="/console/unit")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("/sections", "sections", sections)
    # The former address; pages that are open during an upgrade still refresh from it.
    blueprint.add_url_rule("/piles", "sections", sections)
    blueprint.add_url_rule("/<address>/number", "show_number", show_number, methods=["POST"])
    blueprint.add_url_rule("/<address>/<action>", "act", act, methods=["POST"])
    for function in (section_label, section_tone):
        blueprint.add_app_template_global(function, function.__name__)
    return blueprint
