"""The report's page: every figure with its base and a way to its rows, the same numbers in every file, bad days said kindly."""

import csv
import io
import json
import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from hotline.rules.enums import (
    CallEnd,
    CallState,
    Channel,
    Closing,
    RequestType,
    Role,
    Satisfied,
    Solved,
    TicketState,
)
from hotline.rules.figures.rates import Rate
from hotline.rules.figures.statistics import STATISTICS, RowList
from hotline.unit_of_work import Application
from tests.builders import make_call, make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.stopped_clock import MONDAY_MORNING

PAGE = "/console/reports"
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def leader(application: Application, signed_in: SignIn) -> FlaskClient:
    return signed_in(person_of(make_user(application, Role.SUPERVISOR)))


@pytest.fixture
def filled(application: Application) -> Application:
    """A morning with three calls and five tickets in every stage."""
    make_unit(application)
    make_unit(application, "water", name_zh=FORMULA, name_en="Water")
    now = MONDAY_MORNING
    done = {"state": CallState.ENDED, "queued_at": now}
    make_call(
        application, answered_at=now + timedelta(seconds=9), wait_seconds=9, end=CallEnd.COMPLETED, **done
    )
    make_call(
        application, answered_at=now + timedelta(seconds=30), wait_seconds=30, end=CallEnd.COMPLETED, **done
    )
    make_call(application, end=CallEnd.ABANDONED, **done)
    handed = {"unit_code": "city-management", "dispatched_at": now, "due_at": now - timedelta(hours=1)}
    closed = {
        "state": TicketState.CLOSED,
        "closing": Closing.HANDLED,
        "closed_at": now,
        "followed_up_at": now,
    }
    make_ticket(application, title="关在井里", solved=Solved.NO, satisfied=Satisfied.NO, **closed, **handed)
    make_ticket(application, title="路已修好", solved=Solved.YES, **closed, **handed | {"due_at": now})
    make_ticket(application, title="等水", state=TicketState.DISPATCHED, **handed | {"unit_code": "water"})
    direct = {"state": TicketState.CLOSED, "closing": Closing.ANSWERED_DIRECT, "closed_at": now}
    make_ticket(application, title="问低保", type=RequestType.CONSULTATION, channel=Channel.WEB, **direct)
    make_ticket(application, title="还在写")
    return application


