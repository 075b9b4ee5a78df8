"""Lists of tickets as people and programs ask for them: scoped by right, filtered, cut by cursor.

The scope of a list and of a single ticket is one clause (`readable`), so that nothing can be opened that is not
listed, nor listed that cannot be opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from hotline.rules.enums import Channel, RecordingKind, RequestType, TicketState
from hotline.rules.people.actors import Person, Right
from hotline.rules.text import is_storable
from hotline.rules.tickets.inbox import INBOX_SECTIONS, Due, InboxSection, SectionRule
from hotline.rules.tickets.transitions import OPEN_AT_UNIT
from hotline.store.base import UtcDateTime
from hotline.store.calls.recordings import Recording
from hotline.store.cursors import MAX_ID, Page, make_page, moment_cursor, parse_moment_cursor
from hotline.store.people.tables import Unit
from hotline.store.tickets.tables import Ticket

DRAFT_PREFIX = "draft-"
"""A draft has no number yet; it is addressed as `draft-{id}`, and that address stays good when it got its number."""
COUNTED_UP_TO = 10_000
"""A list's total is counted no further than this; beyond it is "more than"."""
_LAST_DAY = datetime(9999, 12, 1, tzinfo=UTC)
"""Sorts tickets without a deadline behind all others."""


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What is asked for; empty means "all". `q` is looked for in number, title and text."""

    states: tuple[TicketState, ...] = ()
    types: tuple[RequestType, ...] = ()
    unit: str = ""
    channels: tuple[Channel, ...] = ()
    overdue: bool | None = None
    q: str = ""
    messages: bool = False
    """Only drafts of messages that wait for somebody to listen."""


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket with its unit and, if it redoes another, that one's number."""

    ticket: Ticket
    unit: Unit | None
    redo_of: str | None


def address_of(ticket: Ticket) -> str:
    """Return how a ticket is addressed: its number, or `draft-{id}` while it has none."""
    return ticket.number or f"{DRAFT_PREFIX}{ticket.id}"


def readable(person: Person) -> ColumnElement[bool]:
    """Return the clause of all tickets `person` may read: the SQL twin of `rules.actors.may_read_ticket`.

    A unit sees what was handed to it, never a draft in which somebody has only chosen it.
    """
    if person.may(Right.READ_ALL_TICKETS):
        return true()
    if person.may(Right.READ_UNIT_TICKETS) and person.unit_code is not None:
        handed = Ticket.state.not_in((TicketState.DRAFT, TicketState.DISCARDED))
        return and_(Ticket.unit_code == person.unit_code, handed)
    return false()


def find_ticket_for(session: Session, person: Person, address: str) -> Ticket | None:
    """Return the ticket at `address` (its number or `draft-{id}`), or None if there is none `person` may read."""
    if not is_storable(address):
        return None
    if address.startswith(DRAFT_PREFIX):
        digits = address.removeprefix(DRAFT_PREFIX)
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 10 or int(digits) > MAX_ID:
            return None
        by_address = Ticket.id == int(digits)
    else:
        by_address = Ticket.number == address
    return session.scalars(select(Ticket).where(by_address, readable(person))).one_or_none()


def list_tickets(
    session: Session, person: Person, wanted: TicketFilter, at: datetime, *, limit: int, cursor: str = ""
) -> Page[TicketLine]:
    """Return tickets, the newest received first. Raises BadCursor."""
    newest_first = Ticket.received_at.desc(), Ticket.id.desc()
    found = _lines(person).where(*_conditions(wanted, at)).order_by(*newest_first)
    if cursor:
        moment, row_id = parse_moment_cursor(cursor)
        place = tuple_(literal(moment, UtcDateTime), literal(row_id))
        found = found.where(tuple_(Ticket.received_at, Ticket.id) < place)
    lines = _read(session, found.limit(limit + 1))
    return make_page(lines, limit, lambda line: moment_cursor(line.ticket.received_at, line.ticket.id))


