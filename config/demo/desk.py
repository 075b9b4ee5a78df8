"""What invented operators and unit offices do with a ticket, step by step through the ticket's own table."""

from collections.abc import Callable
from datetime import datetime, timedelta

from config.demo.city import City
from config.demo.matters import DemoStory
from config.demo.people import GIVEN, SURNAMES, TITLES
from hotline.rules.enums import TicketAction, Urgency
from hotline.rules.people.actors import Machine, Person
from hotline.rules.tickets.fields import TicketFields
from hotline.services.tickets import actions, inbox
from hotline.store.tickets.tables import Ticket

OPENS, CLOSES = 8, 17
"""Local hours in which offices work; urgent matters are taken up at once."""
FORGOTTEN = 0.14
"""Share of tickets a unit leaves lying: they are the demonstration's overdue ones."""


def write_ticket(
    city: City, call_id: int, operator: Person, story: DemoStory, hang_up: Callable[[], None]
) -> None:
    """Write the ticket while talking, then answer on the spot or hand it to its unit."""
    with city.application.unit_of_work(operator) as work:
        draft = actions.open_draft(work, call_id=call_id)
    city.later(30, 90)
    stated = _ticket_fields(city, story)
    with city.application.unit_of_work(operator) as work:
        actions.perform(work, draft.id, TicketAction.SAVE, stated)
    city.later(20, 110)
    hang_up()
    city.later(4, 45)
    direct = bool(story.matter.answer) and city.chance(0.95)
    action = TicketAction.ANSWER if direct else TicketAction.HAND_OFF
    last = TicketFields(answer=story.matter.answer) if direct else TicketFields(unit_code=story.matter.unit)
    with city.application.unit_of_work(operator) as work:
        actions.perform(work, draft.id, action, last)
    city.busy_until = city.clock.at
    if not direct:
        hand_over(city, draft.id, story.matter.unit, story.matter.reply or story.matter.answer)


def _ticket_fields(city: City, story: DemoStory) -> TicketFields:
    named = city.chance(0.8)
    given = city.rng.choice(SURNAMES) + (
        city.rng.choice(TITLES) if city.chance(0.6) else city.rng.choice(GIVEN)
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
        confidential=story.matter.type == "report" and city.chance(0.3),
        caller_name=given if named else "",
    )


def hand_over(city: City, ticket_id: int, unit_code: str, reply: str) -> None:
    """Lay the ticket into the unit's inbox and plan what the unit will do about it."""
    city.clock.at += timedelta(seconds=2)
    with city.application.unit_of_work(Machine.WORKER) as work:
        inbox.deliver(work, ticket_id, unit_code)
        urgent = work.session.get_one(Ticket, ticket_id).urgency is not Urgency.NORMAL
    if city.chance(FORGOTTEN):
        return
    handler = city.handlers[unit_code]
    hours = (0.05, 0.3) if urgent else (0.4, 7.0)
    at = _office_time(city, city.clock.at, hours, urgent=urgent)
    city.plan(at, lambda: _acknowledge(city, ticket_id, handler, reply, urgent=urgent))


def _act(city: City, ticket_id: int, handler: Person, action: TicketAction, stated: TicketFields) -> None:
    with city.application.unit_of_work(handler) as work:
        actions.perform(work, ticket_id, action, stated)


def _acknowledge(city: City, ticket_id: int, handler: Person, reply: str, *, urgent: bool) -> None:
    _act(city, ticket_id, handler, TicketAction.ACKNOWLEDGE, TicketFields())
    at = _office_time(city, city.clock.at, (0.1, 0.4) if urgent else (0.3, 8.0), urgent=urgent)
    city.plan(at, lambda: _contact(city, ticket_id, handler, reply, urgent=urgent))


def _contact(city: City, ticket_id: int, handler: Person, reply: str, *, urgent: bool) -> None:
    note = city.rng.choice(
        ("已电话联系，说明办理安排。", "已联系诉求人，约定现场查看时间。", "已电话核实地点和情况。")
    )
    _act(city, ticket_id, handler, TicketAction.RECORD_CONTACT, TicketFields(contact_note=note))
    if city.chance(FORGOTTEN):
        return
    at = _office_time(city, city.clock.at, (0.3, 3.0) if urgent else (2.0, 60.0), urgent=urgent)
    city.plan(at, lambda: _reply(city, ticket_id, handler, reply))


def _reply(city: City, ticket_id: int, handler: Person, reply: str) -> None:
    _act(city, ticket_id, handler, TicketAction.REPLY, TicketFields(reply=reply))
    at = _office_time(city, city.clock.at, (0.2, 5.0), urgent=False)
    city.plan(at, lambda: _act(city, ticket_id, handler, TicketAction.CLOSE, TicketFields()))


def _office_time(city: City, start: datetime, hours: tuple[float, float], *, urgent: bool) -> datetime:
    """Returns a moment `hours` later, moved into an office's hours unless the matter is urgent."""
    at = start + timedelta(hours=city.rng.uniform(*hours))
    local = at.astimezone(city.application.policies.zone)
    if urgent or (local.weekday() < 5 and OPENS <= local.hour < CLOSES):
        return at
    opening = local.replace(hour=OPENS, minute=city.rng.randrange(5, 55))
    if local.hour >= OPENS:
        opening += timedelta(days=1)
    while opening.weekday() >= 5:
        opening += timedelta(days=1)
    return max(opening, at)
