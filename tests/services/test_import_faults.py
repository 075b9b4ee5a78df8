"""Files as they come from other systems and spreadsheets: no row is lost uncounted, what cannot be is refused."""

import io
from datetime import UTC, date, datetime

import pytest
from openpyxl import Workbook
from sqlalchemy import select, update

from hotline.rules.enums import TicketState
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Machine
from hotline.rules.policies import DeadlineStage
from hotline.rules.tickets.rows import CHINESE_COLUMNS, COLUMNS, OPTIONAL_COLUMNS, ImportRefused
from hotline.services.figures.reports import build_report
from hotline.services.tickets import due_dates
from hotline.services.tickets.import_file import ImportResult, import_tickets
from hotline.store.people.tables import Unit
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_unit
from tests.stopped_clock import StoppedClock

UNIT = "municipal-works"
CASE = {
    "received_at": "2026-11-05T09:30:00+08:00",
    "channel": "phone",
    "type": "complaint",
    "category": "市政/路灯",
    "text": "某路口路灯不亮",
    "caller_number": "13800001234",
    "unit": UNIT,
}
CLOSED = {"closed_at": "2026-11-06T10:00:00+08:00"}


@pytest.fixture
def city(application: Application) -> Application:
    make_unit(application, UNIT)
    return application


def cells(number: str, **stated: str) -> list[str]:
    row = {"external_number": number, "title": f"路灯不亮{number}"} | CASE | stated
    return [row.get(name, "") for name in COLUMNS]


def raw(*rows: list[str], end: str = "\r\n") -> bytes:
    """Returns the rows as they stand, without quotation marks of our own."""
    return end.join([",".join(COLUMNS), *(",".join(row) for row in rows), ""]).encode()


def load(city: Application, content: bytes, *, skip_bad: bool = False) -> ImportResult:
    with city.unit_of_work(Machine.SYSTEM) as work:
        return import_tickets(work, io.BytesIO(content), skip_bad=skip_bad)


def refusal(city: Application, content: bytes) -> ImportRefused:
    with pytest.raises(ImportRefused) as refused:
        load(city, content)
    assert tickets(city) == {}
    return refused.value


def refused(city: Application, content: bytes) -> list[tuple[int, str, str]]:
    return [(each.line, each.field, each.code.value) for each in refusal(city, content).problems]


def tickets(city: Application) -> dict[str, Ticket]:
    with city.read_session() as session:
        return {row.external_number or "": row for row in session.scalars(select(Ticket))}


UNCLOSED = [cells(f"Q{n}", **({"title": '"路灯不亮'} if n == 2 else {})) for n in range(10)]
STRAY = [
    cells(f"W{n}", **({3: {"text": '"灯杆标签三'}, 8: {"text": '修好了"'}}.get(n, {}))) for n in range(12)
]


def test_an_unclosed_quotation_mark_is_named_with_its_line_and_nothing_is_written(city: Application) -> None:
    stopped = refusal(city, raw(*UNCLOSED))
    assert [(each.line, each.code.value) for each in stopped.problems] == [(4, "open_quote")]
    assert (stopped.rows, stopped.bad_rows) == (10, 1)


def test_the_rows_after_an_unclosed_mark_are_not_lost_when_bad_ones_are_skipped(city: Application) -> None:
    done = load(city, raw(*UNCLOSED), skip_bad=True)
    assert (done.written, done.known, done.bad_rows, done.rows) == (9, 0, 1, 10)
    assert set(tickets(city)) == {f"Q{n}" for n in range(10)} - {"Q2"}
    again = load(city, raw(*UNCLOSED), skip_bad=True)
    assert (again.written, again.known, again.bad_rows, again.rows) == (0, 9, 1, 10)


def test_a_text_that_contains_whole_lines_of_the_file_is_refused_at_its_line(city: Application) -> None:
    stopped = refusal(city, raw(*STRAY))
    assert [(each.line, each.code.value) for each in stopped.problems] == [(5, "swallowed_lines")]
    assert stopped.rows == 12
    done = load(city, raw(*STRAY), skip_bad=True)
    assert (done.written, done.bad_rows, done.rows) == (11, 1, 12)


def test_a_long_text_with_commas_and_lines_is_no_swallowed_line(city: Application) -> None:
    text = '"一、路灯,二、井盖,三、围挡,四、噪声\n,,,,,,,,,,,,,\n地点：甲,乙,丙,丁,戊,己,庚,辛,壬,癸,子,丑,寅,卯"'
    assert load(city, raw(cells("T1", text=text), cells("T2"))).written == 2
    assert tickets(city)["T1"].text == text.strip('"')


