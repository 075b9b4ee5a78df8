"""Simulated calls: inbound, callbacks and follow-up calls. They use the same services as real calls."""

from datetime import timedelta

from sqlalchemy import select, update

from config.demo.desk import hand_over, write_ticket
from config.demo.simulation import Simulation
from hotline.rules.calls.flow_actions import RecordRequestClass
from hotline.rules.calls.states import QueueJoin
from hotline.rules.enums import (
    CLASS_OF,
    CallbackState,
    CallPurpose,
    DialState,
    FollowUpState,
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
from hotline.services.outbound import callback_dials, callbacks, follow_ups, outbound_calls
from hotline.services.outbound.outbound_calls import DialView
from hotline.services.queueing import offers, presence
from hotline.services.queueing.queue import join_queue
from hotline.store.calls.tables import Offer
from hotline.store.outbound import Callback, Dial, FollowUp
from hotline.store.people.tables import Presence
from hotline.store.tickets.tables import Ticket
from ivr_flows.engine import hear
from ivr_flows.turn import Digits, NoInput
from ivr_flows.webhooks.first_turn_cache import FirstTurnCache

# Share of outbound calls that are answered.
REACHED = 0.6

_KEYS = {RequestClass.COMPLAINT: "1", RequestClass.CONSULTATION: "2", RequestClass.SUGGESTION: "3"}


def keep_desks_ready(simulation: Simulation) -> None:
    """Keeps every desk present and ready."""
    with simulation.application.unit_of_work(Machine.SYSTEM) as work:
        # One statement for all desks instead of one service call each: this runs before every simulated call.
        work.session.execute(update(Presence).values(seen_at=work.at))
        ready = set(
            work.session.scalars(select(Presence.user_id).where(Presence.state == PresenceState.READY))
        )
    for operator in simulation.operators:
        if operator.id not in ready:
            with simulation.application.unit_of_work(operator) as work:
                presence.set_ready(work)


def start_call(
    simulation: Simulation, purpose: CallPurpose, number: str, dial: DialView | None = None
) -> int:
    """Starts a call in its flow and returns its id."""
    script = simulation.flows.active(purpose)
    simulation.flows.refresh(simulation.application)
    first = FirstTurnCache(simulation.application).first_turn(
        script.flow, simulation.application.policies.number
    )
    arrival = Arrival(
        sid=dial.sid if dial and dial.sid else simulation.make_sid("CA"),
        number_raw=number,
        dialed=simulation.application.policies.number,
        purpose=purpose,
        flow=script.flow.name,
        flow_version=script.flow.version,
        position=first.position,
        path=first.path,
        language=Language.EN if simulation.chance(0.02) else Language.ZH_CN,
        dial_ref=dial.ref if dial else None,
    )
    with simulation.application.unit_of_work(Machine.CARRIER) as work:
        return lifecycle.receive_call(work, arrival).id


def end_call(simulation: Simulation, call_id: int, status: str = "completed") -> None:
    with simulation.application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=get_call(work, call_id).sid, status=status)
    simulation.busy_until = max(simulation.busy_until, simulation.clock.at)


def simulate_inbound(simulation: Simulation, number: str | None = None) -> None:
    """Simulates an inbound call of a random kind."""
    caller = number or ("anonymous" if simulation.chance(0.02) else simulation.random_number())
    fate = simulation.rng.random()
    if fate >= 0.06:
        keep_desks_ready(simulation)
    call_id = start_call(simulation, CallPurpose.INBOUND, caller)
    simulation.advance(5, 16)
    if fate < 0.02:
        end_call(simulation, call_id)
    elif fate < 0.06:
        _abandon(simulation, call_id)
    else:
        answer_call(simulation, call_id, pressing=True)


def _abandon(simulation: Simulation, call_id: int) -> None:
    """The caller waits while no operator is ready, and hangs up or asks for a callback."""
    _join(simulation, call_id)
    simulation.advance(25, 90)
    if simulation.chance(0.4):
        with simulation.application.unit_of_work(Machine.CALLER) as work:
            callbacks.promise_for_call(work, call_id)
    end_call(simulation, call_id)


def _press(simulation: Simulation, call_id: int, key: str) -> None:
    """Presses a key of the menu, or none, and records what the flow says about it."""
    with simulation.application.unit_of_work(Machine.CALLER) as work:
        call = get_call(work, call_id)
        script = simulation.flows.edition(work.session, call.flow, call.flow_version, call.purpose)
        turn = hear(script.flow, call.position, Digits(key) if key else NoInput())
        classes = (action.request_class for action in turn.actions if isinstance(action, RecordRequestClass))
        lifecycle.save_position(
            work,
            call_id,
            position=turn.position,
            language=call.language,
            path=turn.path,
            pressed=next(classes, None),
        )


def _join(simulation: Simulation, call_id: int) -> None:
    with simulation.application.unit_of_work(Machine.CALLER) as work:
        joined = join_queue(work, call_id)
    if joined is not QueueJoin.JOINED:
        raise RuntimeError(f"the demonstration's caller could not join the queue: {joined}")


def _offer(simulation: Simulation, call_id: int) -> Offer:
    with simulation.application.read_session() as session:
        return session.scalars(
            select(Offer).where(Offer.call_id == call_id, Offer.state == OfferState.PENDING)
        ).one()


