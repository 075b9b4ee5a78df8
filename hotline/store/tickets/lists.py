"""Lists of tickets: limited to what a person may read, filtered, and paged by cursor.

The clause `readable` limits lists and single tickets alike, so that a person can open exactly what is listed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
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
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from hotline.rules.enums import Channel, RecordingKind, RequestType, TicketState
from hotline.rules.people.actors import Person, Right
from hotline.rules.text import is_storable
from hotline.rules.tickets.inbox import (
    INBOX_SECTIONS,
    DueRange,
    InboxSection,
    SectionRule,
    nearest_clock,
)
from hotline.store.base import UtcDateTime
from hotline.store.calls.recordings import Recording
from hotline.store.cursors import MAX_ID, Page, make_page, moment_cursor, parse_moment_cursor
from hotline.store.people.tables import Unit
from hotline.store.tickets.deadlines import LAST_DAY, is_overdue, is_past, nearest_due
from hotline.store.tickets.search import matches
from hotline.store.tickets.tables import Ticket

# A draft has no number yet; its address `draft-{id}` stays valid when it gets one.
DRAFT_PREFIX = "draft-"
# The total of a list is counted up to this number; beyond it pages show "more than".
MAX_COUNT = 10_000


class TicketOrder(StrEnum):
    """The order of a list: by receipt, or by the nearest open clock."""

    NEWEST = "newest"
    OLDEST = "oldest"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """The filters of a list; an empty one lets all pass, and the order of the list.

    `q` is searched as `rules.tickets.search` says; `line` is the hotline's own number in E.164, to read a local number in
    it. `first` and `last` are local days of receipt. `author_id`: only tickets that this user wrote. `messages`: only drafts
    of voice messages that an operator has not dealt with yet.
    """

    states: tuple[TicketState, ...] = ()
    types: tuple[RequestType, ...] = ()
    unit: str = ""
    channels: tuple[Channel, ...] = ()
    overdue: bool | None = None
    q: str = ""
    messages: bool = False
    first: date | None = None
    last: date | None = None
    author_id: int | None = None
    line: str = ""
    order: TicketOrder = TicketOrder.NEWEST


@dataclass(frozen=True, slots=True)
class TicketListRow:
    """A ticket with its unit and, for a redo round, the number of the round before."""

    ticket: Ticket
    unit: Unit | None
    redo_of: str | None


def address_of(ticket: Ticket) -> str:
    """Returns the address of a ticket: its number, or `draft-{id}` while it has none."""
    return ticket.number or f"{DRAFT_PREFIX}{ticket.id}"


def readable(person: Person) -> ColumnElement[bool]:
    """Returns the clause of all tickets that `person` may read, in agreement with `transitions.may_read`."""
    if person.may(Right.READ_ALL_TICKETS):
        return true()
    if person.may(Right.READ_UNIT_TICKETS) and person.unit_code is not None:
        # A unit sees what was handed to it, not a draft on which an operator has only chosen it.
        handed = Ticket.state.not_in((TicketState.DRAFT, TicketState.DISCARDED))
        return and_(Ticket.unit_code == person.unit_code, handed)
    return false()


def find_ticket_for(session: Session, person: Person, address: str) -> Ticket | None:
    """Returns the ticket at `address` (its number or `draft-{id}`), or None if there is none that `person` may read."""
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
) -> Page[TicketListRow]:
    """Returns a page of tickets in the wanted order. Raises BadCursor."""
    by_due, downwards = wanted.order is TicketOrder.DUE, wanted.order is TicketOrder.NEWEST
    key = nearest_due() if by_due else Ticket.received_at
    order = (key.desc(), Ticket.id.desc()) if downwards else (key, Ticket.id)
    found = _lines(person).where(*_conditions(person, wanted, at)).order_by(*order)
    if cursor:
        moment, row_id = parse_moment_cursor(cursor)
        here, place = tuple_(key, Ticket.id), tuple_(literal(moment, UtcDateTime), literal(row_id))
        found = found.where(here < place if downwards else here > place)
    lines = _read(session, found.limit(limit + 1))
    return make_page(lines, limit, lambda line: _place_of(line.ticket, by_due=by_due))


def _place_of(ticket: Ticket, *, by_due: bool) -> str:
    clock = nearest_clock(ticket)
    due = clock.due_at if clock else LAST_DAY
    return moment_cursor(due if by_due else ticket.received_at, ticket.id)


def count_tickets(session: Session, person: Person, wanted: TicketFilter, at: datetime) -> int:
    """Returns the number of tickets that a filter finds, at most MAX_COUNT + 1."""
    some = select(Ticket.id).where(readable(person), *_conditions(person, wanted, at)).limit(MAX_COUNT + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def list_section(
    session: Session,
    person: Person,
    section: InboxSection,
    at: datetime,
    zone: ZoneInfo,
    *,
    limit: int,
    cursor: str = "",
) -> Page[TicketListRow]:
    """Returns a page of one section of a unit's inbox, the nearest open clock first. Raises BadCursor."""
    due = nearest_due()
    found = (
        _lines(person)
        .where(_in_section(INBOX_SECTIONS[section], at, end_of_day(at, zone)))
        .order_by(due, Ticket.id)
    )
    if cursor:
        moment, row_id = parse_moment_cursor(cursor)
        found = found.where(tuple_(due, Ticket.id) > tuple_(literal(moment, UtcDateTime), literal(row_id)))
    lines = _read(session, found.limit(limit + 1))
    return make_page(lines, limit, lambda line: _place_of(line.ticket, by_due=True))


