"""Simulated outbound calls: callbacks and follow-up calls."""

from sqlalchemy import select

from config.demo.calls import answer_call, end_call, keep_desks_ready, start_call
from config.demo.desk import hand_over
from config.demo.simulation import Simulation
from hotline.rules.enums import CallbackState, CallPurpose, DialState, FollowUpState
from hotline.rules.people.actors import Machine
from hotline.services.outbound import callbacks, follow_ups, outbound_calls
from hotline.services.outbound.outbound_calls import DialView
from hotline.store.outbound import Callback, Dial, FollowUp
from hotline.store.tickets.tables import Ticket

# Share of outbound calls that are answered.
REACHED = 0.6


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
            callbacks.plan_due_dials(work)
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
