"""A program that repeats a request means the same ticket or notice: remembered per token and key, in the transaction that writes it."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

from hotline.rules.errors import DomainError, LostRace
from hotline.services.calls.outages import lock_announcements
from hotline.store.calls.outages import Outage
from hotline.store.calls.tables import Receipt
from hotline.store.tickets.tables import IdempotencyKey, Ticket
from hotline.store.upsert import insert_if_absent, insert_row
from hotline.unit_of_work import UnitOfWork

T = TypeVar("T")


class KeyReused(DomainError):
    """The key was used for a request with another body."""


@dataclass(frozen=True, slots=True)
class Once(Generic[T]):
    """What a request made. `is_repeat`: an earlier one had made it."""

    made: T
    is_repeat: bool


def write_once(
    work: UnitOfWork, token_id: int, key: str | None, fingerprint: str, write: Callable[[UnitOfWork], Ticket]
) -> Once[Ticket]:
    """Write a ticket, or return the one this key already wrote; without a key every request is new.

    Raises KeyReused if the key was used for another body, and LostRace if a rival request with this key
    committed first: roll back and ask again, it will be found.
    """
    if key is None:
        return Once(write(work), is_repeat=False)
    known = work.session.get(IdempotencyKey, (token_id, key))
    if known is not None:
        if known.fingerprint != fingerprint:
            raise KeyReused(key)
        return Once(work.session.get_one(Ticket, known.ticket_id), is_repeat=True)
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
    return Once(ticket, is_repeat=False)


def announce_once(
    work: UnitOfWork,
    token_id: int,
    key: str | None,
    fingerprint: str,
    announce: Callable[[UnitOfWork], Outage],
) -> Once[Outage]:
    """Announce, or return the notice this key already announced; without a key every request is new.

    Remembered as the carrier's webhooks are, for two days: nobody repeats an announcement longer, and the same words
    are refused while they are told. A rival request with this key is waited for. Raises KeyReused as `write_once`.
    """
    if key is None:
        return Once(announce(work), is_repeat=False)
    lock_announcements(work)
    name = f"notice:{token_id}:{sha256(key.encode()).hexdigest()}"
    known = work.session.get(Receipt, name)
    if known is None:
        notice = announce(work)
        document = f"{fingerprint}:{notice.id}"
        insert_row(work.connection, Receipt, {"key": name, "at": work.at, "document": document})
        return Once(notice, is_repeat=False)
    told, _, outage_id = known.document.partition(":")
    if told != fingerprint:
        raise KeyReused(key)
    return Once(work.session.get_one(Outage, int(outage_id)), is_repeat=True)
