"""Imports tickets from a file of another system: all rows or none; importing a file twice changes nothing.

A row becomes a closed ticket, an open ticket of its unit, or, open without a unit that is at work, a draft for the
desk. Rows that are known already are left alone. Every row read is written, known or refused.
"""

from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from sqlalchemy import insert, or_, select
from sqlalchemy.exc import IntegrityError

from hotline import events
from hotline.rules.enums import CLASS_OF, Closing, FollowUpState, TicketState
from hotline.rules.errors import LostRace
from hotline.rules.tickets.cells import Code
from hotline.rules.tickets.rows import (
    FollowUpFact,
    ImportRefused,
    RowProblem,
    TicketRow,
    check_header,
    column_names,
    is_row,
    parse_row,
)
from hotline.rules.tickets.ticket_numbers import ticket_number
from hotline.services.table_file import BrokenRow, FileTable, TableRow, UnreadableFile, open_table
from hotline.services.tickets import due_dates
from hotline.services.tickets.numbering import reserve
from hotline.store.outbound import FollowUp
from hotline.store.people.tables import Unit
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

# Imported tickets have a number series of their own: old cases must not use up the numbers of today's calls.
PREFIX, DIGITS = "QI", 7
# Rows written at a time, and the largest number of keys in one query.
CHUNK = 2_000
# Problems reported one by one; further bad rows are only counted.
MAX_PROBLEMS = 1_000


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Numbers of rows written, known before and skipped as bad, with the first problems and the first warnings."""

    written: int
    known: int
    bad_rows: int
    problems: tuple[RowProblem, ...]
    warnings: tuple[RowProblem, ...] = ()

    @property
    def rows(self) -> int:
        """The number of rows read."""
        return self.written + self.known + self.bad_rows


@dataclass(frozen=True, slots=True)
class _UnitEntry:
    code: str
    active: bool


@dataclass(slots=True)
class _Progress:
    skip_bad: bool
    # By code and by Chinese name.
    units: Mapping[str, _UnitEntry]
    seen: set[str] = field(default_factory=set)
    problems: list[RowProblem] = field(default_factory=list)
    warnings: list[RowProblem] = field(default_factory=list)
    rows: int = 0
    bad_rows: int = 0
    written: int = 0
    known: int = 0
    # Number of a round -> number of the round before it.
    redone: dict[str, str] = field(default_factory=dict)

    def refuse(self, line: int, errors: Mapping[str, Code]) -> None:
        self.bad_rows += 1
        self._note(self.problems, line, errors)

    def warn(self, line: int, warnings: Mapping[str, Code]) -> None:
        self._note(self.warnings, line, warnings)

    def _note(self, notes: list[RowProblem], line: int, codes: Mapping[str, Code]) -> None:
        room = max(MAX_PROBLEMS - len(notes), 0)
        notes += [RowProblem(line, name, code) for name, code in list(codes.items())[:room]]

    def unit_of(self, row: TicketRow) -> _UnitEntry | None:
        return None if row.unit_code is None else self.units.get(row.unit_code)


def import_tickets(work: UnitOfWork, source: BinaryIO, *, skip_bad: bool = False) -> ImportResult:
    """Imports a CSV file or an XLSX workbook.

    Raises ImportRefused for a file that is no table, for a wrong header, or for a bad row
    unless `skip_bad`, and LostRace when a concurrent import wrote the same rows. Nothing has changed if the exception
    leaves the unit of work.
    """
    try:
        return _import(work, open_table(source), skip_bad=skip_bad)
    except UnreadableFile as unreadable:
        raise ImportRefused((RowProblem(1, "", Code(unreadable.code)),), 0) from unreadable


def _import(work: UnitOfWork, table: FileTable, *, skip_bad: bool) -> ImportResult:
    header = _header(table)
    progress = _Progress(skip_bad, _units(work))
    chunk: list[TicketRow] = []
    for row in _good_rows(work, header, table, progress):
        chunk.append(row)
        if len(chunk) == CHUNK:
            _write(work, chunk, progress)
            chunk.clear()
    _write(work, chunk, progress)
    if progress.bad_rows and not skip_bad:
        raise ImportRefused(tuple(progress.problems), progress.bad_rows, progress.rows)
    _link_rounds(work, progress.redone)
    return ImportResult(
        progress.written,
        progress.known,
        progress.bad_rows,
        tuple(progress.problems),
        tuple(progress.warnings),
    )


def _units(work: UnitOfWork) -> dict[str, _UnitEntry]:
    units = list(work.session.scalars(select(Unit)))
    by_name = {unit.name_zh: _UnitEntry(unit.code, unit.active) for unit in units}
    return by_name | {unit.code: _UnitEntry(unit.code, unit.active) for unit in units}


def _header(table: FileTable) -> list[str]:
    first = table.header()
    if first is None:
        raise ImportRefused((RowProblem(1, "", Code.EMPTY_FILE),), 0)
    if isinstance(first, BrokenRow):
        raise ImportRefused((RowProblem(first.line, "", Code(first.code)),), 0)
    names = column_names(first.cells)
    problems = check_header(names)
    if problems:
        raise ImportRefused(problems, 0)
    return names


def _good_rows(
    work: UnitOfWork, header: list[str], table: FileTable, progress: _Progress
) -> Iterator[TicketRow]:
    def looks_like_row(cells: Sequence[str]) -> bool:
        fitted = _fitted(header, cells)
        return fitted is not None and is_row(fitted, work.zone)

    for line in table.rows(looks_like_row):
        progress.rows += 1
        if isinstance(line, BrokenRow):
            progress.refuse(line.line, {"": Code(line.code)})
            continue
        row = _read_row(work, header, line, progress)
        if row is not None:
            yield row


def _read_row(work: UnitOfWork, header: list[str], line: TableRow, progress: _Progress) -> TicketRow | None:
    """Returns the row, or None after refusing it."""
    cells = _fitted(header, line.cells)
    if cells is None:
        progress.refuse(line.line, {"": Code.WRONG_CELL_COUNT})
        return None
    row = parse_row(cells, work.zone, work.policies.number, work.at)
    errors = row if isinstance(row, dict) else _context_errors(row, progress)
    if isinstance(row, TicketRow):
        progress.seen.add(row.external_number)
    if errors or isinstance(row, dict):
        progress.refuse(line.line, errors)
        return None
    unit = progress.unit_of(row)
    if unit is not None and not unit.active and row.closed_at is None:
        progress.warn(line.line, {"unit": Code.CLOSED_UNIT})
    return row


def _fitted(header: list[str], cells: Sequence[str]) -> dict[str, str] | None:
    """Returns the cells by column, or None if they do not fit the header. Columns without a name must be empty."""
    last = max(place for place, name in enumerate(header, 1) if name)
    unnamed = [*cells[last:], *(cell for name, cell in zip(header, cells, strict=False) if not name)]
    if len(cells) < last or any(cell.strip() for cell in unnamed):
        return None
    return {name: cell for name, cell in zip(header, cells, strict=False) if name}


def _context_errors(row: TicketRow, progress: _Progress) -> dict[str, Code]:
    """Returns the errors that show only beside the city's units and the earlier rows of the file."""
    errors: dict[str, Code] = {}
    if row.unit_code is not None and progress.unit_of(row) is None:
        errors["unit"] = Code.UNKNOWN_UNIT
    if row.external_number in progress.seen:
        errors["external_number"] = Code.TWICE_IN_FILE
    if row.redo_of == row.external_number:
        errors["redo_of"] = Code.UNKNOWN_VALUE
    return errors


