"""Simulated work of operators and units on a ticket, through the same services as real work."""

from collections.abc import Callable
from datetime import datetime, timedelta

from config.demo.matters import DemoStory
from config.demo.people import GIVEN, SURNAMES, TITLES
from config.demo.simulation import Simulation
from hotline.rules.enums import TicketAction, Urgency
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.fields import TicketFields
from hotline.services.tickets import actions, inbox
from hotline.store.tickets.tables import Ticket

# Local hours in which units work; urgent matters are handled at once.
OPENS, CLOSES = 8, 17
# Share of tickets that a unit does not handle; they become the overdue ones of the demonstration.
NEGLECTED = 0.14


def write_ticket(
    simulation: Simulation, call_id: int, operator: Person, story: DemoStory, hang_up: Callable[[], None]
) -> None:
    """Writes the ticket during the call, then answers it directly or hands it to its unit."""
    with simulation.application.unit_of_work(operator) as work:
        draft = actions.open_draft(work, call_id=call_id)
    simulation.advance(30, 90)
    stated = _ticket_fields(simulation, story)
    with simulation.application.unit_of_work(operator) as work:
        actions.perform(work, draft.id, TicketAction.SAVE, stated)
    simulation.advance(20, 110)
    hang_up()
    simulation.advance(4, 45)
    direct = bool(story.matter.answer) and simulation.chance(0.95)
    action = TicketAction.ANSWER if direct else TicketAction.HAND_OFF
    last = TicketFields(answer=story.matter.answer) if direct else TicketFields(unit_code=story.matter.unit)
    with simulation.application.unit_of_work(operator) as work:
        actions.perform(work, draft.id, action, last)
    simulation.busy_until = simulation.clock.at
    if not direct:
        hand_over(simulation, draft.id, story.matter.unit, story.matter.reply or story.matter.answer)


def _ticket_fields(simulation: Simulation, story: DemoStory) -> TicketFields:
    named = simulation.chance(0.8)
    given = simulation.rng.choice(SURNAMES) + (
        simulation.rng.choice(TITLES) if simulation.chance(0.6) else simulation.rng.choice(GIVEN)
    )
    return TicketFields(
        type=story.matter.type,
        category=story.matter.category,
        title=story.title,
        text=story.text,
        wanted=story.matter.wanted,
        place=story.place,
        occurred=story.occurred,
        urgency=story.matter.urgency,
        confidential=story.matter.type == "report" and simulation.chance(0.3),
        caller_name=given if named else "",
    )


def hand_over(simulation: Simulation, ticket_id: int, unit_code: str, reply: str) -> None:
    """Delivers the ticket to the unit's inbox and plans the unit's steps."""
    simulation.clock.at += timedelta(seconds=2)
    with simulation.application.unit_of_work(Machine.WORKER) as work:
        inbox.deliver(work, ticket_id, unit_code, has_channel=False)
        urgent = work.session.get_one(Ticket, ticket_id).urgency is not Urgency.NORMAL
    if simulation.chance(NEGLECTED):
        return
    handler = simulation.handlers[unit_code]
    hours = (0.05, 0.3) if urgent else (0.4, 7.0)
    at = _office_time(simulation, simulation.clock.at, hours, urgent=urgent)
    simulation.plan(at, lambda: _acknowledge(simulation, ticket_id, handler, reply, urgent=urgent))


def _act(
    simulation: Simulation, ticket_id: int, handler: Person, action: TicketAction, stated: TicketFields
) -> None:
    with simulation.application.unit_of_work(handler) as work:
        actions.perform(work, ticket_id, action, stated)


def _acknowledge(
    simulation: Simulation, ticket_id: int, handler: Person, reply: str, *, urgent: bool
) -> None:
    _act(simulation, ticket_id, handler, TicketAction.ACKNOWLEDGE, TicketFields())
    at = _office_time(simulation, simulation.clock.at, (0.1, 0.4) if urgent else (0.3, 8.0), urgent=urgent)
    simulation.plan(at, lambda: _contact(simulation, ticket_id, handler, reply, urgent=urgent))


def _contact(simulation: Simulation, ticket_id: int, handler: Person, reply: str, *, urgent: bool) -> None:
    note = simulation.rng.choice(
        ("已电话联系，说明办理安排。", "已联系诉求人，约定现场查看时间。", "已电话核实地点和情况。")
    )
    _act(simulation, ticket_id, handler, TicketAction.RECORD_CONTACT, TicketFields(contact_note=note))
    if simulation.chance(NEGLECTED):
        return
    at = _office_time(simulation, simulation.clock.at, (0.3, 3.0) if urgent else (2.0, 60.0), urgent=urgent)
    simulation.plan(at, lambda: _reply(simulation, ticket_id, handler, reply))


def _reply(simulation: Simulation, ticket_id: int, handler: Person, reply: str) -> None:
    _act(simulation, ticket_id, handler, TicketAction.REPLY, TicketFields(reply=reply))
    at = _office_time(simulation, simulation.clock.at, (0.2, 5.0), urgent=False)
    simulation.plan(at, lambda: _act(simulation, ticket_id, handler, TicketAction.CLOSE, TicketFields()))


def _office_time(
    simulation: Simulation, start: datetime, hours: tuple[float, float], *, urgent: bool
) -> datetime:
    """Returns a time `hours` later, moved into office hours unless the matter is urgent."""
    at = start + timedelta(hours=simulation.rng.uniform(*hours))
    local = at.astimezone(simulation.application.policies.zone)
    if urgent or (local.weekday() < 5 and OPENS <= local.hour < CLOSES):
        return at
    opening = local.replace(hour=OPENS, minute=simulation.rng.randrange(5, 55))
    if local.hour >= OPENS:
        opening += timedelta(days=1)
    while opening.weekday() >= 5:
        opening += timedelta(days=1)
    return max(opening, at)
