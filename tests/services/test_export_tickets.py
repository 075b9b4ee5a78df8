"""Export of tickets: masked, safe in a spreadsheet, readable by the import."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.enums import TicketState
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Machine
from hotline.rules.text import clean, close_directions
from hotline.rules.tickets.cells import safe_cell
from hotline.rules.tickets.rows import COLUMNS, OPTIONAL_COLUMNS, TicketRow, parse_row
from hotline.services.tickets.export import export_tickets
from hotline.services.tickets.import_file import import_tickets
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit
from tests.policies import city_policies

TODAY = Period(date(2026, 11, 23), date(2026, 11, 23))


def export(application: Application) -> list[dict[str, str]]:
    target = io.StringIO(newline="")
    with application.unit_of_work(Machine.SYSTEM) as work:
        written = export_tickets(work, TODAY, target)
    assert target.getvalue().startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(target.getvalue().removeprefix("\ufeff"), newline="")))
    assert written == len(rows)
    return rows


def make_some(application: Application) -> Ticket:
    make_unit(application)
    make_ticket(application)
    make_ticket(application, state=TicketState.DISCARDED, number=None)
    return make_ticket(
        application,
        state=TicketState.DISPATCHED,
        unit_code="city-management",
        title="=HYPERLINK(1)",
        caller_number="+8613912345678",
    )


def test_what_was_received_is_written_masked_and_without_drafts(application: Application) -> None:
    ticket = make_some(application)
    (row,) = export(application)
    assert tuple(row) == (*COLUMNS, *OPTIONAL_COLUMNS)
    assert row["external_number"] == ticket.number
    assert row["received_at"] == "2026-11-23T09:00:00+08:00"
    assert row["caller_number"] == "139****5678"
    assert row["title"] == "'=HYPERLINK(1)"
    assert row["closed_at"] == ""


def test_what_we_exported_is_known_when_it_comes_back(application: Application) -> None:
    make_some(application)
    target = io.StringIO(newline="")
    with application.unit_of_work(Machine.SYSTEM) as work:
        export_tickets(work, TODAY, target)
    with application.unit_of_work(Machine.SYSTEM) as work:
        done = import_tickets(work, io.BytesIO(target.getvalue().encode()))
    assert (done.written, done.known) == (0, 1)


ROW = {
    "external_number": "A",
    "received_at": "2026-11-23T09:00",
    "channel": "web",
    "type": "praise",
    **dict.fromkeys(COLUMNS[4:], ""),
}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=40))
def test_any_text_survives_the_way_out_and_back_and_never_begins_like_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠"))
    row = parse_row(
        ROW | {"text": cell},
        city_policies().zone,
        city_policies().number,
        datetime(2026, 11, 23, 1, tzinfo=UTC),
    )
    assert isinstance(row, TicketRow)
    assert row.values["text"] == clean(close_directions(text))


@pytest.mark.parametrize(
    ("stored", "written"),
    [("anonymous", "anonymous"), ("110", "***"), ("12345", "***45"), ("138****5678", "138****5678")],
)
def test_every_number_that_leaves_can_come_back(application: Application, stored: str, written: str) -> None:
    make_unit(application)
    make_ticket(application, state=TicketState.DISPATCHED, unit_code="city-management", caller_number=stored)
    (row,) = export(application)
    assert row["caller_number"] == written
    zone, number = city_policies().zone, city_policies().number
    parsed = parse_row(row, zone, number, application.clock())
    assert isinstance(parsed, TicketRow)
    assert parsed.values["caller_number"] == written
