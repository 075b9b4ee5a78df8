"""The effects that rows of the transition table name: what a step checks, computes and does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import update

from hotline.rules.enums import RequestType, Urgency
from hotline.rules.errors import UnknownUnit
from hotline.rules.tickets.fields import TicketFields
from hotline.rules.tickets.transitions import Effect
from hotline.services.calls import lifecycle, queries
from hotline.services.outbound import follow_ups
from hotline.services.people.units import find_unit
from hotline.services.queueing import desks, offers
from hotline.services.tickets import due_dates, numbering
from hotline.store.calls.tables import Call
from hotline.store.tickets.tables import Ticket
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

Columns = dict[str, object]


@dataclass(frozen=True, slots=True)
class TicketStep:
    """One step of one ticket while it is carried out. `columns` are those that its stated fields set."""

    work: UnitOfWork
    ticket: Ticket
    fields: TicketFields
    columns: Mapping[str, object]

    def value(self, name: str) -> object:
        """Returns a column as it will be after the step."""
        return self.columns[name] if name in self.columns else getattr(self.ticket, name)


def nothing(_step: TicketStep) -> None:
    """The check or the deed of an effect that has none."""


def no_columns(_step: TicketStep) -> Columns:
    return {}


@dataclass(frozen=True, slots=True)
class EffectFunctions:
    """The functions of one effect.

    `check` runs before anything is changed and raises a DomainError. `columns` returns further columns of the ticket,
    which are written with the step. `after` runs when the step is written and its events are recorded.
    """

    check: Callable[[TicketStep], None] = nothing
    columns: Callable[[TicketStep], Columns] = no_columns
    after: Callable[[TicketStep], None] = nothing


def check_unit(work: UnitOfWork, code: str) -> None:
    """Raises UnknownUnit for a unit that does not exist or is no longer active, as the cache knows it."""
    unit = find_unit(work, code)
    if unit is None or not unit.active:
        raise UnknownUnit(code)


def _require_active_unit(step: TicketStep) -> None:
    # The unit may have been closed since a draft chose it.
    check_unit(step.work, str(step.value("unit_code")))


def _require_own_call(step: TicketStep) -> None:
    if step.ticket.call_id is None:
        return
    queries.require_own_record(step.work, step.ticket.call_id)


def _number_columns(step: TicketStep) -> Columns:
    return numbering.number_columns(step.work)


def _deadline_columns(step: TicketStep) -> Columns:
    request_type = RequestType(str(step.value("type")))
    urgency = Urgency(str(step.value("urgency")))
    return due_dates.for_hand_off(step.work, request_type, urgency)


def _no_unit(_step: TicketStep) -> Columns:
    return {"unit_code": None}


def _finish_call(step: TicketStep) -> None:
    """Completes the record of the ticket's call, so that its operator may take the next one."""
    work, call_id = step.work, step.ticket.call_id
    if call_id is None:
        return
    open_call = update(Call).where(Call.id == call_id, Call.finished_at.is_(None))
    if updated_one(work.session, open_call.values(finished_at=work.at)):
        desks.complete_record(work, call_id, ticket_id=step.ticket.id)
        offers.offer_waiting(work)


def _finish_call_without_ticket(step: TicketStep) -> None:
    reason, note = step.fields.no_matter, step.fields.note or ""
    if step.ticket.call_id is not None and reason is not None:
        lifecycle.finish_without_ticket(step.work, step.ticket.call_id, reason, note)


def _promise_follow_up(step: TicketStep) -> None:
    follow_ups.promise_follow_up(step.work, step.ticket)


EFFECTS: dict[Effect, EffectFunctions] = {
    Effect.REQUIRE_ACTIVE_UNIT: EffectFunctions(check=_require_active_unit),
    Effect.REQUIRE_OWN_CALL: EffectFunctions(check=_require_own_call),
    Effect.ASSIGN_NUMBER: EffectFunctions(columns=_number_columns),
    Effect.START_DEADLINES: EffectFunctions(columns=_deadline_columns),
    Effect.CLEAR_UNIT: EffectFunctions(columns=_no_unit),
    Effect.FINISH_CALL: EffectFunctions(after=_finish_call),
    Effect.FINISH_CALL_WITHOUT_TICKET: EffectFunctions(after=_finish_call_without_ticket),
    Effect.PROMISE_FOLLOW_UP: EffectFunctions(after=_promise_follow_up),
}
