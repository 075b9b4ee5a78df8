"""A caller who is owed a call phones again: what ends the promise, what leaves it, and the place that is kept."""

from datetime import datetime

import pytest
from sqlalchemy import select, update

from hotline.rules.enums import CallbackReason, CallbackState, CallState, PresenceState
from hotline.rules.people.actors import Machine
from hotline.services.calls import lifecycle
from hotline.services.outbound import callbacks
from hotline.services.queueing import offers
from hotline.store.outbound import Callback
from hotline.store.people.tables import Presence
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator
from tests.flows.conftest import CALLER, Answer, Carrier, Ledger
from tests.stopped_clock import StoppedClock

C = CallbackState


@pytest.fixture
def place(application: Application, clock: StoppedClock) -> datetime:
    """The place of a caller who hung up in the queue half an hour ago and is owed a call."""
    began = clock.at
    with application.unit_of_work(Machine.SYSTEM) as work:
        callbacks.promise_callback(work, number=CALLER, reason=CallbackReason.ABANDONED, place_since=began)
    clock.advance(1800)
    return began


def walk(carrier: Carrier, *keys: str) -> Answer:
    answer = carrier.arrives()
    for key in keys:
        answer = carrier.presses(answer, key)
    return answer


def states(ledger: Ledger) -> list[CallbackState]:
    return [promise.state for promise in ledger.callbacks()]


@pytest.mark.parametrize(
    "keys",
    [
        (),
        ("4",),
        ("4", "1", "20261123000017", "000000"),
        ("*",),
        ("*", "1"),
        ("*", "4"),
        ("9",),
        ("8",),
        ("0",),
        ("",),
    ],
    ids=lambda keys: "then ".join(key or "silence" for key in keys) or "the greeting",
)
def test_a_line_that_drops_anywhere_before_an_operator_leaves_the_call_owed_at_its_place(
    carrier: Carrier, ledger: Ledger, place: datetime, keys: tuple[str, ...]
) -> None:
    walk(carrier, *keys)
    carrier.hangs_up()
    still_open = [promise for promise in ledger.callbacks() if promise.open_number is not None]
    assert [(one.state, one.place_since, one.number) for one in still_open] == [(C.WAITING, place, CALLER)]


def test_nobody_on_duty_leaves_the_call_owed(
    carrier: Carrier, ledger: Ledger, place: datetime, application: Application
) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).values(state=PresenceState.OFFLINE))
    assert walk(carrier, "0").words.startswith("抱歉，现在没有坐席在线。")
    carrier.hangs_up()
    assert states(ledger) == [C.WAITING]


def test_a_full_queue_promises_again_at_the_old_place(
    carrier: Carrier, ledger: Ledger, place: datetime, application: Application
) -> None:
    for _ in range(application.policies.queue.max_size):
        make_call(application, state=CallState.QUEUED, place_since=application.clock())
    walk(carrier, "0")
    carrier.hangs_up()
    old, new = ledger.callbacks()
    assert (old.state, new.state, new.place_since) == (C.PHONED_AGAIN, C.WAITING, place)
    assert new.call_id == ledger.call().id


def test_who_waits_has_the_old_place_and_who_gives_up_keeps_it(
    carrier: Carrier, ledger: Ledger, place: datetime, clock: StoppedClock
) -> None:
    for sid in ("CA" + "1" * 32, "CA" + "2" * 32):
        carrier.presses(carrier.arrives(CallSid=sid), "", CallSid=sid)
        assert ledger.call(sid).place_since == place
        clock.advance(40)
        carrier.hangs_up(CallSid=sid)
    assert states(ledger) == [C.PHONED_AGAIN, C.PHONED_AGAIN, C.WAITING]
    assert [promise.place_since for promise in ledger.callbacks()] == [place] * 3


def test_reaching_an_operator_ends_what_was_owed(
    carrier: Carrier, ledger: Ledger, place: datetime, application: Application
) -> None:
    make_operator(application)
    carrier.waits()
    assert states(ledger) == [C.WAITING]
    offer, call = ledger.offer(), ledger.call()
    with application.unit_of_work(Machine.CARRIER) as work:
        offers.accept_offer(work, offer.id, "CAleg")
        assert work.session.scalars(select(Callback.state)).all() == [C.WAITING]
        lifecycle.record_connected(work, call.id)
    assert states(ledger) == [C.PHONED_AGAIN]


def test_leaving_a_message_ends_what_was_owed(
    carrier: Carrier, ledger: Ledger, place: datetime, application: Application
) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).values(state=PresenceState.OFFLINE))
    record = walk(carrier, "0", "2")
    assert states(ledger) == [C.WAITING]
    carrier.follow(record, "Record", "action", RecordingSid="RE1", RecordingDuration="7")
    assert states(ledger) == [C.PHONED_AGAIN]


def test_a_promise_at_another_number_is_found_by_the_number_they_phone_from(
    carrier: Carrier, ledger: Ledger, application: Application, clock: StoppedClock
) -> None:
    first = make_call(application, number=CALLER, state=CallState.ENDED, place_since=clock.at)
    began = clock.at
    with application.unit_of_work(Machine.CALLER) as work:
        callbacks.promise_for_call(work, first.id, "13900005678")
    clock.advance(600)
    carrier.waits()
    assert (ledger.call().place_since, states(ledger)) == (began, [C.WAITING])
    carrier.hangs_up()
    old, new = ledger.callbacks()
    assert (old.state, new.state, new.number, new.place_since) == (C.PHONED_AGAIN, C.WAITING, CALLER, began)


def test_a_withheld_number_is_nobodys_promise(carrier: Carrier, ledger: Ledger, place: datetime) -> None:
    carrier.presses(carrier.arrives(From="anonymous"), "", From="anonymous")
    assert ledger.call().place_since != place
    carrier.hangs_up(From="anonymous")
    assert states(ledger) == [C.WAITING]


def test_a_hang_up_reported_after_the_next_call_reached_an_operator_owes_nothing(
    application: Application, ledger: Ledger, clock: StoppedClock
) -> None:
    first = make_call(application, number=CALLER, state=CallState.QUEUED, place_since=clock.at)
    clock.advance(5)
    make_call(application, number=CALLER, state=CallState.TALKING, answered_at=clock.at)
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=first.sid, status="completed")
    assert ledger.callbacks() == []


def test_a_hang_up_reported_while_the_next_call_waits_gives_it_the_place(
    carrier: Carrier, application: Application, ledger: Ledger, clock: StoppedClock
) -> None:
    began = clock.at
    ghost = make_call(application, number=CALLER, state=CallState.QUEUED, place_since=began, queued_at=began)
    clock.advance(90)
    carrier.waits()
    with application.unit_of_work(Machine.CARRIER) as work:
        lifecycle.end_call(work, sid=ghost.sid, status="completed")
    assert (ledger.state(), ledger.call().place_since) == (CallState.QUEUED, began)
    assert states(ledger) == [C.WAITING]
