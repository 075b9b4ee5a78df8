"""Export of tickets: masked without the right and a reason, safe in a spreadsheet, readable by the import."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from hotline.rules.enums import Role, TicketState
from hotline.rules.errors import NotAllowed
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Actor, Machine, Person
from hotline.rules.text import clean, close_directions
from hotline.rules.tickets.cells import safe_cell
from hotline.rules.tickets.rows import COLUMNS, OPTIONAL_COLUMNS, TicketRow, parse_row
from hotline.services.tickets.export import export_tickets
from hotline.services.tickets.import_file import import_tickets
from hotline.store.people.tables import Disclosure
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit, make_user, person_of
from tests.policies import city_policies

TODAY = Period(date(2026, 11, 23), date(2026, 11, 23))


def export(
    application: Application, actor: Actor = Machine.SYSTEM, reason: str | None = None
) -> list[dict[str, str]]:
    target = io.StringIO(newline="")
    with application.unit_of_work(actor) as work:
        written = export_tickets(work, TODAY, target, reason=reason)
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


def test_full_numbers_need_a_person_with_the_right_and_a_reason_and_leave_a_trace(
    application: Application,
) -> None:
    make_some(application)
    admin = person_of(make_user(application, Role.ADMIN))
    (row,) = export(application, admin, "迁移到新平台")
    assert row["caller_number"] == "13912345678"
    with application.read_session() as session:
        (look,) = session.scalars(select(Disclosure)).all()
    assert (look.user_id, look.subject, look.reason) == (admin.id, "export", "迁移到新平台")


@pytest.mark.parametrize(
    ("actor", "reason"),
    [(Machine.SYSTEM, "x"), (Person(1, Role.LEADER), "x"), (Person(1, Role.ADMIN), "  ")],
)
def test_without_right_or_reason_no_full_number_leaves(
    application: Application, actor: Actor, reason: str
) -> None:
    make_some(application)
    with pytest.raises(NotAllowed):
        export(application, actor, reason)


def test_a_confidential_callers_number_never_leaves(application: Application) -> None:
    make_unit(application)
    columns = {"state": TicketState.DISPATCHED, "unit_code": "city-management", "confidential": True}
    make_ticket(application, caller_number="+8613912345678", **columns)
    (row,) = export(application, person_of(make_user(application, Role.ADMIN)), "迁移")
    assert row["caller_number"] == "139****5678"


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
