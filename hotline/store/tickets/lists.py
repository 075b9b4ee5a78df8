"""Lists of tickets: limited to what a person may read, filtered, and paged by cursor.

The clause `readable` limits lists and single tickets alike, so that a person can open exactly what is listed.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias, TypeVarTuple, cast
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    SQLColumnExpression,
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
from sqlalchemy.orm import Session

from hotline.rules.enums import OPEN_AT_UNIT, Channel, RecordingKind, RequestType, TicketState
from hotline.rules.people.actors import Person, Right
from hotline.rules.text import is_storable
from hotline.rules.tickets.inbox import (
    INBOX_SECTIONS,
    DueRange,
    InboxSection,
    SectionRule,
    nearest_clock,
)
from hotline.rules.tickets.search import search_words
from hotline.store.base import UtcDateTime
from hotline.store.calls.recordings import Recording
from hotline.store.cursors import (
    MAX_ID,
    Page,
    id_cursor,
    is_moment_cursor,
    make_page,
    moment_cursor,
    parse_id_cursor,
    parse_moment_cursor,
)
from hotline.store.people.tables import Unit
from hotline.store.tickets import search_index
from hotline.store.tickets.deadlines import is_overdue, is_past
from hotline.store.tickets.search import matches
from hotline.store.tickets.tables import AT_UNIT, CLOSED, LAST_DAY, NEAREST_DUE, UNFINISHED, Ticket, is_within

Columns = TypeVarTuple("Columns")
Lines: TypeAlias = Select[Any]
_FINISHED = frozenset({TicketState.CLOSED, TicketState.DISCARDED})
# A draft has no number yet; its address `draft-{id}` stays valid when it gets one.
DRAFT_PREFIX = "draft-"
# The total of a list, and of a search, is counted up to these numbers.
MAX_COUNT, MAX_FOUND = 10_000, 1_000
# A search compares the texts of so many of the newest tickets first: some milliseconds.
WALKED = 6_000
# The same for what a unit has done.
MAX_DONE = 999


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
    of voice messages that an operator has not dealt with yet. `unowned`: only drafts of leavers, which nobody has in hand.
    """

    states: tuple[TicketState, ...] = ()
    types: tuple[RequestType, ...] = ()
    unit: str = ""
    channels: tuple[Channel, ...] = ()
    overdue: bool | None = None
    q: str = ""
    messages: bool = False
    unowned: bool = False
    first: date | None = None
    last: date | None = None
    author_id: int | None = None
    line: str = ""
    order: TicketOrder = TicketOrder.NEWEST


class ListedUnit(NamedTuple):
    """A unit as a list of tickets shows it."""

    code: str
    name_zh: str
    name_en: str
    active: bool


@dataclass(frozen=True, slots=True)
class TicketListRow:
    """A ticket with its unit and, for a redo round, the number of the round before.

    The ticket of a list only has the columns of its table without those of the search, and is never changed.
    """

    ticket: Ticket
    unit: Unit | ListedUnit | None
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
    session: Session,
    person: Person,
    wanted: TicketFilter,
    at: datetime,
    *,
    limit: int,
    cursor: str = "",
    walked: int = WALKED,
) -> Page[TicketListRow]:
    """Returns a page of tickets in the wanted order. Raises BadCursor.

    A search looks through the texts of `walked` tickets before it uses its index.
    """
    conditions = _conditions(person, wanted, at)
    found = _lines(person).where(*conditions)
    if wanted.q:
        search_index.prepare(session)
    if wanted.q and wanted.order is not TicketOrder.NEWEST:
        found = found.where(_candidates(session, wanted))
    if wanted.order is TicketOrder.DUE and not _are_at_unit(wanted):
        return _page_by_due(session, found, limit, cursor)
    after = parse_moment_cursor(cursor) if cursor else None
    if wanted.order is TicketOrder.DUE:
        lines = _read(session, found, NEAREST_DUE, limit + 1, after)
        return make_page(lines, limit, lambda line: _due_cursor(line.ticket))
    downwards = wanted.order is TicketOrder.NEWEST
    if wanted.q and downwards:
        near = _read_near(session, found, limit + 1, after, walked)
        indexed = [*conditions, _candidates(session, wanted)]
        lines = _read_by_index(session, person, indexed, limit + 1, after) if near is None else near
    else:
        lines = _read(session, found, Ticket.received_at, limit + 1, after, downwards=downwards)
    return make_page(lines, limit, lambda line: moment_cursor(line.ticket.received_at, line.ticket.id))


