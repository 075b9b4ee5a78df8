"""Plans the attempts for promised callbacks, in the one order of people who are owed a call and callers who wait."""

from sqlalchemy import select, update

from hotline.rules.calls.queue_order import Standing
from hotline.rules.enums import CallbackState
from hotline.services.outbound.dial_attempts import plan_dial
from hotline.services.queueing import matching
from hotline.store.outbound import Callback
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork


def plan_due_dials(work: UnitOfWork) -> int:
    """Plans the attempts to which a ready desk falls. Returns their number."""
    phoned: set[str] = set()
    for claim, _desk in matching.match_desks(work):
        if claim.standing is not Standing.OWED:
            continue
        owed = select(Callback.number, Callback.attempts).where(Callback.id == claim.id)
        number, attempts = work.session.execute(owed).one()
        # Two people may be owed a call at a shared number: they are phoned one after the other.
        taken = number not in phoned and updated_one(
            work.session,
            update(Callback)
            .where(Callback.id == claim.id, Callback.state == CallbackState.WAITING)
            .values(state=CallbackState.DIALLING, attempts=attempts + 1),
        )
        if taken:
            plan_dial(work, number=number, attempt=attempts + 1, callback_id=claim.id)
            phoned.add(number)
    return len(phoned)