def text_of(html: str) -> str:
    """Returns the visible text with white space folded."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def links_of(html: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]*/reports/rows[^"]*)"', html)]


def test_the_page_prints_rates_with_their_bases_and_formulas(
    filled: Application, leader: FlaskClient
) -> None:
    page = leader.get(PAGE)
    assert page.status_code == 200
    read = text_of(page.text)
    assert "日报 2026-11-23" in read
    assert "统计时刻 2026-11-23 09:00:00" in read
    assert "办结率 75.00% ( 3 / 4 )" in read
    assert "不计入: 草稿 1" in read
    assert "15秒接通率 33.33% ( 1 / 3 )" in read
    assert "✗" not in read


def test_every_linked_figure_leads_to_exactly_as_many_rows(filled: Application, leader: FlaskClient) -> None:
    html = leader.get(PAGE).text
    anchors = re.findall(r'<a href="([^"]*/reports/rows[^"]*)">([\d,]+)</a>', html)
    assert len(anchors) > 30
    for address, shown in anchors:
        listed = leader.get(unescape(address))
        assert listed.status_code == 200, address
        body = listed.text.split("<tbody>")[1].split("</tbody>")[0]
        assert body.count("<tr>") == int(shown.replace(",", "")), address


def test_every_statistic_says_which_rows_stand_behind_it(filled: Application, leader: FlaskClient) -> None:
    html = leader.get(PAGE).text
    linked = " ".join(links_of(html))
    shown = {s.name for s in STATISTICS if f"counts={'%2C'.join(s.denominator)}" in linked}
    assert {"connect_rate", "closure_rate", "on_time_closure_rate", "response_rate", "redo_rate"} <= shown


def test_rows_behind_a_figure_are_named_and_numbers_stay_masked(
    filled: Application, leader: FlaskClient
) -> None:
    calls = leader.get(f"{PAGE}/rows?counts=abandoned&from=2026-11-23&to=2026-11-23")
    assert "排队中放弃" in calls.text
    assert "138****" in calls.text
    assert "+86138" not in calls.text
    tickets = leader.get(f"{PAGE}/rows?counts=due_late&from=2026-11-23&to=2026-11-23&unit=water")
    assert "等水" in tickets.text
    assert "关在井里" not in tickets.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("counts=nonsense", 404),
        ("counts=", 404),
        ("counts=total,due_late", 404),
        ("counts=total&from=x", 422),
        ("counts=total&type=fax", 422),
        ("counts=total&cursor=rubbish", 422),
        ("counts=drafts", 404),
    ],
)
def test_addresses_that_mean_nothing_are_refused(leader: FlaskClient, query: str, status: int) -> None:
    assert leader.get(f"{PAGE}/rows?{query}").status_code == status


def test_calls_are_listed_only_to_those_who_may_read_them(filled: Application, signed_in: SignIn) -> None:
    browser = signed_in(person_of(make_user(filled, Role.LEADER)))
    html = browser.get(PAGE).text
    assert "counts=answered&" not in html
    assert browser.get(f"{PAGE}/rows?counts=answered").status_code == 403
    assert browser.get(f"{PAGE}/rows?counts=total").status_code == 200


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.HANDLER])
def test_reports_are_not_for_everybody(filled: Application, signed_in: SignIn, role: Role) -> None:
    unit = "water" if role is Role.HANDLER else None
    browser = signed_in(person_of(make_user(filled, role, unit_code=unit)))
    for address in (PAGE, f"{PAGE}/file/csv", f"{PAGE}/rows?counts=total"):
        assert browser.get(address).status_code == 403


def test_a_bad_day_is_said_in_words_and_the_page_still_stands(leader: FlaskClient) -> None:
    page = leader.get(f"{PAGE}?from=2026-11-24&to=2026-11-23")
    assert page.status_code == 422
    assert "结束日期早于开始日期" in page.text
    assert leader.get(f"{PAGE}/file/csv?date=x").status_code == 422
    assert leader.get(f"{PAGE}/file/pdf").status_code == 404


def test_a_quiet_day_has_no_empty_chart_and_no_invented_rate(leader: FlaskClient) -> None:
    read = text_of(leader.get(f"{PAGE}?date=2026-11-01").text)
    assert "这段时间没有转人工来电" in read
    assert "100.00%" not in read
    assert "办结率 – (0 / 0)" in read


def test_the_chart_holds_the_hours_of_the_table_under_it(filled: Application, leader: FlaskClient) -> None:
    html = leader.get(PAGE).text
    (raw,) = re.findall(r'data-chart="([^"]+)"', html)
    chart = json.loads(unescape(raw))
    assert chart["labels"] == [f"{hour:02d}" for hour in range(24)]
    assert [sum(one["values"]) for one in chart["series"]] == [3, 2]
    assert chart["series"][0]["values"][9] == 3
    assert "09:00 3 2" in text_of(html)


def test_files_hold_the_same_numbers(filled: Application, leader: FlaskClient) -> None:
    days = "from=2026-11-23&to=2026-11-23"
    document = json.loads(leader.get(f"{PAGE}/file/json?{days}").data)
    closure = document["rates"]["closure_rate"]
    assert (closure["numerator"], closure["denominator"], closure["value"]) == (3, 4, "75.00")
    raw = leader.get(f"{PAGE}/file/csv?{days}")
    assert raw.data.startswith(b"\xef\xbb\xbf")
    assert 'filename="report-2026-11-23-2026-11-23.csv"' in raw.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(raw.data.decode("utf-8-sig"), newline="")))
    assert [
        "rates",
        "办结率",
        "75.00",
        "3",
        "4",
        "草稿 1",
        "截至统计时刻已办结的诉求 ÷ 本期受理的诉求",
    ] in rows
    book = load_workbook(io.BytesIO(leader.get(f"{PAGE}/file/xlsx?{days}").data))
    sheet = book["主要指标"]
    line = [row for row in sheet.iter_rows(values_only=True) if row[0] == "办结率"]
    assert line[0][1:4] == (75.0, 3, 4)
    text = leader.get(f"{PAGE}/file/text?{days}").data.decode()
    assert re.search(r"办结率 +75\.00 +3 +4 ", text)


def test_no_cell_of_a_file_is_a_formula(filled: Application, leader: FlaskClient) -> None:
    csv_text = leader.get(f"{PAGE}/file/csv").data.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(csv_text, newline="")) for cell in row]
    assert f"'{FORMULA}" in cells
    assert not any(cell.startswith(("=", "+", "@", "-")) for cell in cells)
    book = load_workbook(io.BytesIO(leader.get(f"{PAGE}/file/xlsx").data))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds


def test_english_readers_get_an_english_page_and_english_files(
    filled: Application, leader: FlaskClient
) -> None:
    leader.set_cookie("locale", "en")
    body = leader.get(PAGE).text.split("<main")[1]
    chinese = re.findall(r"[\u4e00-\u9fff]+", re.sub(r'title="[^"]*"', "", body))
    assert chinese == []
    text = leader.get(f"{PAGE}/file/text").data.decode()
    assert re.findall(r"[\u4e00-\u9fff]+", text) == []


def test_a_range_is_charted_by_day(filled: Application, leader: FlaskClient) -> None:
    html = leader.get(f"{PAGE}?from=2026-11-20&to=2026-11-23").text
    (raw,) = re.findall(r'data-chart="([^"]+)"', html)
    assert json.loads(unescape(raw))["labels"] == ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"]


def test_a_rate_without_rows_names_no_list() -> None:
    returned = next(statistic for statistic in STATISTICS if statistic.name == "return_rate")
    assert returned.numerator == ()
    assert returned.rows is RowList.TICKETS
    assert Rate(0, 0).value is None
    assert isinstance(MONDAY_MORNING, datetime)
