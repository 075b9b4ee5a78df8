"""Import of tickets: all or nothing, a repeated file has no effect, each bad line is named."""

import io
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, update

from hotline.events import Event, TicketHandedOff, TicketOpened
from hotline.rules.enums import (
    Channel,
    Closing,
    RequestClass,
    RequestType,
    Satisfied,
    Solved,
    TicketState,
)
from hotline.rules.errors import LostRace
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Machine
from hotline.rules.tickets.rows import COLUMNS, ImportRefused
from hotline.services.figures.reports import build_report
from hotline.services.tickets.import_file import ImportResult, import_tickets
from hotline.store.tickets.tables import Counter, Ticket
from hotline.unit_of_work import Application
from tests.builders import make_unit

HEADER = ",".join(COLUMNS)
GOOD = {
    "external_number": "A-1",
    "received_at": "2026-11-20 09:30:00",
    "channel": "phone",
    "type": "help",
    "category": "市政设施",
    "title": "井盖破损",
    "text": "弘道路与大成路口井盖破损。",
    "caller_number": "13800001234",
    "unit": "city-management",
    "closed_at": "2026-11-21T10:00:00+08:00",
    "due_at": "2026-11-27T16:00:00Z",
    "first_contact_at": "2026-11-20T10:00:00+08:00",
    "solved": "yes",
    "satisfied": "no",
}
OPEN = {"closed_at": "", "solved": "", "satisfied": "", "first_contact_at": ""}


def line(**cells: str) -> str:
    row = GOOD | cells
    return ",".join(f'"{row[name]}"' if set(row[name]) & set(',"\n') else row[name] for name in COLUMNS)


def file_of(*lines: str, end: str = "\n") -> bytes:
    return (HEADER + end + "".join(one + end for one in lines)).encode()


def load(application: Application, content: bytes, *, skip_bad: bool = False) -> ImportResult:
    with application.unit_of_work(Machine.SYSTEM) as work:
        return import_tickets(work, io.BytesIO(content), skip_bad=skip_bad)


