"""Export, import into a fresh home, and the same report: rounds, dispatch and contact times survive the way."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from hotline.rules.enums import (
    Channel,
    Closing,
    FollowUpState,
    RequestType,
    Satisfied,
    Solved,
    TicketState,
    Urgency,
)
from hotline.rules.figures.report import Figures, Period
from hotline.rules.people.actors import Machine
from hotline.services.figures.reports import Report, build_report
from hotline.services.tickets.export import export_tickets
from hotline.services.tickets.import_file import ImportResult, import_tickets
from hotline.store.outbound import FollowUp
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_ticket, make_unit

UNITS = ("city-management", "water-company")
S = TicketState
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Fortnight:
    """Two weeks of tickets that end today, with every case that a rate tells apart."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.now = application.clock()
        today = self.now.astimezone(application.policies.zone).date()
        self.period = Period(today - timedelta(days=13), today)
        for unit in UNITS:
            make_unit(application, unit, name_zh=unit)

    def at(self, days: float) -> datetime:
        return self.now - timedelta(days=days, microseconds=250)

    def handed_off(self, days: float, **columns: Any) -> Ticket:
        moment = self.at(days)
        values = {
            "state": TicketState.DISPATCHED,
            "unit_code": UNITS[0],
            "received_at": moment,
            "dispatched_at": moment + HOUR,
            "acknowledge_due": moment + DAY,
            "contact_due": moment + DAY,
            "due_at": moment + 5 * DAY,
            "policy": "shandong-2020",
            **columns,
        }
        return make_ticket(self.application, **values)

    def handled(self, days: float, **columns: Any) -> Ticket:
        moment = self.at(days)
        done = {
            "state": TicketState.CLOSED,
            "closing": Closing.HANDLED,
            "acknowledged_at": moment + 2 * HOUR,
            "first_contact_at": moment + 3 * HOUR,
            "replied_at": moment + 20 * HOUR,
            "closed_at": moment + DAY,
        }
        return self.handed_off(days, **done | columns)

    def follow_up(self, ticket: Ticket, state: FollowUpState, attempts: int, hours: int = -1) -> None:
        with self.application.unit_of_work(Machine.SYSTEM) as work:
            assert ticket.closed_at is not None
            work.session.add(
                FollowUp(
                    ticket_id=ticket.id,
                    state=state,
                    attempts=attempts,
                    promised_at=ticket.closed_at,
                    next_try_at=self.now + timedelta(hours=hours),
                )
            )

    def report(self, period: Period | None = None) -> Report:
        with self.application.read_session() as session:
            return build_report(
                session, period or self.period, at=self.now, policies=self.application.policies
            )

    def exported(self) -> bytes:
        target = io.StringIO(newline="")
        with self.application.unit_of_work(Machine.SYSTEM) as work:
            export_tickets(work, self.period, target)
        return target.getvalue().encode()

    def received(self) -> int:
        with self.application.unit_of_work(Machine.SYSTEM) as work:
            return export_tickets(work, self.period, io.StringIO(newline=""), received_only=True)

    def move(self, content: bytes) -> ImportResult:
        """Imports `content` into this home after everything but the units has gone."""
        with self.application.unit_of_work(Machine.SYSTEM) as work:
            for table in ("follow_ups", "assignments", "events", "tickets"):
                if table == "tickets":
                    work.session.execute(text("UPDATE tickets SET redo_of = NULL"))
                work.session.execute(text(f"DELETE FROM {table}"))
        with self.application.unit_of_work(Machine.SYSTEM) as work:
            return import_tickets(work, io.BytesIO(content))

    def fill(self) -> None:
        self.open_cases()
        self.follow_ups()
        self.rounds()
        # Answered in the call, and what is in no export: a draft and a discarded one.
        for days in (2, 12):
            closed = {"state": TicketState.CLOSED, "closing": Closing.ANSWERED_DIRECT}
            moment = self.at(days)
            make_ticket(
                self.application, received_at=moment, closed_at=moment, answer="窗口周六开放", **closed
            )

    def open_cases(self) -> None:
        self.handed_off(1, confidential=True, urgency=Urgency.URGENT, type=RequestType.REPORT)
        self.handed_off(3, state=TicketState.ACKNOWLEDGED, acknowledged_at=self.at(2), place="春秋路")
        self.handed_off(9, unit_code=UNITS[1], channel=Channel.WEB)
        self.handed_off(
            4, state=TicketState.IN_PROGRESS, acknowledged_at=self.at(3), first_contact_at=self.at(2)
        )
        self.handed_off(
            6, state=TicketState.REPLIED, acknowledged_at=self.at(5), replied_at=self.at(4), reply="已修复"
        )
        midnight = Period(self.period.first, self.period.first).end(self.application.policies.zone) + 5 * DAY
        self.handled(12, due_at=midnight, closed_at=midnight)
        self.handled(11, due_at=self.at(10.5), first_contact_at=None)
        self.handled(10, first_contact_at=self.at(8.5), closed_at=self.at(8))
        # Closed within the same second as due, but later.
        self.handled(10, due_at=self.at(9), closed_at=self.at(9) + timedelta(milliseconds=1))

    def follow_ups(self) -> None:
        answer = {"solved": Solved.YES, "satisfied": Satisfied.NO, "followed_up_at": self.at(5)}
        self.follow_up(self.handled(8, **answer), FollowUpState.ANSWERED, 1)
        self.follow_up(
            self.handled(8, followed_up_at=self.at(5), satisfied=Satisfied.YES), FollowUpState.ANSWERED, 2
        )
        self.follow_up(self.handled(8), FollowUpState.UNREACHED, 3)
        self.follow_up(self.handled(8), FollowUpState.EXEMPT, 0)
        self.follow_up(self.handled(3), FollowUpState.WAITING, 0, hours=2)
        self.follow_up(self.handled(3), FollowUpState.WAITING, 0)
        self.follow_up(self.handled(3), FollowUpState.WAITING, 1, hours=2)

    def rounds(self) -> None:
        unsolved = {"solved": Solved.NO, "satisfied": Satisfied.NO}
        first = self.handled(13, followed_up_at=self.at(11), **unsolved)
        second = self.handled(11, round=2, redo_of=first.id, followed_up_at=self.at(9), **unsolved)
        self.handed_off(9, round=3, redo_of=second.id)
        solved = self.handled(7, followed_up_at=self.at(5), **unsolved)
        self.handled(5, round=2, redo_of=solved.id)
        # The round before was received before the period and is in no row of the file.
        old = self.handled(20, followed_up_at=self.at(13), **unsolved)
        self.handled(12.5, round=2, redo_of=old.id)


