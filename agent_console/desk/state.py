"""The state of an operator's desk as one JSON answer: rendered parts, ids and moments.

A page that has just loaded and a page that was offline for an hour read the same answer. Texts are rendered here,
masked and in the operator's language; running times are sent as moments.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask import Blueprint, render_template
from flask_wtf.csrf import generate_csrf

from agent_console.web.labels import N_, label, translated
from agent_console.web.locale import as_milliseconds
from agent_console.web.playback import messages_waiting, playable_recordings
from agent_console.web.template_context import visible_access_code
from hotline.rules.enums import CallState, NotReadyReason, RequestType, TicketState, Urgency
from hotline.rules.policies import Policies
from hotline.rules.tickets.fields import DESK_FIELDS
from hotline.services.people.sign_ins import SignedIn
from hotline.services.queueing.skills import skills_of
from hotline.services.tickets.actions import SUGGESTED_TYPE
from hotline.store.calls import desks
from hotline.store.calls.outages import list_outages
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Unit
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import ReadSession

# More notices would fill the desk's column; their own page lists all.
MAX_NOTICES = 5

# Only the system sets these reasons; an operator may choose the others.
_SYSTEM_REASONS = {
    NotReadyReason.MISSED_CALL,
    NotReadyReason.DECLINED_CALL,
    NotReadyReason.PHONE_OFF,
    NotReadyReason.LEFT_DESK,
    NotReadyReason.CONNECTION_LOST,
}
CHOOSABLE_REASONS = tuple(reason for reason in NotReadyReason if reason not in _SYSTEM_REASONS)

# Labels of the skills in the shipped config/city/example/callers.toml. A city may add others.
SKILL_LABELS: dict[str, str] = {
    "dialect": N_("方言坐席"),
    "english": N_("英语坐席"),
}


class DeskPhase(StrEnum):
    """The phase of a call that the desk's left column shows."""

    IDLE = "idle"
    RINGING = "ringing"
    CONNECTING = "connecting"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


@dataclass(frozen=True, slots=True)
class DeskView:
    """Everything the desk's templates read.

    `messages` counts unheard voice messages; `skills` are those of this operator.
    """

    who: SignedIn
    at: datetime
    policies: Policies
    desk: desks.DeskSnapshot
    phase: DeskPhase
    figures: desks.QueueFigures
    messages: int
    skills: tuple[str, ...]

    @property
    def today(self) -> date:
        """The local day of `at`."""
        return self.at.astimezone(self.policies.zone).date()


def phase_of(desk: desks.DeskSnapshot) -> DeskPhase:
    """Returns the phase of a desk. An ended call stays in wrap-up until its record is complete."""
    if desk.call is None:
        return DeskPhase.IDLE
    if desk.offer is not None:
        return DeskPhase.RINGING
    if desk.call.state is CallState.CONNECTING:
        return DeskPhase.CONNECTING
    if desk.call.state is CallState.TALKING:
        return DeskPhase.TALKING
    return DeskPhase.WRAP_UP if desk.call.finished_at is None else DeskPhase.IDLE


def view_desk(session: ReadSession, who: SignedIn, at: datetime, policies: Policies) -> DeskView:
    """Reads the desk of a signed-in operator at `at`."""
    desk = desks.read_desk(session, who.person.id)
    today = at.astimezone(policies.zone).date()
    figures = desks.queue_figures(session, today, policies.zone, at, policies.queue.abandon_threshold)
    messages = messages_waiting(session, who.person, at)
    return DeskView(
        who, at, policies, desk, phase_of(desk), figures, messages, skills_of(session, who.person.id)
    )


def state_of(session: ReadSession, viewed: DeskView, shown_work: str) -> dict[str, Any]:
    """Returns the whole state as JSON-ready values. `shown_work` is the work key of the form the page shows."""
    desk, key = viewed.desk, work_key(viewed)
    ticket = desk.ticket
    return {
        "now": as_milliseconds(viewed.at),
        "csrf": generate_csrf(),
        "stage": viewed.phase.value,
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
            # A form the page shows already is not sent again: replacing it would move the caret.
            **({} if key == shown_work else {"work": render_work(session, viewed)}),
        },
    }


