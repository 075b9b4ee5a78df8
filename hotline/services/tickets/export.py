"""Exports tickets to a CSV file with all columns of the import, callers masked.

The optional columns carry what the report of the period needs, so that an import into another home gives the same one.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from hotline.rules.enums import FollowUpState, TicketState
from hotline.rules.figures.report import Period
from hotline.rules.people.privacy import mask_number
from hotline.rules.people.private_words import mask_texts
from hotline.rules.phone_numbers import format_national, is_withheld
from hotline.rules.tickets.cells import safe_cell
from hotline.rules.tickets.deadlines import day_that_ends
from hotline.rules.tickets.fields import TEXT_NAMES, TicketField
from hotline.rules.tickets.rows import (
    COLUMNS,
    DEADLINE_FIELDS,
    FILE_FIELDS,
    OPTIONAL_COLUMNS,
    OPTIONAL_FIELDS,
    FollowUpFact,
)
from hotline.store.figures import cohorts
from hotline.store.outbound import FollowUp
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

EXPORT_COLUMNS = (*COLUMNS, *OPTIONAL_COLUMNS)
_FIELDS = (*FILE_FIELDS, *OPTIONAL_FIELDS)
# Rows held in memory.
ROWS_AT_A_TIME = 1_000


def export_tickets(work: UnitOfWork, period: Period, target: TextIO, *, received_only: bool = False) -> int:
    """Writes every ticket that the report of `period` counts to `target` and returns their number.

    These are the tickets received, handed off, due, closed or followed up in the period, and their later rounds; with
    `received_only` those received in it. Discarded tickets and drafts that were not imported are not written. `target`
    must be opened with newline="" and UTF-8. Numbers are masked, inside texts too.
    """
    # Spreadsheets misread Chinese in a CSV file without a byte-order mark.
    target.write("\ufeff")
    out = csv.writer(target)
    out.writerow(EXPORT_COLUMNS)
    written = 0
    for cells in exported_rows(work, period, received_only=received_only):
        out.writerow(cells)
        written += 1
    return written


def exported_rows(work: UnitOfWork, period: Period, *, received_only: bool) -> Iterator[list[str]]:
    """Yields the cells of each exported ticket, in the order of EXPORT_COLUMNS."""
    yield from _rows(work, _received(period) if received_only else _reported(work, period))


def _rows(work: UnitOfWork, wanted: ColumnElement[bool]) -> Iterator[list[str]]:
    earlier = aliased(Ticket)
    found = (
        select(Ticket, FollowUp, func.coalesce(earlier.external_number, earlier.number))
        .outerjoin(FollowUp, FollowUp.ticket_id == Ticket.id)
        .outerjoin(earlier, earlier.id == Ticket.redo_of)
        .where(wanted)
        .order_by(Ticket.received_on, Ticket.id)
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )
    for ticket, follow_up, redo_of in work.session.execute(found):
        special = _special_cells(ticket, redo_of)
        special["follow_up"] = _follow_up_fact(ticket, follow_up, work.at)
        values = (special.get(field.name, getattr(ticket, field.name, None)) for field in _FIELDS)
        cells = (_cell(field, value, work.zone) for field, value in zip(_FIELDS, values, strict=True))
        yield [safe_cell(cell) for cell in cells]


def _received(period: Period) -> ColumnElement[bool]:
    return and_(Ticket.received_on.between(period.first, period.last), ~cohorts.IS_NOT_REQUEST)


def _reported(work: UnitOfWork, period: Period) -> ColumnElement[bool]:
    """Returns the condition of the tickets that any cohort of the period's report holds, and of their later rounds."""
    window = cohorts.window_of(period, work.zone, work.at)
    handled = (cohort_of(window).where for cohort_of in cohorts.HANDLING)
    ids = select(Ticket.id).where(or_(_received(period), *handled)).cte("exported", recursive=True)
    later = select(Ticket.id).join(ids, Ticket.redo_of == ids.c.id)
    return Ticket.id.in_(select(ids.union(later).c.id))


def _special_cells(ticket: Ticket, redo_of: str | None) -> dict[str, object]:
    """Returns the values that are not written as they are stored, by field."""
    number = ticket.caller_number or ""
    return {
        **mask_texts({name: getattr(ticket, name) for name in TEXT_NAMES}, ticket.caller_name),
        # A ticket that was not imported carries our own number, by which an import recognises it.
        "external_number": ticket.external_number or ticket.number or "",
        # The word for a withheld number belongs to no person.
        "caller_number": format_national(number) if is_withheld(number) else mask_number(number),
        # The unit that is chosen on a draft has not got it.
        "unit_code": None if ticket.state is TicketState.DRAFT else ticket.unit_code,
        "redo_of": redo_of,
    }


def _follow_up_fact(ticket: Ticket, follow_up: FollowUp | None, at: datetime) -> FollowUpFact | None:
    if follow_up is None:
        return None
    if follow_up.attempts or ticket.followed_up_at is not None:
        return FollowUpFact.ATTEMPTED
    if follow_up.state is FollowUpState.EXEMPT:
        return FollowUpFact.EXEMPT
    runs = follow_up.state in {FollowUpState.WAITING, FollowUpState.DIALLING}
    return FollowUpFact.NOT_DUE if runs and follow_up.next_try_at > at else FollowUpFact.OWED


def _cell(field: TicketField, value: object, zone: ZoneInfo) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            local = value.astimezone(zone)
            ends = day_that_ends(value, zone) if field.name in DEADLINE_FIELDS else None
            # The offset stands at the end, as +08:00.
            return f"{ends}T24:00:00{local.isoformat()[-6:]}" if ends else local.isoformat()
        case _:
            return str(value)
