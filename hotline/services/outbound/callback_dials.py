"""Plans the attempts for promised callbacks."""

from datetime import timedelta

from sqlalchemy import func, select, update

from hotline.rules.calls import dial_schedule
from hotline.rules.calls.states import WAITING
from hotline.rules.enums import CallbackState, PresenceState
from hotline.services.outbound.dial_attempts import is_under_way, plan_dial
from hotline.services.outbound.live_calls import may_phone_callback
from hotline.store.calls.tables import Call
from hotline.store.outbound import Callback, Dial
from hotline.store.people.tables import Presence
from hotline.store.upsert import updated_one
from hotline.unit_of_work import UnitOfWork


def plan_due_dials(work: UnitOfWork) -> int:
    """Plans the attempts that are due, oldest place first, as many as there are free operators. Returns their number."""
    # An attempt that fell due by day and waited for an operator into the quiet hours waits for the morning.
    if not dial_schedule.may_ring(work.at, work.policies.callbacks, work.zone):
        return 0
    free = _free_operators(work)
    due = (
        select(Callback.id, Callback.number, Callback.attempts)
        .where(
            Callback.state == CallbackState.WAITING,
            Callback.next_try_at <= work.at,
            may_phone_callback(work),
        )
        .order_by(Callback.place_since, Callback.id)
        .limit(max(free, 0))
    )
    phoned: set[str] = set()
    for callback_id, number, attempts in work.session.execute(due).all():
        # Two people may be owed a call at a shared number: they are phoned one after the other.
        taken = number not in phoned and updated_one(
            work.session,
            update(Callback)
            .where(Callback.id == callback_id, Callback.state == CallbackState.WAITING)
            .values(state=CallbackState.DIALLING, attempts=attempts + 1),
        )
        if taken:
            plan_dial(work, number=number, attempt=attempts + 1, callback_id=callback_id)
            phoned.add(number)
    return len(phoned)


def _free_operators(work: UnitOfWork) -> int:
    """Returns the number of ready operators, less the callers who wait or are being phoned."""
    fresh = work.at - timedelta(seconds=work.policies.queue.presence_timeout)
    ready = select(func.count()).where(Presence.state == PresenceState.READY, Presence.seen_at >= fresh)
    waiting = select(func.count()).where(Call.state.in_(WAITING))
    dialling = (
        select(func.count())
        .select_from(Callback)
        .join(Dial, Dial.callback_id == Callback.id)
        .where(Callback.state == CallbackState.DIALLING, is_under_way(work.at))
    )
    counts = [work.session.scalar(count) or 0 for count in (ready, waiting, dialling)]
    return counts[0] - counts[1] - counts[2]