def count_unsigned(session: Session, person: Person) -> int:
    """Returns the number of tickets that this person's unit has not acknowledged, in whatever section."""
    query = select(func.count()).where(readable(person), Ticket.state == TicketState.DISPATCHED)
    return session.scalar(query) or 0


def count_sections(session: Session, person: Person, at: datetime, zone: ZoneInfo) -> dict[InboxSection, int]:
    """Returns the number of tickets in each section of the inbox of this person's unit, 0 included."""
    midnight = end_of_day(at, zone)
    whens = [
        (_in_section(rule, at, midnight), literal(section.value)) for section, rule in INBOX_SECTIONS.items()
    ]
    sorted_out = select(case(*whens).label("section")).where(readable(person)).subquery()
    counted = select(sorted_out.c.section, func.count()).group_by(sorted_out.c.section)
    found: dict[str | None, int] = dict(session.execute(counted).all())
    return {section: found.get(section.value, 0) for section in InboxSection}


def end_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """Returns the midnight that ends the local day of `at`, in UTC."""
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC)


def find_list_row(session: Session, person: Person, address: str) -> TicketListRow | None:
    """Returns the list row of one ticket, or None if there is none that `person` may read."""
    ticket = find_ticket_for(session, person, address)
    return None if ticket is None else list_row_of(session, ticket)


def list_row_of(session: Session, ticket: Ticket) -> TicketListRow:
    """Returns the list row of a ticket that was just read or changed."""
    unit = session.get(Unit, ticket.unit_code) if ticket.unit_code else None
    earlier = session.get(Ticket, ticket.redo_of) if ticket.redo_of else None
    return TicketListRow(ticket, unit, address_of(earlier) if earlier else None)


def _read(session: Session, lines: Select[Ticket, Unit, str | None]) -> Sequence[TicketListRow]:
    return [TicketListRow(*row) for row in session.execute(lines)]


def _lines(person: Person) -> Select[Ticket, Unit, str | None]:
    earlier = aliased(Ticket)
    return (
        select(Ticket, Unit, earlier.number)
        .outerjoin(Unit, Unit.code == Ticket.unit_code)
        .outerjoin(earlier, earlier.id == Ticket.redo_of)
        .where(readable(person))
    )


def _conditions(person: Person, wanted: TicketFilter, at: datetime) -> list[ColumnElement[bool]]:
    # A value that selects nothing, and the clause that it would stand for.
    plain: tuple[tuple[object, ColumnElement[bool]], ...] = (
        (wanted.states, Ticket.state.in_(wanted.states)),
        (wanted.types, Ticket.type.in_(wanted.types)),
        (wanted.unit, Ticket.unit_code == wanted.unit),
        (wanted.channels, Ticket.channel.in_(wanted.channels)),
        (wanted.first, Ticket.received_on >= (wanted.first or date.min)),
        (wanted.last, Ticket.received_on <= (wanted.last or date.max)),
        (wanted.author_id, Ticket.author_id == wanted.author_id),
    )
    clauses = [clause for value, clause in plain if value]
    if wanted.overdue is not None:
        clauses.append(is_overdue(at) if wanted.overdue else ~is_overdue(at))
    if wanted.messages:
        clauses += [Ticket.state == TicketState.DRAFT, _has_message()]
    if wanted.q:
        clauses.append(matches(wanted.q, person, wanted.line))
    return clauses


def _has_message() -> ColumnElement[bool]:
    left = Recording.call_id == Ticket.call_id, Recording.kind == RecordingKind.MESSAGE
    return exists().where(*left)


def _in_section(rule: SectionRule, at: datetime, midnight: datetime) -> ColumnElement[bool]:
    return and_(Ticket.state.in_(rule.states), _due(rule.due, at, midnight))


def _due(due: DueRange, at: datetime, midnight: datetime) -> ColumnElement[bool]:
    match due:
        case DueRange.ANY:
            return true()
        case DueRange.PAST:
            return is_past(nearest_due(), at)
        case DueRange.TODAY:
            return and_(~is_past(nearest_due(), at), ~is_past(literal(midnight, UtcDateTime), nearest_due()))
        case DueRange.LATER:
            return is_past(literal(midnight, UtcDateTime), nearest_due())
