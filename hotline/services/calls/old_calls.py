"""The end of a call's details: after the days of the policy a call keeps what figures count, and nothing of the caller.

The rows of calls and callbacks stay, so that a report of an old day does not change; a finished ticket stays as archive
rules say, with its own copy of the caller's number. Disclosures are never deleted.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update

from hotline.store.base import meets
from hotline.store.calls.lookups import Lookup
from hotline.store.calls.open_matters import OWED, has_open_matter
from hotline.store.calls.tables import DETAILED, Call, Offer
from hotline.store.outbound import Callback, Dial
from hotline.store.outbox import Delivery, EventRow
from hotline.unit_of_work import UnitOfWork


def delete_details(work: UnitOfWork, batch_size: int) -> int:
    """Deletes the details of at most `batch_size` old calls and as many old callbacks; returns their number.

    A call with an unfinished ticket or an owed callback is left alone.
    """
    return _delete_of_calls(work, batch_size) + _delete_of_callbacks(work, batch_size)


def _delete_of_calls(work: UnitOfWork, batch_size: int) -> int:
    """Deletes numbers, notes, rings, lookups and events."""
    kept_from = work.today - timedelta(days=work.policies.retention.call_days)
    old = (
        select(Call.id)
        .where(meets("calls", DETAILED), Call.arrived_on < kept_from, ~has_open_matter(Call.id.expression))
        .order_by(Call.arrived_on, Call.id)
        .limit(batch_size)
    )
    ids = work.session.scalars(old).all()
    if not ids:
        return 0
    _delete_events(work, (EventRow.subject == "call") & EventRow.subject_id.in_(ids))
    for table in (Offer, Lookup):
        work.session.execute(delete(table).where(table.call_id.in_(ids)))
    blank = {"number": None, "number_raw": "", "no_matter_note": None, "details_deleted_at": work.at}
    work.session.execute(update(Call).where(Call.id.in_(ids)).values(blank))
    return len(ids)


def _delete_of_callbacks(work: UnitOfWork, batch_size: int) -> int:
    """Deletes numbers and events of callbacks that are settled, and of their attempts."""
    long_ago = work.at - timedelta(days=work.policies.retention.call_days)
    old = select(Callback.id).where(
        Callback.promised_at < long_ago, Callback.state.not_in(OWED), Callback.number != ""
    )
    ids = work.session.scalars(old.order_by(Callback.promised_at).limit(batch_size)).all()
    if not ids:
        return 0
    dials = select(Dial.id).where(Dial.callback_id.in_(ids))
    _delete_events(work, (EventRow.subject == "callback") & EventRow.subject_id.in_(ids))
    _delete_events(work, (EventRow.subject == "dial") & EventRow.subject_id.in_(dials))
    # The rows of the attempts stay as well: calls refer to them.
    work.session.execute(update(Dial).where(Dial.callback_id.in_(ids)).values(number="", detail=None))
    work.session.execute(update(Callback).where(Callback.id.in_(ids)).values(number=""))
    return len(ids)


def _delete_events(work: UnitOfWork, condition: ColumnElement[bool]) -> None:
    events = select(EventRow.id).where(condition)
    work.session.execute(delete(Delivery).where(Delivery.event_id.in_(events)))
    work.session.execute(delete(EventRow).where(condition))
