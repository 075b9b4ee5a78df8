"""`/console/tickets`: every ticket this person may read, filtered; and one ticket as a slip with its next step."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from agent_console.tickets import due_labels, sheet_labels
from agent_console.tickets.actions import look_at_number, take_step
from agent_console.tickets.messages import messages_waiting
from agent_console.tickets.recordings import Heard, heard_by
from agent_console.tickets.sheet import Refused, read_slip
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.filters import PAGE_ROWS, Filters
from agent_console.web.template_context import unit_name
from hotline.rules.enums import Channel, RequestType, TicketState
from hotline.rules.people.actors import Person, Right
from hotline.rules.people.privacy import is_number_withheld
from hotline.rules.tickets.inbox import is_overdue
from hotline.store.cursors import BadCursor, Page
from hotline.store.people.tables import list_units
from hotline.store.tickets.lists import MAX_COUNT, TicketFilter, TicketListRow, count_tickets, list_tickets
from hotline.store.tickets.tables import Ticket

READ = (Right.READ_ALL_TICKETS, Right.READ_UNIT_TICKETS)


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are; `more` when there are more than anybody counts."""

    number: int
    more: bool


@needs(*READ)
def index() -> ResponseReturnValue:
    asked, person, at = Filters(), current_person(), application().clock()
    wanted = _wanted(asked)
    page: Page[TicketListRow] = Page((), None)
    total, waiting = Total(0, more=False), 0
    heard: dict[int, tuple[Heard, ...]] = {}
    with application().read_session() as session:
        units = [(unit.code, unit_name(unit)) for unit in list_units(session)]
        try:
            if not asked.wrong:
                waiting = messages_waiting(session, person, at)
                page = list_tickets(session, person, wanted, at, limit=PAGE_ROWS, cursor=asked.cursor)
                heard = _messages(session, person, page) if wanted.messages else {}
                total = _total(count_tickets(session, person, wanted, at))
        except BadCursor:
            asked.wrong.append("cursor")
    html = render_template(
        "tickets/index.html",
        asked=asked,
        wanted=wanted,
        page=page,
        total=total,
        waiting_messages=waiting,
        heard=heard,
        may_listen=person.may(Right.WRITE_TICKETS),
        units=units if person.may(Right.READ_ALL_TICKETS) else [],
        states=TicketState,
        types=RequestType,
        channels=Channel,
    )
    return html, 422 if asked.wrong else 200


def _total(counted: int) -> Total:
    return Total(min(counted, MAX_COUNT), more=counted > MAX_COUNT)


def _messages(session: Session, person: Person, page: Page[TicketListRow]) -> dict[int, tuple[Heard, ...]]:
    """Return what can be heard of the calls behind a page of drafts, by call."""
    calls = tuple(line.ticket.call_id for line in page.rows if line.ticket.call_id is not None)
    return heard_by(session, person, calls)


def _wanted(asked: Filters) -> TicketFilter:
    state = asked.word(TicketState, "state")
    kind = asked.word(RequestType, "type")
    channel = asked.word(Channel, "channel")
    return TicketFilter(
        states=(state,) if state else (),
        types=(kind,) if kind else (),
        channels=(channel,) if channel else (),
        unit=asked.text("unit"),
        messages=asked.flag("messages"),
        overdue=True if asked.flag("overdue") else None,
        q=asked.text("q"),
    )


@needs(*READ)
def show(address: str) -> ResponseReturnValue:
    return _slip(address)


@needs(*READ)
def act(address: str, action: str) -> ResponseReturnValue:
    """Take a step; back to the slip when done, the same form with its faults when not."""
    after, refused, status = take_step(address, action)
    if refused is None:
        return redirect(url_for("tickets.show", address=after), 303)
    return _slip(address, refused=refused), status


@needs(*READ)
def show_number(address: str) -> ResponseReturnValue:
    """Show the full number once; the look is recorded, and reading the page again masks it."""
    number, refused = look_at_number(address)
    return _slip(address, number=number, refused=refused), 403 if refused else 200


def _slip(address: str, *, number: str | None = None, refused: Refused | None = None) -> str:
    slip = read_slip(address, shown_number=number, refused=refused)
    return render_template("tickets/show.html", slip=slip)


def ticket_overdue(ticket: Ticket) -> bool:
    """Say whether a ticket is overdue at this moment (for templates)."""
    return is_overdue(ticket.state, ticket.due_at, application().clock())


def pages() -> Blueprint:
    blueprint = Blueprint("tickets", __name__, url_prefix="/console/tickets")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("/<address>", "show", show)
    blueprint.add_url_rule("/<address>/number", "show_number", show_number, methods=["POST"])
    blueprint.add_url_rule("/<address>/<action>", "act", act, methods=["POST"])
    for word in (due_labels.due, due_labels.day_name, due_labels.left):
        blueprint.add_app_template_filter(word, word.__name__)
    blueprint.add_app_template_global(ticket_overdue, "ticket_overdue")
    blueprint.add_app_template_global(is_number_withheld, "withheld")
    sheet_labels.teach(blueprint)
    return blueprint
