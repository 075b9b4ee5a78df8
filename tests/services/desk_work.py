"""Steps of an operator with a call and its ticket, shared by tests."""

from typing import Any

from sqlalchemy import update

from hotline.rules.enums import CallState, PresenceState, RequestType, TicketAction
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.fields import TicketFields
from hotline.services.tickets import actions
from hotline.store.calls.tables import Call
from hotline.store.people.tables import Presence
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator

UNIT = "city-management"
NOTHING = TicketFields()
COMPLETE = TicketFields(
    type=RequestType.COMPLAINT,
    title="路灯不亮",
    text="春秋路三盏路灯不亮。",
    unit_code=UNIT,
    answer="已告知。",
)


def perform(
    application: Application,
    actor: Person | Machine,
    ticket_id: int,
    action: TicketAction,
    stated: TicketFields = NOTHING,
    **more: Any,
) -> Ticket:
    with application.unit_of_work(actor) as work:
        return actions.perform(work, ticket_id, action, stated, **more)


def wrapping_up(application: Application, **columns: Any) -> tuple[Person, Call]:
    """Returns an operator whose conversation has just ended, and the call."""
    person = make_operator(application, PresenceState.WRAP_UP)
    call = make_call(
        application, state=CallState.ENDED, operator_id=person.id, answered_at=application.clock(), **columns
    )
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).where(Presence.user_id == person.id).values(call_id=call.id))
    return person, call


def draft_of(application: Application, person: Person, call: Call) -> Ticket:
    with application.unit_of_work(person) as work:
        return actions.open_draft(work, call_id=call.id)
