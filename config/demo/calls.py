"""Invented calls: how people wait, are answered, hang up or are phoned back. Written through the same services as real ones."""

from datetime import timedelta

from sqlalchemy import select, update

from config.demo.city import City
from config.demo.desk import write_ticket
from hotline.rules.calls.flow_actions import RecordRequestClass
from hotline.rules.calls.states import QueueJoin
from hotline.rules.enums import (
    CLASS_OF,
    CallPurpose,
    Language,
    NoMatterReason,
    OfferState,
    PresenceState,
    RequestClass,
)
from hotline.rules.people.actors import Machine, Person
from hotline.services.calls import lifecycle
from hotline.services.calls.lifecycle import Arrival
from hotline.services.calls.queries import get_call
from hotline.services.outbound import callbacks
from hotline.services.outbound.outbound_calls import DialView
from hotline.services.queueing import offers, presence
from hotline.services.queueing.queue import join_queue
from hotline.store.calls.tables import Offer
from hotline.store.people.tables import Presence
from ivr_flows.engine import hear
from ivr_flows.turn import Digits, NoInput
from ivr_flows.webhooks.first_turn_cache import FirstTurnCache

_KEYS = {RequestClass.COMPLAINT: "1", RequestClass.CONSULTATION: "2", RequestClass.SUGGESTION: "3"}


def beat(city: City) -> None:
    """Let every desk be alive and ready. One statement for the sign of life: it comes before every call of the story."""
    with city.application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).values(seen_at=work.at))
        ready = set(
            work.session.scalars(select(Presence.user_id).where(Presence.state == PresenceState.READY))
        )
    for operator in city.operators:
        if operator.id not in ready:
            with city.application.unit_of_work(operator) as work:
                presence.set_ready(work)


def arrive(city: City, purpose: CallPurpose, number: str, dial: DialView | None = None) -> int:
    """Let a call begin in its flow; return its id."""
    script = city.flows.active(purpose)
    city.flows.refresh(city.application)
    first = FirstTurnCache(city.application).first_turn(script.flow, city.application.policies.number)
    arrival = Arrival(
        sid=dial.sid if dial and dial.sid else city.sid("CA"),
        number_raw=number,
        dialed=city.application.policies.number,
        purpose=purpose,
        flow=script.flow.name,
        flow_version=script.flow.version,
        position=first.position,
        path=first.path,
        language=Language.EN if city.chance(0.02) else Language.ZH_CN,
        dial_ref=dial.ref if dial else None,
    )
    with city.application.unit_of_work(Machine.CARRIER) as work:
        return lifecycle.receive_call(work, arrival).id


def end(city: City, call_id: int, status: str = "completed") -> None:
    with city.application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=get_call(work, call_id).sid, status=status)
    city.busy_until = max(city.busy_until, city.clock.at)


def inbound(city: City, number: str | None = None) -> None:
    """Tell one inbound call, of whatever kind the dice say."""
    caller = number or ("anonymous" if city.chance(0.02) else city.number())
    fate = city.rng.random()
    if fate >= 0.06:
        beat(city)
    call_id = arrive(city, CallPurpose.INBOUND, caller)
    city.later(5, 16)
    if fate < 0.02:
        end(city, call_id)
    elif fate < 0.06:
        _wait_in_vain(city, call_id)
    else:
        be_answered(city, call_id, pressing=True)


def _wait_in_vain(city: City, call_id: int) -> None:
    """Nobody is at a desk: hang up while waiting, or ask to be phoned back with the place kept."""
    _join(city, call_id)
    city.later(25, 90)
    if city.chance(0.4):
        with city.application.unit_of_work(Machine.CALLER) as work:
            callbacks.promise_for_call(work, call_id)
    end(city, call_id)


def _press(city: City, call_id: int, key: str) -> None:
    """Press a key of the menu, or nothing: whatever the flow then wishes comes to pass, all but the queue."""
    with city.application.unit_of_work(Machine.CALLER) as work:
        call = get_call(work, call_id)
        script = city.flows.edition(work.session, call.flow, call.flow_version, call.purpose)
        turn = hear(script.flow, call.position, Digits(key) if key else NoInput())
        for action in turn.actions:
            if isinstance(action, RecordRequestClass):
                lifecycle.record_request_class(work, call_id, action.request_class)
        lifecycle.save_position(work, call_id, position=turn.position, language=call.language, path=turn.path)


def _join(city: City, call_id: int) -> None:
    with city.application.unit_of_work(Machine.CALLER) as work:
        joined = join_queue(work, call_id)
    if joined is not QueueJoin.JOINED:
        raise RuntimeError(f"the demonstration's caller could not join the queue: {joined}")


def _offer(city: City, call_id: int) -> Offer:
    with city.application.read_session() as session:
        return session.scalars(
            select(Offer).where(Offer.call_id == call_id, Offer.state == OfferState.PENDING)
        ).one()


def be_answered(city: City, call_id: int, *, pressing: bool) -> None:
    """Let a ready desk take the call and write it down."""
    story = city.choose_story()
    if pressing:
        request_class = CLASS_OF[story.matter.type] if city.chance(0.7) else RequestClass.OTHER
        _press(city, call_id, _KEYS.get(request_class, ""))
    _join(city, call_id)
    if city.chance(0.04):
        _miss(city, call_id)
    city.later(2, 12 if city.chance(0.93) else 50)
    offer = _offer(city, call_id)
    operator = next(person for person in city.operators if person.id == offer.operator_id)
    with city.application.unit_of_work(Machine.CARRIER) as work:
        offers.accept_offer(work, offer.id, city.sid("CA"))
    city.later(1, 2)
    with city.application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_connected(work, call_id)
    city.later(3, 8)
    if city.chance(0.05):
        _no_matter(city, call_id, operator)
    else:
        write_ticket(city, call_id, operator, story, lambda: end(city, call_id))


def _miss(city: City, call_id: int) -> None:
    """One desk rings unanswered and is not ready for a while; the next one is tried."""
    city.clock.at += timedelta(seconds=city.application.policies.queue.ring_seconds)
    offer = _offer(city, call_id)
    with city.application.unit_of_work(Machine.CARRIER) as work:
        work.session.execute(update(Presence).values(seen_at=work.at))
        offers.settle_offer(work, offer.id, OfferState.MISSED)


def _no_matter(city: City, call_id: int, operator: Person) -> None:
    city.later(5, 40)
    reasons = (
        NoMatterReason.WRONG_NUMBER,
        NoMatterReason.SILENT,
        NoMatterReason.DROPPED,
        NoMatterReason.NUISANCE,
    )
    end(city, call_id)
    city.later(3, 15)
    with city.application.unit_of_work(operator) as work:
        lifecycle.finish_without_ticket(work, call_id, city.rng.choice(reasons))
    city.busy_until = city.clock.at
