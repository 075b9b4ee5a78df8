"""The outbox: at least once outside, once in effect, no delivery lost."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from hotline import events, outbox
from hotline.gateways.notifications.channel import UnitNotification
from hotline.outbox import (
    ENQUEUE_TIMEOUT,
    LEASE,
    MAX_ATTEMPTS,
    RETRY_DELAYS_SECONDS,
    VERSION_CHANGE,
    PendingDelivery,
)
from hotline.reactions.context import ReactionContext
from hotline.reactions.registry import CALLS, NOTIFICATIONS
from hotline.rules.enums import CallState, DeliveryState, TicketState
from hotline.rules.people.actors import Machine
from hotline.store.outbox import Delivery, EventRow
from hotline.store.people.tables import Unit
from hotline.store.tickets.tables import Assignment
from hotline.unit_of_work import Application, leave_to_relay
from tests.builders import make_call, make_operator, make_ticket, make_unit
from tests.fakes import FakeCarrier, FakeUnits
from tests.outbox.conftest import Run
from tests.racing import at_once
from tests.stopped_clock import StoppedClock

D = DeliveryState


def hand_off(application: Application, *, webhook: str | None = None) -> int:
    """Writes a ticket that has just been handed to a unit; returns its id."""
    with application.read_session() as session:
        known = session.scalar(select(func.count()).select_from(Unit))
    if not known:
        make_unit(application, webhook_url=webhook, webhook_secret="s" * 32)
    ticket = make_ticket(application, state=TicketState.DISPATCHED, unit_code="city-management")
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.record(events.TicketHandedOff(ticket.id, "city-management"))
    return ticket.id


def relay(application: Application) -> list[PendingDelivery]:
    return outbox.relay(application).due


def delivery(application: Application, delivery_id: int) -> Delivery:
    with application.read_session() as session:
        return session.get_one(Delivery, delivery_id)


def inbox_lines(application: Application) -> int:
    with application.read_session() as session:
        return session.scalar(select(func.count()).select_from(Assignment)) or 0


def test_what_happened_is_relayed_once_and_carried_out(
    application: Application, tools: ReactionContext
) -> None:
    hand_off(application)
    pending = relay(application)
    assert [(due.lane, due.attempts) for due in pending] == [(NOTIFICATIONS, 0)]
    assert outbox.deliver(tools, pending[0].id)
    assert delivery(application, pending[0].id).state is D.DONE
    assert inbox_lines(application) == 1
    assert unrelayed(application) == []


def unrelayed(application: Application) -> list[str]:
    """Returns the kinds of the events that wait for the relay."""
    with application.read_session() as session:
        waiting = select(EventRow.kind).where(EventRow.relayed_at.is_(None)).order_by(EventRow.id)
        return list(session.scalars(waiting))


def test_an_event_without_reactions_is_written_as_relayed(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.record(events.CallQueued(1))
        work.record(events.CallHangUpAsked(1, 1))
    assert unrelayed(application) == ["CallHangUpAsked"]


def test_events_without_reactions_that_were_left_to_the_relay_are_relayed_without_deliveries(
    application: Application,
) -> None:
    left = replace(application, has_reactions=leave_to_relay)
    with left.unit_of_work(Machine.SYSTEM) as work:
        for call_id in range(outbox.BATCH_SIZE + 1):
            work.record(events.CallQueued(call_id))
    first, second, third = (outbox.relay(application) for _ in range(3))
    assert [(each.events, each.due) for each in (first, second, third)] == [
        (outbox.BATCH_SIZE, []),
        (1, []),
        (0, []),
    ]
    assert [each.is_full for each in (first, second)] == [True, False], (
        "the scheduler goes on without a pause"
    )
    assert unrelayed(application) == []


def test_a_reaction_that_is_new_in_this_version_is_made_for_events_of_processes_of_the_older_one(
    application: Application, clock: StoppedClock
) -> None:
    older = replace(application, has_reactions=lambda _event: False)
    for recorded in (
        events.CallHangUpAsked(1, 1),
        events.CallQueued(1),
        events.TicketDelivered(1, 1, "water", False),
    ):
        with older.unit_of_work(Machine.SYSTEM) as work:
            work.record(recorded)
        clock.advance(VERSION_CHANGE.total_seconds() / 2)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert outbox.return_to_relay(work) == 0, "they are too old to be meant"
    with older.unit_of_work(Machine.SYSTEM) as work:
        work.record(events.CallHangUpAsked(2, 1))
    assert relay(application) == []
    with application.unit_of_work(Machine.CLOCK) as work:
        assert outbox.return_to_relay(work) == 1
    assert unrelayed(application) == ["CallHangUpAsked"]
    assert len(relay(application)) == 1
    with application.unit_of_work(Machine.CLOCK) as work:
        assert outbox.return_to_relay(work) == 0, "it has its delivery"


def test_one_reaction_leads_to_the_next_until_the_unit_is_notified(
    application: Application, units: FakeUnits, run_due: Run
) -> None:
    hand_off(application, webhook="https://unit.example/hook")
    assert run_due() == 2
    assert [notice.key for notice in units.told] == ["assignment-1"]
    assert run_due() == 0


def test_a_unit_without_a_system_of_its_own_has_its_inbox_and_gets_no_webhook(
    application: Application, units: FakeUnits, run_due: Run
) -> None:
    hand_off(application)
    assert run_due() == 1, "no delivery is written for a notification that nobody would get"
    assert (inbox_lines(application), units.told) == (1, [])


def test_a_notification_of_an_earlier_version_for_a_unit_without_a_system_does_nothing(
    application: Application, units: FakeUnits, run_due: Run
) -> None:
    hand_off(application)
    run_due()
    with application.unit_of_work(Machine.SYSTEM) as work:
        told = {"ticket_id": 1, "assignment_id": 1, "unit_code": "city-management"}
        row = {
            "at": work.at,
            "kind": "TicketDelivered",
            "subject": "ticket",
            "subject_id": 1,
            "actor": "worker",
        }
        work.session.add(EventRow(**row, data=told))
    assert run_due() == 1
    assert units.told == []


def test_a_reaction_that_raises_does_not_disturb_the_next_one(
    application: Application, tools: ReactionContext, units: FakeUnits
) -> None:
    hand_off(application, webhook="https://unit.example/hook")
    hand_off(application, webhook="https://unit.example/hook")
    with application.unit_of_work(Machine.SYSTEM) as work:
        first = work.session.scalars(select(EventRow).order_by(EventRow.id)).first()
        assert first is not None
        # The database refuses the row: the statement fails in the middle of the transaction.
        first.data = {**first.data, "ticket_id": 404}
    failing, succeeding = relay(application)
    assert outbox.deliver(tools, failing.id)
    assert outbox.deliver(tools, succeeding.id)
    assert [delivery(application, each.id).state for each in (failing, succeeding)] == [D.DUE, D.DONE]
    assert str(delivery(application, failing.id).last_error).startswith("IntegrityError")


def test_every_channel_is_tried_although_one_fails(
    application: Application, tools: ReactionContext, units: FakeUnits
) -> None:
    hand_off(application, webhook="https://unit.example/hook")
    failing = FakeUnits(failures=1)
    both = replace(tools, channels=(failing, units))
    outbox.deliver(both, relay(application)[0].id)
    notification = relay(application)[0]
    outbox.deliver(both, notification.id)
    assert delivery(application, notification.id).state is D.DUE
    assert [len(channel.told) for channel in (failing, units)] == [1, 1]


def test_a_second_delivery_of_the_same_job_does_nothing(
    application: Application, tools: ReactionContext, units: FakeUnits, run_due: Run
) -> None:
    hand_off(application, webhook="https://unit.example/hook")
    run_due()
    with application.read_session() as session:
        ids = session.scalars(select(Delivery.id)).all()
    assert [outbox.deliver(tools, each) for each in ids] == [False, False]
    assert (inbox_lines(application), len(units.told)) == (1, 1)


def test_of_several_workers_at_once_one_carries_it_out(
    application: Application, tools: ReactionContext
) -> None:
    hand_off(application)
    due = relay(application)[0]
    outcomes = at_once(*[lambda: outbox.deliver(tools, due.id)] * 4)
    assert sorted(map(str, outcomes)) == ["False", "False", "False", "True"]
    assert inbox_lines(application) == 1


def test_several_relays_at_once_make_one_delivery(application: Application) -> None:
    hand_off(application)
    at_once(*[lambda: outbox.relay(application)] * 3)
    with application.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 1


def test_a_failure_pauses_longer_each_time_and_the_last_is_kept_where_it_can_be_seen(
    application: Application, tools: ReactionContext, units: FakeUnits, clock: StoppedClock, run_due: Run
) -> None:
    units.failures = MAX_ATTEMPTS
    hand_off(application, webhook="https://unit.example/hook")
    run_due()
    with application.read_session() as session:
        failing = session.scalars(select(Delivery).where(Delivery.reaction == "notify_unit")).one()
    assert failing.last_error == "NotificationFailed: HTTP 503"
    for tries, pause in enumerate(RETRY_DELAYS_SECONDS, start=1):
        kept = delivery(application, failing.id)
        assert (kept.state, kept.attempts) == (D.DUE, tries)
        assert kept.next_try_at == clock.at + timedelta(seconds=pause)
        clock.advance(pause - 1)
        assert run_due() == 0
        clock.advance(1)
        assert run_due() == 1
    assert delivery(application, failing.id).state is D.DEAD
    clock.advance(100_000)
    assert run_due() == 0
    assert len(units.told) == MAX_ATTEMPTS
    assert len({notice.key for notice in units.told}) == 1


def test_a_claimed_delivery_is_not_claimed_again_until_the_lease_ends(
    application: Application, tools: ReactionContext, clock: StoppedClock
) -> None:
    hand_off(application)
    due = relay(application)[0]
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(
            update(Delivery).values(state=D.CLAIMED, attempts=1, next_try_at=clock.at + LEASE)
        )
    clock.advance(LEASE.total_seconds() - 1)
    assert relay(application) == []
    assert not outbox.deliver(tools, due.id)
    clock.advance(1)
    assert relay(application) == [PendingDelivery(due.id, NOTIFICATIONS, 1)]
    assert outbox.deliver(tools, due.id)
    assert delivery(application, due.id).attempts == 2


class Overtaken(FakeUnits):
    """A unit so slow that the lease ends and another worker notifies it meanwhile."""

    def __init__(self, clock: StoppedClock) -> None:
        super().__init__()
        self.clock = clock
        self.other: ReactionContext | None = None

    def send(self, notice: UnitNotification) -> None:
        super().send(notice)
        other, self.other = self.other, None
        if other is not None:
            self.clock.advance(LEASE.total_seconds())
            with other.application.read_session() as session:
                held = session.scalars(select(Delivery.id).where(Delivery.state == D.CLAIMED)).one()
            assert outbox.deliver(other, held)
            self.clock.advance(1)
            raise ConnectionError("the slow one fails in the end")


def test_a_late_holder_changes_nothing(
    application: Application, tools: ReactionContext, clock: StoppedClock
) -> None:
    hand_off(application, webhook="https://unit.example/hook")
    assert outbox.deliver(tools, relay(application)[0].id)
    slow = Overtaken(clock)
    slow.other = tools
    told = relay(application)[0]
    late = replace(tools, channels=(slow,))
    assert outbox.deliver(late, told.id)
    kept = delivery(application, told.id)
    assert (kept.state, kept.attempts, kept.last_error) == (D.DONE, 2, None)


def test_a_job_that_kills_its_worker_every_time_is_given_up(
    application: Application, tools: ReactionContext, clock: StoppedClock
) -> None:
    hand_off(application)
    due = relay(application)[0]
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(
            update(Delivery).values(state=D.CLAIMED, attempts=MAX_ATTEMPTS, next_try_at=clock.at)
        )
    assert not outbox.deliver(tools, due.id)
    kept = delivery(application, due.id)
    assert (kept.state, kept.last_error) == (D.DEAD, "no worker survived the last try")
    clock.advance(3600)
    assert relay(application) == []


def test_what_was_handed_over_and_lost_is_handed_over_again(
    application: Application, clock: StoppedClock
) -> None:
    hand_off(application)
    pending = relay(application)
    assert relay(application) == []
    clock.advance(ENQUEUE_TIMEOUT.total_seconds())
    assert relay(application) == []
    clock.advance(1)
    assert relay(application) == pending


def test_what_could_not_be_handed_over_is_found_at_once(application: Application) -> None:
    hand_off(application)
    taken = relay(application)
    assert relay(application) == []
    outbox.take_back(application, taken)
    assert relay(application) == taken != []


def test_an_event_of_a_newer_version_is_left_to_that_version(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.add_all(
            EventRow(at=work.at, kind="TicketSungTo", subject="ticket", subject_id=1, actor="system", data={})
            for _ in range(outbox.BATCH_SIZE + 1)
        )
    hand_off(application)
    assert len(relay(application)) == 1
    with application.read_session() as session:
        left = select(func.count()).where(EventRow.relayed_at.is_(None), EventRow.kind == "TicketSungTo")
        assert session.scalar(left) == outbox.BATCH_SIZE + 1


@pytest.mark.parametrize("broken", [{"kind": "TicketSungTo"}, {"data": {"colour": "red"}}])
def test_a_delivery_whose_event_cannot_be_read_fails_visibly(
    application: Application, tools: ReactionContext, broken: dict[str, object]
) -> None:
    hand_off(application)
    due = relay(application)[0]
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(EventRow).values(**broken))
    assert outbox.deliver(tools, due.id)
    kept = delivery(application, due.id)
    assert kept.state is D.DUE
    assert kept.last_error is not None
    assert kept.last_error.startswith(("KeyError", "TypeError"))


def test_a_reaction_this_version_does_not_have_fails_visibly(
    application: Application, tools: ReactionContext
) -> None:
    hand_off(application)
    due = relay(application)[0]
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Delivery).values(reaction="sing"))
    assert outbox.deliver(tools, due.id)
    assert delivery(application, due.id).last_error == "KeyError: 'sing'"


def test_what_is_not_ready_yet_is_tried_again_soon(
    application: Application, tools: ReactionContext, carrier: FakeCarrier, clock: StoppedClock
) -> None:
    sid = carrier.dial_in()
    operator = make_operator(application)
    call = make_call(application, sid=sid, state=CallState.CONNECTING, operator_id=operator.id)
    with application.unit_of_work(Machine.CARRIER) as work:
        work.record(events.CallAccepted(call.id, 1, operator.id))
    due = relay(application)[0]
    assert outbox.deliver(tools, due.id)
    kept = delivery(application, due.id)
    assert (kept.state, kept.next_try_at) == (D.DUE, clock.at + timedelta(seconds=RETRY_DELAYS_SECONDS[0]))
    assert str(kept.last_error).startswith("RetryLater")


def test_a_delivery_that_does_not_exist_is_not_executed(tools: ReactionContext) -> None:
    assert not outbox.deliver(tools, 404)


def test_a_long_tail_is_relayed_in_pieces_in_its_order(application: Application) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        for call_id in range(outbox.BATCH_SIZE + 5):
            work.record(events.CallHangUpAsked(call_id, 1))
    first, second = relay(application), relay(application)
    assert (len(first), len(second)) == (outbox.BATCH_SIZE, 5)
    assert {due.lane for due in first + second} == {CALLS}
    ids = [due.id for due in first + second]
    assert ids == sorted(ids)


def test_a_database_that_breaks_its_connections_in_a_job_disturbs_neither_its_retry_nor_the_next_job(
    application: Application, tools: ReactionContext, database: str
) -> None:
    if database == "sqlite":
        pytest.skip("a file has no server that could break connections")
    hand_off(application)
    hand_off(application)
    first, second = (due.id for due in relay(application))

    class BreakingChannel:
        """Breaks every connection of the database once, in the middle of a job."""

        is_broken = False

        def reaches(self, _unit: object) -> bool:
            if not self.is_broken:
                self.is_broken = True
                with application.engine.connect() as connection:
                    others = (
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                    )
                    connection.execute(text(f"{others} AND datname = current_database()"))
            return False

        def send(self, _notification: object) -> None:
            raise AssertionError("it reaches nobody")

    breaking = replace(tools, channels=(BreakingChannel(),))
    assert outbox.deliver(breaking, first)
    assert outbox.deliver(breaking, second)
    with application.unit_of_work(Machine.SYSTEM) as work:
        states = work.session.scalars(select(Delivery.state).order_by(Delivery.id)).all()
        assert states == [D.DUE, D.DONE]
        work.session.execute(update(Delivery).where(Delivery.id == first).values(next_try_at=work.at))
    assert outbox.deliver(breaking, first)
    assert inbox_lines(application) == 2


class Killed(BaseException):
    """Ends a reaction as SIGKILL does: nothing is recorded."""


class KillingChannel:
    """Implements `NotificationChannel`: kills the worker that looks at it."""

    def reaches(self, _unit: object) -> bool:
        raise Killed

    def send(self, _notification: object) -> None:
        raise Killed


@pytest.mark.parametrize(("waited", "left"), [(0, (D.DUE, 0)), (LEASE.total_seconds(), (D.CLAIMED, 1))])
def test_a_reaction_on_our_own_rows_is_one_commit_with_its_claim_until_its_event_is_old(
    application: Application,
    tools: ReactionContext,
    clock: StoppedClock,
    waited: float,
    left: tuple[DeliveryState, int],
) -> None:
    """A reaction that kills its worker every time must leave a trace of its tries, to be given up some day."""
    hand_off(application)
    due = relay(application)[0]
    clock.advance(waited)
    with pytest.raises(Killed):
        outbox.deliver(replace(tools, channels=(KillingChannel(),)), due.id)
    kept = delivery(application, due.id)
    assert (kept.state, kept.attempts) == left
    assert inbox_lines(application) == 0
    clock.advance(LEASE.total_seconds())
    assert outbox.deliver(tools, due.id)
    assert (inbox_lines(application), delivery(application, due.id).state) == (1, D.DONE)
