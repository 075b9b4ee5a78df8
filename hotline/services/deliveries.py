"""Repeats a delivery that was given up, after its cause is mended."""

from sqlalchemy import update

from hotline.rules.enums import DeliveryState
from hotline.rules.errors import LostRace, NoSuchDelivery, NotAllowed
from hotline.store.outbox import Delivery
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork

# A step of a call is worth something at its moment only; an hour later it could ring a telephone for no reason.
REPEATABLE_LANE = "notifications"


def retry(work: UnitOfWork, delivery_id: int) -> None:
    """Makes a dead delivery due again, with all its tries.

    Raises NoSuchDelivery, NotAllowed for a step of a call, LostRace for a delivery that is not dead.
    """
    delivery = work.session.get(Delivery, delivery_id)
    if delivery is None:
        raise NoSuchDelivery(str(delivery_id))
    if delivery.lane != REPEATABLE_LANE:
        raise NotAllowed("a step of a call is not repeated: its moment is over")
    dead = update(Delivery).where(Delivery.id == delivery_id, Delivery.state == DeliveryState.DEAD)
    step = dead.values(state=DeliveryState.DUE, attempts=0, next_try_at=work.at, enqueued_at=None)
    if not updated_one(work.session, step):
        raise LostRace("the delivery is not dead")
