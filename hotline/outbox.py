"""Transactional outbox: turns unrelayed events into deliveries and executes each at least once, once in effect.

A delivery is one reaction to one event. The database is authoritative; Redis only reduces latency. A worker
claims a delivery by conditional update under a lease. If the worker is killed, the lease expires and
another worker takes over.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import Any

import structlog
from sqlalchemy import bindparam, exists, literal_column, or_, select, update

from hotline.events import KINDS, Event, unpack
from hotline.reactions.context import ReactionContext, RetryLater
from hotline.reactions.registry import (
    REACTION_BY_NAME,
    REACTIONS,
    AnyReaction,
    Request,
    begin,
    reactions_to,
)
from hotline.rules.enums import DeliveryState
from hotline.rules.failures import without_numbers
from hotline.rules.people.actors import Machine
from hotline.store.engine import commit_asynchronously
from hotline.store.outbox import Delivery, EventRow
from hotline.store.upsert import insert_new
from hotline.unit_of_work import Application, UnitOfWork

BATCH_SIZE = 200
# Longer than the longest reaction may last: the worker stops a job after
# `config.processes.job_queues.JOB_SECONDS`.
LEASE = timedelta(seconds=50)
# A delivery that was handed to RQ and is not claimed within this time is handed over again.
ENQUEUE_TIMEOUT = timedelta(seconds=15)
# How far back events of processes of an older version are looked for; longer than a scheduler may be away.
VERSION_CHANGE = timedelta(minutes=10)
# Seconds before the next attempt after the 1st, 2nd, … failure. After the last one the delivery is dead.
RETRY_DELAYS_SECONDS = (1, 2, 5, 10, 30, 60, 300, 900, 3600)
MAX_ATTEMPTS = len(RETRY_DELAYS_SECONDS) + 1

# Built once: building these statements for each delivery cost more than the database itself.
_OPEN = Delivery.state.in_((DeliveryState.DUE, DeliveryState.CLAIMED))
_CLAIM = (
    update(Delivery)
    .where(Delivery.id == bindparam("delivery_id"), _OPEN, Delivery.next_try_at <= bindparam("now"))
    .values(state=DeliveryState.CLAIMED, attempts=Delivery.attempts + 1, next_try_at=bindparam("lease_end"))
    .returning(Delivery.attempts, Delivery.reaction, Delivery.event_id)
)
_EVENT = select(EventRow.at, EventRow.kind, EventRow.data).where(EventRow.id == bindparam("event_id"))
# The delivery, only while this attempt holds it: a worker whose lease has expired must not overwrite the result of the
# worker that took over.
_HELD = update(Delivery).where(
    Delivery.id == bindparam("delivery_id"),
    Delivery.state == DeliveryState.CLAIMED,
    Delivery.attempts == bindparam("attempt"),
)
_DONE = _HELD.values(state=DeliveryState.DONE, done_at=bindparam("now"), last_error=None)
_FAILED = _HELD.values(
    state=bindparam("next_state"),
    next_try_at=bindparam("next_try"),
    enqueued_at=None,
    last_error=bindparam("error"),
)
_UNRELAYED = EventRow.relayed_at.is_(None)
_TAIL = (
    select(EventRow.id)
    # A kind of event that only a newer version knows stays for that version's scheduler.
    .where(_UNRELAYED, EventRow.kind.in_([literal_column(f"'{kind}'") for kind in KINDS]))
    .order_by(EventRow.id)
    .limit(BATCH_SIZE)
)
_TAKE_TAIL = (
    update(EventRow)
    # The second condition is for a relay that waited for another one's commit.
    .where(EventRow.id.in_(_TAIL), _UNRELAYED)
    .values(relayed_at=bindparam("now"))
    .returning(EventRow.id, EventRow.kind, EventRow.data)
)
_DUE = (
    select(Delivery.id)
    .where(
        _OPEN,
        Delivery.next_try_at <= bindparam("now"),
        or_(Delivery.enqueued_at.is_(None), Delivery.enqueued_at < bindparam("lost_before")),
    )
    .order_by(Delivery.id)
    .limit(BATCH_SIZE)
)
_HAND_OVER = (
    update(Delivery)
    .where(Delivery.id.in_(_DUE))
    .values(enqueued_at=bindparam("now"))
    .returning(Delivery.id, Delivery.lane, Delivery.attempts)
)


@dataclass(frozen=True, slots=True)
class PendingDelivery:
    """A delivery ready for the transport; `attempts` counts the attempts already made."""

    id: int
    lane: str
    attempts: int


@dataclass(frozen=True, slots=True)
class _Claim:
    """A delivery in the hands of this worker."""

    id: int
    attempt: int
    name: str
    kind: str
    data: dict[str, Any]
    # The first try, soon after the event. Only then claim and effect may be one commit: a reaction that kills its
    # worker each time would leave no trace of its tries.
    is_first: bool

    def event(self) -> Event:
        """Returns the event. Raises KeyError or TypeError for one that this version cannot read."""
        return unpack(self.kind, self.data)


# Hands deliveries to the transport. It may raise: a delivery that was not handed over is taken again.
Enqueue = Callable[[list[PendingDelivery]], None]


@dataclass(frozen=True, slots=True)
class Relayed:
    """The events that one call of `relay` has marked, and the deliveries that are due now."""

    events: int
    due: list[PendingDelivery]

    @property
    def is_full(self) -> bool:
        """Says whether more may be waiting: a whole batch of events or deliveries was there."""
        return max(self.events, len(self.due)) >= BATCH_SIZE


def relay(application: Application) -> Relayed:
    """Turns unrelayed events into deliveries and takes those with the deliveries that are due, at most `BATCH_SIZE` of each.

    They count as handed to the transport: `take_back` those that could not be handed over, or they are taken again after
    `ENQUEUE_TIMEOUT`. Run by one process at a time (see `services.leases`).
    """
    with application.unit_of_work(Machine.CLOCK) as work:
        # A crash of the database server leaves the events unrelayed again. No worker can have claimed a delivery then:
        # the commit of a claim puts on the disk what came before it.
        commit_asynchronously(work.connection)
        events, new = _relay_events(work)
        # A lane has the order of the events, and a database returns changed rows in any order.
        due = sorted([*_take_due(work), *new], key=attrgetter("id"))
    return Relayed(events, due)


def return_to_relay(work: UnitOfWork) -> int:
    """Leaves events to the relay again that lead to a reaction, though they were written as leading to none.

    That happens while versions change: processes of the older version do not know a new reaction. Events older than
    `VERSION_CHANGE` keep the reactions of their time. Returns the number of events.
    """
    recent = (
        select(EventRow.id, EventRow.kind, EventRow.data)
        .where(
            EventRow.at >= work.at - VERSION_CHANGE,
            EventRow.kind.in_([kind.__name__ for kind in REACTIONS]),
            # The relay writes a later moment.
            EventRow.relayed_at == EventRow.at,
            ~exists().where(Delivery.event_id == EventRow.id),
        )
        # By the moment, whose index finds them: in the order of the ids SQLite reads all events.
        .order_by(EventRow.at)
    )
    ids = [event_id for event_id, kind, data in work.connection.execute(recent) if _reactions_to(kind, data)]
    if ids:
        work.connection.execute(update(EventRow).where(EventRow.id.in_(ids)).values(relayed_at=None))
    return len(ids)


def take_back(application: Application, due: list[PendingDelivery]) -> None:
    """Records that the transport did not take the deliveries: they are due at once."""
    with application.unit_of_work(Machine.CLOCK) as work:
        lost = update(Delivery).where(Delivery.id.in_([each.id for each in due]))
        work.connection.execute(lost.values(enqueued_at=None))


def deliver(context: ReactionContext, delivery_id: int) -> bool:
    """Executes one delivery: claims it, runs the reaction, records the result.

    Returns False if the delivery is not due, already done, or claimed by another worker.
    """
    application, request = context.application, None
    try:
        with application.unit_of_work(Machine.WORKER) as work:
            claim = _claim(work, delivery_id)
            if claim is None:
                return False
            if claim.is_first:
                request = _begin(context, work, claim)
                if request is None:
                    return True
    except Exception as error:  # noqa: BLE001 - every failure becomes its next try; the row keeps why
        # The claim was rolled back with the effect.
        with application.unit_of_work(Machine.WORKER) as work:
            claim = _claim(work, delivery_id)
            if claim is None:
                return False
            _record_failure(work, claim, error)
        return True
    try:
        if not claim.is_first:
            with application.unit_of_work(Machine.WORKER) as work:
                request = _begin(context, work, claim)
        if request is not None:
            request()
            with application.unit_of_work(Machine.WORKER) as work:
                _record_done(work, claim)
    except Exception as error:  # noqa: BLE001 - as above
        with application.unit_of_work(Machine.WORKER) as work:
            _record_failure(work, claim, error)
    return True


def _begin(context: ReactionContext, work: UnitOfWork, claim: _Claim) -> Request | None:
    """Makes the part of the reaction that belongs into a unit of work; returns the rest, or None if all is done and recorded."""
    request = begin(REACTION_BY_NAME[claim.name], context, work, claim.event())
    if request is None:
        _record_done(work, claim)
    return request


def _relay_events(work: UnitOfWork) -> tuple[int, list[PendingDelivery]]:
    """Writes one delivery for each reaction to each unrelayed event, as taken; returns the number of events and the deliveries."""
    tail = sorted(work.connection.execute(_TAKE_TAIL, {"now": work.at}), key=attrgetter("id"))
    deliveries = [
        {
            "event_id": event_id,
            "reaction": reaction.name,
            "lane": reaction.lane,
            "state": DeliveryState.DUE,
            "attempts": 0,
            "next_try_at": work.at,
            "enqueued_at": work.at,
        }
        for event_id, kind, data in tail
        for reaction in _reactions_to(kind, data)
    ]
    new = insert_new(work.connection, Delivery, ("id", "lane"), deliveries)
    return len(tail), [PendingDelivery(delivery_id, lane, 0) for delivery_id, lane in new]


def _reactions_to(kind: str, data: dict[str, Any]) -> tuple[AnyReaction, ...]:
    try:
        return reactions_to(unpack(kind, data))
    except TypeError:
        # Another version wrote fields that this one does not know. The delivery fails where it can be seen.
        return REACTIONS.get(KINDS[kind], ())


def _take_due(work: UnitOfWork) -> list[PendingDelivery]:
    times = {"now": work.at, "lost_before": work.at - ENQUEUE_TIMEOUT}
    return [PendingDelivery(*row) for row in work.connection.execute(_HAND_OVER, times)]


def _claim(work: UnitOfWork, delivery_id: int) -> _Claim | None:
    """Claims the delivery; None if it cannot be claimed."""
    values = {"delivery_id": delivery_id, "now": work.at, "lease_end": work.at + LEASE}
    claimed = work.connection.execute(_CLAIM, values).one_or_none()
    if claimed is None:
        return None
    attempt, name, event_id = claimed
    if attempt > MAX_ATTEMPTS:
        dead = update(Delivery).where(Delivery.id == delivery_id)
        trouble = "no worker survived the last try"
        work.connection.execute(
            dead.values(state=DeliveryState.DEAD, attempts=MAX_ATTEMPTS, last_error=trouble)
        )
        return None
    at, kind, data = work.connection.execute(_EVENT, {"event_id": event_id}).one()
    return _Claim(delivery_id, attempt, name, kind, data, attempt == 1 and work.at - at < LEASE)


def _record_done(work: UnitOfWork, claim: _Claim) -> None:
    # A crash of the database server leaves the delivery due again, with its effect on our rows undone, as if the worker had
    # been killed before this commit.
    commit_asynchronously(work.connection)
    held = {"delivery_id": claim.id, "attempt": claim.attempt}
    work.connection.execute(_DONE, {**held, "now": work.at})


def _record_failure(work: UnitOfWork, claim: _Claim, error: Exception) -> None:
    if not isinstance(error, RetryLater):
        log = structlog.get_logger().bind(delivery=claim.id, reaction=claim.name, attempt=claim.attempt)
        log.warning("delivery.failed", trouble=type(error).__name__)
    last = claim.attempt >= MAX_ATTEMPTS
    pause = timedelta(seconds=0 if last else RETRY_DELAYS_SECONDS[claim.attempt - 1])
    result = {
        "next_state": DeliveryState.DEAD if last else DeliveryState.DUE,
        "next_try": work.at + pause,
        "error": without_numbers(f"{type(error).__name__}: {error}")[:300],
    }
    work.connection.execute(_FAILED, {"delivery_id": claim.id, "attempt": claim.attempt, **result})
