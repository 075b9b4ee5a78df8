"""A worker process outlives what goes wrong in a job: an error, a time limit, a lost database, a lost Redis, SIGTERM."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import Engine, select

from config.processes.job_queues import HEAVY_SECONDS, JOB_SECONDS, enqueue_into, enqueue_runs_into
from config.processes.relay import relay_once
from config.processes.scheduler import Scheduler
from config.processes.worker import HANG_SECONDS
from hotline import events, outbox
from hotline.clock import system_clock
from hotline.gateways.live import announce_nothing
from hotline.outbox import LEASE
from hotline.rules.enums import DeliveryState, TicketState
from hotline.rules.people.actors import Machine
from hotline.rules.policies import Policies
from hotline.services.periodic_jobs import HEAVY, HEAVY_LEASE
from hotline.store.jobs import PeriodicJob
from hotline.store.outbox import Delivery
from hotline.store.tickets.tables import Assignment
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit
from tests.outbox.blocking_job import blocking_jobs
from tests.outbox.workers import UnitSystem, WorkerProcess, redis_process, unit_system, wait_for, worker

D = DeliveryState
UNIT = "city-management"
# Runs a worker of the notifications lane, or the module that is named with its arguments.
RunWorker = Callable[..., AbstractContextManager[WorkerProcess]]


@pytest.fixture
def real_time(engine: Engine, policies: Policies) -> Application:
    return Application(engine, system_clock, policies, announce_nothing)


@pytest.fixture
def run_worker(database_url: str, redis_url: str, tmp_path: Path) -> RunWorker:
    return partial(worker, database_url, redis_url, tmp_path)


@pytest.fixture
def unit(real_time: Application) -> Iterator[UnitSystem]:
    with unit_system() as system:
        make_unit(real_time, UNIT, webhook_url=system.url, webhook_secret="s" * 32)
        yield system


@pytest.fixture
def socket() -> Iterator[Path]:
    """A short path: the kernel limits the path of a socket to about a hundred bytes."""
    folder = Path(tempfile.mkdtemp(prefix="hl-t-"))
    yield folder / "s"
    shutil.rmtree(folder, ignore_errors=True)


def hand_off(application: Application, count: int = 1) -> list[int]:
    """Writes tickets that have just been handed to the unit; returns their ids."""
    tickets = [
        make_ticket(application, state=TicketState.DISPATCHED, unit_code=UNIT).id for _ in range(count)
    ]
    with application.unit_of_work(Machine.SYSTEM) as work:
        for ticket_id in tickets:
            work.record(events.TicketHandedOff(ticket_id, UNIT))
    return tickets


def enqueue(redis: Redis, application: Application, *, seconds: int) -> int:
    """Relays what is due with a time limit of its own for each job; returns the number of deliveries."""
    due = outbox.relay(application).due
    for delivery in due:
        Queue(delivery.lane, connection=redis, serializer=JSONSerializer).enqueue(
            "config.processes.worker.carry_out", delivery.id, job_timeout=seconds, result_ttl=0
        )
    return len(due)


def in_order_of_delivery(application: Application) -> list[int]:
    with application.read_session() as session:
        return list(session.scalars(select(Assignment.ticket_id).order_by(Assignment.id)))


def has_failed(application: Application) -> bool:
    with application.read_session() as session:
        return (
            session.scalars(select(Delivery.id).where(Delivery.last_error.is_not(None))).first() is not None
        )


def in_time(process: WorkerProcess) -> str:
    return f"see {process.log.read_text()[-2000:]}"


def test_a_lane_carries_out_its_jobs_in_their_order(
    real_time: Application, unit: UnitSystem, redis: Redis, run_worker: RunWorker
) -> None:
    tickets = hand_off(real_time, 30)
    relay_once(real_time, enqueue_into(redis))
    with run_worker() as process:
        wait_for(lambda: len(in_order_of_delivery(real_time)) == 30, in_time(process), every=0.02)
        assert in_order_of_delivery(real_time) == tickets
        assert process.stop() == 0


def test_a_job_that_exceeds_its_time_limit_fails_and_the_next_one_is_carried_out(
    real_time: Application, unit: UnitSystem, redis: Redis, run_worker: RunWorker
) -> None:
    with run_worker() as process:
        unit.stall()
        hand_off(real_time)

        def fails() -> bool:
            enqueue(redis, real_time, seconds=1)
            return has_failed(real_time)

        wait_for(fails, in_time(process), every=0.02)
        with real_time.read_session() as session:
            errors = session.scalars(
                select(Delivery.last_error).where(Delivery.last_error.is_not(None))
            ).all()
        assert [str(error).split(":")[0] for error in errors] == ["JobTimeoutException"]
        unit.resume()

        def is_done() -> bool:
            relay_once(real_time, enqueue_into(redis))
            with real_time.read_session() as session:
                return set(session.scalars(select(Delivery.state))) == {D.DONE}

        hand_off(real_time)
        wait_for(is_done, in_time(process), every=0.02)
        assert set(unit.keys) == {"assignment-1", "assignment-2"}


def test_a_worker_that_hangs_in_c_code_says_where_and_ends_before_the_lease_does(
    real_time: Application, redis: Redis, run_worker: RunWorker, tmp_path: Path
) -> None:
    assert LEASE.total_seconds() > JOB_SECONDS + HANG_SECONDS
    assert HEAVY_LEASE.total_seconds() > HEAVY_SECONDS + HANG_SECONDS
    os.mkfifo(tmp_path / "gate")
    with run_worker("tests.outbox.hanging_worker", str(tmp_path)) as hanging:
        make_unit(real_time, UNIT)
        hand_off(real_time)

        def ends() -> bool:
            enqueue(redis, real_time, seconds=1)
            return hanging.process is not None and hanging.process.poll() is not None

        wait_for(ends, in_time(hanging), every=0.02)
        assert hanging.process is not None
        assert hanging.process.returncode == 1
    assert "in send" in hanging.log.read_text()
    with real_time.read_session() as session:
        held = session.scalars(select(Delivery).where(Delivery.reaction == "notify_unit")).one()
    assert (held.state, held.attempts) == (D.CLAIMED, 1)


def test_a_worker_outlives_a_redis_that_is_lost_in_the_middle_of_a_job(
    real_time: Application, unit: UnitSystem, database_url: str, tmp_path: Path, socket: Path
) -> None:
    url = f"unix://{socket}"
    with Redis.from_url(url) as redis, worker(database_url, url, tmp_path) as process:
        relay = enqueue_into(redis)
        with redis_process(socket):
            unit.stall()
            first = hand_off(real_time)

            def is_told() -> bool:
                relay_once(real_time, relay)
                return bool(unit.keys)

            wait_for(is_told, in_time(process), every=0.02)
        unit.resume()
        with redis_process(socket):
            second = hand_off(real_time)

            def are_delivered() -> bool:
                relay_once(real_time, relay)
                return in_order_of_delivery(real_time) == first + second

            wait_for(are_delivered, in_time(process), every=0.05)
            assert process.stop() == 0, "it is the same process"


def test_a_worker_that_is_told_to_stop_finishes_the_job_in_its_hands(
    real_time: Application, unit: UnitSystem, redis: Redis, run_worker: RunWorker
) -> None:
    with run_worker() as process:
        unit.stall()
        hand_off(real_time)

        def is_told() -> bool:
            relay_once(real_time, enqueue_into(redis))
            return bool(unit.keys)

        wait_for(is_told, in_time(process), every=0.02)
        assert process.process is not None
        process.process.send_signal(signal.SIGTERM)
        unit.resume()
        assert process.process.wait(20) == 0
    with real_time.read_session() as session:
        assert set(session.scalars(select(Delivery.state))) == {D.DONE}


def test_a_heavy_run_is_finished_though_every_process_of_its_worker_is_told_to_stop(
    real_time: Application, redis: Redis, run_worker: RunWorker, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "gate")
    Scheduler(real_time, enqueue_runs_into(redis), blocking_jobs(tmp_path)).tick()
    with run_worker("tests.outbox.blocking_job", str(tmp_path)) as process:
        wait_for((tmp_path / "begun").exists, in_time(process), every=0.01)
        assert process.process is not None
        for each in (*process.children(), process.process.pid):
            os.kill(each, signal.SIGTERM)
        (tmp_path / "gate").write_bytes(b"")
        assert process.process.wait(20) == 0
    with real_time.read_session() as session:
        assert session.get_one(PeriodicJob, "block").count == 7
    assert redis.llen(f"rq:queue:{HEAVY}") == 0
