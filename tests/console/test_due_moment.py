"""Exactly at the due moment is in time: page, slip, API, list, inbox and report agree. A filed reply is no contact."""

from datetime import timedelta

import pytest
from flask import Flask

from hotline.rules.enums import Role, TicketState
from hotline.rules.figures.report import Period
from hotline.services.figures.reports import build_report
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.console.programs import hire, json_of
from tests.stopped_clock import StoppedClock

UNIT = "city-management"


@pytest.mark.parametrize("seconds", [0, 1], ids=["at the due moment", "a second later"])
def test_every_reader_calls_a_ticket_closed_at_the_due_moment_punctual(
    application: Application, app: Flask, signed_in: SignIn, clock: StoppedClock, seconds: int
) -> None:
    make_unit(application)
    due, late = clock.at, seconds > 0
    closed = due + timedelta(seconds=seconds)
    ticket = make_ticket(
        application,
        state=TicketState.CLOSED,
        unit_code=UNIT,
        received_at=due - timedelta(days=5),
        dispatched_at=due - timedelta(days=5),
        due_at=due,
        closed_at=closed,
    )
    clock.advance(60)
    boss = person_of(make_user(application, Role.SUPERVISOR))
    slip = signed_in(boss).get(f"/console/tickets/{ticket.number}").get_data(as_text=True)
    assert ("逾期完成" in slip, "按时" in slip) == (late, not late)
    shown = json_of(hire(app, application, Role.SUPERVISOR, None).get(f"/tickets/{ticket.number}"), 200)
    assert shown["deadlines"]["resolve"]["late"] is late
    day = due.astimezone(application.policies.zone).date()
    with application.read_session() as session:
        report = build_report(session, Period(day, day), at=clock.at, policies=application.policies)
    assert report.rates["on_time_closure_rate"].value == ("0.00" if late else "100.00")


@pytest.mark.parametrize("seconds", [0, 1], ids=["at the due moment", "a second later"])
def test_every_reader_calls_an_open_ticket_overdue_only_after_the_due_moment(
    application: Application, app: Flask, signed_in: SignIn, clock: StoppedClock, seconds: int
) -> None:
    late = seconds > 0
    make_unit(application)
    ticket = make_ticket(
        application,
        state=TicketState.IN_PROGRESS,
        unit_code=UNIT,
        dispatched_at=clock.at,
        due_at=clock.at + timedelta(seconds=30),
    )
    clock.advance(30 + seconds)
    program = hire(app, application, Role.SUPERVISOR, None)
    shown = json_of(program.get(f"/tickets/{ticket.number}"), 200)
    assert (shown["overdue"], shown["deadlines"]["resolve"]["late"]) == (late, late)
    listed = json_of(program.get("/tickets", overdue="true"), 200)["items"]
    assert bool(listed) is late
    pages = signed_in(person_of(make_user(application, Role.SUPERVISOR)))
    assert ("▲" in pages.get("/console/tickets").get_data(as_text=True)) is late
    assert ("已超期" in pages.get(f"/console/tickets/{ticket.number}").get_data(as_text=True)) is late
    day = clock.at.astimezone(application.policies.zone).date()
    with application.read_session() as session:
        (unit,) = build_report(session, Period(day, day), at=clock.at, policies=application.policies).units
    assert unit.overdue == late


def test_a_filed_reply_is_no_first_contact_on_slip_api_and_report(
    application: Application, app: Flask, signed_in: SignIn, clock: StoppedClock
) -> None:
    make_unit(application)
    at = clock.at
    ticket = make_ticket(
        application,
        state=TicketState.CLOSED,
        unit_code=UNIT,
        dispatched_at=at,
        contact_due=at + timedelta(hours=24),
        due_at=at + timedelta(days=5),
        acknowledged_at=at,
        replied_at=at,
        closed_at=at,
        reply="这件事不归我们管",
    )
    slip = signed_in(person_of(make_user(application, Role.SUPERVISOR)))
    assert "办结前未完成" in slip.get(f"/console/tickets/{ticket.number}").get_data(as_text=True)
    shown = json_of(hire(app, application, Role.SUPERVISOR, None).get(f"/tickets/{ticket.number}"), 200)
    assert (shown["deadlines"]["contact"]["met_at"], shown["deadlines"]["contact"]["late"]) == (None, True)
    day = at.astimezone(application.policies.zone).date()
    with application.read_session() as session:
        report = build_report(session, Period(day, day), at=at, policies=application.policies)
    assert (report.rates["response_rate"].numerator, report.rates["response_rate"].denominator) == (0, 1)


def test_the_rows_behind_a_figure_name_the_day_that_ends(
    application: Application, signed_in: SignIn, clock: StoppedClock
) -> None:
    make_unit(application)
    midnight = Period(clock.at.date(), clock.at.date()).end(application.policies.zone)
    make_ticket(application, state=TicketState.DISPATCHED, unit_code=UNIT, due_at=midnight)
    pages = signed_in(person_of(make_user(application, Role.SUPERVISOR)))
    day = clock.at.astimezone(application.policies.zone).date()
    rows = pages.get(f"/console/reports/rows?counts=due_undecided&date={day}").get_data(as_text=True)
    for html in (rows, pages.get("/console/tickets").get_data(as_text=True)):
        assert "11月23日 周一 24:00" in html
        assert "00:00" not in html


def test_a_deadline_counted_at_an_import_is_marked_as_computed_and_a_closed_unit_as_closed(
    application: Application, app: Flask, signed_in: SignIn, clock: StoppedClock
) -> None:
    make_unit(application, active=False)
    columns = {"state": TicketState.DISPATCHED, "unit_code": UNIT, "dispatched_at": clock.at}
    computed = make_ticket(
        application, due_at=clock.at + timedelta(days=5), due_computed=True, policy="shandong-2020", **columns
    )
    given = make_ticket(application, due_at=clock.at + timedelta(days=5), **columns)
    pages = signed_in(person_of(make_user(application, Role.SUPERVISOR)))
    slip = pages.get(f"/console/tickets/{computed.number}").get_data(as_text=True)
    assert "推算" in slip
    assert "自受理 11月23日 周一 09:00 起推算" in slip
    assert "城市管理局（已撤销）" in slip
    other = pages.get(f"/console/tickets/{given.number}").get_data(as_text=True)
    assert "推算" not in other
    assert "期限由导入的文件给出" in other
    program = hire(app, application, Role.SUPERVISOR, None)
    shown = [json_of(program.get(f"/tickets/{each.number}"), 200) for each in (computed, given)]
    assert [each["deadlines"]["computed"] for each in shown] == [True, False]
