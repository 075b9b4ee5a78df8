"""Transactional outbox: turns unrelayed events into deliveries and executes each at least once, once in effect.

A delivery is one reaction to one event. The database is authoritative; Redis only reduces latency. A worker
claims a delivery by conditional update under a lease. If the worker is killed, the lease expires and
another worker takes over.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Update, or_, select, update

from hotline.events import KINDS, unpack
from hotline.reactions.context import ReactionContext, RetryLater
from hotline.reactions.registry import REACTION_BY_NAME, REACTIONS
from hotline.rules.enums import DeliveryState
from hotline.rules.failures import without_numbers
from hotline.rules.people.actors import Machine
from hotline.store.outbox import Delivery, EventRow
from hotline.store.upsert import insert_if_absent, updated_one
from hotline.unit_of_work import Application, UnitOfWork

BATCH_SIZE = 200
# Longer than the longest reaction may last: the worker stops a job after
# `config.processes.worker.JOB_SECONDS`.
LEASE = timedelta(seconds=50)
# A delivery that was handed to RQ and is not claimed within this time is handed over again.
ENQUEUE_TIMEOUT = timedelta(seconds=15)
# Seconds before the next attempt after the 1st, 2nd, … failure. After the last one the delivery is dead.
RETRY_DELAYS_SECONDS = (1, 2, 5, 10, 30, 60, 300, 900, 3600)
MAX_ATTEMPTS = len(RETRY_DELAYS_SECONDS) + 1


@dataclass(frozen=True, slots=True)
class PendingDelivery:
    """A delivery ready for the transport; `attempts` counts the attempts already made."""

    id: int
    lane: str
    attempts: int


# Hands deliveries to the transport. It may raise: a delivery that was not handed over is found again.
Enqueue = Callable[[list[PendingDelivery]], None]


def relay(application: Application) -> list[PendingDelivery]:
    """Turns unrelayed events into deliveries and returns every delivery that is due now.

    Run by one process at a time (see `services.leases`); two at once only do the work twice.
    """
    with application.unit_of_work(Machine.CLOCK) as work:
        _relay_events(work)
        return _due(work)


def record_enqueued(application: Application, pending: list[PendingDelivery]) -> None:
    """Records that the transport holds `pending`; they are not handed over again before `ENQUEUE_TIMEOUT`."""
    if not pending:
        return
    with application.unit_of_work(Machine.CLOCK) as work:
        for attempts in {parcel.attempts for parcel in pending}:
            ids = [parcel.id for parcel in pending if parcel.attempts == attempts]
            # A quick worker may have claimed the delivery meanwhile; its next attempt must not wait for
            # this record.
            untouched = update(Delivery).where(Delivery.id.in_(ids), Delivery.attempts == attempts)
            work.session.execute(untouched.values(enqueued_at=work.at))


def deliver(context: ReactionContext, delivery_id: int) -> bool:
    """Executes one delivery: claims it, runs the reaction, records the result.

    Returns False if the delivery is not due, already done, or claimed by another worker.
    """
    claimed = _claim(context.application, delivery_id)
    if claimed is None:
        return False
    attempt, reaction, kind, data = claimed
    log = structlog.get_logger().bind(delivery=delivery_id, reaction=reaction, attempt=attempt)
    try:
        REACTION_BY_NAME[reaction].run(context, unpack(kind, data))
    except Exception as error:  # noqa: BLE001 - every failure becomes its next try; the row keeps why
        if not isinstance(error, RetryLater):
            log.warning("delivery.failed", trouble=type(error).__name__)
        _record_failure(context.application, delivery_id, attempt, error)
        return True
    _record_done(context.application, delivery_id, attempt)
    return True


def _relay_events(work: UnitOfWork) -> None:
    """Writes one delivery for each reaction to each unrelayed event."""
    tail = (
        select(EventRow.id, EventRow.kind)
        # A kind of event that only a newer version knows stays for that version's scheduler.
        .where(EventRow.relayed_at.is_(None), EventRow.kind.in_(KINDS))
        .order_by(EventRow.id)
        .limit(BATCH_SIZE)
    )
    rows = work.session.execute(tail).all()
    wanted = {kind.__name__: reactions for kind, reactions in REACTIONS.items()}
    for event_id, kind in rows:
        for reaction in wanted.get(kind, ()):
            row = {
                "event_id": event_id,
                "reaction": reaction.name,
                "lane": reaction.lane,
                "state": DeliveryState.DUE,
                "attempts": 0,
                "next_try_at": work.at,
            }
            insert_if_absent(work.session, Delivery, Delivery.id, row)
    if rows:
        ids = [event_id for event_id, _kind in rows]
        work.session.execute(update(EventRow).where(EventRow.id.in_(ids)).values(relayed_at=work.at))


def _due(work: UnitOfWork) -> list[PendingDelivery]:
    not_on_its_way = or_(Delivery.enqueued_at.is_(None), Delivery.enqueued_at < work.at - ENQUEUE_TIMEOUT)
    due = (
        select(Delivery.id, Delivery.lane, Delivery.attempts)
        .where(
            Delivery.state.in_((DeliveryState.DUE, DeliveryState.CLAIMED)),
            Delivery.next_try_at <= work.at,
            not_on_its_way,
        )
        .order_by(Delivery.id)
        .limit(BATCH_SIZE)
    )
    return [PendingDelivery(*row) for row in work.session.execute(due)]


def _claim(application: Application, delivery_id: int) -> tuple[int, str, str, dict[str, Any]] | None:
    """Returns (attempt, reaction, kind of event, data) of the claimed delivery; None if it cannot be claimed."""
    with application.unit_of_work(Machine.WORKER) as work:
        ours = update(Delivery).where(
            Delivery.id == delivery_id,
            Delivery.state.in_((DeliveryState.DUE, DeliveryState.CLAIMED)),
            Delivery.next_try_at <= work.at,
        )
        worn_out = ours.where(Delivery.attempts >= MAX_ATTEMPTS)
        if updated_one(
            work.session,
            worn_out.values(state=DeliveryState.DEAD, last_error="no worker survived the last try"),
        ):
            return None
        until = work.at + LEASE
        step = ours.values(state=DeliveryState.CLAIMED, attempts=Delivery.attempts + 1, next_try_at=until)
        if not updated_one(work.session, step):
            return None
        query = (
            select(Delivery.attempts, Delivery.reaction, EventRow.kind, EventRow.data)
            .join(EventRow, EventRow.id == Delivery.event_id)
            .where(Delivery.id == delivery_id)
        )
        attempts, reaction, kind, data = work.session.execute(query).one()
        return attempts, reaction, kind, data


def _record_done(application: Application, delivery_id: int, attempt: int) -> None:
    with application.unit_of_work(Machine.WORKER) as work:
        work.session.execute(
            _claimed_attempt(delivery_id, attempt).values(
                state=DeliveryState.DONE, done_at=work.at, last_error=None
            )
        )


def _record_failure(application: Application, delivery_id: int, attempt: int, error: Exception) -> None:
    with application.unit_of_work(Machine.WORKER) as work:
        last = attempt >= MAX_ATTEMPTS
        pause = timedelta(seconds=0 if last else RETRY_DELAYS_SECONDS[attempt - 1])
        work.session.execute(
            _claimed_attempt(delivery_id, attempt).values(
                state=DeliveryState.DEAD if last else DeliveryState.DUE,
                next_try_at=work.at + pause,
                enqueued_at=None,
                last_error=without_numbers(f"{type(error).__name__}: {error}")[:300],
            )
        )


def _claimed_attempt(delivery_id: int, attempt: int) -> Update:
    """Selects the delivery only while this attempt holds it."""
    # A worker whose lease has expired must not overwrite the result of the worker that took over.
    return update(Delivery).where(
        Delivery.id == delivery_id, Delivery.state == DeliveryState.CLAIMED, Delivery.attempts == attempt
    )
