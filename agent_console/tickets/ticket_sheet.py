"""The ticket sheet (办理单): one ticket with its caller, next step, deadlines, rounds and history.

The ticket list and the unit's inbox show the same sheet; only the addresses of its forms differ.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask import Blueprint
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from agent_console.tickets.due_labels import DeadlineView, deadline_views
from agent_console.tickets.timeline import TimelineLine, timeline_lines
from agent_console.web.auth import current_person
from agent_console.web.console_context import application
from agent_console.web.kept_forms import TICKET, RejectedForm, read_kept
from agent_console.web.labels import CHOOSABLE_NO_MATTER_REASONS, N_, label, translated
from agent_console.web.playback import PlayableRecording, playable_recordings
from agent_console.web.template_context import unit_name, visible_access_code
from agent_console.web.unit_choices import UnitChoice, unit_choices
from hotline.rules import enums
from hotline.rules.enums import TicketAction, TicketState
from hotline.rules.people.actors import Person, Right
from hotline.rules.people.privacy import (
    is_caller_hidden,
    is_number_withheld,
    mask_name,
    mask_number,
    may_ask_for_number,
    may_see_ticket_number,
)
from hotline.rules.phone_numbers import format_national
from hotline.rules.text import clean, is_blank
from hotline.rules.tickets.fields import DRAFT_FIELDS, TEXT_NAMES
from hotline.rules.tickets.inbox import is_overdue
from hotline.rules.tickets.transitions import TRANSITIONS, allowed_actions
from hotline.services.tickets import due_dates
from hotline.store.people.looks import LookFilter, LookLine, list_looks
from hotline.store.people.units import list_units
from hotline.store.tickets.history import TicketDetails, read_ticket_details
from hotline.store.tickets.lists import address_of, find_ticket_for
from hotline.store.tickets.private_texts import ReadableTicket
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import ReadSession

# The fields in which a person writes sentences.
TYPED_TEXTS = TEXT_NAMES | {"note", "caller_name"}

# Looks that the sheet lists; the log has all of them.
MOST_LOOKS = 50

# Advice beside the button of a step; an action without an entry has none.
STEP_HINTS: dict[TicketAction, str] = {
    TicketAction.ACKNOWLEDGE: N_("签收即确认由本单位办理；下一步先联系来电人。"),
    TicketAction.RECORD_CONTACT: N_("写明何时、以何方式联系，对方怎么说。"),
    TicketAction.REPLY: N_("写明核实的事实、依据、已做的和下一步，不写“尽快”“近期”。"),
    TicketAction.CLOSE: N_("办结后热线会回访来电人：没有解决的，将重办。"),
}

# The step a ticket waits for, shown to people who cannot take it themselves.
WAITING_LABELS: dict[TicketState, str] = {
    TicketState.DRAFT: N_("等待话务员完成"),
    TicketState.DISPATCHED: N_("等待签收"),
    TicketState.ACKNOWLEDGED: N_("等待先行联系或答复"),
    TicketState.IN_PROGRESS: N_("等待答复"),
    TicketState.REPLIED: N_("等待办结"),
    TicketState.CLOSED: N_("已办结，没有下一步"),
    TicketState.DISCARDED: N_("已作废，没有下一步"),
}


@dataclass(frozen=True, slots=True)
class CallerView:
    """The caller as the acting person may see them. `number` is masked unless `shown` is True.

    `asks_reason`: the number is shown for a reason that the person chooses.
    """

    name: str
    number: str
    hidden: bool
    withheld: bool
    may_show: bool
    shown: bool
    asks_reason: bool


@dataclass(frozen=True, slots=True)
class TicketSheet:
    """Everything the template of the sheet reads.

    `steps` maps each action that is allowed now to the fields it needs, in the order of TRANSITIONS. `access_code` is
    empty for a person who may not know it. `looks`: all of them for a person who may read the log, else their own.
    """

    ticket: ReadableTicket
    address: str
    details: TicketDetails
    caller: CallerView
    unit: str
    overdue: bool
    deadlines: list[DeadlineView]
    timeline: list[TimelineLine]
    steps: dict[TicketAction, tuple[str, ...]]
    units: list[UnitChoice]
    rejected: RejectedForm | None
    recordings: tuple[PlayableRecording, ...]
    access_code: str
    looks: tuple[LookLine, ...]
    may_read_looks: bool

    def value(self, name: str) -> str:
        """Returns the value a form field shows: the typed one of a rejected form, otherwise the stored one."""
        if self.rejected is not None and name in self.rejected.typed:
            return self.rejected.typed[name]
        stored = getattr(self.ticket, name, None)
        return "" if stored is None else str(getattr(stored, "value", stored))

    def stored_instead(self, name: str) -> str:
        """Returns the stored value of a field if it may have been changed since another one was typed, else an empty text."""
        if self.rejected is None or not self.rejected.is_stale or name not in self.rejected.typed:
            return ""
        stored = getattr(self.ticket, name, None)
        shown = "" if stored is None else str(getattr(stored, "value", stored))
        return "" if clean(self.rejected.typed[name]) == shown else shown

    def is_typed(self, step: TicketAction) -> bool:
        """Returns whether the person took `step` in the rejected form, or typed text for it."""
        if self.rejected is None:
            return False
        typed = (self.rejected.typed.get(name, "") for name in self.steps[step])
        return self.rejected.action is step or any(not is_blank(text) for text in typed)

    @property
    def typed_elsewhere(self) -> list[tuple[str, str]]:
        """Returns the typed texts for which the page has no field any more, for example because a colleague replied first."""
        if self.rejected is None:
            return []
        fields = (
            DRAFT_FIELDS
            if self.ticket.state is TicketState.DRAFT
            else {n for needs in self.steps.values() for n in needs}
        )
        left = self.rejected.typed.items()
        return [
            (name, text)
            for name, text in left
            if name not in fields and name in TYPED_TEXTS and not is_blank(text)
        ]

    def error(self, name: str) -> str:
        return self.rejected.errors.get(name, "") if self.rejected else ""


def read_ticket_sheet(
    address: str, *, shown_number: str | None = None, rejected: RejectedForm | None = None
) -> TicketSheet:
    """Returns the sheet of the ticket at `address` as the acting person may see it. Raises NotFound."""
    person = current_person()
    rejected = rejected or read_kept(person.id, TICKET, address)
    with application().read_only_unit(person) as reading:
        session, at = reading.session, reading.at
        ticket = find_ticket_for(session, person, address)
        if ticket is None:
            raise NotFound
        details = read_ticket_details(session, person, ticket)
        counted = due_dates.explain(reading, ticket)
        steps = _steps(person, ticket)
        units = list_units(session)
        return TicketSheet(
            ticket=ReadableTicket(ticket, person),
            address=address_of(ticket),
            details=details,
            caller=_caller(person, ticket, shown_number),
            unit=unit_name(details.unit) if details.unit else "",
            overdue=is_overdue(ticket, at),
            deadlines=deadline_views(ticket, due_dates.policy_of(reading, ticket), counted, at),
            timeline=timeline_lines(details.timeline, {unit.code: unit_name(unit) for unit in units}),
            steps=steps,
            units=unit_choices(unit for unit in units if unit.active),
            rejected=rejected,
            recordings=_recordings(session, person, ticket),
            access_code=visible_access_code(person, ticket),
            looks=_looks(session, person, ticket),
            may_read_looks=person.may(Right.READ_LOOKS),
        )


def _steps(person: Person, ticket: Ticket) -> dict[TicketAction, tuple[str, ...]]:
    allowed = allowed_actions(ticket.state, person, ticket.unit_code)
    rows = (row for row in TRANSITIONS if ticket.state in row.origins and row.action in allowed)
    return {row.action: row.needs for row in rows}


def _recordings(session: ReadSession, person: Person, ticket: Ticket) -> tuple[PlayableRecording, ...]:
    if ticket.call_id is None:
        return ()
    return playable_recordings(session, person, (ticket.call_id,)).get(ticket.call_id, ())


def _looks(session: ReadSession, person: Person, ticket: Ticket) -> tuple[LookLine, ...]:
    found = list_looks(session, LookFilter(ticket_id=ticket.id), limit=MOST_LOOKS).rows
    return tuple(line for line in found if person.may(Right.READ_LOOKS) or line.look.user_id == person.id)


def _caller(person: Person, ticket: Ticket, shown_number: str | None) -> CallerView:
    hidden = is_caller_hidden(person, confidential=ticket.confidential)
    withheld = is_number_withheld(ticket.caller_number)
    may_show = may_see_ticket_number(
        person, ticket.state, ticket.unit_code, ticket.author_id, confidential=ticket.confidential
    )
    may_ask = may_ask_for_number(person, confidential=ticket.confidential)
    return CallerView(
        name="" if hidden else mask_name(ticket.caller_name),
        number=format_national(shown_number)
        if shown_number
        else ("" if hidden or withheld else mask_number(ticket.caller_number)),
        hidden=hidden,
        withheld=withheld,
        may_show=(may_show or may_ask) and not withheld and shown_number is None,
        asks_reason=not may_show,
        shown=shown_number is not None,
    )


def step_hint(action: TicketAction) -> str:
    return str(_(STEP_HINTS[action])) if action in STEP_HINTS else ""


def waiting_label(state: TicketState) -> str:
    return translated(WAITING_LABELS, state)


def no_matter_options() -> list[tuple[str, str]]:
    return [(reason.value, label(reason)) for reason in CHOOSABLE_NO_MATTER_REASONS]


def enum_options(kind: type[StrEnum]) -> list[tuple[str, str]]:
    """Returns value and label of every member, for a select."""
    return [(member.value, label(member)) for member in kind]


def printed_at() -> datetime:
    return application().clock()


def add_template_globals(blueprint: Blueprint) -> None:
    for function in (step_hint, waiting_label, enum_options, no_matter_options, printed_at):
        blueprint.add_app_template_global(function, function.__name__)
    blueprint.record_once(lambda state: state.app.jinja_env.globals.update(enums=enums))
