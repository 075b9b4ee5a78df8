"""Imports tickets from a CSV file of another system: all rows or none; importing a file twice changes nothing.

A row becomes a closed ticket, an open ticket of its unit, or, open without a unit, a draft for the desk. Rows that are
known already are left alone.
"""

from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import insert, or_, select
from sqlalchemy.exc import IntegrityError

from hotline import events
from hotline.rules.enums import CLASS_OF, Closing, TicketState
from hotline.rules.errors import DomainError, LostRace, NotAllowed
from hotline.rules.people.actors import Person, Right
from hotline.rules.tickets.rows import Code, RowProblem, TicketRow, check_header, parse_row
from hotline.rules.tickets.ticket_numbers import ticket_number
from hotline.services.tickets.csv_lines import BrokenLine, CsvLine, read_lines
from hotline.services.tickets.numbering import reserve
from hotline.store.people.tables import Unit
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

# Imported tickets have a number series of their own: old cases must not use up the numbers of today's calls.
PREFIX, DIGITS = "QI", 7
# Rows written at a time, and the largest number of keys in one query.
CHUNK = 2_000
# Problems reported one by one; further bad rows are only counted.
MAX_PROBLEMS = 1_000


class ImportRefused(DomainError):
    """Nothing was imported. `problems` holds the first ones, `bad_rows` the number of bad rows (0: the header was bad)."""

    def __init__(self, problems: tuple[RowProblem, ...], bad_rows: int) -> None:
        super().__init__(f"{bad_rows} bad rows")
        self.problems = problems
        self.bad_rows = bad_rows


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Numbers of rows written, known before and skipped as bad, with the first problems."""

    written: int
    known: int
    bad_rows: int
    problems: tuple[RowProblem, ...]


@dataclass(slots=True)
class _Progress:
    skip_bad: bool
    units: frozenset[str]
    seen: set[str] = field(default_factory=set)
    problems: list[RowProblem] = field(default_factory=list)
    bad_rows: int = 0
    written: int = 0
    known: int = 0

    def refuse(self, line: int, errors: dict[str, Code]) -> None:
        self.bad_rows += 1
        room = MAX_PROBLEMS - len(self.problems)
        self.problems += [RowProblem(line, name, code) for name, code in list(errors.items())[: max(room, 0)]]


def import_tickets(work: UnitOfWork, source: Iterable[bytes], *, skip_bad: bool = False) -> ImportResult:
    """Imports the lines of a CSV file (bytes, as an opened binary file gives them).

    Raises NotAllowed without the right, ImportRefused for a wrong header, or for a bad row unless `skip_bad`, and
    LostRace when a concurrent import wrote the same rows. Nothing has changed if the exception leaves the unit of work.
    """
    if isinstance(work.actor, Person) and not work.actor.may(Right.IMPORT_TICKETS):
        raise NotAllowed("imports no tickets")
    lines = read_lines(source)
    header = _header(lines)
    units = frozenset(work.session.scalars(select(Unit.code).where(Unit.active)))
    progress = _Progress(skip_bad, units)
    chunk: list[TicketRow] = []
    for row in _good_rows(work, header, lines, progress):
        chunk.append(row)
        if len(chunk) == CHUNK:
            _write(work, chunk, progress)
            chunk.clear()
    _write(work, chunk, progress)
    if progress.bad_rows and not skip_bad:
        raise ImportRefused(tuple(progress.problems), progress.bad_rows)
    return ImportResult(progress.written, progress.known, progress.bad_rows, tuple(progress.problems))


def _header(lines: Iterator[CsvLine | BrokenLine]) -> list[str]:
    first = next(lines, None)
    if first is None:
        raise ImportRefused((RowProblem(1, "", Code.EMPTY_FILE),), 0)
    if isinstance(first, BrokenLine):
        raise ImportRefused((RowProblem(first.line, "", Code.BROKEN_CSV),), 0)
    names = [cell.strip() for cell in first.cells]
    problems = check_header(names)
    if problems:
        raise ImportRefused(problems, 0)
    return names


def _good_rows(
    work: UnitOfWork, header: list[str], lines: Iterable[CsvLine | BrokenLine], progress: _Progress
) -> Iterator[TicketRow]:
    for line in lines:
        if isinstance(line, BrokenLine):
            progress.refuse(line.line, {"": Code.BROKEN_CSV})
            continue
        if len(line.cells) != len(header):
            progress.refuse(line.line, {"": Code.WRONG_CELL_COUNT})
            continue
        row = parse_row(dict(zip(header, line.cells, strict=True)), work.zone, work.policies.number)
        errors = row if isinstance(row, dict) else _context_errors(row, progress)
        if errors:
            progress.refuse(line.line, errors)
        if isinstance(row, TicketRow):
            progress.seen.add(row.external_number)
            if not errors:
                yield row


def _context_errors(row: TicketRow, progress: _Progress) -> dict[str, Code]:
    """Returns the errors that show only beside the city's units and the earlier rows of the file."""
    errors: dict[str, Code] = {}
    if row.unit_code is not None and row.unit_code not in progress.units:
        errors["unit"] = Code.UNKNOWN_UNIT
    if row.external_number in progress.seen:
        errors["external_number"] = Code.TWICE_IN_FILE
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
    numbers = _numbers(work, fresh)
    rows = [_columns(work, row, next(numbers[_day(work, row)])) for row in fresh]
    try:
        work.connection.execute(insert(Ticket), rows)
    except IntegrityError as error:
        raise LostRace("a concurrent import wrote the same tickets") from error
    _record_open(work, [row for row in fresh if row.closed_at is None])


def _record_open(work: UnitOfWork, still_open: list[TicketRow]) -> None:
    """Records the events of open tickets: the hand-off brings a unit's ticket into its inbox."""
    keys = [row.external_number for row in still_open]
    found = select(Ticket.id, Ticket.unit_code).where(Ticket.external_number.in_(keys)).order_by(Ticket.id)
    for ticket_id, unit_code in work.session.execute(found).all():
        work.record(events.TicketOpened(ticket_id))
        if unit_code is not None:
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


def _columns(work: UnitOfWork, row: TicketRow, number: str) -> dict[str, object]:
    """Returns the columns of the ticket that a row becomes."""
    waits_for_a_desk = row.closed_at is None and row.unit_code is None
    state = TicketState.DRAFT if waits_for_a_desk else TicketState.DISPATCHED
    closing = Closing.HANDLED if row.unit_code else Closing.ANSWERED_DIRECT
    return {
        **row.values,
        "number": None if waits_for_a_desk else number,
        "state": TicketState.CLOSED if row.closed_at else state,
        "request_class": CLASS_OF[row.type],
        "closing": closing if row.closed_at else None,
        "received_on": _day(work, row),
        # A file does not say when the ticket was handed to its unit.
        "dispatched_at": row.received_at if row.unit_code else None,
        "followed_up_at": row.followed_up_at,
    }
