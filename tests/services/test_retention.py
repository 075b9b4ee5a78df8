"""Finished work is deleted after the days of the policy, in batches; what is not finished stays."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from config.periodic_jobs import delete_expired
from hotline import events
from hotline.rules.enums import DeliveryState, Role
from hotline.rules.people.actors import Machine
from hotline.rules.policies import RetentionPolicy
from hotline.services import retention
from hotline.services.people import accounts
from hotline.store.base import Base
from hotline.store.outbox import Delivery, EventRow
from hotline.store.people.tables import ApiToken, SignIn
from hotline.store.tickets.tables import IdempotencyKey, Ticket
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_user, person_of
from tests.stopped_clock import StoppedClock

DAYS = RetentionPolicy()


def count(application: Application, table: type[Base]) -> int:
    with application.read_session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def deliver(application: Application, state: DeliveryState, number: int = 1) -> None:
    ticket = make_ticket(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        for _ in range(number):
            work.record(events.TicketOpened(ticket.id))
        for event_id in work.session.scalars(select(EventRow.id).where(EventRow.subject_id == ticket.id)):
            reaction = {"reaction": "notify_unit", "lane": "notifications", "state": state}
            work.session.add(Delivery(event_id=event_id, next_try_at=work.at, done_at=work.at, **reaction))


@pytest.mark.parametrize("state", DeliveryState)
def test_a_delivery_is_deleted_only_when_it_was_done_long_ago(
    application: Application, clock: StoppedClock, state: DeliveryState
) -> None:
    deliver(application, state)
    clock.advance(timedelta(days=DAYS.delivery_days).total_seconds())
    assert delete_expired(application) == 0
    clock.advance(1)
    assert delete_expired(application) == (1 if state is DeliveryState.DONE else 0)
    assert count(application, EventRow) == 1


def test_more_than_a_batch_is_deleted_batch_by_batch(application: Application, clock: StoppedClock) -> None:
    deliver(application, DeliveryState.DONE, number=5)
    clock.advance(timedelta(days=DAYS.delivery_days, seconds=1).total_seconds())
    deleted = []
    for _ in range(4):
        with application.unit_of_work(Machine.CLOCK) as work:
            deleted.append(retention.delete_expired(work, batch_size=2))
    assert deleted == [2, 2, 1, 0]


def test_a_session_is_deleted_when_it_has_been_over_for_long(
    application: Application, clock: StoppedClock
) -> None:
    user = make_user(application)
    with application.unit_of_work(person_of(user)) as work:
        accounts.sign_in(work, user.id)
    clock.advance((accounts.IDLE_LIMIT + timedelta(days=DAYS.sign_in_days)).total_seconds())
    assert (delete_expired(application), count(application, SignIn)) == (0, 1)
    clock.advance(1)
    assert (delete_expired(application), count(application, SignIn)) == (1, 0)


def test_a_programs_key_is_deleted_and_its_ticket_stays(
    application: Application, clock: StoppedClock
) -> None:
    user, ticket = make_user(application, Role.OPERATOR), make_ticket(application)
    with application.unit_of_work(person_of(user)) as work:
        accounts.create_token(work, name="test", user_name=user.name)
        work.flush()
        token_id = work.session.scalars(select(ApiToken.id)).one()
        for key in "ab":
            row = {"token_id": token_id, "key": key, "fingerprint": "", "ticket_id": ticket.id}
            work.session.add(IdempotencyKey(at=work.at, **row))
    clock.advance(timedelta(days=DAYS.idempotency_key_days, seconds=1).total_seconds())
    assert (delete_expired(application), count(application, IdempotencyKey)) == (2, 0)
    assert count(application, Ticket) == 1