def _read_near(
    session: Session, found: Lines, limit: int, after: tuple[datetime, int] | None, walked: int
) -> list[TicketListRow] | None:
    """Returns the newest tickets that a search finds among `walked`; None if there may be more of them.

    A common word stands in enough of the newest tickets; a rare word has few places in the index. Either would take seconds for
    the other kind.
    """
    last = moment_behind(session, walked, before=after[0] if after else None)
    near = found if last is None else found.where(Ticket.received_at >= last)
    lines = _read(session, near, Ticket.received_at, limit, after, downwards=True)
    return lines if last is None or len(lines) == limit else None


def moment_behind(session: Session, walked: int, *, before: datetime | None = None) -> datetime | None:
    """Returns when the ticket behind the `walked` newest ones was received, of all or of those before a moment; None without it."""
    newest = select(Ticket.received_at).order_by(Ticket.received_at.desc()).offset(walked).limit(1)
    return session.scalar(newest if before is None else newest.where(Ticket.received_at <= before))


def _read_by_index(
    session: Session,
    person: Person,
    conditions: list[ColumnElement[bool]],
    limit: int,
    after: tuple[datetime, int] | None,
) -> list[TicketListRow]:
    """Returns the newest tickets that the index of the search finds."""
    # The ids alone are sorted, because thousands of tickets may be found.
    found = select(Ticket.id).where(readable(person), *conditions)
    page = _lines(person).where(Ticket.id.in_(_page(found, Ticket.received_at, limit, after, downwards=True)))
    return _rows(session, page.order_by(Ticket.received_at.desc(), Ticket.id.desc()))


def _candidates(session: Session, wanted: TicketFilter) -> ColumnElement[bool]:
    return search_index.candidates(session, search_words(wanted.q, wanted.line))


def _are_at_unit(wanted: TicketFilter) -> bool:
    """Returns whether a filter finds tickets at their units only."""
    return wanted.overdue is True or (bool(wanted.states) and OPEN_AT_UNIT.issuperset(wanted.states))


def _are_unfinished(wanted: TicketFilter) -> bool:
    return wanted.overdue is True or (bool(wanted.states) and not _FINISHED.intersection(wanted.states))


def _page_by_due(session: Session, found: Lines, limit: int, cursor: str) -> Page[TicketListRow]:
    """Returns a page with the nearest open clock first, then by receipt the tickets without one."""
    lines: list[TicketListRow] = []
    # Two statements, because each part has an index in its order. The cursor is the kind of its part.
    rest_after = None if not cursor or is_moment_cursor(cursor) else parse_id_cursor(cursor)
    if rest_after is None:
        running = found.where(is_within(AT_UNIT), literal(LAST_DAY, UtcDateTime) > NEAREST_DUE)
        after = parse_moment_cursor(cursor) if cursor else None
        lines += _read(session, running, NEAREST_DUE, limit + 1, after)
    if len(lines) <= limit:
        last = session.get(Ticket, rest_after) if rest_after is not None else None
        has_no_clock = literal(LAST_DAY, UtcDateTime) == NEAREST_DUE
        rest = found.where(or_(Ticket.state.not_in(OPEN_AT_UNIT), has_no_clock))
        after = None if last is None else (last.received_at, last.id)
        lines += _read(session, rest, Ticket.received_at, limit + 1 - len(lines), after)

    def cursor_of(line: TicketListRow) -> str:
        return _due_cursor(line.ticket) if nearest_clock(line.ticket) else id_cursor(line.ticket.id)

    return make_page(lines, limit, cursor_of)


def _due_cursor(ticket: Ticket) -> str:
    clock = nearest_clock(ticket)
    return moment_cursor(clock.due_at if clock else LAST_DAY, ticket.id)


