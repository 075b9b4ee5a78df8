"""Details of the report: short waits, rows without a class, claims as text, pages of rows."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from agent_console.reports.files import render
from hotline.rules.city import Claim
from hotline.rules.enums import CallEnd, CallState, Closing, TicketState
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Machine
from hotline.services.figures.reports import Report, build_report
from hotline.store.cursors import BadCursor
from hotline.store.figures.cohorts import window_of
from hotline.store.figures.drill_down import DrillDownFilter, calls_behind, tickets_behind
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_ticket
from tests.stopped_clock import MONDAY_MORNING

TODAY = Period(date(2026, 11, 23), date(2026, 11, 23))


def report_of(application: Application, *, threshold: int = 0, claims: Iterable[Claim] = ()) -> Report:
    policies = replace(
        application.policies, queue=replace(application.policies.queue, abandon_threshold=threshold)
    )
    with application.read_session() as session:
        return build_report(session, TODAY, at=application.clock(), policies=policies, claims=claims)


def lost_call(application: Application, seconds: float) -> None:
    make_call(
        application,
        queued_at=MONDAY_MORNING,
        ended_at=MONDAY_MORNING + timedelta(seconds=seconds),
        wait_seconds=int(seconds),
        state=CallState.ENDED,
        end=CallEnd.ABANDONED,
    )


def test_waits_shorter_than_the_threshold_are_neither_answered_nor_abandoned(
    application: Application,
) -> None:
    for seconds in (4.9, 5, 60):
        lost_call(application, seconds)
    all_counted, without_short = report_of(application), report_of(application, threshold=5)
    assert (all_counted.figures.calls.abandoned, all_counted.figures.calls.short) == (3, 0)
    assert (without_short.figures.calls.abandoned, without_short.figures.calls.short) == (2, 1)
    connect = without_short.rates["connect_rate"]
    assert (connect.denominator, connect.excluded) == (2, 1)
    assert all(line.ok for line in without_short.reconciliation)


def closed(application: Application, count: int) -> None:
    facts = {"state": TicketState.CLOSED, "closing": Closing.ANSWERED_DIRECT, "closed_at": MONDAY_MORNING}
    for _ in range(count):
        make_ticket(application, **facts)


def test_a_ticket_without_a_class_stands_on_a_line_of_its_own_and_the_report_says_it_does_not_add_up(
    application: Application,
) -> None:
    closed(application, 2)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Ticket).where(Ticket.id == 1).values(request_class=None, type=None))
    report = report_of(application)
    assert {line.name for line in report.reconciliation if not line.ok} == {"classes", "types"}
    assert "未分类" in render(report, "text", "zh_CN")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("100.00", "办结率: 公布值＝按记录计算"),
        ("75.00", "办结率: 公布值＝按记录计算 (得出 75.00% 需要: 分母 4–4)"),
        ("66.67", "办结率: 公布值＝按记录计算 (得出 66.67% 需要: 分子 2–2)"),
        ("0.00", "办结率: 公布值＝按记录计算 (得出 0.00% 需要: 分子 0–0 或 分母 ≥ 60,001)"),
        ("99.58", "办结率: 公布值＝按记录计算 (得出 99.58% 需要: 任何整数都得不出)"),
    ],
)
def test_a_published_rate_is_told_in_words(application: Application, value: str, line: str) -> None:
    closed(application, 3)
    text = render(
        report_of(application, claims=[Claim("closure_rate", value, last=TODAY.last)]), "text", "zh_CN"
    )
    assert line in text


def test_rows_behind_a_figure_are_paged_without_loss_or_repetition(application: Application) -> None:
    closed(application, 5)
    for _ in range(3):
        lost_call(application, 9)
    window = window_of(TODAY, application.policies.zone, application.clock())
    with application.read_session() as session:
        seen: list[int] = []
        cursor: str | None = ""
        while cursor is not None:
            page = tickets_behind(session, window, ("total",), DrillDownFilter(), limit=2, cursor=cursor)
            seen += [ticket.id for ticket in page.rows]
            cursor = page.next_cursor
        first = calls_behind(session, window, ("abandoned",), threshold=0, limit=2)
        rest = calls_behind(
            session, window, ("abandoned",), threshold=0, limit=2, cursor=first.next_cursor or ""
        )
        with pytest.raises(BadCursor):
            calls_behind(session, window, ("abandoned",), threshold=0, limit=2, cursor="rubbish")
        with pytest.raises(KeyError):
            tickets_behind(session, window, ("total", "due_late"), DrillDownFilter(), limit=2)
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5
    assert [len(first.rows), len(rest.rows)] == [2, 1]
