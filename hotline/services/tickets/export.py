"""Exports tickets to a CSV file with the columns of the import, callers masked."""

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select

from hotline import events
from hotline.rules.enums import TicketState
from hotline.rules.errors import NotAllowed
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Person, Right
from hotline.rules.people.privacy import mask_number, mask_text
from hotline.rules.phone_numbers import format_national
from hotline.rules.text import SHORT_TEXT, is_blank, to_storable
from hotline.rules.tickets.fields import TEXT_NAMES
from hotline.rules.tickets.rows import COLUMNS, FILE_FIELDS, safe_cell
from hotline.store.people.tables import Disclosure
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

# Rows held in memory.
ROWS_AT_A_TIME = 1_000


def export_tickets(work: UnitOfWork, period: Period, target: TextIO, *, reason: str | None = None) -> int:
    """Writes every ticket received in `period` to `target` and returns their number.

    All rounds are written; discarded tickets and drafts that were not imported are not. `target` must be opened with
    newline="" and UTF-8. Numbers are masked, inside texts too. With a `reason` they are written in full, except those of confidential
    matters; this needs a person with the right to import and is recorded as a disclosure. Raises NotAllowed.
    """
    if reason is not None:
        _record_disclosure(work, reason)
    out = csv.writer(target)
    out.writerow(COLUMNS)
    written = 0
    for cells in _rows(work, period, in_full=reason is not None):
        out.writerow(cells)
        written += 1
    return written


def _record_disclosure(work: UnitOfWork, reason: str) -> None:
    person = work.actor
    if not isinstance(person, Person) or not person.may(Right.IMPORT_TICKETS) or is_blank(reason):
        raise NotAllowed("exports no full numbers")
    disclosure = Disclosure(
        at=work.at,
        user_id=person.id,
        subject="export",
        subject_id=0,
        field="caller_number",
        reason=to_storable(reason, SHORT_TEXT),
    )
    work.session.add(disclosure)
    work.session.flush()
    work.record(events.NumberShown(disclosure.id))


def _rows(work: UnitOfWork, period: Period, *, in_full: bool) -> Iterator[list[str]]:
    ours = Ticket.state.not_in((TicketState.DRAFT, TicketState.DISCARDED))
    imported = and_(Ticket.state == TicketState.DRAFT, Ticket.external_number.is_not(None))
    found = (
        select(Ticket)
        .where(Ticket.received_on.between(period.first, period.last), or_(ours, imported))
        .order_by(Ticket.received_on, Ticket.id)
        .execution_options(yield_per=ROWS_AT_A_TIME)
    )
    for ticket in work.session.scalars(found):
        yield _cells(ticket, work.zone, in_full=in_full)


def _cells(ticket: Ticket, zone: ZoneInfo, *, in_full: bool) -> list[str]:
    number, masked = ticket.caller_number or "", not in_full or ticket.confidential
    # A ticket that was not imported carries our own number, by which an import recognises it.
    special = {
        "external_number": ticket.external_number or ticket.number or "",
        "caller_number": mask_number(number) if masked else format_national(number),
    }
    if masked:
        special |= {
            name: mask_text(getattr(ticket, name), ticket.caller_name)
            for name in TEXT_NAMES
            if name not in special
        }
    values = (special.get(field.name, getattr(ticket, field.name)) for field in FILE_FIELDS)
    return [safe_cell(_cell(value, zone)) for value in values]


def _cell(value: object, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    return "" if value is None else str(value)
