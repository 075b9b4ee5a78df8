"""The log of looks: who saw which ticket, number, sound or export, when and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from hotline.rules.enums import LookKind
from hotline.rules.people.actors import Person
from hotline.store.cursors import Page, id_cursor, make_page, parse_id_cursor
from hotline.store.people.tables import Disclosure, User
from hotline.store.tickets.tables import Ticket


@dataclass(frozen=True, slots=True)
class LookFilter:
    """`person`: log-in name or work number. `since` and `until` are moments, the second one excluded."""

    ticket_id: int | None = None
    person: str = ""
    kind: LookKind | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LookLine:
    """One look with its person, and the ticket it belongs to."""

    look: Disclosure
    person: User | None
    ticket: Ticket | None


def list_looks(session: Session, wanted: LookFilter, *, limit: int, cursor: str = "") -> Page[LookLine]:
    """Returns looks, the newest first. Raises BadCursor."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.ticket_id is not None:
        conditions.append(Disclosure.ticket_id == wanted.ticket_id)
    if wanted.person:
        named = select(User.id).where(or_(User.name == wanted.person, User.work_number == wanted.person))
        conditions.append(Disclosure.user_id.in_(named))
    if wanted.kind is not None:
        conditions.append(Disclosure.field == wanted.kind.value)
    if wanted.since is not None:
        conditions.append(Disclosure.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Disclosure.at < wanted.until)
    if cursor:
        conditions.append(Disclosure.id < parse_id_cursor(cursor))
    query = (
        select(Disclosure, User, Ticket)
        .outerjoin(User, User.id == Disclosure.user_id)
        .outerjoin(Ticket, Ticket.id == Disclosure.ticket_id)
        .where(*conditions)
        .order_by(Disclosure.id.desc())
        .limit(limit + 1)
    )
    lines = [LookLine(*row) for row in session.execute(query)]
    return make_page(lines, limit, lambda line: id_cursor(line.look.id))


def has_looked(
    session: Session, person: Person, ticket_id: int, kinds: Sequence[LookKind], since: datetime
) -> bool:
    """Returns whether the person has had a look of one of `kinds` at the ticket since then."""
    found = select(Disclosure.id).where(
        Disclosure.ticket_id == ticket_id,
        Disclosure.user_id == person.id,
        Disclosure.field.in_(kinds),
        Disclosure.at > since,
    )
    return session.scalar(found.limit(1)) is not None


def has_heard(session: Session, person: Person, recording_id: int, since: datetime) -> bool:
    """Returns whether the person has listened to the recording since then."""
    found = select(Disclosure.id).where(
        Disclosure.subject == "recording",
        Disclosure.subject_id == recording_id,
        Disclosure.user_id == person.id,
        Disclosure.at > since,
    )
    return session.scalar(found.limit(1)) is not None