@pytest.fixture
def fortnight(application: Application) -> Fortnight:
    made = Fortnight(application)
    made.fill()
    return made


def rates_of(report: Report) -> dict[str, tuple[int, int]]:
    return {name: (rate.numerator, rate.denominator) for name, rate in report.rates.items()}


def test_the_report_of_two_weeks_is_the_same_after_export_and_import(fortnight: Fortnight) -> None:
    before = fortnight.report()
    received = fortnight.received()
    done = fortnight.move(fortnight.exported())
    assert (done.known, done.bad_rows, done.warnings) == (0, 0, ())
    # One more was received before the period and followed up in it.
    assert (received, done.written) == (24, 25)
    after = fortnight.report()
    assert before.figures.requests.total == 20
    assert before.rates["response_rate"].value not in {None, "0.00", "100.00"}
    assert rates_of(after) == rates_of(before)
    assert comparable(after.figures) == comparable(before.figures)
    assert {unit.code: (unit.open, unit.overdue) for unit in after.units} == {
        unit.code: (unit.open, unit.overdue) for unit in before.units
    }


def comparable(figures: Figures) -> tuple[object, ...]:
    """Returns what a file carries: a follow-up that is not due yet comes back as one that is not made."""
    handling = figures.handling
    requests = figures.requests
    groups = {
        (group.type, group.channel): (group.total, group.closed, group.direct, group.open)
        for group in requests.groups
    }
    excluded = handling.follow_exempt + handling.follow_not_yet
    counts = {name: getattr(handling, name) for name in handling.__dataclass_fields__}
    del counts["follow_exempt"], counts["follow_not_yet"]
    return groups, requests.redo_rounds, requests.in_redo, excluded, counts


def test_each_day_of_the_two_weeks_is_the_same_too(fortnight: Fortnight) -> None:
    first = fortnight.period.first
    days = [Period(day, day) for day in (first + timedelta(days=step) for step in range(14))]
    before = [rates_of(fortnight.report(day)) for day in days]
    fortnight.move(fortnight.exported())
    assert [rates_of(fortnight.report(day)) for day in days] == before


def test_a_second_export_gives_the_same_file_but_for_the_systems_own_numbers(fortnight: Fortnight) -> None:
    content = fortnight.exported()
    fortnight.move(content)
    lines = [sorted(each.decode().splitlines()) for each in (content, fortnight.exported())]
    # The follow-up that was not due is exempt now, and the one that was owed is none.
    assert len(lines[0]) == len(lines[1])
    changed = [(one, two) for one, two in zip(*lines, strict=True) if one != two]
    assert len(changed) == 2


def test_an_imported_home_phones_no_caller_and_keeps_what_is_confidential(fortnight: Fortnight) -> None:
    fortnight.move(fortnight.exported())
    with fortnight.application.read_session() as session:
        live = (FollowUpState.WAITING, FollowUpState.DIALLING)
        assert session.scalar(select(func.count()).where(FollowUp.state.in_(live))) == 0
        (secret,) = session.scalars(select(Ticket).where(Ticket.confidential)).all()
        assert (secret.type, secret.urgency) == (RequestType.REPORT, Urgency.URGENT)
        states = set(session.scalars(select(Ticket.state).where(Ticket.closed_at.is_(None))))
        assert states == {S.DISPATCHED, S.ACKNOWLEDGED, S.IN_PROGRESS, S.REPLIED}


def test_rounds_are_linked_although_the_file_names_them_before_their_first(application: Application) -> None:
    header = (
        "external_number,received_at,channel,type,category,title,text,caller_number,unit,closed_at,due_at,"
        "first_contact_at,solved,satisfied,round,redo_of"
    )
    rows = (
        "A-3,2026-11-20 09:00,phone,help,,水管,,,city-management,,,,,,3,A-2",
        "A-2,2026-11-15 09:00,phone,help,,水管,,,city-management,2026-11-16 09:00,,,no,no,2,A-1",
        "A-1,2026-11-10 09:00,phone,help,,水管,,,city-management,2026-11-11 09:00,,,no,no,1,",
        "B-2,2026-11-10 09:00,phone,help,,水管,,,city-management,,,,,,2,B-1",
    )
    make_unit(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert import_tickets(work, io.BytesIO("\n".join((header, *rows)).encode())).written == 4
    with application.read_session() as session:
        by_number = {row.external_number: row for row in session.scalars(select(Ticket))}
    assert by_number["A-3"].redo_of == by_number["A-2"].id
    assert by_number["A-2"].redo_of == by_number["A-1"].id
    assert (by_number["B-2"].redo_of, by_number["B-2"].round) == (None, 2)