def count_tickets(session: Session, person: Person, wanted: TicketFilter, at: datetime) -> int:
    """Returns the number of tickets that a filter finds, at most `most_counted` + 1."""
    conditions = _conditions(person, wanted, at)
    if wanted.q:
        search_index.prepare(session)
        conditions.append(_candidates(session, wanted))
    some = select(Ticket.id).where(readable(person), *conditions).limit(most_counted(wanted) + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def most_counted(wanted: TicketFilter) -> int:
    """Returns the number up to which a list is counted; beyond it pages show "more than"."""
    return MAX_FOUND if wanted.q else MAX_COUNT


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
    """Returns a page of one section of a unit's inbox. Raises BadCursor.

    The nearest open clock is first; of what is done, the last closed ticket.
    """
    found = _lines(person).where(_in_section(INBOX_SECTIONS[section], at, end_of_day(at, zone)))
    after = parse_moment_cursor(cursor) if cursor else None
    if section is InboxSection.DONE:
        lines = _read(session, found, Ticket.closed_at, limit + 1, after, downwards=True)
        return make_page(lines, limit, lambda line: _closed_cursor(line.ticket))
    lines = _read(session, found, NEAREST_DUE, limit + 1, after)
    return make_page(lines, limit, lambda line: _due_cursor(line.ticket))


def _closed_cursor(ticket: Ticket) -> str:
    # Every closed ticket has the moment; a file gives it, or the step sets it.
    return moment_cursor(ticket.closed_at or LAST_DAY, ticket.id)


def count_unsigned(session: Session, person: Person) -> int:
    """Returns the number of tickets that this person's unit has not acknowledged, in whatever section."""
    unsigned = readable(person), is_within(UNFINISHED), Ticket.state == TicketState.DISPATCHED
    return session.scalar(select(func.count()).where(*unsigned)) or 0


def count_sections(
    session: Session, person: Person, at: datetime, zone: ZoneInfo, *, most_done: int = MAX_DONE
) -> dict[InboxSection, int]:
    """Returns the number of tickets in each section of the inbox of this person's unit, 0 included.

    What is done is counted up to `most_done` + 1: a unit works on what is open, and its history only grows.
    """
    midnight = end_of_day(at, zone)
    at_unit = {section: rule for section, rule in INBOX_SECTIONS.items() if rule.states <= OPEN_AT_UNIT}
    whens = [(_in_section(rule, at, midnight), literal(section.value)) for section, rule in at_unit.items()]
    # Every moment is before the last day. SQLite, which has no statistics, prefers the index that this names.
    at_unit_now = readable(person), is_within(AT_UNIT), literal(LAST_DAY, UtcDateTime) >= NEAREST_DUE
    sorted_out = select(case(*whens).label("section")).where(*at_unit_now).subquery()
    counted = select(sorted_out.c.section, func.count()).group_by(sorted_out.c.section)
    found: dict[str | None, int] = dict(session.execute(counted).all())
    counts = {section: found.get(section.value, 0) for section in InboxSection}
    done = select(Ticket.id).where(readable(person), is_within(CLOSED)).limit(most_done + 1)
    counts[InboxSection.DONE] = session.scalar(select(func.count()).select_from(done.subquery())) or 0
    return counts


def end_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """Returns the midnight that ends the local day of `at`, in UTC."""
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC)


def find_list_row(session: Session, person: Person, address: str) -> TicketListRow | None:
    """Returns the list row of one ticket, or None if there is none that `person` may read."""
    ticket = find_ticket_for(session, person, address)
    if ticket is None:
        return None
    return list_row_of(session, ticket, session.get(Unit, ticket.unit_code) if ticket.unit_code else None)


def list_row_of(session: Session, ticket: Ticket, unit: Unit | None) -> TicketListRow:
    """Returns the list row of a ticket of `unit` that was just read or changed."""
    earlier = session.get(Ticket, ticket.redo_of) if ticket.redo_of else None
    return TicketListRow(ticket, unit, address_of(earlier) if earlier else None)


def _read(
    session: Session,
    lines: Lines,
    key: SQLColumnExpression[Any],
    limit: int,
    after: tuple[datetime, int] | None,
    *,
    downwards: bool = False,
) -> list[TicketListRow]:
    """Returns the first lines behind `after` in the order of `key`, then of the id."""
    return _rows(session, _page(lines, key, limit, after, downwards=downwards))


def _page(
    query: Select[*Columns],
    key: SQLColumnExpression[Any],
    limit: int,
    after: tuple[datetime, int] | None,
    *,
    downwards: bool,
) -> Select[*Columns]:
    if after is not None:
        here, place = tuple_(key, Ticket.id), tuple_(literal(after[0], UtcDateTime), literal(after[1]))
        query = query.where(here < place if downwards else here > place)
    order = (key.desc(), Ticket.id.desc()) if downwards else (key, Ticket.id)
    return query.order_by(*order).limit(limit)


