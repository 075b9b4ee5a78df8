"""Deletes rows whose time is over: finished work after the days of the policy, what only a call needs after two days.

What is left of old calls: `services.calls.old_calls`. Sound: `services.calls.sounds`. Tickets are not deleted.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, Delete, delete, inspect, select, tuple_

from hotline.rules.enums import DeliveryState, LookupState
from hotline.services.calls.old_calls import delete_details
from hotline.services.people.kept_forms import KEPT
from hotline.store.base import Base
from hotline.store.calls.lookups import CodeTry, Lookup
from hotline.store.calls.tables import Receipt
from hotline.store.outbox import Delivery
from hotline.store.people.factors import LogInStep
from hotline.store.people.kept_forms import KeptForm
from hotline.store.people.tables import SignIn
from hotline.store.tickets.tables import IdempotencyKey
from hotline.unit_of_work import UnitOfWork

# A call lasts a day at most, a carrier repeats a webhook within seconds, and wrong codes count for an hour.
RETENTION = timedelta(days=2)
# Rows of one table that a unit of work deletes: no other work waits long for its locks.
BATCH_SIZE = 1_000


def delete_expired(work: UnitOfWork, batch_size: int = BATCH_SIZE) -> int:
    """Deletes at most `batch_size` expired rows of each table, and the details of as many old calls; returns the number.

    0: nothing is left to delete.
    """
    expired = _expired(work)
    batches = (_batch(table, condition, batch_size) for table, condition in expired.items())
    deleted = sum(int(getattr(work.session.execute(batch), "rowcount", 0)) for batch in batches)
    return deleted + delete_details(work, batch_size)


def _expired(work: UnitOfWork) -> dict[type[Base], ColumnElement[bool]]:
    """Returns the condition of the rows that may be deleted, for each table."""
    policy = work.policies.retention
    long_ago = work.at - RETENTION
    # The index of due deliveries serves the first condition: a lease ends minutes after its delivery is done.
    done = Delivery.state.in_((DeliveryState.DONE, DeliveryState.DISCARDED))
    return {
        Delivery: done & (Delivery.next_try_at < work.at - timedelta(days=policy.delivery_days)),
        SignIn: SignIn.expires_at < work.at - timedelta(days=policy.sign_in_days),
        IdempotencyKey: IdempotencyKey.at < work.at - timedelta(days=policy.idempotency_key_days),
        LogInStep: LogInStep.expires_at < long_ago,
        KeptForm: KeptForm.at < work.at - KEPT,
        Receipt: Receipt.at < long_ago,
        CodeTry: CodeTry.at < long_ago,
        # A lookup without an answer stays: a reaction still has to finish it.
        Lookup: (Lookup.asked_at < long_ago) & (Lookup.state != LookupState.ASKED),
    }


def _batch(table: type[Base], condition: ColumnElement[bool], size: int) -> Delete:
    key = inspect(table).primary_key
    some = select(*key).where(condition).limit(size)
    return delete(table).where((tuple_(*key) if len(key) > 1 else key[0]).in_(some))
