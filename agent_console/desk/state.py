"""The desk as one answer: what the page needs to show the present moment, whether it just loaded or was lost for an hour.

Words and numbers are rendered here, masked, in the person's language; running times are sent as moments. `work` (the
form) is sent only when it is another one than the page already has, so that nothing moves under a caret.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask import render_template
from flask_wtf.csrf import generate_csrf
from sqlalchemy.orm import Session

from agent_console.tickets.messages import messages_waiting
from agent_console.tickets.recordings import heard_by
from agent_console.tickets.sheet import code_for
from agent_console.web.live import as_milliseconds
from hotline.rules.enums import CallState, TicketState
from hotline.rules.policies import Policies
from hotline.rules.tickets.fields import DESK_FIELDS
from hotline.services.people.accounts import SignedIn
from hotline.services.queueing.skills import skills_of
from hotline.store.calls import desks
from hotline.store.calls.outages import list_outages
from hotline.store.people.tables import Unit
from hotline.store.tickets.tables import Ticket

NOTICES = 5
"""More at once would fill the desk; the page of notices shows all."""


class Stage(StrEnum):
    """What the left column shows."""

    IDLE = "idle"
    RINGING = "ringing"
    CONNECTING = "connecting"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


@dataclass(frozen=True, slots=True)
class Viewed:
    """Everything the desk's templates read."""

    who: SignedIn
    at: datetime
    policies: Policies
    desk: desks.DeskSnapshot
    stage: Stage
    figures: desks.QueueFigures
    messages: int
    """Messages that wait for somebody to listen."""
    skills: tuple[str, ...]
    """What this operator can do beyond answering."""

    @property
    def today(self) -> date:
        """The local day."""
        return self.at.astimezone(self.policies.zone).date()


def stage_of(desk: desks.DeskSnapshot) -> Stage:
    """Return what the desk is in the middle of. An ended call stays in wrap-up until its record is complete."""
    if desk.call is None:
        return Stage.IDLE
    if desk.offer is not None:
        return Stage.RINGING
    if desk.call.state is CallState.CONNECTING:
        return Stage.CONNECTING
    if desk.call.state is CallState.TALKING:
        return Stage.TALKING
    return Stage.WRAP_UP if desk.call.finished_at is None else Stage.IDLE


def view_desk(session: Session, who: SignedIn, at: datetime, policies: Policies) -> Viewed:
    """Read the desk of `who` at `at`."""
    desk = desks.read_desk(session, who.person.id)
    today = at.astimezone(policies.zone).date()
    figures = desks.queue_figures(session, today, policies.zone, at, policies.queue.abandon_threshold)
    messages = messages_waiting(session, who.person, at)
    return Viewed(
        who, at, policies, desk, stage_of(desk), figures, messages, skills_of(session, who.person.id)
    )


def state_of(session: Session, viewed: Viewed, shown_work: str) -> dict[str, Any]:
    """Return the whole state as JSON-ready values. `shown_work` is the key of the form the page has already."""
    desk, key = viewed.desk, work_key(viewed)
    ticket = desk.ticket
    return {
        "now": as_milliseconds(viewed.at),
        "csrf": generate_csrf(),
        "stage": viewed.stage.value,
        "presence": desk.presence.state.value if desk.presence else None,
        "offer_id": desk.offer.id if desk.offer else None,
        "call_id": desk.call.id if desk.call else None,
        "ticket_id": ticket.id if ticket else None,
        "revision": ticket.revision if ticket else None,
        "work_key": key,
        "html": {
            "presence": render_template("desk/presence.html", v=viewed),
            "notices": render_notices(session, viewed),
            "queue": render_template("desk/queue.html", v=viewed),
            "card": render_template("desk/card.html", v=viewed),
            "history": render_history(session, viewed),
            **({} if key == shown_work else {"work": render_work(session, viewed)}),
        },
    }


def work_key(viewed: Viewed) -> str:
    """Name the form or list in the middle column; the same key means: leave it alone."""
    ticket = viewed.desk.ticket
    if viewed.stage in {Stage.IDLE, Stage.RINGING} or viewed.desk.call is None:
        return "idle"
    return f"ticket:{ticket.id}:{ticket.state.value}" if ticket else f"call:{viewed.desk.call.id}"


def render_notices(session: Session, viewed: Viewed) -> str:
    """Return what callers are being told now, and who waits for a skill or to be listened to: quiet, but always there."""
    told = list_outages(session, viewed.at, limit=NOTICES).rows
    return render_template("desk/notices.html", v=viewed, notices=tuple(reversed(told)))


def render_history(session: Session, viewed: Viewed) -> str:
    """Return what this caller asked before; empty without a call or a number."""
    call = viewed.desk.call
    if call is None or viewed.stage is Stage.IDLE:
        return ""
    own = viewed.desk.ticket.id if viewed.desk.ticket else None
    return render_template(
        "desk/history.html",
        call=call,
        tickets=desks.earlier_tickets(session, call.number, own),
        calls=desks.earlier_calls(session, call.number, call.id),
    )


def render_work(session: Session, viewed: Viewed) -> str:
    """Return the middle column: the form of the call in hand, what became of it, or what this person wrote today."""
    ticket = viewed.desk.ticket
    if work_key(viewed) == "idle" or ticket is None:
        written, total = desks.tickets_written_by(session, viewed.who.person.id, viewed.today)
        return render_template("desk/idle.html", v=viewed, tickets=written, total=total)
    unit = session.get(Unit, ticket.unit_code) if ticket.unit_code else None
    call, person = viewed.desk.call, viewed.who.person
    if ticket.state is TicketState.DRAFT:
        heard = heard_by(session, person, (call.id,)).get(call.id, ()) if call else ()
        return render_template(
            "desk/form.html", v=viewed, ticket=ticket, call=call, unit=unit, recordings=heard
        )
    code = code_for(person, ticket)
    return render_template("desk/finished.html", v=viewed, ticket=ticket, unit=unit, call=call, code=code)


def form_values(ticket: Ticket) -> dict[str, object]:
    """Returns the fields of a draft as the form holds them: texts, enumeration values and flags."""
    stored = {field.name: getattr(ticket, field.name) for field in DESK_FIELDS}
    return {name: "" if value is None else value for name, value in stored.items()}
