"""From the log to the outside: relay un-relayed events into deliveries, carry each delivery out, once in effect.

The database remembers what is due; Redis and RQ only hurry it along. A delivery is claimed by conditional update under
a lease; whoever is killed while holding it loses it when the lease ends, and another worker takes over.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Update, or_, select, update

from hotline.events import KINDS, unpack
from hotline.reactions import REACTION_BY_NAME, REACTIONS, ReactionContext, RetryLater
from hotline.rules.enums import DeliveryState
from hotline.rules.people.actors import Machine
from hotline.store.outbox import Delivery, EventRow
from hotline.store.upsert import insert_if_absent, updated_one
from hotline.unit_of_work import Application, UnitOfWork

D = DeliveryState
BATCH_SIZE = 200
LEASE = timedelta(seconds=50)
"""Longer than the longest reaction may last (the worker stops a job after `config.processes.worker.JOB_SECONDS`)."""
ENQUEUE_TIMEOUT = timedelta(seconds=15)
"""A delivery handed to RQ and not claimed for this long is handed over again."""
RETRY_DELAYS_SECONDS = (1, 2, 5, 10, 30, 60, 300, 900, 3600)
"""Seconds before the next try after the 1st, 2nd, … failure; after the last the delivery is dead and shown as such."""
MAX_ATTEMPTS = len(RETRY_DELAYS_SECONDS) + 1


@dataclass(frozen=True, slots=True)
class PendingDelivery:
    """A delivery ready for the transport: its id, its lane, and how many tries were made before."""

    id: int
    lane: str
    attempts: int


Enqueue = Callable[[list[PendingDelivery]], None]
"""Hands parcels to the transport. May raise: what was not handed over is found again."""


def relay(application: Application) -> list[PendingDelivery]:
    """Turn the un-relayed tail of the log into deliveries and return every parcel that is due now.

    Run it in one process at a time (see the lease in `schedule`); two at once would do no harm but double work.
    """
    with application.unit_of_work(Machine.CLOCK) as work:
        _relay_events(work)
        return _due(work)


def record_enqueued(application: Application, pending: list[PendingDelivery]) -> None:
    """Note that the transport has them; until `LOST_AFTER` they are not handed over again.

    What a quick worker has claimed meanwhile is left alone: its next try must not wait for this note.
    """
    if not pending:
        return
    with application.unit_of_work(Machine.CLOCK) as work:
        for attempts in {parcel.attempts for parcel in pending}:
            ids = [parcel.id for parcel in pending if parcel.attempts == attempts]
            untouched = update(Delivery).where(Delivery.id.in_(ids), Delivery.attempts == attempts)
            work.session.execute(untouched.values(enqueued_at=work.at))


def deliver(context: ReactionContext, delivery_id: int) -> bool:
    """Carry one delivery out: claim, react, note. Returns False if it was not (or no longer) ours to do."""
    claimed = _claim(context.application, delivery_id)
    if claimed is None:
        return False
    attempt, reaction, kind, data = claimed
    log = structlog.get_logger().bind(delivery=delivery_id, reaction=reaction, attempt=attempt)
    try:
        REACTION_BY_NAME[reaction].run(context, unpack(kind, data))
    except Exception as trouble:  # noqa: BLE001 - every failure becomes its next try; the row keeps why
        if not isinstance(trouble, RetryLater):
            log.warning("delivery.failed", trouble=type(trouble).__name__)
        _record_failure(context.application, delivery_id, attempt, trouble)
        return True
    _record_done(context.application, delivery_id, attempt)
    return True


def _relay_events(work: UnitOfWork) -> None:
    """Write a delivery for each reaction. What a newer version has told is left to that version's clock."""
    tail = (
        select(EventRow.id, EventRow.kind)
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
                "state": D.DUE,
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
        .where(Delivery.state.in_((D.DUE, D.CLAIMED)), Delivery.next_try_at <= work.at, not_on_its_way)
        .order_by(Delivery.id)
        .limit(BATCH_SIZE)
    )
    return [PendingDelivery(*row) for row in work.session.execute(due)]


def _claim(application: Application, delivery_id: int) -> tuple[int, str, str, dict[str, Any]] | None:
    """Return (attempt, reaction, kind of event, its data) of a delivery that is ours now; None if it is not."""
    with application.unit_of_work(Machine.WORKER) as work:
        ours = update(Delivery).where(
            Delivery.id == delivery_id,
            Delivery.state.in_((D.DUE, D.CLAIMED)),
            Delivery.next_try_at <= work.at,
        )
        worn_out = ours.where(Delivery.attempts >= MAX_ATTEMPTS)
        if updated_one(
            work.session, worn_out.values(state=D.DEAD, last_error="no worker survived the last try")
        ):
            return None
        until = work.at + LEASE
        step = ours.values(state=D.CLAIMED, attempts=Delivery.attempts + 1, next_try_at=until)
        if not updated_one(work.session, step):
            return None
        found = (
            select(Delivery.attempts, Delivery.reaction, EventRow.kind, EventRow.data)
            .join(EventRow, EventRow.id == Delivery.event_id)
            .where(Delivery.id == delivery_id)
        )
        attempts, reaction, kind, data = work.session.execute(found).one()
        return attempts, reaction, kind, data


def _record_done(application: Application, delivery_id: int, attempt: int) -> None:
    with application.unit_of_work(Machine.WORKER) as work:
        work.session.execute(
            _claimed_attempt(delivery_id, attempt).values(state=D.DONE, done_at=work.at, last_error=None)
        )


def _record_failure(application: Application, delivery_id: int, attempt: int, trouble: Exception) -> None:
    with application.unit_of_work(Machine.WORKER) as work:
        last = attempt >= MAX_ATTEMPTS
        pause = timedelta(seconds=0 if last else RETRY_DELAYS_SECONDS[attempt - 1])
        work.session.execute(
            _claimed_attempt(delivery_id, attempt).values(
                state=D.DEAD if last else D.DUE,
                next_try_at=work.at + pause,
                enqueued_at=None,
                last_error=f"{type(trouble).__name__}: {trouble}"[:300],
            )
        )


def _claimed_attempt(delivery_id: int, attempt: int) -> Update:
    """Only the holder of this very attempt may note its end; a late one whose lease ran out changes nothing."""
    return update(Delivery).where(
        Delivery.id == delivery_id, Delivery.state == D.CLAIMED, Delivery.attempts == attempt
    )