def refused(application: Application, content: bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(ImportRefused) as refusal:
        load(application, content)
    assert count(application) == 0
    return [(problem.line, problem.field, problem.code.value) for problem in refusal.value.problems]


def count(application: Application) -> int:
    with application.read_session() as session:
        return session.scalar(select(func.count()).select_from(Ticket)) or 0


def only(application: Application, external_number: str) -> Ticket:
    with application.read_session() as session:
        return session.scalars(select(Ticket).where(Ticket.external_number == external_number)).one()


def test_a_closed_row_becomes_a_closed_ticket_with_all_its_values(application: Application) -> None:
    make_unit(application)
    assert load(application, file_of(line())) == ImportResult(1, 0, 0, ())
    ticket = only(application, "A-1")
    assert ticket.number is not None
    assert ticket.number.startswith("QI202611200000001")
    assert (ticket.state, ticket.closing) == (TicketState.CLOSED, Closing.HANDLED)
    assert (ticket.channel, ticket.type, ticket.request_class) == (
        Channel.PHONE,
        RequestType.HELP,
        RequestClass.COMPLAINT,
    )
    assert (ticket.caller_number, ticket.unit_code) == ("+8613800001234", "city-management")
    assert ticket.received_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert ticket.received_on == date(2026, 11, 20)
    assert ticket.closed_at == ticket.followed_up_at == datetime(2026, 11, 21, 2, tzinfo=UTC)
    assert ticket.due_at == datetime(2026, 11, 27, 16, tzinfo=UTC)
    assert (ticket.solved, ticket.satisfied) == (Solved.YES, Satisfied.NO)


def test_a_closed_row_without_a_unit_was_answered_directly(application: Application) -> None:
    load(application, file_of(line(unit="", first_contact_at="", solved="", satisfied="")))
    ticket = only(application, "A-1")
    assert (ticket.closing, ticket.dispatched_at, ticket.followed_up_at) == (
        Closing.ANSWERED_DIRECT,
        None,
        None,
    )


def test_an_open_row_of_a_unit_is_dispatched_and_recorded_as_a_hand_off(
    application: Application, announced: list[Event]
) -> None:
    make_unit(application)
    load(application, file_of(line(**OPEN)))
    ticket = only(application, "A-1")
    assert (ticket.state, ticket.closing) == (TicketState.DISPATCHED, None)
    assert announced == [TicketOpened(ticket.id), TicketHandedOff(ticket.id, "city-management")]


def test_an_open_row_without_a_unit_waits_for_a_desk_and_is_a_request(application: Application) -> None:
    load(application, file_of(line(**OPEN, unit="")))
    ticket = only(application, "A-1")
    assert (ticket.state, ticket.number) == (TicketState.DRAFT, None)
    day = date(2026, 11, 20)
    with application.read_session() as session:
        report = build_report(
            session, Period(day, day), at=application.clock(), policies=application.policies
        )
    assert (report.figures.requests.total, report.rates["closure_rate"].value) == (1, "0.00")


def test_importing_the_same_file_twice_changes_nothing(
    application: Application, announced: list[Event]
) -> None:
    make_unit(application)
    content = file_of(line(), line(external_number="A-2", **OPEN))
    load(application, content)
    before = len(announced)
    assert load(application, content) == ImportResult(0, 2, 0, ())
    assert count(application) == 2
    assert len(announced) == before


def test_only_the_new_rows_of_a_longer_file_are_written(application: Application) -> None:
    make_unit(application)
    load(application, file_of(line()))
    assert load(application, file_of(line(), line(external_number="A-2"))) == ImportResult(1, 1, 0, ())


def test_a_file_with_byte_order_mark_crlf_quoted_line_breaks_and_other_column_order_is_read(
    application: Application,
) -> None:
    make_unit(application)
    content = b"\xef\xbb\xbf" + file_of(line(text="第一行\n第二行，含逗号,和引号"), end="\r\n")
    assert load(application, content).written == 1
    assert only(application, "A-1").text == "第一行\n第二行，含逗号,和引号"
    turned = list(reversed(COLUMNS))
    cells = ",".join((GOOD | {"external_number": "A-2"})[name] for name in turned)
    assert load(application, f"{','.join(turned)}\n{cells}".encode()).written == 1


@pytest.mark.parametrize(
    ("cells", "field", "code"),
    [
        ({"external_number": ""}, "external_number", "missing"),
        ({"external_number": "x" * 65}, "external_number", "too_long"),
        ({"received_at": ""}, "received_at", "missing"),
        ({"received_at": "20.11.2026"}, "received_at", "not_a_time"),
        ({"received_at": "2026-11-20"}, "received_at", "not_a_time"),
        ({"received_at": "2026-02-30 10:00"}, "received_at", "not_a_time"),
        ({"received_at": "0001-01-01 00:00"}, "received_at", "not_a_time"),
        ({"channel": "fax"}, "channel", "unknown_value"),
        ({"channel": ""}, "channel", "missing"),
        ({"type": "投拆"}, "type", "unknown_value"),
        ({"title": "长" * 121}, "title", "too_long"),
        ({"text": "长" * 20_001}, "text", "too_long"),
        ({"text": "a\x00b"}, "text", "not_text"),
        ({"unit": "no-such-unit"}, "unit", "unknown_unit"),
        ({"caller_number": "1.38E+10"}, "caller_number", "shortened_number"),
        ({"caller_number": "1380000123"}, "caller_number", "not_a_number"),
        ({"closed_at": "2026-11-19T10:00:00+08:00"}, "closed_at", "before_received"),
        ({"first_contact_at": "2026-11-19T10:00:00+08:00"}, "first_contact_at", "before_received"),
        ({"due_at": "2026-11-19T10:00:00+08:00"}, "due_at", "before_received"),
        ({"solved": "maybe"}, "solved", "not_yes_or_no"),
        ({"satisfied": "一般"}, "satisfied", "not_yes_or_no"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(
    application: Application, cells: dict[str, str], field: str, code: str
) -> None:
    make_unit(application)
    content = file_of(line(external_number="ok"), line(**cells))
    assert refused(application, content) == [(3, field, code)]


def test_every_fault_of_a_line_is_named_at_once(application: Application) -> None:
    make_unit(application)
    found = refused(application, file_of(line(channel="fax", type="", unit="x")))
    assert found == [(2, "channel", "unknown_value"), (2, "type", "missing")]


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (b"", [(1, "", "empty_file")]),
        (b"\n\n", [(1, "", "empty_file")]),
        (b'"external_number"x', [(1, "", "broken_csv")]),
        (HEADER.replace("unit,", "").encode(), [(1, "unit", "missing_column")]),
        (f"{HEADER},colour".encode(), [(1, "colour", "unknown_column")]),
        (f"{HEADER},unit".encode(), [(1, "unit", "column_twice")]),
    ],
)
def test_a_wrong_header_is_refused_even_when_bad_rows_may_be_skipped(
    application: Application, content: bytes, problems: list[tuple[int, str, str]]
) -> None:
    assert refused(application, content) == problems
    with pytest.raises(ImportRefused):
        load(application, content, skip_bad=True)


def test_lines_that_are_no_csv_or_not_utf8_are_named_and_the_rest_is_read(application: Application) -> None:
    make_unit(application)
    content = file_of(line(external_number="A-1"), '"A-2"x,2026', "A-3,too,few", line(external_number="A-5"))
    content += line(external_number="A-6", title="旧").encode("gbk") + b"\n"
    found = refused(application, content)
    assert found[:2] == [(3, "", "broken_csv"), (4, "", "wrong_cell_count")]
    assert {(number, code) for number, _field, code in found[2:]} == {(6, "not_utf8")}


def test_a_number_twice_in_the_file_is_refused_where_it_comes_again(application: Application) -> None:
    make_unit(application)
    content = file_of(line(), line(external_number="A-2"), line(text="两\n行"), line(external_number="A-2"))
    assert refused(application, content) == [
        (4, "external_number", "twice_in_file"),
        (6, "external_number", "twice_in_file"),
    ]


def test_bad_rows_may_be_skipped_and_are_still_named(application: Application) -> None:
    make_unit(application)
    done = load(application, file_of(line(), line(external_number="A-2", channel="fax")), skip_bad=True)
    assert (done.written, done.bad_rows) == (1, 1)
    assert [(problem.line, problem.field) for problem in done.problems] == [(3, "channel")]
    assert count(application) == 1


def test_a_bad_row_after_many_good_ones_leaves_nothing_behind(
    application: Application, announced: list[Event]
) -> None:
    make_unit(application)
    good = [line(external_number=f"A-{number}", **OPEN) for number in range(2_100)]
    assert refused(application, file_of(*good, line(type="x"))) == [(2_102, "type", "unknown_value")]
    assert announced == []


def test_more_bad_rows_than_are_listed_are_counted(application: Application) -> None:
    make_unit(application)
    with pytest.raises(ImportRefused) as refusal:
        load(application, file_of(*[line(channel="fax")] * 1_500))
    assert refusal.value.bad_rows == 1_500
    assert len(refusal.value.problems) == 1_000


def test_old_cases_do_not_use_up_the_numbers_of_their_day(application: Application) -> None:
    make_unit(application)
    rows = [line(external_number=f"A-{number}") for number in range(3)]
    load(application, file_of(*rows[:2]))
    load(application, file_of(*rows))
    with application.read_session() as session:
        numbers = session.scalars(select(Ticket.number).order_by(Ticket.id)).all()
    assert [number[:17] for number in numbers if number] == [f"QI20261120000000{n}" for n in (1, 2, 3)]


def test_a_concurrent_import_of_the_same_number_loses_the_race(application: Application) -> None:
    make_unit(application)
    load(application, file_of(line()))
    taken = only(application, "A-1").number
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Counter).values(value=0))
    with pytest.raises(LostRace):
        load(application, file_of(line(external_number="A-2")))
    assert count(application) == 1
    assert only(application, "A-1").number == taken
