"""What must follow from what happened. One table: event -> the functions that react to it, and the lane each travels in.

A reaction may run twice (a worker was killed between doing and noting), so each either changes only our own rows, in
one Work and under a unique key, or looks before it asks the outside again. To add one: one function, one line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from hotline import events
from hotline.events import Event
from hotline.gateways.addresses import VoiceAddresses, device
from hotline.gateways.carrier import Carrier, Doubtful, Gone, Order, Refused
from hotline.gateways.units import Notice, UnitNotices
from hotline.rules.actors import Machine
from hotline.rules.words import CallState, OfferState
from hotline.services import dials, inbox, queue
from hotline.store.calls import Call, Offer
from hotline.store.people import Unit
from hotline.store.tickets import Assignment, Ticket
from hotline.work import Hall


@dataclass(frozen=True, slots=True)
class Tools:
    """What reactions may use: the hall, and whom we talk to."""

    hall: Hall
    carrier: Carrier
    units: UnitNotices
    addresses: VoiceAddresses


class NotYet(Exception):
    """The world is not ready for this reaction; try again soon."""


CALLS, NOTICES = "calls", "notices"
LANES = (CALLS, NOTICES)
"""One queue and one worker process each: a slow system of a unit never keeps a telephone from ringing."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """`run(tools, event)` may raise: the delivery is tried again after a pause, and kept as dead after the last try."""

    lane: str
    run: Callable[[Tools, Any], None]

    @property
    def name(self) -> str:
        return self.run.__name__


def ring_operator(tools: Tools, event: events.CallOffered) -> None:
    """Ring the operator's browser telephone, unless the offer is over; remember the leg so that it can be released."""
    with tools.hall.open_work(Machine.WORKER) as work:
        asked_at = queue.begin_ringing(work, event.offer_id)
        if asked_at is None:
            return
        asked_before = asked_at < work.at
    to = device(event.operator_id)
    sid = tools.carrier.find_placed(to, asked_at) if asked_before else None
    if sid is None:
        sid = tools.carrier.place(
            Order(
                to=f"{to}?offer={event.offer_id}&call={event.call_id}",
                answer_url=tools.addresses.desk(event.offer_id),
                status_url=tools.addresses.desk_status(event.offer_id),
                ring_seconds=tools.hall.policies.queue.ring_seconds,
            )
        )
    with tools.hall.open_work(Machine.WORKER) as work:
        still_wanted = queue.note_leg(work, event.offer_id, sid)
    if not still_wanted:
        tools.carrier.hang_up(sid)


def release_operator(tools: Tools, event: events.OfferSettled) -> None:
    """Stop the ring of an offer that was not taken."""
    with tools.hall.look() as session:
        leg = session.scalar(select(Offer.leg_sid).where(Offer.id == event.offer_id))
    if leg is not None:
        tools.carrier.hang_up(leg)


def connect_caller(tools: Tools, event: events.CallAccepted) -> None:
    """Move the waiting caller into the conference where the operator already is."""
    with tools.hall.look() as session:
        call = session.get_one(Call, event.call_id)
    if call.state is not CallState.CONNECTING or call.operator_id != event.operator_id:
        return
    try:
        queue_name = tools.hall.policies.queue.name
        tools.carrier.take_from_queue(queue_name, call.sid, tools.addresses.talk(call.id))
    except Gone as gone:
        raise NotYet("the caller is not (yet) in the carrier's queue") from gone


def release_operator_of_call(tools: Tools, event: events.CallEnded) -> None:
    """Free the operator's leg of a call that is over; it may sit in the conference alone."""
    with tools.hall.look() as session:
        legs = session.scalars(
            select(Offer.leg_sid).where(
                Offer.call_id == event.call_id,
                Offer.state == OfferState.ACCEPTED,
                Offer.leg_sid.is_not(None),
            )
        ).all()
    for leg in legs:
        tools.carrier.hang_up(str(leg))