def answer_call(simulation: Simulation, call_id: int, *, pressing: bool) -> None:
    """Connects the call with a ready operator, who writes a ticket or records why there is none."""
    story = simulation.choose_story()
    if pressing:
        request_class = CLASS_OF[story.matter.type] if simulation.chance(0.7) else RequestClass.OTHER
        _press(simulation, call_id, _KEYS.get(request_class, ""))
    _join(simulation, call_id)
    if simulation.chance(0.04):
        _miss_offer(simulation, call_id)
    simulation.advance(2, 12 if simulation.chance(0.93) else 50)
    offer = _offer(simulation, call_id)
    operator = next(person for person in simulation.operators if person.id == offer.operator_id)
    with simulation.application.unit_of_work(Machine.CARRIER) as work:
        offers.accept_offer(work, offer.id, simulation.make_sid("CA"))
    simulation.advance(1, 2)
    with simulation.application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.record_connected(work, call_id)
    simulation.advance(3, 8)
    if simulation.chance(0.05):
        _no_matter(simulation, call_id, operator)
    else:
        write_ticket(simulation, call_id, operator, story, lambda: end_call(simulation, call_id))


def _miss_offer(simulation: Simulation, call_id: int) -> None:
    """Lets the call ring at a desk without an answer; it is then offered to the next one."""
    simulation.clock.at += timedelta(seconds=simulation.application.policies.queue.ring_seconds)
    offer = _offer(simulation, call_id)
    with simulation.application.unit_of_work(Machine.CARRIER) as work:
        work.session.execute(update(Presence).values(seen_at=work.at))
        offers.settle_offer(work, offer.id, OfferState.MISSED)


def _no_matter(simulation: Simulation, call_id: int, operator: Person) -> None:
    simulation.advance(5, 40)
    reasons = (
        NoMatterReason.WRONG_NUMBER,
        NoMatterReason.SILENT,
        NoMatterReason.DROPPED,
        NoMatterReason.NUISANCE,
    )
    end_call(simulation, call_id)
    simulation.advance(3, 15)
    with simulation.application.unit_of_work(operator) as work:
        lifecycle.finish_without_ticket(work, call_id, simulation.rng.choice(reasons))
    simulation.busy_until = simulation.clock.at


def place_due_calls(simulation: Simulation) -> None:
    """Places every call that is due."""
    with simulation.application.read_session() as session:
        at = simulation.clock.at
        callback = select(Callback.id).where(
            Callback.state == CallbackState.WAITING, Callback.next_try_at <= at
        )
        follow_up = select(FollowUp.id).where(
            FollowUp.state == FollowUpState.WAITING, FollowUp.next_try_at <= at
        )
        due = (session.scalar(callback.limit(1)), session.scalar(follow_up.limit(1)))
    if due[0] is not None:
        keep_desks_ready(simulation)
        with simulation.application.unit_of_work(Machine.CLOCK) as work:
            callback_dials.plan_due_dials(work)
    if due[1] is not None:
        with simulation.application.unit_of_work(Machine.CLOCK) as work:
            follow_ups.plan_due_dials(work)
    for dial_id in _planned(simulation):
        _place(simulation, dial_id)


def _planned(simulation: Simulation) -> list[int]:
    with simulation.application.read_session() as session:
        return list(session.scalars(select(Dial.id).where(Dial.state == DialState.PLANNED).order_by(Dial.id)))


def _place(simulation: Simulation, dial_id: int) -> None:
    with simulation.application.unit_of_work(Machine.WORKER) as work:
        outbound_calls.begin_placing(work, dial_id)
        ref = outbound_calls.get_dial(work, dial_id).ref
        outbound_calls.record_dial_sid(work, ref, simulation.make_sid("CA"))
        dial = outbound_calls.get_dial(work, dial_id)
    outcome = "no-answer"
    if simulation.chance(REACHED):
        outcome = "completed"
        simulation.advance(6, 20)
        _talk(simulation, dial)
    else:
        simulation.advance(25, 30)
        outcome = simulation.rng.choice(("no-answer", "no-answer", "busy"))
    with simulation.application.unit_of_work(Machine.CARRIER) as work:
        outbound_calls.end_dial(work, dial.ref, outcome=outcome, sid=dial.sid)
    simulation.busy_until = simulation.clock.at


def _talk(simulation: Simulation, dial: DialView) -> None:
    call_id = start_call(simulation, dial.purpose, dial.number, dial)
    simulation.advance(8, 20)
    if dial.purpose is CallPurpose.CALLBACK:
        keep_desks_ready(simulation)
        with simulation.application.unit_of_work(Machine.CALLER) as work:
            callbacks.confirm_person(work, call_id)
        answer_call(simulation, call_id, pressing=False)
        return
    solved = "yes" if simulation.chance(0.88) else "no"
    with simulation.application.unit_of_work(Machine.CALLER) as work:
        follow_ups.record_answer(work, call_id, "solved", solved)
    simulation.advance(4, 9)
    if simulation.chance(0.95):
        satisfied = "yes" if simulation.chance(0.95 if solved == "yes" else 0.15) else "no"
        with simulation.application.unit_of_work(Machine.CALLER) as work:
            follow_ups.record_answer(work, call_id, "satisfied", satisfied)
    end_call(simulation, call_id)
    _hand_over_redo(simulation, dial)


def _hand_over_redo(simulation: Simulation, dial: DialView) -> None:
    """Lets the unit handle the new round that an answer "not solved" has opened."""
    with simulation.application.read_session() as session:
        closed = session.scalar(select(FollowUp.ticket_id).where(FollowUp.id == dial.follow_up_id))
        redo = session.scalar(select(Ticket).where(Ticket.redo_of == closed))
    if redo is not None and redo.unit_code is not None:
        hand_over(simulation, redo.id, redo.unit_code, "已重新现场办理并邀请诉求人当面确认，问题已解决。")