@pytest.mark.parametrize(
    ("stated", "field", "code"),
    [
        ({"caller_number": "1.38E+10"}, "caller_number", "shortened_number"),
        ({"caller_number": "1.38E10"}, "caller_number", "shortened_number"),
        ({"caller_number": "1.3800001234e+10"}, "caller_number", "shortened_number"),
        ({"caller_number": "１．３８Ｅ＋１０"}, "caller_number", "shortened_number"),
        ({"caller_number": "5E+06"}, "caller_number", "shortened_number"),
        ({"caller_number": "########"}, "caller_number", "shortened_number"),
        ({"caller_number": "#N/A"}, "caller_number", "shortened_number"),
        ({"external_number": "2.02611E+14"}, "external_number", "shortened_number"),
        ({"external_number": "2E+14"}, "external_number", "shortened_number"),
        ({"external_number": "2.02611e14"}, "external_number", "shortened_number"),
        ({"external_number": "#REF!"}, "external_number", "shortened_number"),
        ({"received_at": "2099-01-01T00:00:00+08:00"}, "received_at", "in_future"),
        ({"received_at": "2026-11-23T10:30:00+08:00"}, "received_at", "in_future"),
        ({"received_at": "1970-01-01T08:00:00+08:00"}, "received_at", "too_long_ago"),
        ({"received_at": "1900/1/1 0:00"}, "received_at", "too_long_ago"),
        ({"closed_at": "2027-11-06T10:00:00+08:00"}, "closed_at", "in_future"),
        ({"first_contact_at": "2026-12-06T10:00:00+08:00"}, "first_contact_at", "in_future"),
        ({"due_at": "2099-11-06T10:00:00+08:00"}, "due_at", "too_far_ahead"),
        ({"due_at": "2026-11-05T09:29:59+08:00"}, "due_at", "before_received"),
        ({**CLOSED, "first_contact_at": "2026-11-06T10:00:01+08:00"}, "first_contact_at", "after_closed"),
        ({"first_contact_at": "2026-11-04T10:00:00+08:00"}, "first_contact_at", "before_received"),
        ({"closed_at": "2026-11-05T08:00:00+08:00"}, "closed_at", "before_received"),
        ({"received_at": "2026-11-31 10:00"}, "received_at", "not_a_time"),
        ({"received_at": "2026-11-05 24:01"}, "received_at", "not_a_time"),
        ({"received_at": "2026-00-05 10:00"}, "received_at", "not_a_time"),
        ({"received_at": "2026-11-05 10:00+99:00"}, "received_at", "not_a_time"),
        ({"received_at": "46331.395833"}, "received_at", "not_a_time"),
    ],
)
def test_what_cannot_be_is_refused_with_line_and_field(
    city: Application, stated: dict[str, str], field: str, code: str
) -> None:
    number = stated.get("external_number", "S1")
    others = {name: value for name, value in stated.items() if name != "external_number"}
    assert refused(city, raw(cells("S0"), cells(number, **others))) == [(3, field, code)]


