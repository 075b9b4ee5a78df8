"""Callbacks that reached nobody and wrap-ups over their limit come to a shift leader, who takes and finishes each."""

import pytest
from sqlalchemy import select, update

from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    EscalationKind,
    EscalationState,
    PresenceState,
    Role,
)
from hotline.rules.errors import InvalidFields, LostRace, MissingFields, NoSuchEscalation, NotAllowed
from hotline.rules.people.actors import Machine, Person
from hotline.services.outbound import callbacks, exhausted_callbacks
from hotline.services.people import accounts, disclosures
from hotline.services.queueing import escalations, presence
from hotline.store.calls.escalation_lists import count_open, list_escalations
from hotline.store.calls.escalations import Escalation
from hotline.store.outbound import Callback
from hotline.store.people.tables import Disclosure, Presence
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_user, person_of
from tests.stopped_clock import StoppedClock

S = EscalationState
NUMBER = "+8613800005678"


@pytest.fixture
def leader(application: Application) -> Person:
    return person_of(make_user(application, Role.SHIFT_LEADER))


def exhaust(application: Application) -> int:
    """Promises a callback and ends its last attempt without an answer; returns the id of its escalation."""
    with application.unit_of_work(Machine.SYSTEM) as work:
        promised = callbacks.promise_callback(work, number=NUMBER, reason=CallbackReason.ABANDONED)
        last = {"state": CallbackState.DIALLING, "attempts": 99}
        work.session.execute(update(Callback).where(Callback.id == promised.id).values(last))
    with application.unit_of_work(Machine.WORKER) as work:
        callbacks.reschedule(work, promised.id)
    with application.read_session() as session:
        return session.scalars(select(Escalation.id).order_by(Escalation.id.desc())).first() or 0


def overrun(application: Application, clock: StoppedClock) -> tuple[int, Person]:
    """Leaves an operator in a wrap-up until its limit is over; returns the id of the escalation and the operator."""
    operator = make_operator(application)
    call = make_call(application, operator_id=operator.id)
    with application.unit_of_work(operator) as work:
        presence.open_desk(work)
        busy = {"state": PresenceState.WRAP_UP, "call_id": call.id, "since": work.at}
        work.session.execute(update(Presence).where(Presence.user_id == operator.id).values(busy))
    clock.advance(3600)
    for _ in range(2):
        with application.unit_of_work(Machine.CLOCK) as work:
            presence.flag_long_wrap_ups(work)
    with application.read_session() as session:
        return session.scalars(select(Escalation.id)).one(), operator


def state_of(application: Application, escalation_id: int) -> tuple[EscalationState, int | None, str]:
    with application.read_session() as session:
        row = session.get_one(Escalation, escalation_id)
        return row.state, row.owner_id, row.note


def test_a_callback_that_reached_nobody_is_taken_and_finished_with_a_note(
    application: Application, leader: Person
) -> None:
    escalation = exhaust(application)
    with application.read_session() as session:
        assert count_open(session) == 1
        (line,) = list_escalations(session, None, unfinished=True, limit=10).rows
        assert (line.escalation.kind, line.callback and line.callback.number) == (
            EscalationKind.CALLBACK_EXHAUSTED,
            NUMBER,
        )
    with application.unit_of_work(leader) as work:
        escalations.take(work, escalation)
    assert state_of(application, escalation) == (S.TAKEN, leader.id, "")
    with application.unit_of_work(leader) as work:
        escalations.finish(work, escalation, " 已用座机联系上 ")
    assert state_of(application, escalation) == (S.DONE, leader.id, "已用座机联系上")
    with application.read_session() as session:
        assert list_escalations(session, None, unfinished=True, limit=10).rows == ()
        assert len(list_escalations(session, S.DONE, unfinished=False, limit=10).rows) == 1


def test_two_leaders_never_take_the_same_one(application: Application, leader: Person) -> None:
    escalation, other = exhaust(application), person_of(make_user(application, Role.SHIFT_LEADER))
    with application.unit_of_work(leader) as work:
        escalations.take(work, escalation)
    for step in (escalations.take, escalations.release):
        with pytest.raises(LostRace), application.unit_of_work(other) as work:
            step(work, escalation)
    with pytest.raises(LostRace), application.unit_of_work(other) as work:
        escalations.finish(work, escalation, "也联系了")
    with application.unit_of_work(leader) as work:
        escalations.release(work, escalation)
    with application.unit_of_work(other) as work:
        escalations.finish(work, escalation, "联系上了")
    assert state_of(application, escalation) == (S.DONE, other.id, "联系上了")