def _rows(session: Session, lines: Lines) -> list[TicketListRow]:
    # Rows of columns, not objects of the session: a page has fifty, and nobody changes them.
    return [_list_row(row) for row in session.connection().execute(lines)]


def _list_row(row: Row[Any]) -> TicketListRow:
    code = row.unit_code
    unit = None if code is None else ListedUnit(code, row.unit_name_zh, row.unit_name_en, row.unit_active)
    return TicketListRow(cast("Ticket", row), unit, row.redo_number)


_EARLIER = Ticket.__table__.alias("earlier")
# Built once: building it costs as much as executing it.
_LINES: Lines = (
    select(
        *(column for column in Ticket.__table__.c if not column.key.startswith("search_")),
        Unit.name_zh.label("unit_name_zh"),
        Unit.name_en.label("unit_name_en"),
        Unit.active.label("unit_active"),
        _EARLIER.c.number.label("redo_number"),
    )
    .select_from(Ticket)
    .outerjoin(Unit, Unit.code == Ticket.unit_code)
    .outerjoin(_EARLIER, _EARLIER.c.id == Ticket.redo_of)
)


def _lines(person: Person) -> Lines:
    return _LINES.where(readable(person))


def _conditions(person: Person, wanted: TicketFilter, at: datetime) -> list[ColumnElement[bool]]:
    # A value that selects nothing, and the clause that it would stand for.
    plain: tuple[tuple[object, ColumnElement[bool]], ...] = (
        # All states at a unit are one condition, of which `_are_at_unit` knows.
        (wanted.states and set(wanted.states) != OPEN_AT_UNIT, Ticket.state.in_(wanted.states)),
        (wanted.types, Ticket.type.in_(wanted.types)),
        (wanted.unit, Ticket.unit_code == wanted.unit),
        (wanted.channels, Ticket.channel.in_(wanted.channels)),
        (wanted.first, Ticket.received_on >= (wanted.first or date.min)),
        (wanted.last, Ticket.received_on <= (wanted.last or date.max)),
        (wanted.author_id, Ticket.author_id == wanted.author_id),
    )
    clauses = [clause for value, clause in plain if value]
    clauses += _days_of_receipt(wanted)
    # Conditions of partial indexes, beside the wanted states that they follow from.
    if _are_unfinished(wanted):
        clauses.append(is_within(UNFINISHED))
    if _are_at_unit(wanted):
        clauses.append(is_within(AT_UNIT))
    if wanted.overdue is not None:
        clauses.append(is_overdue(at) if wanted.overdue else ~is_overdue(at))
    if wanted.messages:
        clauses += [Ticket.state == TicketState.DRAFT, _has_message()]
    if wanted.unowned:
        clauses += [Ticket.state == TicketState.DRAFT, Ticket.author_id.is_(None), ~_has_message()]
    if wanted.q:
        clauses.append(matches(wanted.q, person, wanted.line))
    return clauses


def _days_of_receipt(wanted: TicketFilter) -> list[ColumnElement[bool]]:
    """Returns a range of moments around the wanted local days, for the indexes in the order of receipt."""
    # Local midnight is less than a day from that of UTC, in every zone.
    clauses = []
    if wanted.first is not None:
        clauses.append(Ticket.received_at > datetime.combine(wanted.first, time(), UTC) - timedelta(days=1))
    if wanted.last is not None:
        clauses.append(Ticket.received_at < datetime.combine(wanted.last, time(), UTC) + timedelta(days=2))
    return clauses


def _has_message() -> ColumnElement[bool]:
    left = Recording.call_id == Ticket.call_id, Recording.kind == RecordingKind.MESSAGE
    return exists().where(*left)


def _in_section(rule: SectionRule, at: datetime, midnight: datetime) -> ColumnElement[bool]:
    if rule.states <= OPEN_AT_UNIT:
        states = true() if rule.states == OPEN_AT_UNIT else Ticket.state.in_(rule.states)
        return and_(is_within(AT_UNIT), states, _due(rule.due, at, midnight))
    return is_within(CLOSED)


def _due(due: DueRange, at: datetime, midnight: datetime) -> ColumnElement[bool]:
    match due:
        case DueRange.ANY:
            return true()
        case DueRange.PAST:
            return is_past(NEAREST_DUE, at)
        case DueRange.TODAY:
            return and_(at <= NEAREST_DUE, midnight >= NEAREST_DUE)
        case DueRange.LATER:
            return midnight < NEAREST_DUE