@pytest.mark.parametrize("number", ["12E3", "2026E05", "QF-1.5", "20261105000123456789", "1E", "E+14"])
def test_a_case_number_with_letters_is_not_taken_for_a_shortened_one(city: Application, number: str) -> None:
    assert load(city, raw(cells(number))).written == 1
    assert number in tickets(city)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("13800001234.0", "+8613800001234"),
        ("138****1234", "138****1234"),
        ("保密", "保密"),
        ("***", "***"),
        ("*****45", "*****45"),
        ("12345", "12345"),
        ("", None),
    ],
)
def test_a_callers_number_is_kept_as_far_as_it_is_known(
    city: Application, written: str, stored: str | None
) -> None:
    load(city, raw(cells("N1", caller_number=written)))
    assert tickets(city)["N1"].caller_number == stored


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026/11/5 9:30", "2026-11-05T01:30"),
        ("2026-11-5 09:30:00", "2026-11-05T01:30"),
        ("2026-11-05t01:30:00z", "2026-11-05T01:30"),
        ("2026-11-05 24:00", "2026-11-05T16:00"),
        ("2026年11月5日 9:30", "2026-11-05T01:30"),
        ("2026年11月05日09时30分15秒", "2026-11-05T01:30:15"),
        ("２０２６/11/5 09：30", "2026-11-05T01:30"),
        ("2026-11-05T24:00:00+08:00", "2026-11-05T16:00"),
        ("2026-11-05T09:30:00.25+0800", "2026-11-05T01:30:00.250"),
    ],
)
def test_the_spellings_of_times_in_spreadsheets_are_read(city: Application, written: str, utc: str) -> None:
    load(city, raw(cells("M1", received_at=written)))
    assert tickets(city)["M1"].received_at == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_a_ticket_of_a_unit_that_was_closed_stays_known_and_readable(city: Application) -> None:
    make_unit(city, "archives", name_zh="档案馆")
    done = {**CLOSED, "solved": "yes", "satisfied": "yes"}
    file = raw(cells("H1", unit="archives", **done), cells("H2", unit="archives"), cells("H3"))
    assert load(city, file).written == 3
    with city.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Unit).where(Unit.code == "archives").values(active=False))
    again = load(city, file)
    assert (again.written, again.known, again.bad_rows) == (0, 3, 0)
    later = load(city, raw(cells("H4", unit="档案馆", **done), cells("H5", unit="archives")))
    assert [(each.line, each.field, each.code.value) for each in later.warnings] == [
        (3, "unit", "closed_unit")
    ]
    found = tickets(city)
    assert (found["H4"].state, found["H4"].unit_code) == (TicketState.CLOSED, "archives")
    # An open matter is not given to a unit that no longer works.
    assert (found["H5"].state, found["H5"].number, found["H5"].dispatched_at) == (
        TicketState.DRAFT,
        None,
        None,
    )


def test_an_unknown_contact_is_excluded_and_an_open_ticket_gets_the_clock_of_its_type(
    city: Application,
) -> None:
    load(
        city,
        raw(cells("ND4", **CLOSED), cells("ND1"), cells("ND2", type="consultation"), cells("ND3", unit="")),
    )
    found = tickets(city)
    # 2026-11-05 was a Thursday: five working days, two for a consultation.
    assert [found[n].due_at for n in ("ND1", "ND2", "ND3")] == [
        datetime(2026, 11, 12, 16, tzinfo=UTC),
        datetime(2026, 11, 9, 16, tzinfo=UTC),
        datetime(2026, 11, 12, 16, tzinfo=UTC),
    ]
    assert all(found[n].due_computed and found[n].policy for n in ("ND1", "ND2", "ND3"))
    assert (found["ND4"].due_at, found["ND4"].due_computed) == (None, False)
    day = date(2026, 11, 5)
    with city.read_session() as session:
        rate = build_report(session, Period(day, day), at=city.clock(), policies=city.policies).rates[
            "response_rate"
        ]
    assert (rate.numerator, rate.denominator) == (0, 0)
    assert {each.reason: each.count for each in rate.exclusions}["contact_unknown"] == 3
    with city.unit_of_work(Machine.SYSTEM) as work:
        counted = due_dates.explain(work, found["ND1"])[DeadlineStage.RESOLVE]
    assert counted.due_at == found["ND1"].due_at


def test_a_deadline_that_the_file_gives_is_not_computed(city: Application) -> None:
    load(city, raw(cells("G1", due_at="2026-11-20T24:00:00+08:00")))
    given = tickets(city)["G1"]
    assert (given.due_at, given.due_computed) == (datetime(2026, 11, 20, 16, tzinfo=UTC), False)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_a_file_in_another_encoding_is_read(city: Application, encoding: str) -> None:
    content = raw(cells("Z1"), cells("Z2", text="𠮷祥路井盖")).decode().encode(encoding)
    assert load(city, content).written == 2
    assert tickets(city)["Z2"].text == "𠮷祥路井盖"


def test_empty_columns_and_rows_at_the_end_are_ignored(city: Application) -> None:
    lines = raw(cells("C1"), cells("C2")).decode().splitlines()
    lines[0] += ",,"
    padded = [lines[0], *(f"{line},," for line in lines[1:]), "," * 15, "," * 15, ""]
    done = load(city, "\n".join(padded).encode())
    assert (done.written, done.rows) == (2, 2)
    assert refused(make_empty(city), "\n".join([lines[0], f"{lines[1]},x"]).encode()) == [
        (2, "", "wrong_cell_count")
    ]


def make_empty(city: Application) -> Application:
    with city.unit_of_work(Machine.SYSTEM) as work:
        for ticket in work.session.scalars(select(Ticket)):
            work.session.delete(ticket)
    return city