def _write(work: UnitOfWork, chunk: list[TicketRow], progress: _Progress) -> None:
    """Writes the rows of `chunk` that are new."""
    # After a bad row of an all-or-nothing file the remaining rows are only read, to report their problems.
    if not chunk or (progress.bad_rows and not progress.skip_bad):
        return
    keys = [row.external_number for row in chunk]
    # A file that this system exported carries its own numbers: those tickets are known too.
    known = select(Ticket.external_number, Ticket.number).where(
        or_(Ticket.external_number.in_(keys), Ticket.number.in_(keys))
    )
    taken = {key for pair in work.session.execute(known) for key in pair}
    fresh = [row for row in chunk if row.external_number not in taken]
    progress.known += len(chunk) - len(fresh)
    progress.written += len(fresh)
    if not fresh:
        return
    progress.redone |= {row.external_number: row.redo_of for row in fresh if row.redo_of}
    try:
        work.connection.execute(insert(Ticket), _tickets(work, fresh, progress))
    except IntegrityError as error:
        raise LostRace("a concurrent import wrote the same tickets") from error
    _record_open(work, [row for row in fresh if row.closed_at is None])
    _add_follow_ups(work, [row for row in fresh if row.closed_at is not None])


def _record_open(work: UnitOfWork, still_open: list[TicketRow]) -> None:
    """Records the events of open tickets: the hand-off brings a unit's ticket into its inbox."""
    keys = [row.external_number for row in still_open]
    columns = select(Ticket.id, Ticket.unit_code, Ticket.state)
    found = columns.where(Ticket.external_number.in_(keys)).order_by(Ticket.id)
    for ticket_id, unit_code, state in work.session.execute(found).all():
        work.record(events.TicketOpened(ticket_id))
        if unit_code is not None and state is not TicketState.DRAFT:
            work.record(events.TicketHandedOff(ticket_id, unit_code))


def _day(work: UnitOfWork, row: TicketRow) -> date:
    return row.received_at.astimezone(work.zone).date()


def _numbers(work: UnitOfWork, rows: list[TicketRow]) -> dict[date, Iterator[str]]:
    """Returns as many numbers of each day of receipt as `rows` need."""
    needed = Tally(_day(work, row) for row in rows)
    return {day: _series(work, day, count) for day, count in sorted(needed.items())}


def _series(work: UnitOfWork, day: date, count: int) -> Iterator[str]:
    written = f"{day:%Y%m%d}"
    first = reserve(work, f"import:{written}", count)
    return (ticket_number(PREFIX, written, first + step, DIGITS) for step in range(count))


