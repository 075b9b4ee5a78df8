"""Invented calls that we place: callbacks we owe and the one question "was it solved?"."""

from sqlalchemy import select

from config.demo.calls import arrive, be_answered, beat, end
from config.demo.city import City
from config.demo.desk import hand_over
from hotline.rules.enums import CallbackState, CallPurpose, DialState, FollowUpState
from hotline.rules.people.actors import Machine
from hotline.services.outbound import callbacks, follow_ups, outbound_calls
from hotline.services.outbound.outbound_calls import DialView
from hotline.store.outbound import Callback, Dial, FollowUp
from hotline.store.tickets.tables import Ticket

REACHED = 0.6


def look(city: City) -> None:
    """Place every call that is due now."""
    with city.application.read_session() as session:
        at = city.clock.at
        callback = select(Callback.id).where(
            Callback.state == CallbackState.WAITING, Callback.next_try_at <= at
        )
        follow_up = select(FollowUp.id).where(
            FollowUp.state == FollowUpState.WAITING, FollowUp.next_try_at <= at
        )
        due = (session.scalar(callback.limit(1)), session.scalar(follow_up.limit(1)))
    if due[0] is not None:
        beat(city)
        with city.application.unit_of_work(Machine.CLOCK) as work:
            callbacks.plan_due_dials(work)
    if due[1] is not None:
        with city.application.unit_of_work(Machine.CLOCK) as work:
            follow_ups.plan_due_dials(work)
    for dial_id in _planned(city):
        _place(city, dial_id)


def _planned(city: City) -> list[int]:
    with city.application.read_session() as session:
        return list(session.scalars(select(Dial.id).where(Dial.state == DialState.PLANNED).order_by(Dial.id)))


def _place(city: City, dial_id: int) -> None:
    with city.application.unit_of_work(Machine.WORKER) as work:
        outbound_calls.begin_placing(work, dial_id)
        ref = outbound_calls.get_dial(work, dial_id).ref
        outbound_calls.record_dial_sid(work, ref, city.sid("CA"))
        dial = outbound_calls.get_dial(work, dial_id)
    outcome = "no-answer"
    if city.chance(REACHED):
        outcome = "completed"
        city.later(6, 20)
        _talk(city, dial)
    else:
        city.later(25, 30)
        outcome = city.rng.choice(("no-answer", "no-answer", "busy"))
    with city.application.unit_of_work(Machine.CARRIER) as work:
        outbound_calls.end_dial(work, dial.ref, outcome=outcome, sid=dial.sid)
    city.busy_until = city.clock.at


def _talk(city: City, dial: DialView) -> None:
    call_id = arrive(city, dial.purpose, dial.number, dial)
    city.later(8, 20)
    if dial.purpose is CallPurpose.CALLBACK:
        beat(city)
        with city.application.unit_of_work(Machine.CALLER) as work:
            callbacks.confirm_person(work, call_id)
        be_answered(city, call_id, pressing=False)
        return
    solved = "yes" if city.chance(0.88) else "no"
    with city.application.unit_of_work(Machine.CALLER) as work:
        follow_ups.record_answer(work, call_id, "solved", solved)
    city.later(4, 9)
    if city.chance(0.95):
        satisfied = "yes" if city.chance(0.95 if solved == "yes" else 0.15) else "no"
        with city.application.unit_of_work(Machine.CALLER) as work:
            follow_ups.record_answer(work, call_id, "satisfied", satisfied)
    end(city, call_id)
    _hand_over_redo(city, dial)


def _hand_over_redo(city: City, dial: DialView) -> None:
    """A "not solved" opened a new round at the same unit: let that one be handled too."""
    with city.application.read_session() as session:
        closed = session.scalar(select(FollowUp.ticket_id).where(FollowUp.id == dial.follow_up_id))
        redo = session.scalar(select(Ticket).where(Ticket.redo_of == closed))
    if redo is not None and redo.unit_code is not None:
        hand_over(city, redo.id, redo.unit_code, "已重新现场办理并邀请诉求人当面确认，问题已解决。")
