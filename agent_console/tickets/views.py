"""`/console/tickets`: the filtered list of tickets a person may read, and the sheet of one ticket."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from agent_console.tickets import export
from agent_console.tickets.actions import reveal_number, take_step
from agent_console.tickets.due_labels import left, policy_title, stage_label
from agent_console.tickets.sealed import begin_look, open_sealed, sealed_page
from agent_console.tickets.ticket_sheet import add_template_globals, read_ticket_sheet
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.filters import PAGE_ROWS, Filters
from agent_console.web.kept_forms import RejectedForm
from agent_console.web.labels import N_
from agent_console.web.playback import PlayableRecording, messages_waiting, playable_recordings
from agent_console.web.unit_choices import unit_choices
from hotline.rules.enums import Channel, RequestType, TicketState
from hotline.rules.people.actors import Person, Right
from hotline.rules.people.privacy import is_number_withheld
from hotline.rules.tickets.inbox import is_overdue, nearest_clock
from hotline.store.cursors import BadCursor, Page
from hotline.store.people.units import list_units
from hotline.store.tickets.lists import (
    TicketFilter,
    TicketListRow,
    TicketOrder,
    count_tickets,
    list_tickets,
    most_counted,
)
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import ReadSession

READ = (Right.READ_ALL_TICKETS, Right.READ_UNIT_TICKETS)


ORDER_LABELS: dict[TicketOrder, str] = {
    TicketOrder.NEWEST: N_("最新受理在前"),
    TicketOrder.OLDEST: N_("最早受理在前"),
    TicketOrder.DUE: N_("最早到期在前"),
}


@dataclass(frozen=True, slots=True)
class Total:
    """The number of tickets found. `more`: the count stopped at this number."""

    number: int
    more: bool


@needs(*READ)
def index() -> ResponseReturnValue:
    filters, person, at = Filters(), current_person(), application().clock()
    wanted = _wanted(filters, person)
    page: Page[TicketListRow] = Page((), None)
    total, waiting = Total(0, more=False), 0
    recordings: dict[int, tuple[PlayableRecording, ...]] = {}
    with application().read_session() as session:
        units = unit_choices(list_units(session))
        try:
            if not filters.rejected:
                waiting = messages_waiting(session, person, at)
                page = list_tickets(session, person, wanted, at, limit=PAGE_ROWS, cursor=filters.cursor)
                recordings = _messages(session, person, page) if wanted.messages else {}
                total = _total(count_tickets(session, person, wanted, at), most_counted(wanted))
        except BadCursor:
            filters.rejected.append("cursor")
    html = render_template(
        "tickets/index.html",
        filters=filters,
        wanted=wanted,
        page=page,
        total=total,
        waiting_messages=waiting,
        recordings=recordings,
        may_write=person.may(Right.WRITE_TICKETS),
        may_export=person.may(Right.EXPORT_TICKETS),
        units=units if person.may(Right.READ_ALL_TICKETS) else [],
        states=TicketState,
        types=RequestType,
        channels=Channel,
        orders=ORDER_LABELS,
    )
    return html, 422 if filters.rejected else 200


def _total(counted: int, most: int) -> Total:
    return Total(min(counted, most), more=counted > most)


def _messages(
    session: ReadSession, person: Person, page: Page[TicketListRow]
) -> dict[int, tuple[PlayableRecording, ...]]:
    """Returns the playable recordings of a page of drafts, by call id."""
    calls = tuple(line.ticket.call_id for line in page.rows if line.ticket.call_id is not None)
    return playable_recordings(session, person, calls)


def _wanted(filters: Filters, person: Person) -> TicketFilter:
    state = filters.choice(TicketState, "state")
    kind = filters.choice(RequestType, "type")
    channel = filters.choice(Channel, "channel")
    return TicketFilter(
        states=(state,) if state else (),
        types=(kind,) if kind else (),
        channels=(channel,) if channel else (),
        unit=filters.text("unit"),
        messages=filters.flag("messages"),
        unowned=filters.flag("unowned"),
        overdue=True if filters.flag("overdue") else None,
        q=filters.text("q"),
        first=filters.day("from"),
        last=filters.day("to"),
        author_id=person.id if filters.flag("mine") else None,
        line=application().policies.number,
        order=filters.choice(TicketOrder, "sort") or TicketOrder.NEWEST,
    )


@needs(*READ)
def show(address: str) -> ResponseReturnValue:
    return _sheet(address)


@needs(*READ)
def act(address: str, action: str) -> ResponseReturnValue:
    """Performs an action and redirects to the sheet, or shows the rejected form again with its errors."""
    after, rejected, status = take_step(address, action)
    if rejected is None:
        return redirect(url_for("tickets.show", address=after), 303)
    return _sheet(address, rejected=rejected), status


@needs(*READ)
def show_number(address: str) -> ResponseReturnValue:
    """Shows the full number once. The disclosure is recorded; the next page load masks the number again."""
    number, rejected = reveal_number(address)
    return _sheet(address, number=number, rejected=rejected), 403 if rejected else 200


def _sheet(address: str, *, number: str | None = None, rejected: RejectedForm | None = None) -> str:
    sealed = begin_look(address)
    if sealed is not None:
        return sealed_page(sealed)
    sheet = read_ticket_sheet(address, shown_number=number, rejected=rejected)
    return render_template("tickets/show.html", sheet=sheet)


def ticket_overdue(ticket: Ticket) -> bool:
    """Returns True if a ticket is overdue now."""
    return is_overdue(ticket, application().clock())


def pages() -> Blueprint:
    blueprint = Blueprint("tickets", __name__, url_prefix="/console/tickets")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("/export", "export", export.form)
    blueprint.add_url_rule("/export", "take_out", export.take_out, methods=["POST"])
    blueprint.add_url_rule("/<address>", "show", show)
    blueprint.add_url_rule("/<address>/look", "open_sealed", open_sealed, methods=["POST"])
    blueprint.add_url_rule("/<address>/number", "show_number", show_number, methods=["POST"])
    blueprint.add_url_rule("/<address>/<action>", "act", act, methods=["POST"])
    blueprint.add_app_template_filter(left, "left")
    blueprint.add_app_template_global(ticket_overdue, "ticket_overdue")
    blueprint.add_app_template_global(nearest_clock, "nearest_clock")
    blueprint.add_app_template_global(stage_label, "stage_label")
    blueprint.add_app_template_global(policy_title, "policy_title")
    blueprint.add_app_template_global(is_number_withheld, "withheld")
    add_template_globals(blueprint)
    return blueprint