def test_chinese_names_of_columns_and_units_are_understood(city: Application) -> None:
    names = {name: words[0] for name, words in CHINESE_COLUMNS.items()}
    with city.read_session() as session:
        unit = session.get_one(Unit, UNIT).name_zh
    content = ",".join(names[name] for name in COLUMNS) + "\n" + ",".join(cells("K1", unit=unit))
    assert load(city, content.encode("gb18030")).written == 1
    assert tickets(city)["K1"].unit_code == UNIT


@pytest.mark.parametrize("wrapped", ["\u200b{}", "{} ", "\ufeff{}", "\u3000{}"])
def test_the_words_of_choices_are_understood_in_chinese(city: Application, wrapped: str) -> None:
    names = [wrapped.format(CHINESE_COLUMNS[name][0]) for name in COLUMNS]
    stated = {"channel": "电话", "type": "举报", "solved": "是", "satisfied": "不满意"}
    content = ",".join(names) + "\n" + ",".join(cells("K2", **CLOSED, **stated))
    assert load(city, content.encode("gb18030")).written == 1
    ticket = tickets(city)["K2"]
    assert (ticket.channel, ticket.type, ticket.solved, ticket.satisfied) == ("phone", "report", "yes", "no")


@pytest.mark.parametrize(
    ("kind", "column", "confidential"),
    [
        ("report", None, True),
        ("report", "", True),
        ("report", "no", False),
        ("complaint", "是", True),
        ("help", "", False),
    ],
)
def test_a_report_is_confidential_unless_the_file_says_otherwise(
    city: Application, kind: str, column: str | None, confidential: bool
) -> None:
    header, row = list(COLUMNS), cells("V1", type=kind)
    if column is not None:
        header, row = [*header, "confidential"], [*row, column]
    load(city, f"{','.join(header)}\n{','.join(row)}".encode())
    assert tickets(city)["V1"].confidential is confidential


def test_case_numbers_that_look_the_same_are_the_same(city: Application) -> None:
    load(city, raw(cells("\u202aGH-1\u202c", title="路灯"), cells("G\u200bH-2", title="路灯")))
    again = load(city, raw(cells("GH-1", title="路灯"), cells("\u202eGH-2", title="路灯")))
    assert (again.written, again.known, set(tickets(city))) == (0, 2, {"GH-1", "GH-2"})


def test_a_number_that_another_program_wrote_as_a_formula_is_read(city: Application) -> None:
    # CSV doubles the quotation marks inside a cell.
    row = cells('"=""20261105000123456789"""', caller_number='"=""13800001234"""', title="路灯")
    load(city, raw(row))
    assert tickets(city)["20261105000123456789"].caller_number == "+8613800001234"


def test_every_column_has_a_chinese_name_of_its_own() -> None:
    assert set(CHINESE_COLUMNS) == {*COLUMNS, *OPTIONAL_COLUMNS}
    words = [word for several in CHINESE_COLUMNS.values() for word in several]
    assert len(words) == len(set(words))


def test_a_workbook_is_read_with_its_types(city: Application) -> None:
    book = Workbook()
    book.active.append(list(COLUMNS))
    row = dict(zip(COLUMNS, cells("X1"), strict=True))
    moment = datetime.fromisoformat("2026-11-05T09:30")
    book.active.append(
        [{**row, "caller_number": 13800001234, "received_at": moment}[name] for name in COLUMNS]
    )
    book.active.append([{**row, "external_number": 202611051234567890}[name] for name in COLUMNS])
    target = io.BytesIO()
    book.save(target)
    done = load(city, target.getvalue(), skip_bad=True)
    assert [(each.line, each.field, each.code.value) for each in done.problems] == [
        (3, "external_number", "shortened_number")
    ]
    ticket = tickets(city)["X1"]
    assert ticket.caller_number == "+8613800001234"
    assert ticket.received_at == datetime(2026, 11, 5, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"PK\x03\x04", "broken_workbook"), (b"\xd0\xcf\x11\xe0", "old_excel"), (b"", "empty_file")],
)
def test_a_file_that_is_no_table_is_refused_as_a_whole(city: Application, content: bytes, code: str) -> None:
    assert refused(city, content) == [(1, "", code)]


def test_a_time_of_this_minute_is_not_the_future(city: Application, clock: StoppedClock) -> None:
    assert load(city, raw(cells("J1", received_at=clock.at.isoformat()))).written == 1