def work_key(viewed: DeskView) -> str:
    """Returns the key of the form or list in the middle column. The page keeps its content while the key is the same."""
    ticket = viewed.desk.ticket
    if viewed.phase in {DeskPhase.IDLE, DeskPhase.RINGING} or viewed.desk.call is None:
        return "idle"
    return f"ticket:{ticket.id}:{ticket.state.value}" if ticket else f"call:{viewed.desk.call.id}"


def render_notices(session: ReadSession, viewed: DeskView) -> str:
    """Returns the running outages, the calls waiting for a skill and the number of unheard messages, as HTML."""
    running = list_outages(session, viewed.at, limit=MAX_NOTICES).rows
    return render_template("desk/notices.html", v=viewed, notices=tuple(reversed(running)))


def render_history(session: ReadSession, viewed: DeskView) -> str:
    """Returns earlier tickets and calls of this number as HTML; empty without a call."""
    call = viewed.desk.call
    if call is None or viewed.phase is DeskPhase.IDLE:
        return ""
    own = viewed.desk.ticket.id if viewed.desk.ticket else None
    return render_template(
        "desk/history.html",
        call=call,
        tickets=desks.earlier_tickets(session, call.number, own),
        calls=desks.earlier_calls(session, call.number, call.id),
    )


def render_work(session: ReadSession, viewed: DeskView) -> str:
    """Returns the middle column: the form of the current call, its finished ticket, or today's tickets of this operator."""
    ticket = viewed.desk.ticket
    if work_key(viewed) == "idle" or ticket is None:
        written, total = desks.tickets_written_by(session, viewed.who.person.id, viewed.today)
        return render_template("desk/idle.html", v=viewed, tickets=written, total=total)
    unit = session.get(Unit, ticket.unit_code) if ticket.unit_code else None
    call, person = viewed.desk.call, viewed.who.person
    if ticket.state is TicketState.DRAFT:
        sounds = playable_recordings(session, person, (call.id,)).get(call.id, ()) if call else ()
        return render_template(
            "desk/form.html", v=viewed, ticket=ticket, call=call, unit=unit, recordings=sounds
        )
    code = visible_access_code(person, ticket)
    return render_template("desk/finished.html", v=viewed, ticket=ticket, unit=unit, call=call, code=code)


def form_values(ticket: Ticket) -> dict[str, object]:
    """Returns the fields of a draft as the form holds them: texts, enumeration values and flags."""
    stored = {field.name: getattr(ticket, field.name) for field in DESK_FIELDS}
    return {name: "" if value is None else value for name, value in stored.items()}


def skill_label(name: str) -> str:
    """Returns the label of a skill; a skill that a city has added keeps its own name."""
    return translated(SKILL_LABELS, name)


def away_reasons() -> tuple[NotReadyReason, ...]:
    return CHOOSABLE_REASONS


def reason_label(reason: str) -> str:
    """Returns the label of a stored reason of absence; empty for another reason of presence (overtime)."""
    return label(NotReadyReason(reason)) if reason in set(NotReadyReason) else ""


def request_types() -> list[RequestType]:
    return list(RequestType)


def urgencies() -> list[Urgency]:
    return list(Urgency)


def is_pressed(call: Call | None, kind: RequestType) -> bool:
    """Returns True if the key the caller pressed suggests this type."""
    return call is not None and call.pressed is not None and SUGGESTED_TYPE.get(call.pressed) is kind


def add_template_globals(blueprint: Blueprint) -> None:
    for function in (away_reasons, reason_label, request_types, urgencies, is_pressed, skill_label):
        blueprint.add_app_template_global(function, function.__name__)