@pytest.mark.parametrize(
    ("note", "error"), [("", MissingFields), ("  ", MissingFields), ("字" * 501, InvalidFields)]
)
def test_nothing_is_finished_without_words_that_can_be_kept(
    application: Application, leader: Person, note: str, error: type[Exception]
) -> None:
    escalation = exhaust(application)
    with pytest.raises(error), application.unit_of_work(leader) as work:
        escalations.finish(work, escalation, note)
    assert state_of(application, escalation) == (S.OPEN, None, "")


def test_an_operator_sees_to_no_escalation(application: Application) -> None:
    escalation, operator = exhaust(application), make_operator(application)
    with pytest.raises(NotAllowed), application.unit_of_work(operator) as work:
        escalations.take(work, escalation)


def test_an_unknown_one_is_not_there(application: Application, leader: Person) -> None:
    with pytest.raises(NoSuchEscalation), application.unit_of_work(leader) as work:
        escalations.take(work, 77)
    with pytest.raises(NoSuchEscalation), application.unit_of_work(leader) as work:
        exhausted_callbacks.promise_again(work, 77, "再拨")


def test_the_caller_is_promised_another_call_at_the_old_place(
    application: Application, clock: StoppedClock, leader: Person
) -> None:
    escalation, began = exhaust(application), clock.at
    clock.advance(7200)
    with application.unit_of_work(leader) as work:
        exhausted_callbacks.promise_again(work, escalation, "晚上再拨")
    assert state_of(application, escalation)[0] is S.DONE
    with application.read_session() as session:
        again = session.scalars(select(Callback).where(Callback.state == CallbackState.WAITING)).one()
        assert (again.number, again.place_since) == (NUMBER, began)


def test_the_number_is_shown_to_who_has_taken_it_and_to_nobody_else(
    application: Application, leader: Person
) -> None:
    escalation = exhaust(application)
    with pytest.raises(NotAllowed), application.unit_of_work(leader) as work:
        disclosures.show_number(work, "callback", 1, "call_back")
    with application.unit_of_work(leader) as work:
        escalations.take(work, escalation)
    with application.unit_of_work(leader) as work:
        assert disclosures.show_number(work, "callback", 1, "call_back") == NUMBER
    with application.read_session() as session:
        assert session.scalars(select(Disclosure.user_id)).all() == [leader.id]


def test_a_wrap_up_over_its_limit_comes_once_and_ends_with_the_wrap_up(
    application: Application, clock: StoppedClock
) -> None:
    escalation, operator = overrun(application, clock)
    assert state_of(application, escalation)[0] is S.OPEN
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).values(state=PresenceState.READY))
    with application.unit_of_work(Machine.CLOCK) as work:
        presence.flag_long_wrap_ups(work)
    assert state_of(application, escalation)[0] is S.OVER
    with application.read_session() as session:
        (line,) = list_escalations(session, S.OVER, unfinished=False, limit=10).rows
        assert line.operator is not None
        assert (line.operator.id, line.call is not None) == (operator.id, True)


def test_a_wrap_up_that_somebody_has_taken_stays_theirs(
    application: Application, clock: StoppedClock, leader: Person
) -> None:
    escalation, _operator = overrun(application, clock)
    with application.unit_of_work(leader) as work:
        escalations.take(work, escalation)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).values(state=PresenceState.READY))
    with application.unit_of_work(Machine.CLOCK) as work:
        presence.flag_long_wrap_ups(work)
    assert state_of(application, escalation)[0] is S.TAKEN
    with pytest.raises(NotAllowed), application.unit_of_work(leader) as work:
        exhausted_callbacks.promise_again(work, escalation, "再拨")


def test_what_a_leaver_had_taken_waits_for_anybody_again(application: Application, leader: Person) -> None:
    escalation = exhaust(application)
    with application.unit_of_work(leader) as work:
        escalations.take(work, escalation)
    boss = person_of(make_user(application, Role.ADMIN))
    with application.read_session() as session:
        name = next(iter(accounts.active_people(session, accounts.Right.HANDLE_ESCALATIONS)))
    with application.unit_of_work(boss) as work:
        accounts.disable_user(work, name)
    assert state_of(application, escalation)[:2] == (S.OPEN, None)
