"""After SIGKILL at any moment of a hand-off, the ticket is in the inbox once and the unit is notified once in effect."""

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, func, select, update

from config.processes.job_queues import enqueue_into
from config.processes.relay import relay_once
from hotline import events, outbox
from hotline.clock import system_clock
from hotline.gateways.live import announce_nothing
from hotline.rules.enums import DeliveryState, TicketState
from hotline.rules.people.actors import Machine
from hotline.rules.policies import Policies
from hotline.store.outbox import Delivery, EventRow
from hotline.store.tickets.tables import Assignment
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit
from tests.outbox.workers import UnitSystem, WorkerProcess, unit_system, wait_for, worker

D = DeliveryState
UNIT = "city-management"
ROUNDS = 8
# Seconds; a whole hand-off takes about as long.
LONGEST_DELAY = 0.06
RESTARTED = ("tests.outbox.restarted_worker", "notifications")


class House:
    """An application in real time with a real Redis, a real worker process and a unit's system."""

    def __init__(
        self, application: Application, redis: Redis, process: WorkerProcess, unit: UnitSystem
    ) -> None:
        self.application, self.process, self.unit = application, process, unit
        self._enqueue = enqueue_into(redis)
        make_unit(application, UNIT, webhook_url=unit.url, webhook_secret="s" * 32)

    def hand_off(self) -> int:
        ticket = make_ticket(self.application, state=TicketState.DISPATCHED, unit_code=UNIT)
        with self.application.unit_of_work(Machine.SYSTEM) as work:
            work.record(events.TicketHandedOff(ticket.id, UNIT))
        return ticket.id

    def relay(self) -> None:
        relay_once(self.application, self._enqueue)

    def relay_twice_over(self) -> None:
        """Hands the same deliveries to RQ twice, as happens when the record of the hand-over is lost."""
        pending = outbox.relay(self.application).due
        self._enqueue(pending)
        self._enqueue(pending)

    def let_leases_end(self) -> None:
        """Moves open deliveries so far into the past that every lease and pause is over."""
        ago = system_clock() - timedelta(seconds=1)
        with self.application.unit_of_work(Machine.SYSTEM) as work:
            left = update(Delivery).where(Delivery.state.in_((D.DUE, D.CLAIMED)))
            work.session.execute(left.values(next_try_at=ago, enqueued_at=None))

    def is_notifying(self) -> bool:
        """Relays; says whether the notification of the newest ticket was claimed: only such a claim is committed."""
        self.relay()
        with self.application.read_session() as session:
            newest = select(Delivery.reaction, Delivery.state).order_by(Delivery.id.desc()).limit(1)
            reaction, state = session.execute(newest).one()
            return reaction == "notify_unit" and state is not D.DUE

    def is_settled(self, ticket_id: int) -> bool:
        with self.application.read_session() as session:
            told = select(Assignment.notified_at).where(Assignment.ticket_id == ticket_id)
            left = select(func.count()).where(Delivery.state != D.DONE)
            return session.scalar(told) is not None and session.scalar(left) == 0

    def count_repeated(self) -> int:
        """Returns how many deliveries were tried more than once: their worker was killed with them in hand."""
        with self.application.read_session() as session:
            return session.scalar(select(func.count()).where(Delivery.attempts > 1)) or 0

    def settle(self, ticket_id: int) -> None:
        """Continues as after a restart until the hand-off is done."""
        if self.process.process is None:
            self.process.start()
        self.let_leases_end()

        def done() -> bool:
            self.relay()
            return self.is_settled(ticket_id)

        wait_for(
            done,
            every=0.05,
            why=f"ticket {ticket_id} is handed off; see {self.process.log.read_text()[-2000:]}",
        )


@pytest.fixture
def real_time(engine: Engine, policies: Policies) -> Application:
    return Application(engine=engine, clock=system_clock, policies=policies, announce=announce_nothing)


@pytest.fixture
def house(
    real_time: Application, database_url: str, redis: Redis, redis_url: str, tmp_path: Path
) -> Iterator[House]:
    with ExitStack() as stack:
        unit = stack.enter_context(unit_system())
        process = stack.enter_context(worker(database_url, redis_url, tmp_path, *RESTARTED))
        yield House(real_time, redis, process, unit)


def check(house: House, tickets: list[int]) -> None:
    """One inbox row per ticket, one notification in effect, no delivery lost or dead."""
    with house.application.read_session() as session:
        lines = session.scalars(select(Assignment.ticket_id).order_by(Assignment.ticket_id)).all()
        assert lines == tickets
        delivered = select(EventRow.subject_id).where(EventRow.kind == "TicketDelivered")
        assert sorted(session.scalars(delivered)) == tickets
        assert set(session.scalars(select(Delivery.state))) == {D.DONE}
    assert len(set(house.unit.keys)) == len(tickets)


@pytest.mark.timeout(120)
def test_a_worker_killed_at_any_moment_loses_nothing_and_doubles_nothing(house: House) -> None:
    chance, pause, tickets = random.Random(12345), threading.Event(), []  # noqa: S311 - moments, not secrets
    for number in range(ROUNDS):
        tickets.append(house.hand_off())
        house.relay_twice_over()
        if number % 2:
            pause.wait(chance.uniform(0, LONGEST_DELAY))
        else:
            # A worker is too quick to be hit by chance; the unit holds this notification until the worker is gone.
            house.unit.stall()
            wait_for(house.is_notifying, "a notification is claimed")
        if number == 3:
            house.process.kill()
        else:
            house.process.kill_children()
        house.unit.resume()
        house.settle(tickets[-1])
    check(house, tickets)
    assert house.count_repeated() >= ROUNDS // 2


@pytest.mark.parametrize("whole", [True, False])
def test_a_worker_killed_while_the_unit_is_being_told_tells_it_again_under_the_same_key(
    house: House, whole: bool
) -> None:
    house.unit.stall()
    ticket_id = house.hand_off()

    def told() -> bool:
        house.relay()
        return bool(house.unit.keys)

    wait_for(told, "the unit is told")
    if whole:
        house.process.kill()
    else:
        house.process.kill_children()
    house.unit.resume()
    house.settle(ticket_id)
    assert house.unit.keys == ["assignment-1", "assignment-1"]
    check(house, [ticket_id])
