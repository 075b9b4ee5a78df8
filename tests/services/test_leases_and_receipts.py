"""Leases, the units' inbox and receipts."""

from functools import partial

from sqlalchemy import select

from hotline import events
from hotline.rules.enums import LookupState, TicketState
from hotline.rules.people.actors import Machine
from hotline.services import leases, retention
from hotline.services.tickets import inbox
from hotline.store.calls.lookups import CodeTry, Lookup
from hotline.store.calls.tables import Receipt
from hotline.store.tickets.tables import Assignment
from hotline.unit_of_work import Application
from tests.builders import make_call, make_ticket, make_unit
from tests.racing import at_once
from tests.stopped_clock import StoppedClock

UNIT = "city-management"


def hold(application: Application, holder: str) -> bool:
    with application.unit_of_work(Machine.CLOCK) as work:
        return leases.acquire(work, "clock", holder, 5)


def deliver(application: Application, ticket_id: int) -> bool:
    with application.unit_of_work(Machine.WORKER) as work:
        return inbox.deliver(work, ticket_id, UNIT, has_channel=True)


def test_one_holder_at_a_time_who_may_renew(application: Application, clock: StoppedClock) -> None:
    assert hold(application, "first")
    assert not hold(application, "second")
    clock.advance(4)
    assert hold(application, "first")
    clock.advance(4)
    assert not hold(application, "second")


def test_who_falls_silent_is_replaced_and_may_not_come_back(
    application: Application, clock: StoppedClock
) -> None:
    hold(application, "first")
    clock.advance(5)
    assert not hold(application, "second")
    clock.advance(1)
    assert hold(application, "second")
    assert not hold(application, "first")


def test_a_released_lease_is_free_at_once(application: Application, clock: StoppedClock) -> None:
    hold(application, "first")
    with application.unit_of_work(Machine.CLOCK) as work:
        leases.release(work, "clock", "another")
    assert not hold(application, "second")
    with application.unit_of_work(Machine.CLOCK) as work:
        leases.release(work, "clock", "first")
    clock.advance(0.001)
    assert hold(application, "second")


def test_of_many_who_ask_at_once_one_holds(application: Application, clock: StoppedClock) -> None:
    for _ in range(2):
        outcomes = at_once(*[partial(hold, application, f"holder {number}") for number in range(4)])
        assert sorted(map(str, outcomes)) == ["False", "False", "False", "True"]
        clock.advance(6)


def test_leases_of_different_names_do_not_meet(application: Application) -> None:
    with application.unit_of_work(Machine.CLOCK) as work:
        assert leases.acquire(work, "clock", "first", 5)
        assert leases.acquire(work, "other", "second", 5)


def test_a_ticket_lies_in_an_inbox_once_however_often_it_is_delivered(
    application: Application, announced: list[events.Event]
) -> None:
    make_unit(application)
    ticket = make_ticket(application, state=TicketState.DISPATCHED, unit_code=UNIT)
    outcomes = at_once(*[partial(deliver, application, ticket.id)] * 3)
    assert sorted(map(str, outcomes)) == ["False", "False", "True"]
    assert [type(one) for one in announced] == [events.TicketDelivered]


def test_the_first_confirmation_of_a_unit_stands(application: Application, clock: StoppedClock) -> None:
    make_unit(application)
    deliver(application, make_ticket(application, state=TicketState.DISPATCHED, unit_code=UNIT).id)
    first = clock.at
    for _ in range(2):
        with application.unit_of_work(Machine.WORKER) as work:
            inbox.record_notified(work, work.session.scalars(select(Assignment.id)).one())
        clock.advance(10)
    with application.read_session() as session:
        assert session.scalars(select(Assignment.notified_at)).one() == first


def test_what_only_a_call_needs_is_kept_while_one_may_last_and_then_forgotten(
    application: Application, clock: StoppedClock
) -> None:
    call = make_call(application).id
    for key in ("old", "young"):
        with application.unit_of_work(Machine.CARRIER) as work:
            answered = Lookup(call_id=call, source=key, state=LookupState.UNKNOWN, asked_at=work.at)
            asked = Lookup(call_id=call, source=f"{key}, asked", state=LookupState.ASKED, asked_at=work.at)
            tried = CodeTry(key=key, at=work.at)
            work.session.add_all([Receipt(key=key, at=work.at, document=""), tried, answered, asked])
        clock.advance(1)
    clock.advance(retention.RETENTION.total_seconds() - 1)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert retention.delete_expired(work) == 3
        assert retention.delete_expired(work) == 0
    with application.read_session() as session:
        assert session.scalars(select(Receipt.key)).all() == ["young"]
        assert session.scalars(select(CodeTry.key)).all() == ["young"]
        assert set(session.scalars(select(Lookup.source))) == {"old, asked", "young", "young, asked"}
