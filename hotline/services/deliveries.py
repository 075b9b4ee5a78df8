"""Repeats or discards deliveries that were given up, one by one or many at once."""

from collections.abc import Callable, Iterable

from sqlalchemy import update

from hotline import events
from hotline.rules.enums import DeliveryState
from hotline.rules.errors import InvalidFields, LostRace, MissingFields, NoSuchDelivery, NotAllowed
from hotline.rules.text import SHORT_TEXT, clean, is_storable
from hotline.store.outbox import Delivery
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

# A step of a call is worth something at its moment only; an hour later it could ring a telephone for no reason.
REPEATABLE_LANE = "notifications"
LANES = ("calls", REPEATABLE_LANE)


def retry(work: UnitOfWork, delivery_id: int) -> None:
    """Makes a dead delivery due again, with all its tries.

    Raises NoSuchDelivery, NotAllowed for a step of a call, LostRace for a delivery that is not dead.
    """
    delivery = _require(work, delivery_id)
    if delivery.lane != REPEATABLE_LANE:
        raise NotAllowed("a step of a call is not repeated: its moment is over")
    dead = update(Delivery).where(Delivery.id == delivery_id, Delivery.state == DeliveryState.DEAD)
    step = dead.values(state=DeliveryState.DUE, attempts=0, next_try_at=work.at, enqueued_at=None)
    if not updated_one(work.session, step):
        raise LostRace("the delivery is not dead")
    work.record(events.DeliveryRetried(delivery_id))


def discard(work: UnitOfWork, delivery_id: int, reason: str) -> None:
    """Ends a dead delivery without its effect; the reason is kept with the event.

    Raises NoSuchDelivery, MissingFields or InvalidFields for the reason, LostRace for a delivery that is not dead.
    """
    _require(work, delivery_id)
    stated = require_reason(reason)
    dead = update(Delivery).where(Delivery.id == delivery_id, Delivery.state == DeliveryState.DEAD)
    # `next_try_at` counts for retention, as for a delivery that is done.
    step = dead.values(state=DeliveryState.DISCARDED, done_at=work.at, next_try_at=work.at)
    if not updated_one(work.session, step):
        raise LostRace("the delivery is not dead")
    work.record(events.DeliveryDiscarded(delivery_id, stated))


def retry_many(work: UnitOfWork, delivery_ids: Iterable[int]) -> int:
    """Makes each of the deliveries due again that may be; returns their number."""
    return _each(delivery_ids, lambda delivery_id: retry(work, delivery_id))


def discard_many(work: UnitOfWork, delivery_ids: Iterable[int], reason: str) -> int:
    """Discards each of the deliveries that is dead; returns their number. Raises what the reason raises in `discard`."""
    require_reason(reason)
    return _each(delivery_ids, lambda delivery_id: discard(work, delivery_id, reason))


def require_reason(reason: str) -> str:
    """Returns the reason as it is stored. Raises MissingFields, InvalidFields."""
    if not is_storable(reason):
        raise InvalidFields({"reason": "not_text"})
    stated = clean(reason)
    if not stated:
        raise MissingFields(("reason",))
    if len(stated) > SHORT_TEXT:
        raise InvalidFields({"reason": "too_long"})
    return stated


def _each(delivery_ids: Iterable[int], step: Callable[[int], None]) -> int:
    done = 0
    # In one order, so that two people who act on the same rows do not wait for each other in a circle.
    for delivery_id in sorted(set(delivery_ids)):
        try:
            step(delivery_id)
        except (NoSuchDelivery, NotAllowed, LostRace):
            continue
        done += 1
    return done


def _require(work: UnitOfWork, delivery_id: int) -> Delivery:
    delivery = work.session.get(Delivery, delivery_id)
    if delivery is None:
        raise NoSuchDelivery(str(delivery_id))
    return delivery