def _tickets(work: UnitOfWork, rows: list[TicketRow], progress: _Progress) -> list[dict[str, object]]:
    """Returns the columns of the tickets that the rows become, the same for each."""
    numbers = _numbers(work, rows)
    days = [_day(work, row) for row in rows]
    known = due_dates.known_days(work, min(days), max(days))
    tickets = []
    for row, day in zip(rows, days, strict=True):
        columns = _columns(row, day, next(numbers[day]), progress.unit_of(row))
        if row.closed_at is None and row.due_at is None:
            columns |= due_dates.for_import(work, row.type, row.urgency, row.received_at, known)
        tickets.append(columns)
    return tickets


def _columns(row: TicketRow, day: date, number: str, unit: _UnitEntry | None) -> dict[str, object]:
    """Returns the columns of the ticket that a row becomes."""
    # A unit that was closed keeps its old tickets and gets no new ones: the desk chooses another.
    at_a_unit = unit is not None and (unit.active or row.closed_at is not None)
    waits_for_a_desk = row.closed_at is None and not at_a_unit
    state = TicketState.DRAFT if waits_for_a_desk else row.open_state
    closing = Closing.HANDLED if unit else Closing.ANSWERED_DIRECT
    # The desk hands a draft to a unit anew.
    dropped = {"redo_of", "follow_up"} | ({"acknowledged_at", "replied_at"} if waits_for_a_desk else set())
    stored = {name: value for name, value in row.values.items() if name not in dropped}
    return {
        **dict.fromkeys(("acknowledge_due", "contact_due", "acknowledged_at", "replied_at")),
        **dict.fromkeys(("wanted", "place", "answer", "reply", "policy"), ""),
        "due_provisional": False,
        "policy_version": 0,
        **stored,
        "urgency": row.urgency,
        "confidential": row.confidential,
        "due_computed": bool(row.values.get("due_computed")),
        "round": row.round,
        "number": None if waits_for_a_desk else number,
        "state": TicketState.CLOSED if row.closed_at else state,
        "request_class": CLASS_OF[row.type],
        "closing": closing if row.closed_at else None,
        "received_on": day,
        "unit_code": unit.code if unit else None,
        # A file of fourteen columns does not say when the ticket was handed to its unit.
        "dispatched_at": (row.values.get("dispatched_at") or row.received_at) if at_a_unit else None,
        "followed_up_at": row.followed_up_at,
    }


# A follow-up of another system is a fact for the rates and never makes this system phone the caller.
_FOLLOW_UP_STATES = {
    FollowUpFact.ATTEMPTED: FollowUpState.UNREACHED,
    FollowUpFact.EXEMPT: FollowUpState.EXEMPT,
    FollowUpFact.NOT_DUE: FollowUpState.EXEMPT,
}


def _add_follow_ups(work: UnitOfWork, closed: list[TicketRow]) -> None:
    facts = {row.external_number: row for row in closed if row.follow_up in _FOLLOW_UP_STATES}
    if not facts:
        return
    found = select(Ticket.id, Ticket.external_number).where(Ticket.external_number.in_(facts))
    work.connection.execute(
        insert(FollowUp),
        [
            _follow_up(work, ticket_id, facts[number or ""])
            for ticket_id, number in work.session.execute(found)
        ],
    )


def _follow_up(work: UnitOfWork, ticket_id: int, row: TicketRow) -> dict[str, object]:
    fact = row.follow_up or FollowUpFact.EXEMPT
    answered = fact is FollowUpFact.ATTEMPTED and row.followed_up_at is not None
    return {
        "ticket_id": ticket_id,
        "state": FollowUpState.ANSWERED if answered else _FOLLOW_UP_STATES[fact],
        "number": None,
        "language": "zh-CN",
        "attempts": int(fact is FollowUpFact.ATTEMPTED),
        "promised_at": row.closed_at,
        "next_try_at": row.closed_at,
        "settled_at": row.followed_up_at or work.at,
    }


def _link_rounds(work: UnitOfWork, redone: Mapping[str, str]) -> None:
    """Links each new round with the round before it, if that one is here: in this file or from an earlier import."""
    pairs = list(redone.items())
    for start in range(0, len(pairs), CHUNK):
        part = dict(pairs[start : start + CHUNK])
        keys = {*part, *part.values()}
        found = select(Ticket).where(or_(Ticket.external_number.in_(keys), Ticket.number.in_(keys)))
        tickets: dict[str, Ticket] = {}
        for ticket in work.session.scalars(found):
            tickets |= dict.fromkeys(filter(None, (ticket.number, ticket.external_number)), ticket)
        repeated = set(
            work.session.scalars(
                select(Ticket.redo_of).where(Ticket.redo_of.in_([t.id for t in tickets.values()]))
            )
        )
        for later, earlier in part.items():
            before = tickets.get(earlier)
            # A ticket has one next round, and rounds only count up, so that no chain can close into a ring.
            if before is None or before.id in repeated or before.round >= tickets[later].round:
                continue
            repeated.add(before.id)
            tickets[later].redo_of = before.id
    work.session.flush()
