"""Relay, claim, react, note: at least once outside, exactly once in effect, and nothing forgotten."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from hotline import events, outbox
from hotline.gateways.unit_webhooks import Notice
from hotline.outbox import LEASE, LOST_AFTER, PAUSES, TRIES, Parcel
from hotline.reactions import CALLS, NOTICES, Tools
from hotline.rules.enums import CallState, DeliveryState, TicketState
from hotline.rules.people.actors import Machine
from hotline.store.outbox import Delivery, EventRow
from hotline.store.tickets.tables import Assignment
from hotline.unit_of_work import Hall
from tests.builders import make_call, make_operator, make_ticket, make_unit
from tests.fakes import FakeCarrier, FakeUnits
from tests.outbox.conftest import Run
from tests.racing import at_once
from tests.stopped_clock import StoppedClock

D = DeliveryState


def hand_off(hall: Hall, *, webhook: str | None = None) -> int:
    """Write a ticket that has just been handed to a unit; returns its id."""
    with hall.look() as session:
        known = session.scalar(select(func.count()).select_from(Assignment))
    if not known:
        make_unit(hall, webhook_url=webhook, webhook_secret="s" * 32)
    ticket = make_ticket(hall, state=TicketState.DISPATCHED, unit_code="city-management")
    with hall.open_work(Machine.SYSTEM) as work:
        work.tell(events.TicketHandedOff(ticket.id, "city-management"))
    return ticket.id


def relay(hall: Hall) -> list[Parcel]:
    """Relay, and note that the transport has what is due."""
    parcels = outbox.relay(hall)
    outbox.note_enqueued(hall, parcels)
    return parcels


def delivery(hall: Hall, delivery_id: int) -> Delivery:
    with hall.look() as session:
        return session.get_one(Delivery, delivery_id)


def inbox_lines(hall: Hall) -> int:
    with hall.look() as session:
        return session.scalar(select(func.count()).select_from(Assignment)) or 0


def test_what_happened_is_relayed_once_and_carried_out(hall: Hall, tools: Tools) -> None:
    hand_off(hall)
    parcels = relay(hall)
    assert [(parcel.lane, parcel.attempts) for parcel in parcels] == [(NOTICES, 0)]
    assert outbox.deliver(tools, parcels[0].id)
    assert delivery(hall, parcels[0].id).state is D.DONE
    assert inbox_lines(hall) == 1
    with hall.look() as session:
        assert session.scalar(select(func.count()).where(EventRow.relayed_at.is_(None))) == 1


def test_an_event_nobody_reacts_to_is_relayed_into_nothing(hall: Hall) -> None:
    with hall.open_work(Machine.SYSTEM) as work:
        work.tell(events.CallQueued(1))
    assert relay(hall) == []
    with hall.look() as session:
        assert session.scalars(select(EventRow.relayed_at)).one() is not None
        assert session.scalars(select(Delivery)).all() == []


def test_one_thing_leads_to_the_next_until_the_unit_is_told(
    hall: Hall, units: FakeUnits, run_due: Run
) -> None:
    hand_off(hall, webhook="https://unit.example/hook")
    assert run_due() == 2
    assert [notice.key for notice in units.told] == ["assignment-1"]
    assert run_due() == 0


def test_a_unit_without_a_system_of_its_own_has_its_inbox_and_is_not_told(
    hall: Hall, units: FakeUnits, run_due: Run
) -> None:
    hand_off(hall)
    assert run_due() == 2
    assert (inbox_lines(hall), units.told) == (1, [])
    outbox.note_enqueued(hall, [])


def test_a_second_delivery_of_the_same_job_does_nothing(
    hall: Hall, tools: Tools, units: FakeUnits, run_due: Run
) -> None:
    hand_off(hall, webhook="https://unit.example/hook")
    run_due()
    with hall.look() as session:
        ids = session.scalars(select(Delivery.id)).all()
    assert [outbox.deliver(tools, each) for each in ids] == [False, False]
    assert (inbox_lines(hall), len(units.told)) == (1, 1)


def test_of_several_workers_at_once_one_carries_it_out(hall: Hall, tools: Tools) -> None:
    hand_off(hall)
    parcel = relay(hall)[0]
    outcomes = at_once(*[lambda: outbox.deliver(tools, parcel.id)] * 4)
    assert sorted(map(str, outcomes)) == ["False", "False", "False", "True"]
    assert inbox_lines(hall) == 1


def test_several_relays_at_once_make_one_delivery(hall: Hall) -> None:
    hand_off(hall)
    at_once(*[lambda: outbox.relay(hall)] * 3)
    with hall.look() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 1


def test_a_failure_pauses_longer_each_time_and_the_last_is_kept_where_it_can_be_seen(
    hall: Hall, tools: Tools, units: FakeUnits, clock: StoppedClock, run_due: Run
) -> None:
    units.failures = TRIES
    hand_off(hall, webhook="https://unit.example/hook")
    run_due()
    with hall.look() as session:
        failing = session.scalars(select(Delivery).where(Delivery.reaction == "notify_unit")).one()
    assert failing.last_error == "NoticeFailed: HTTP 503"
    for tries, pause in enumerate(PAUSES, start=1):
        kept = delivery(hall, failing.id)
        assert (kept.state, kept.attempts) == (D.DUE, tries)
        assert kept.next_try_at == clock.at + timedelta(seconds=pause)
        clock.advance(pause - 1)
        assert run_due() == 0
        clock.advance(1)
        assert run_due() == 1
    assert delivery(hall, failing.id).state is D.DEAD
    clock.advance(100_000)
    assert run_due() == 0
    assert len(units.told) == TRIES
    assert len({notice.key for notice in units.told}) == 1


def test_what_is_being_carried_out_is_nobody_elses_until_the_lease_ends(
    hall: Hall, tools: Tools, clock: StoppedClock
) -> None:
    hand_off(hall)
    parcel = relay(hall)[0]
    with hall.open_work(Machine.SYSTEM) as work:
        work.session.execute(
            update(Delivery).values(state=D.CLAIMED, attempts=1, next_try_at=clock.at + LEASE)
        )
    clock.advance(LEASE.total_seconds() - 1)
    assert relay(hall) == []
    assert not outbox.deliver(tools, parcel.id)
    clock.advance(1)
    assert relay(hall) == [Parcel(parcel.id, NOTICES, 1)]
    assert outbox.deliver(tools, parcel.id)
    assert delivery(hall, parcel.id).attempts == 2


class Overtaken(FakeUnits):
    """A unit so slow that the lease ends and another worker tells it meanwhile."""

    def __init__(self, clock: StoppedClock) -> None:
        super().__init__()
        self.clock = clock
        self.other: Tools | None = None

    def send(self, notice: Notice, at: datetime) -> None:
        super().send(notice, at)
        other, self.other = self.other, None
        if other is not None:
            self.clock.advance(LEASE.total_seconds())
            with other.hall.look() as session:
                held = session.scalars(select(Delivery.id).where(Delivery.state == D.CLAIMED)).one()
            assert outbox.deliver(other, held)
            self.clock.advance(1)
            raise ConnectionError("the slow one fails in the end")


def test_a_late_holder_changes_nothing(hall: Hall, tools: Tools, clock: StoppedClock) -> None:
    hand_off(hall, webhook="https://unit.example/hook")
    assert outbox.deliver(tools, relay(hall)[0].id)
    slow = Overtaken(clock)
    slow.other = tools
    told = relay(hall)[0]
    late = replace(tools, units=slow)
    assert outbox.deliver(late, told.id)
    kept = delivery(hall, told.id)
    assert (kept.state, kept.attempts, kept.last_error) == (D.DONE, 2, None)


def test_a_job_that_kills_its_worker_every_time_is_given_up(
    hall: Hall, tools: Tools, clock: StoppedClock
) -> None:
    hand_off(hall)
    parcel = relay(hall)[0]
    with hall.open_work(Machine.SYSTEM) as work:
        work.session.execute(update(Delivery).values(state=D.CLAIMED, attempts=TRIES, next_try_at=clock.at))
    assert not outbox.deliver(tools, parcel.id)
    kept = delivery(hall, parcel.id)
    assert (kept.state, kept.last_error) == (D.DEAD, "no worker survived the last try")
    clock.advance(3600)
    assert relay(hall) == []


def test_what_was_handed_over_and_lost_is_handed_over_again(hall: Hall, clock: StoppedClock) -> None:
    hand_off(hall)
    parcels = relay(hall)
    assert relay(hall) == []
    clock.advance(LOST_AFTER.total_seconds())
    assert relay(hall) == []
    clock.advance(1)
    assert relay(hall) == parcels


def test_what_was_never_handed_over_is_found_at_once(hall: Hall) -> None:
    hand_off(hall)
    assert outbox.relay(hall) == outbox.relay(hall) != []


def test_a_worker_faster_than_our_note_does_not_wait_for_it(
    hall: Hall, tools: Tools, units: FakeUnits, clock: StoppedClock
) -> None:
    units.failures = 1
    hand_off(hall, webhook="https://unit.example/hook")
    outbox.deliver(tools, relay(hall)[0].id)
    parcels = outbox.relay(hall)
    outbox.deliver(tools, parcels[0].id)
    outbox.note_enqueued(hall, parcels)
    clock.advance(PAUSES[0])
    assert [parcel.attempts for parcel in relay(hall)] == [1]


def test_what_a_newer_version_told_stops_nobody_and_is_left_to_it(hall: Hall) -> None:
    with hall.open_work(Machine.SYSTEM) as work:
        work.session.add_all(
            EventRow(at=work.at, kind="TicketSungTo", subject="ticket", subject_id=1, actor="system", data={})
            for _ in range(outbox.BATCH + 1)
        )
    hand_off(hall)
    assert len(relay(hall)) == 1
    with hall.look() as session:
        left = select(func.count()).where(EventRow.relayed_at.is_(None), EventRow.kind == "TicketSungTo")
        assert session.scalar(left) == outbox.BATCH + 1


@pytest.mark.parametrize("broken", [{"kind": "TicketSungTo"}, {"data": {"colour": "red"}}])
def test_a_delivery_whose_event_cannot_be_read_fails_visibly(
    hall: Hall, tools: Tools, broken: dict[str, object]
) -> None:
    hand_off(hall)
    parcel = relay(hall)[0]
    with hall.open_work(Machine.SYSTEM) as work:
        work.session.execute(update(EventRow).values(**broken))
    assert outbox.deliver(tools, parcel.id)
    kept = delivery(hall, parcel.id)
    assert kept.state is D.DUE
    assert kept.last_error is not None
    assert kept.last_error.startswith(("KeyError", "TypeError"))


def test_a_reaction_this_version_does_not_have_fails_visibly(hall: Hall, tools: Tools) -> None:
    hand_off(hall)
    parcel = relay(hall)[0]
    with hall.open_work(Machine.SYSTEM) as work:
        work.session.execute(update(Delivery).values(reaction="sing"))
    assert outbox.deliver(tools, parcel.id)
    assert delivery(hall, parcel.id).last_error == "KeyError: 'sing'"


def test_what_is_not_ready_yet_is_tried_again_soon(
    hall: Hall, tools: Tools, carrier: FakeCarrier, clock: StoppedClock
) -> None:
    sid = carrier.dial_in()
    operator = make_operator(hall)
    call = make_call(hall, sid=sid, state=CallState.CONNECTING, operator_id=operator.id)
    with hall.open_work(Machine.CARRIER) as work:
        work.tell(events.CallAccepted(call.id, 1, operator.id))
    parcel = relay(hall)[0]
    assert outbox.deliver(tools, parcel.id)
    kept = delivery(hall, parcel.id)
    assert (kept.state, kept.next_try_at) == (D.DUE, clock.at + timedelta(seconds=PAUSES[0]))
    assert str(kept.last_error).startswith("NotYet")


def test_a_delivery_that_does_not_exist_is_nobodys(tools: Tools) -> None:
    assert not outbox.deliver(tools, 404)


def test_a_long_tail_is_relayed_in_pieces_in_its_order(hall: Hall) -> None:
    with hall.open_work(Machine.SYSTEM) as work:
        for call_id in range(outbox.BATCH + 5):
            work.tell(events.CallHangUpAsked(call_id, 1))
    first, second = relay(hall), relay(hall)
    assert (len(first), len(second)) == (outbox.BATCH, 5)
    assert {parcel.lane for parcel in first + second} == {CALLS}
    ids = [parcel.id for parcel in first + second]
    assert ids == sorted(ids)