def hang_up_call(tools: Tools, event: events.CallHangUpAsked) -> None:
    """End a call because its operator asked for it."""
    with tools.hall.look() as session:
        call = session.get_one(Call, event.call_id)
    if call.state is not CallState.ENDED:
        tools.carrier.hang_up(call.sid)


def place_dial(tools: Tools, event: events.DialPlanned) -> None:
    """Phone somebody, once. If an earlier answer of the carrier was lost, look for the call before asking again."""
    with tools.hall.open_work(Machine.WORKER) as work:
        dial = dials.dial_by_id(work, event.dial_id)
        if not dials.begin_placing(work, dial.id):
            return
    try:
        sid = None
        if dial.doubtful and dial.placing_at is not None:
            sid = tools.carrier.find_placed(dial.number, dial.placing_at)
        if sid is None:
            sid = tools.carrier.place(_order(tools, dial))
    except Refused as refused:
        with tools.hall.open_work(Machine.WORKER) as work:
            dials.end_dial(work, dial.ref, outcome="refused", detail=str(refused.code))
        return
    except Doubtful:
        with tools.hall.open_work(Machine.WORKER) as work:
            dials.note_doubt(work, dial.id)
        raise
    with tools.hall.open_work(Machine.WORKER) as work:
        dials.note_dial_sid(work, dial.ref, sid)


def deliver_to_inbox(tools: Tools, event: events.TicketHandedOff) -> None:
    """Lay the ticket into its unit's inbox; a second delivery finds it there and changes nothing."""
    with tools.hall.open_work(Machine.WORKER) as work:
        inbox.deliver(work, event.ticket_id, event.unit_code)


def notify_unit(tools: Tools, event: events.TicketDelivered) -> None:
    """Tell the unit's own system, if it has one."""
    with tools.hall.look() as session:
        unit = session.get_one(Unit, event.unit_code)
        ticket = session.get_one(Ticket, event.ticket_id)
        told = session.scalar(select(Assignment.notified_at).where(Assignment.id == event.assignment_id))
    if unit.webhook_url is None or told is not None:
        return
    notice = Notice(
        key=f"assignment-{event.assignment_id}",
        url=unit.webhook_url,
        secret=unit.webhook_secret or "",
        ticket_number=ticket.number or "",
        unit_code=unit.code,
        title=ticket.title,
        due_at=ticket.due_at,
    )
    tools.units.send(notice, tools.hall.clock())
    with tools.hall.open_work(Machine.WORKER) as work:
        inbox.note_notified(work, event.assignment_id)


def _order(tools: Tools, dial: dials.DialView) -> Order:
    policies = tools.hall.policies
    dialling = policies.callbacks if dial.follow_up_id is None else policies.follow_ups
    return Order(
        to=dial.number,
        answer_url=tools.addresses.dial(dial.ref),
        status_url=tools.addresses.dial_status(dial.ref),
        ring_seconds=dialling.ring_seconds,
    )


REACTIONS: dict[type[Event], tuple[Reaction, ...]] = {
    events.CallOffered: (Reaction(CALLS, ring_operator),),
    events.OfferSettled: (Reaction(CALLS, release_operator),),
    events.CallAccepted: (Reaction(CALLS, connect_caller),),
    events.CallEnded: (Reaction(CALLS, release_operator_of_call),),
    events.CallHangUpAsked: (Reaction(CALLS, hang_up_call),),
    events.DialPlanned: (Reaction(CALLS, place_dial),),
    events.TicketHandedOff: (Reaction(NOTICES, deliver_to_inbox),),
    events.TicketDelivered: (Reaction(NOTICES, notify_unit),),
}


def reacts(event: Event) -> bool:
    """Say whether anything follows from `event`."""
    return type(event) in REACTIONS


BY_NAME: dict[str, Reaction] = {
    reaction.name: reaction for reactions in REACTIONS.values() for reaction in reactions
}
