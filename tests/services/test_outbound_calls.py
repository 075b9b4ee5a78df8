"""Dial attempts are written before they are placed, placed once, ended once, and never stay open."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from hotline import events
from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallPurpose,
    DialState,
    FollowUpState,
    TicketState,
)
from hotline.rules.errors import NoSuchDial
from hotline.rules.people.actors import Machine
from hotline.services.outbound import callback_dials, callbacks, follow_ups, outbound_calls
from hotline.services.outbound.outbound_calls import DialView
from hotline.store.outbound import Callback, Dial, FollowUp
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application, UnitOfWork
from tests.builders import make_operator, make_ticket
from tests.stopped_clock import StoppedClock

NUMBER = "+8613800001234"


def planned_callback(application: Application, clock: StoppedClock, number: str = NUMBER) -> DialView:
    """Promises a callback, makes it fall due with one desk free, and returns its planned attempt."""
    with application.unit_of_work(Machine.SYSTEM) as work:
        callbacks.promise_callback(work, number=number, reason=CallbackReason.REQUESTED, language="en")
    clock.advance(60)
    make_operator(application)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert callback_dials.plan_due_dials(work) == 1
        return newest(work)


def newest(work: UnitOfWork) -> DialView:
    return outbound_calls.get_dial(
        work, work.session.scalars(select(Dial.id).order_by(Dial.id.desc())).first() or 0
    )


def planned_follow_up(application: Application, clock: StoppedClock) -> DialView:
    ticket = make_ticket(application, state=TicketState.CLOSED, caller_number=NUMBER)
    with application.unit_of_work(Machine.SYSTEM) as work:
        follow_ups.promise_follow_up(work, work.session.get_one(Ticket, ticket.id))
    clock.advance(3600)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert follow_ups.plan_due_dials(work) == 1
        return newest(work)


def begin(application: Application, dial: DialView) -> DialView | None:
    with application.unit_of_work(Machine.WORKER) as work:
        return outbound_calls.begin_placing(work, dial.id)


def end(application: Application, dial: DialView, outcome: str = "no-answer", sid: str | None = None) -> None:
    with application.unit_of_work(Machine.CARRIER) as work:
        outbound_calls.end_dial(work, dial.ref, outcome=outcome, sid=sid)


def row(application: Application, dial: DialView) -> Dial:
    with application.read_session() as session:
        return session.get_one(Dial, dial.id)


def callback(application: Application) -> Callback:
    with application.read_session() as session:
        return session.scalars(select(Callback)).one()


def test_an_attempt_knows_what_it_is_for(application: Application, clock: StoppedClock) -> None:
    dial = planned_callback(application, clock)
    known = (
        dial.purpose,
        dial.language,
        dial.number,
        dial.state,
        dial.sid,
        dial.follow_up_id,
        dial.outcome_unknown,
    )
    assert known == (CallPurpose.CALLBACK, "en", NUMBER, DialState.PLANNED, None, None, False)
    with application.unit_of_work(Machine.CARRIER) as work:
        assert outbound_calls.lock_dial(work, dial.ref) == dial


def test_an_unknown_attempt_is_refused(application: Application) -> None:
    asks: tuple[Callable[[UnitOfWork], object], ...] = (
        lambda work: outbound_calls.lock_dial(work, "nobody"),
        lambda work: outbound_calls.get_dial(work, 404),
        lambda work: outbound_calls.begin_placing(work, 404),
        lambda work: outbound_calls.end_dial(work, "nobody", outcome="busy"),
        lambda work: outbound_calls.record_dial_sid(work, "nobody", "CA1"),
    )
    for ask in asks:
        with pytest.raises(NoSuchDial), application.unit_of_work(Machine.CARRIER) as work:
            ask(work)


def test_the_first_moment_of_asking_is_kept_however_often_we_ask(
    application: Application, clock: StoppedClock
) -> None:
    dial = planned_callback(application, clock)
    first = clock.at
    assert begin(application, dial) == dial
    for _ in range(2):
        clock.advance(30)
        again = begin(application, dial)
        assert again is not None
        assert again.outcome_unknown
    assert row(application, dial).placing_at == first


def test_a_lost_answer_leaves_a_doubt(application: Application, clock: StoppedClock) -> None:
    dial = planned_callback(application, clock)
    begin(application, dial)
    with application.unit_of_work(Machine.WORKER) as work:
        outbound_calls.record_unknown_outcome(work, dial.id)
    assert row(application, dial).state is DialState.UNKNOWN


def test_the_first_report_of_the_sid_counts(application: Application, clock: StoppedClock) -> None:
    dial = planned_callback(application, clock)
    begin(application, dial)
    with application.unit_of_work(Machine.CARRIER) as work:
        outbound_calls.record_dial_sid(work, dial.ref, "CAwebhook")
    with application.unit_of_work(Machine.WORKER) as work:
        outbound_calls.record_dial_sid(work, dial.ref, "CAworker")
        outbound_calls.record_unknown_outcome(work, dial.id)
    kept = row(application, dial)
    assert (kept.state, kept.sid) == (DialState.PLACED, "CAwebhook")
    assert begin(application, dial) is None


def test_an_attempt_ends_once(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    dial = planned_callback(application, clock)
    begin(application, dial)
    end(application, dial, "no-answer", "CA1")
    end(application, dial, "completed", "CA2")
    ended = row(application, dial)
    assert (ended.state, ended.outcome, ended.sid) == (DialState.ENDED, "no-answer", "CA1")
    assert [one for one in announced if isinstance(one, events.DialEnded)] == [
        events.DialEnded(dial.id, "no-answer")
    ]
    assert begin(application, dial) is None


def test_an_end_told_before_the_sid_was_known_is_final(application: Application, clock: StoppedClock) -> None:
    dial = planned_callback(application, clock)
    begin(application, dial)
    end(application, dial, "busy", "CA1")
    with application.unit_of_work(Machine.WORKER) as work:
        outbound_calls.record_dial_sid(work, dial.ref, "CA1")
    assert row(application, dial).state is DialState.ENDED


def test_an_attempt_that_waited_too_long_is_dropped_and_does_not_count(
    application: Application, clock: StoppedClock
) -> None:
    dial = planned_callback(application, clock)
    clock.advance(outbound_calls.STALE_AFTER.total_seconds() + 1)
    assert begin(application, dial) is None
    assert row(application, dial).outcome == outbound_calls.DROPPED
    owed = callback(application)
    assert (owed.state, owed.attempts) == (CallbackState.WAITING, 0)
    assert owed.next_try_at > clock.at


def test_no_phone_rings_in_the_quiet_hours_however_late_the_worker_is(
    application: Application, clock: StoppedClock
) -> None:
    dial = planned_callback(application, clock)
    clock.at = clock.at.replace(hour=12, minute=0)  # 20:00 in the city
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Dial).values(planned_at=clock.at - timedelta(minutes=1)))
    assert begin(application, dial) is None
    assert callback(application).next_try_at == (clock.at + timedelta(hours=12))


@pytest.mark.parametrize("planned", [planned_callback, planned_follow_up])
def test_who_is_owed_nothing_any_more_is_not_phoned(
    application: Application, clock: StoppedClock, planned: Callable[[Application, StoppedClock], DialView]
) -> None:
    dial = planned(application, clock)
    with application.unit_of_work(Machine.SYSTEM) as work:
        if dial.callback_id is not None:
            callbacks.cancel_callback(work, dial.callback_id)
        work.session.execute(update(FollowUp).values(state=FollowUpState.ANSWERED))
    assert begin(application, dial) is None
    assert row(application, dial).outcome == outbound_calls.DROPPED


def test_an_attempt_in_doubt_that_is_stale_is_not_placed_again(
    application: Application, clock: StoppedClock
) -> None:
    dial = planned_callback(application, clock)
    begin(application, dial)
    clock.advance(outbound_calls.STALE_AFTER.total_seconds() + 1)
    assert begin(application, dial) is None
    assert row(application, dial).state is DialState.PLACING


def test_one_person_is_never_phoned_for_two_things_at_once(
    application: Application, clock: StoppedClock
) -> None:
    for _ in range(3):
        ticket = make_ticket(application, state=TicketState.CLOSED, caller_number=NUMBER)
        with application.unit_of_work(Machine.SYSTEM) as work:
            follow_ups.promise_follow_up(work, work.session.get_one(Ticket, ticket.id))
    clock.advance(3600)
    dial = planned_callback(application, clock)
    assert plan_follow_ups(application) == 0
    end(application, dial)
    assert [plan_follow_ups(application), plan_follow_ups(application)] == [1, 0]


def plan_follow_ups(application: Application) -> int:
    with application.unit_of_work(Machine.CLOCK) as work:
        return follow_ups.plan_due_dials(work)


def test_a_call_of_the_carrier_belongs_to_one_attempt(application: Application, clock: StoppedClock) -> None:
    first = planned_callback(application, clock)
    begin(application, first)
    end(application, first, "busy", "CA1")
    second = planned_callback(application, clock, "+8613800005678")
    with application.read_session() as session:
        assert outbound_calls.belongs_to_another_dial(session, second.id, "CA1")
        assert not outbound_calls.belongs_to_another_dial(session, first.id, "CA1")
        assert not outbound_calls.belongs_to_another_dial(session, first.id, "CAother")
