"""The fixtures and builders of the tests do what they promise."""

from datetime import UTC, datetime

import pytest
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hotline.rules.enums import Role
from hotline.rules.people.actors import Machine
from hotline.store import outbox
from hotline.store.calls.tables import Call
from hotline.store.engine import open_engine
from hotline.store.people.tables import Presence, Unit, User
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket, make_unit, make_user
from tests.databases import Postgres
from tests.stopped_clock import StoppedClock


def test_builders_write_what_they_return(application: Application) -> None:
    make_unit(application)
    make_user(application, Role.HANDLER, unit_code="city-management")
    make_operator(application)
    make_call(application)
    make_ticket(application)
    with application.read_session() as session:
        counted = [
            session.scalar(select(func.count()).select_from(table))
            for table in (Unit, User, Presence, Call, Ticket)
        ]
    assert counted == [1, 2, 1, 1, 1]


def test_every_work_reads_the_clock_that_the_test_moves(
    application: Application, clock: StoppedClock
) -> None:
    later = clock.advance(90)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert work.at == later


def test_each_test_begins_with_an_empty_redis(redis: Redis) -> None:
    assert redis.keys("*") == []
    redis.set("left", "behind")


def test_each_test_begins_with_an_empty_redis_again(redis: Redis) -> None:
    assert redis.keys("*") == []
    redis.set("left", "behind")


def test_postgresql_is_emptied_between_tests_and_its_ids_begin_again(postgres: Postgres | None) -> None:
    if postgres is None:
        pytest.skip("no PostgreSQL on this machine")
    ids = []
    for _ in range(2):
        engine = open_engine(postgres.emptied())
        with Session(engine) as session:
            lease = outbox.Lease(name="clock", holder="somebody", until=datetime.now(UTC))
            event = outbox.EventRow(
                at=datetime.now(UTC),
                kind="CallArrived",
                subject="call",
                subject_id=1,
                actor="caller",
                data={},
            )
            session.add_all([lease, event])
            session.commit()
            ids.append(event.id)
        engine.dispose()
    assert ids == [1, 1]


def test_a_clone_of_postgresql_has_the_tables_and_no_rows(postgres: Postgres | None) -> None:
    if postgres is None:
        pytest.skip("no PostgreSQL on this machine")
    with postgres.clone() as url:
        engine = open_engine(url)
        with Session(engine) as session:
            assert session.scalar(select(func.count()).select_from(Ticket)) == 0
        engine.dispose()
