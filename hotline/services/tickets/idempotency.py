"""Idempotency keys of the API: a repeated request returns the ticket or announcement that the first one created."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

from hotline.rules.errors import KeyReused, LostRace
from hotline.services.calls.outages import lock_announcements
from hotline.store.calls.outages import Outage
from hotline.store.calls.tables import Receipt
from hotline.store.tickets.tables import IdempotencyKey, Ticket
from hotline.store.upsert import insert_if_absent, insert_row
from hotline.unit_of_work import UnitOfWork

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IdempotentResult(Generic[T]):
    """The row that a request created. `is_repeat`: an earlier request with the same key had created it."""

    row: T
    is_repeat: bool


def write_once(
    work: UnitOfWork,
    token_id: int,
    key: str | None,
    fingerprint_of: Callable[[], str],
    write: Callable[[UnitOfWork], Ticket],
) -> IdempotentResult[Ticket]:
    """Writes a ticket, or returns the one that was written with this key; without a key every request is new.

    Raises KeyReused if the key was used for another body, and LostRace if a concurrent request with this key
    committed first: after a rollback the next call finds its ticket.
    """
    if key is None:
        return IdempotentResult(write(work), is_repeat=False)
    fingerprint = fingerprint_of()
    known = work.session.get(IdempotencyKey, (token_id, key))
    if known is not None:
        if known.fingerprint != fingerprint:
            raise KeyReused(key)
        return IdempotentResult(work.session.get_one(Ticket, known.ticket_id), is_repeat=True)
    ticket = write(work)
    row = {
        "token_id": token_id,
        "key": key,
        "fingerprint": fingerprint,
        "ticket_id": ticket.id,
        "at": work.at,
    }
    if insert_if_absent(work.session, IdempotencyKey, IdempotencyKey.key, row) is None:
        raise LostRace(key)
    return IdempotentResult(ticket, is_repeat=False)


def announce_once(
    work: UnitOfWork,
    token_id: int,
    key: str | None,
    fingerprint: str,
    announce: Callable[[UnitOfWork], Outage],
) -> IdempotentResult[Outage]:
    """Announces an outage, or returns the one announced with this key; without a key every request is new.

    Raises KeyReused as `write_once` does. A key is remembered for two days, with the receipts of webhooks.
    """
    if key is None:
        return IdempotentResult(announce(work), is_repeat=False)
    # Concurrent requests with one key take turns here, so that the second finds the receipt of the first.
    lock_announcements(work)
    name = f"notice:{token_id}:{sha256(key.encode()).hexdigest()}"
    known = work.session.get(Receipt, name)
    if known is None:
        outage = announce(work)
        document = f"{fingerprint}:{outage.id}"
        insert_row(work.connection, Receipt, {"key": name, "at": work.at, "document": document})
        return IdempotentResult(outage, is_repeat=False)
    known_fingerprint, _, outage_id = known.document.partition(":")
    if known_fingerprint != fingerprint:
        raise KeyReused(key)
    return IdempotentResult(work.session.get_one(Outage, int(outage_id)), is_repeat=True)
