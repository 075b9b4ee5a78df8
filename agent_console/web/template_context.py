"""Template functions that several page families use: ticket addresses, state tags, unit names, field widgets."""

from datetime import datetime

from flask import Blueprint
from flask_babel import gettext as _
from markupsafe import Markup

from agent_console.web.auth import current_person, signed_in, signed_in_or_none
from agent_console.web.console_context import application
from agent_console.web.labels import label
from agent_console.web.locale import as_milliseconds, locale_name, moment
from agent_console.web.playback import player
from hotline.rules.enums import (
    CHOOSABLE_LOOK_REASONS,
    CallEnd,
    CallOutcome,
    CallState,
    LookReason,
    NotReadyReason,
    TicketState,
)
from hotline.rules.people.actors import Person, Right
from hotline.rules.text import SHORT_TEXT
from hotline.rules.tickets.fields import (
    DESK_FIELDS,
    FIELDS_BY_NAME,
    BooleanField,
    ChoiceField,
    TextField,
    TicketField,
    length_limit,
)
from hotline.services.people import looks
from hotline.store.calls.outcomes import outcome_of
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Presence, Unit
from hotline.store.tickets.lists import ListedUnit
from hotline.store.tickets.tables import Ticket

# CSS tone of a state. A tag always shows the word too, never the colour alone.
TONES: dict[TicketState, str] = {
    TicketState.DRAFT: "",
    TicketState.DISPATCHED: "act",
    TicketState.ACKNOWLEDGED: "act",
    TicketState.IN_PROGRESS: "act",
    TicketState.REPLIED: "act",
    TicketState.CLOSED: "done",
    TicketState.DISCARDED: "",
}


def ticket_address(ticket: Ticket) -> str:
    """Returns the name of a ticket in addresses: its number, or `draft-{id}` before it has one."""
    return ticket.number or f"draft-{ticket.id}"


def ticket_label(ticket: Ticket) -> str:
    """Returns the number of a ticket as people read it, or the words for a draft without one."""
    return ticket.number or str(_("未编号"))


def ticket_url(ticket: Ticket) -> str:
    return f"/console/tickets/{ticket_address(ticket)}"


def ticket_tag(state: TicketState) -> Markup:
    tone = f" tag-{TONES[state]}" if TONES.get(state) else ""
    return Markup('<span class="tag{}">{}</span>').format(tone, label(state))


def unit_name(unit: Unit | ListedUnit) -> str:
    """Returns a unit's name in the language of this request; a closed unit is marked as such."""
    name = unit.name_en if locale_name() == "en" else unit.name_zh
    return name if unit.active else str(_("%(unit)s（已撤销）", unit=name))


def round_label(number: int) -> str:
    """Returns the name of a round of a ticket: 首轮办理, 第二轮重办 … 第十轮重办, then 第 11 轮重办."""
    if number == 1:
        return str(_("首轮办理"))
    if locale_name() == "en":
        shown = str(number)
    else:
        shown = "一二三四五六七八九十"[number - 1] if number <= 10 else f" {number} "
    return str(_("第%(n)s轮重办", n=shown))


def ms(at: datetime) -> int:
    """Returns a moment in milliseconds since 1970, for `data-since` and `data-until`."""
    return as_milliseconds(at)


def call_outcome(call: Call) -> CallOutcome | CallEnd | CallState:
    """Returns the outcome of an inbound call, the end of a call that we placed, or the state of a call in progress."""
    if call.end is None and call.answered_at is None:
        return call.state
    return outcome_of(call) or call.end or call.state


def takes_calls() -> bool:
    """Returns whether the signed-in person takes calls at a desk."""
    found = signed_in_or_none()
    return found is not None and found.person.may(Right.TAKE_CALLS)


def has_left_desk() -> bool:
    """Returns whether the signed-in operator is not ready because they left the desk's page."""
    found = signed_in_or_none()
    if found is None:
        return False
    with application().read_session() as reading:
        presence = reading.get(Presence, found.person.id)
    return presence is not None and presence.reason == NotReadyReason.LEFT_DESK


def visible_access_code(person: Person, ticket: Ticket) -> str:
    """Returns the access code of a ticket for persons who write tickets; empty for others, or without a code."""
    return (ticket.access_code or "") if person.may(Right.WRITE_TICKETS) else ""


def blank(text: str) -> str:
    """Returns `text`, or the words for a ticket without a subject."""
    return text or str(_("（无事由）"))


def ticket_field(name: str) -> TicketField:
    """Returns the row of the field table. Raises KeyError for a name that it does not hold."""
    return FIELDS_BY_NAME[name]


def desk_fields() -> tuple[TicketField, ...]:
    """Returns the fields of the desk's form."""
    return DESK_FIELDS


def field_widget(field: TicketField) -> str:
    """Returns the form control that fits a field: select, checkbox, textarea or input."""
    match field.kind:
        case ChoiceField():
            return "select"
        case BooleanField():
            return "checkbox"
        case TextField(limit) if limit > SHORT_TEXT:
            return "textarea"
        case _:
            return "input"


def look_reasons() -> tuple[LookReason, ...]:
    """Returns the reasons among which a person chooses before a look."""
    return CHOOSABLE_LOOK_REASONS


def is_sealed(ticket: Ticket) -> bool:
    """Returns whether the acting person states a reason before they read this ticket; lists show nothing of what it says."""
    return looks.asks_reason(current_person(), ticket)


def watermark() -> str:
    """Returns the name and the work number (or the log-in name) of the reader, and the time, for pages, prints and files."""
    me = signed_in()
    return f"{me.display_name} {me.work_number or me.name} {moment(application().clock())}"


def pages() -> Blueprint:
    """Returns a blueprint without pages. It adds these functions to every template."""
    blueprint = Blueprint("parts", __name__)
    for function in (
        ticket_address,
        ticket_label,
        ticket_url,
        ticket_tag,
        ticket_field,
        desk_fields,
        field_widget,
        length_limit,
        unit_name,
        round_label,
        ms,
        blank,
        player,
        call_outcome,
        takes_calls,
        has_left_desk,
        look_reasons,
        watermark,
        is_sealed,
    ):
        blueprint.add_app_template_global(function, function.__name__)
    return blueprint
