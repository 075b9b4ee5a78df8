"""Nobody is phoned who is on the line with us: by either of their numbers, in every state of a call, and just after it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallPurpose,
    CallState,
    DialState,
    FollowUpState,
    TicketState,
)
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.services.outbound import callback_dials, callbacks, follow_ups, outbound_calls
from hotline.store.outbound import Callback, Dial, FollowUp
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket
from tests.stopped_clock import StoppedClock

NUMBER, OTHER, SWITCHBOARD = "+8613800001234", "+8613900005678", "+865374400000"
LIVE = [state for state in CallState if state is not CallState.ENDED]


def owed(application: Application, number: str = NUMBER, call_id: int | None = None) -> int:
    with application.unit_of_work(Machine.SYSTEM) as work:
        return callbacks.promise_callback(
            work, number=number, reason=CallbackReason.REQUESTED, call_id=call_id
        ).id


def closed_ticket(application: Application, **columns: object) -> None:
    ticket = make_ticket(application, **{"state": TicketState.CLOSED, "caller_number": NUMBER, **columns})
    with application.unit_of_work(Machine.SYSTEM) as work:
        follow_ups.promise_follow_up(work, work.session.get_one(Ticket, ticket.id))


def plan(application: Application) -> int:
    with application.unit_of_work(Machine.CLOCK) as work:
        return callback_dials.plan_due_dials(work) + follow_ups.plan_due_dials(work)


def hang_up(application: Application, sid: str) -> None:
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=sid, status="completed")


def place(application: Application) -> Dial:
    """Lets a worker take up the newest attempt."""
    with application.unit_of_work(Machine.WORKER) as work:
        dial = work.session.scalars(select(Dial).order_by(Dial.id.desc()).limit(1)).one()
        outbound_calls.begin_placing(work, dial.id)
    with application.read_session() as session:
        return session.get_one(Dial, dial.id)


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("purpose", CallPurpose)
def test_neither_callback_nor_follow_up_is_planned_during_a_call(
    application: Application, clock: StoppedClock, state: CallState, purpose: CallPurpose
) -> None:
    owed(application)
    closed_ticket(application)
    clock.advance(3600)
    make_operator(application)
    make_operator(application)
    call = make_call(application, number=NUMBER, state=state, purpose=purpose)
    assert plan(application) == 0
    hang_up(application, call.sid)
    clock.advance(59)
    make_operator(application)
    make_operator(application)
    assert plan(application) == 0
    clock.advance(3541)
    make_operator(application)
    make_operator(application)
    assert plan(application) == 1


def test_who_asked_for_a_call_at_another_number_is_not_phoned_while_their_first_phone_is_on_the_line(
    application: Application, clock: StoppedClock
) -> None:
    first = make_call(application, number=NUMBER, state=CallState.ENDED)
    owed(application, OTHER, first.id)
    closed_ticket(application, caller_number=OTHER, call_id=first.id)
    clock.advance(3600)
    make_operator(application)
    call = make_call(application, number=NUMBER)
    assert plan(application) == 0
    hang_up(application, call.sid)
    clock.advance(3600)
    make_operator(application)
    assert plan(application) == 1


def test_a_call_with_a_withheld_number_is_nobodys(application: Application, clock: StoppedClock) -> None:
    closed_ticket(application)
    clock.advance(3600)
    make_call(application, number=None, number_raw="anonymous")
    assert plan(application) == 1


def test_a_switchboard_is_phoned_while_another_person_there_is_on_the_line(
    application: Application, clock: StoppedClock
) -> None:
    owed(application, SWITCHBOARD)
    clock.advance(60)
    make_operator(application)
    make_call(application, number=SWITCHBOARD, state=CallState.TALKING)
    assert plan(application) == 1
    assert place(application).state is DialState.PLACING


def test_who_phones_between_planning_and_placing_is_not_rung(
    application: Application, clock: StoppedClock
) -> None:
    callback_id = owed(application)
    clock.advance(60)
    make_operator(application)
    assert plan(application) == 1
    make_call(application, number=NUMBER)
    dropped = place(application)
    assert (dropped.state, dropped.outcome) == (DialState.ENDED, outbound_calls.ENGAGED)
    with application.read_session() as session:
        kept = session.get_one(Callback, callback_id)
    assert (kept.state, kept.attempts) == (CallbackState.WAITING, 0)
    assert kept.next_try_at == clock.at + timedelta(seconds=60)


def test_a_follow_up_whose_person_phones_before_it_is_placed_uses_up_no_attempt(
    application: Application, clock: StoppedClock
) -> None:
    closed_ticket(application)
    for _ in range(5):
        clock.advance(3600)
        assert plan(application) == 1
        call = make_call(application, number=NUMBER)
        assert place(application).outcome == outbound_calls.ENGAGED
        hang_up(application, call.sid)
    with application.read_session() as session:
        kept = session.scalars(select(FollowUp)).one()
    assert (kept.state, kept.attempts) == (FollowUpState.WAITING, 0)


def test_a_call_that_was_over_before_ours_was_placed_does_not_excuse_it(
    application: Application, clock: StoppedClock
) -> None:
    owed(application)
    call = make_call(application, number=NUMBER)
    hang_up(application, call.sid)
    clock.advance(61)
    make_operator(application)
    assert plan(application) == 1
    dial = place(application)
    with application.unit_of_work(Machine.CARRIER) as work:
        outbound_calls.end_dial(work, dial.ref, outcome="no-answer")
        assert work.session.scalars(select(Callback.attempts)).all() == [1]