def count_tickets(session: Session, person: Person, wanted: TicketFilter, at: datetime) -> int:
    """Return how many tickets a filter finds, at most COUNTED_UP_TO + 1."""
    some = select(Ticket.id).where(readable(person), *_conditions(wanted, at)).limit(COUNTED_UP_TO + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def list_section(
    session: Session,
    person: Person,
    pile: InboxSection,
    at: datetime,
    zone: ZoneInfo,
    *,
    limit: int,
    cursor: str = "",
) -> Page[TicketLine]:
    """Return one pile of a unit's inbox, what is due first at the top. Raises BadCursor."""
    due = func.coalesce(Ticket.due_at, literal(_LAST_DAY, UtcDateTime), type_=UtcDateTime)
    found = (
        _lines(person)
        .where(_in_section(INBOX_SECTIONS[pile], at, end_of_day(at, zone)))
        .order_by(due, Ticket.id)
    )
    if cursor:
        moment, row_id = parse_moment_cursor(cursor)
        found = found.where(tuple_(due, Ticket.id) > tuple_(literal(moment, UtcDateTime), literal(row_id)))
    lines = _read(session, found.limit(limit + 1))
    return make_page(
        lines, limit, lambda line: moment_cursor(line.ticket.due_at or _LAST_DAY, line.ticket.id)
    )


def count_sections(session: Session, person: Person, at: datetime, zone: ZoneInfo) -> dict[InboxSection, int]:
    """Return how many tickets lie in each pile of this person's unit; every pile is named."""
    midnight = end_of_day(at, zone)
    whens = [(_in_section(rule, at, midnight), literal(pile.value)) for pile, rule in INBOX_SECTIONS.items()]
    sorted_out = select(case(*whens).label("pile")).where(readable(person)).subquery()
    counted = select(sorted_out.c.pile, func.count()).group_by(sorted_out.c.pile)
    found: dict[str | None, int] = dict(session.execute(counted).all())
    return {pile: found.get(pile.value, 0) for pile in InboxSection}


def end_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the midnight that ends the local day of `at`, in UTC."""
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC)


def find_line(session: Session, person: Person, address: str) -> TicketLine | None:
    """Return one ticket as lists show it, or None if there is none `person` may read."""
    ticket = find_ticket_for(session, person, address)
    return None if ticket is None else line_of(session, ticket)


def line_of(session: Session, ticket: Ticket) -> TicketLine:
    """Return a ticket that was just read or changed as lists show it."""
    unit = session.get(Unit, ticket.unit_code) if ticket.unit_code else None
    earlier = session.get(Ticket, ticket.redo_of) if ticket.redo_of else None
    return TicketLine(ticket, unit, address_of(earlier) if earlier else None)


def _read(session: Session, lines: Select[Ticket, Unit, str | None]) -> Sequence[TicketLine]:
    return [TicketLine(*row) for row in session.execute(lines)]


def _lines(person: Person) -> Select[Ticket, Unit, str | None]:
    earlier = aliased(Ticket)
    return (
        select(Ticket, Unit, earlier.number)
        .outerjoin(Unit, Unit.code == Ticket.unit_code)
        .outerjoin(earlier, earlier.id == Ticket.redo_of)
        .where(readable(person))
    )


def _conditions(wanted: TicketFilter, at: datetime) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.states:
        asked.append(Ticket.state.in_(wanted.states))
    if wanted.types:
        asked.append(Ticket.type.in_(wanted.types))
    if wanted.unit:
        asked.append(Ticket.unit_code == wanted.unit)
    if wanted.channels:
        asked.append(Ticket.channel.in_(wanted.channels))
    if wanted.overdue is not None:
        late = and_(Ticket.state.in_(OPEN_AT_UNIT), Ticket.due_at.is_not(None), Ticket.due_at <= at)
        asked.append(late if wanted.overdue else ~func.coalesce(late, false()))
    if wanted.messages:
        asked += [Ticket.state == TicketState.DRAFT, _has_message()]
    if wanted.q:
        words = (Ticket.number, Ticket.title, Ticket.text)
        asked.append(or_(*(column.icontains(wanted.q, autoescape=True) for column in words)))
    return asked


def _has_message() -> ColumnElement[bool]:
    left = Recording.call_id == Ticket.call_id, Recording.kind == RecordingKind.MESSAGE
    return exists().where(*left)


def _in_section(rule: SectionRule, at: datetime, midnight: datetime) -> ColumnElement[bool]:
    return and_(Ticket.state.in_(rule.states), _due(rule.due, at, midnight))


def _due(due: Due, at: datetime, midnight: datetime) -> ColumnElement[bool]:
    match due:
        case Due.ANY:
            return true()
        case Due.PAST:
            return Ticket.due_at <= at
        case Due.NOT_PAST:
            return or_(Ticket.due_at.is_(None), Ticket.due_at > at)
        case Due.TODAY:
            return and_(Ticket.due_at > at, Ticket.due_at <= midnight)
        case Due.LATER:
            return or_(Ticket.due_at.is_(None), Ticket.due_at > midnight)
