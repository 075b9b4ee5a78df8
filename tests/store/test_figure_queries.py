"""The counts behind the report: each condition of each cohort, its boundaries, and the rows listed behind a count."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.rules.enums import (
    CallbackState,
    CallEnd,
    CallPurpose,
    CallState,
    Channel,
    Closing,
    FollowUpState,
    RequestClass,
    RequestType,
    Satisfied,
    Solved,
    TicketState,
)
from hotline.rules.figures.report import Handling, Period
from hotline.rules.people.actors import Machine
from hotline.store.calls.tables import Call
from hotline.store.figures.calls import count_calls
from hotline.store.figures.cohorts import Window, window_of
from hotline.store.figures.drill_down import (
    DrillDownFilter,
    calls_behind,
    is_call_count,
    is_ticket_count,
    tickets_behind,
)
from hotline.store.figures.tickets import (
    count_handling,
    count_open,
    count_open_then,
    count_requests,
    name_units,
    one_snapshot,
)
from hotline.store.outbound import FollowUp
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_ticket, make_unit
from tests.store.test_call_lists import make_callback

HOUR = timedelta(hours=1)
TODAY = date(2026, 11, 23)
EVERYTHING = DrillDownFilter()
UNIT = "city-management"


@pytest.fixture
def window(application: Application) -> Window:
    """The local day on which the clock of the test stands."""
    return window_of(Period(TODAY, TODAY), application.policies.zone, application.clock())


def closed(application: Application, **columns: Any) -> Ticket:
    at = application.clock()
    values = {
        "state": TicketState.CLOSED,
        "closing": Closing.HANDLED,
        "unit_code": UNIT,
        "closed_at": at,
        **columns,
    }
    return make_ticket(application, **values)


def handling(session: Session, window: Window) -> Handling:
    return sum(count_handling(session, window).values(), Handling())


def listed(session: Session, window: Window, name: str, narrowed: DrillDownFilter = EVERYTHING) -> list[int]:
    return [row.id for row in tickets_behind(session, window, (name,), narrowed, limit=50).rows]


def test_calls_are_counted_by_outcome_and_only_those_that_asked_for_a_person(
    application: Application, window: Window
) -> None:
    at = application.clock()
    queued = {"queued_at": at}
    make_call(application)
    make_call(application, **queued, purpose=CallPurpose.CALLBACK)
    make_call(application, **queued, arrived_at=window.start - timedelta(seconds=1))
    make_call(application, **queued, answered_at=at, wait_seconds=15)
    make_call(application, **queued, answered_at=at, wait_seconds=16, end=CallEnd.ABANDONED)
    make_call(application, **queued, end=CallEnd.ABANDONED, wait_seconds=5)
    make_call(application, **queued, end=CallEnd.ABANDONED, wait_seconds=4)
    make_call(application, **queued, end=CallEnd.LEFT_FOR_CALLBACK)
    make_call(application, **queued, end=CallEnd.FAILED)
    make_call(application, **queued)
    make_callback(application, 1, state=CallbackState.REACHED)
    make_callback(application, 2)
    make_callback(application, 3, state=CallbackState.REACHED, promised_at=window.end)
    with application.read_session() as session:
        counts, curve = count_calls(session, window, application.policies.zone, threshold=5)
    assert (counts.offered, counts.answered, counts.answered_15s) == (7, 2, 1)
    assert (counts.abandoned, counts.short, counts.left_for_callback) == (1, 1, 1)
    assert (counts.waiting, counts.otherwise_ended, counts.called_back) == (1, 1, 1)
    assert [point.label for point in curve] == [f"{hour:02d}" for hour in range(24)]
    assert [(point.label, point.offered, point.answered) for point in curve if point.offered] == [
        ("09", 7, 2)
    ]


def test_without_a_threshold_no_wait_is_short(application: Application, window: Window) -> None:
    at = application.clock()
    make_call(application, queued_at=at, end=CallEnd.ABANDONED, wait_seconds=0)
    with application.read_session() as session:
        counts, _ = count_calls(session, window, application.policies.zone, threshold=0)
    assert (counts.abandoned, counts.short) == (1, 0)


def test_a_longer_period_has_a_curve_of_days(application: Application) -> None:
    at = application.clock()
    for days in (0, 0, 2):
        make_call(application, queued_at=at, arrived_at=at - timedelta(days=days))
    window = window_of(Period(date(2026, 11, 21), TODAY), application.policies.zone, at)
    with application.read_session() as session:
        _, curve = count_calls(session, window, application.policies.zone, threshold=5)
    assert [(point.label, point.offered) for point in curve] == [
        ("2026-11-21", 1),
        ("2026-11-22", 0),
        ("2026-11-23", 2),
    ]


def test_the_calls_behind_a_count_are_those_it_took(application: Application, window: Window) -> None:
    at = application.clock()
    ids = [make_call(application, queued_at=at, answered_at=at, wait_seconds=9).id for _ in range(3)]
    make_call(application, queued_at=at)
    with application.read_session() as session:
        first = calls_behind(session, window, ("answered_15s",), threshold=0, limit=2)
        rest = calls_behind(
            session, window, ("answered_15s",), threshold=0, limit=2, cursor=first.next_cursor or ""
        )
        assert [call.id for call in (*first.rows, *rest.rows)] == ids[::-1]
        assert len(calls_behind(session, window, ("answered", "waiting"), threshold=0, limit=9).rows) == 4
        with pytest.raises(KeyError):
            calls_behind(session, window, ("tea",), threshold=0, limit=1)


def test_requests_leave_out_drafts_discarded_and_later_rounds(
    application: Application, window: Window
) -> None:
    make_unit(application, UNIT)
    direct = make_ticket(
        application, state=TicketState.CLOSED, closing=Closing.ANSWERED_DIRECT, type=RequestType.CONSULTATION
    )
    redone = closed(application)
    handed_off = make_ticket(application, state=TicketState.DISPATCHED, redo_of=redone.id, round=2)
    make_ticket(application)
    make_ticket(application, state=TicketState.DISCARDED)
    imported = make_ticket(application, external_number="A-1", channel=Channel.TRANSFER, type=None)
    make_ticket(application, received_at=window.end)
    with application.read_session() as session:
        requests = count_requests(session, window)
        assert (requests.total, requests.closed, requests.direct, requests.open) == (3, 2, 1, 1)
        assert (requests.drafts, requests.discarded, requests.redo_rounds) == (1, 1, 1)
        assert (requests.in_redo, requests.rows) == (1, 6)
        assert requests.by_class()[RequestClass.CONSULTATION] == 1
        assert requests.by_channel()[Channel.TRANSFER] == 1
        assert listed(session, window, "total") == [imported.id, redone.id, direct.id]
        assert listed(session, window, "closed_for_good") == [direct.id]
        assert listed(session, window, "direct") == [direct.id]
        assert listed(session, window, "open") == [imported.id]
        assert handed_off.id not in listed(session, window, "total")


def test_a_redo_of_a_redo_keeps_the_first_request_open(application: Application, window: Window) -> None:
    make_unit(application, UNIT)
    first = closed(application)
    second = closed(application, redo_of=first.id, round=2)
    make_ticket(application, state=TicketState.ACKNOWLEDGED, redo_of=second.id, round=3)
    with application.read_session() as session:
        assert count_requests(session, window).in_redo == 1
        assert listed(session, window, "closed_for_good") == []


def test_exactly_at_the_due_moment_is_on_time_and_belongs_to_the_day_that_ends(
    application: Application, window: Window
) -> None:
    make_unit(application, UNIT)
    end = window.end
    on_time = closed(application, due_at=end, closed_at=end)
    late = closed(application, due_at=window.start + HOUR, closed_at=window.start + 2 * HOUR)
    at, second = application.clock(), timedelta(seconds=1)
    overdue = make_ticket(application, state=TicketState.DISPATCHED, unit_code=UNIT, due_at=at - second)
    undecided = [
        make_ticket(application, state=TicketState.DISPATCHED, unit_code=UNIT, due_at=due).id
        for due in (at, end)
    ]
    closed(application, due_at=window.start, closed_at=window.start)
    make_ticket(application, due_at=end)
    with application.read_session() as session:
        counts = handling(session, window)
        assert (counts.due_on_time, counts.due_late, counts.due_undecided) == (1, 2, 2)
        assert listed(session, window, "due_on_time") == [on_time.id]
        assert sorted(listed(session, window, "due_late")) == [late.id, overdue.id]
        assert sorted(listed(session, window, "due_undecided")) == undecided


def test_a_contact_is_in_time_missed_or_undecided(application: Application, window: Window) -> None:
    make_unit(application, UNIT)
    at = application.clock()

    def handed_off(**columns: Any) -> int:
        values = {"state": TicketState.ACKNOWLEDGED, "unit_code": UNIT, "dispatched_at": at, **columns}
        return make_ticket(application, **values).id

    in_time = [
        handed_off(contact_due=at + HOUR, first_contact_at=at + HOUR),
        handed_off(first_contact_at=at + 5 * HOUR),
    ]
    missed = [
        handed_off(contact_due=at + HOUR, first_contact_at=at + 2 * HOUR),
        handed_off(contact_due=at - HOUR, due_at=at + HOUR),
        # A filed reply is no contact, in time or not.
        handed_off(contact_due=at - HOUR, replied_at=at - 2 * HOUR),
        handed_off(state=TicketState.CLOSED, closed_at=at, contact_due=at + HOUR, replied_at=at),
        # Run by a system with a contact clock: without a contact it was missed, imported or not.
        handed_off(external_number="A-1", state=TicketState.CLOSED, closed_at=at, contact_due=at + HOUR),
    ]
    undecided = [
        handed_off(contact_due=at + HOUR),
        handed_off(),
        handed_off(contact_due=at),
        handed_off(external_number="A-2", due_at=at),
    ]
    unknown = [
        handed_off(external_number="A-3", state=TicketState.CLOSED, closed_at=at),
        handed_off(external_number="A-4", due_at=at - HOUR),
    ]
    handed_off(dispatched_at=window.end, first_contact_at=at)
    with application.read_session() as session:
        counts = handling(session, window)
        assert (counts.contact_in_time, counts.contact_missed, counts.contact_undecided) == (2, 5, 4)
        assert sorted(listed(session, window, "contact_unknown")) == unknown
        assert (counts.contact_unknown, counts.dispatched) == (2, 13)
        assert sorted(listed(session, window, "contact_in_time")) == in_time
        assert sorted(listed(session, window, "contact_missed")) == missed
        assert sorted(listed(session, window, "contact_undecided")) == undecided


def follow_up(application: Application, ticket: Ticket, state: FollowUpState, **columns: Any) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        values = {"promised_at": work.at, "next_try_at": work.at, **columns}
        work.session.add(FollowUp(ticket_id=ticket.id, state=state, **values))


def test_follow_ups_are_attempted_exempt_or_not_yet_due(application: Application, window: Window) -> None:
    make_unit(application, UNIT)
    at = application.clock()
    follow_up(application, closed(application), FollowUpState.ANSWERED, attempts=1)
    follow_up(application, closed(application), FollowUpState.EXEMPT)
    follow_up(application, closed(application), FollowUpState.WAITING, next_try_at=at + HOUR)
    follow_up(application, closed(application), FollowUpState.WAITING, next_try_at=at)
    closed(application, followed_up_at=at, solved=Solved.YES, satisfied=Satisfied.NO)
    closed(application)
    redone = closed(application, followed_up_at=at, solved=Solved.NO)
    make_ticket(application, state=TicketState.DISPATCHED, redo_of=redone.id, round=2)
    closed(application, closing=Closing.ANSWERED_DIRECT, unit_code=None)
    closed(application, closed_at=window.end)
    with application.read_session() as session:
        counts = handling(session, window)
        assert (counts.closed, counts.handled, counts.redone) == (8, 7, 1)
        assert (counts.to_follow, counts.followed) == (5, 3)
        assert (counts.follow_exempt, counts.follow_not_yet) == (1, 1)
        assert (counts.asked, counts.solved_yes, counts.solved_no) == (2, 1, 1)
        assert (counts.satisfied_yes, counts.satisfied_no) == (0, 1)
        assert len(listed(session, window, "followed")) == 3


def test_counts_of_handling_are_kept_apart_by_unit(application: Application, window: Window) -> None:
    for code in (UNIT, "water-company"):
        make_unit(application, code, name_zh=f"甲{code}", name_en=code)
    closed(application)
    closed(application, unit_code="water-company")
    closed(application, unit_code=None, closing=Closing.ANSWERED_DIRECT)
    with application.read_session() as session:
        by_unit = count_handling(session, window)
        assert {code: counts.closed for code, counts in by_unit.items()} == {
            UNIT: 1,
            "water-company": 1,
            None: 1,
        }
        named = name_units(session, by_unit, count_open(session, window))
        assert [(unit.code, unit.name_zh, unit.handling.closed) for unit in named] == [
            (UNIT, f"甲{UNIT}", 1),
            ("water-company", "甲water-company", 1),
        ]


def test_open_tickets_are_counted_now_before_and_by_the_end(application: Application, window: Window) -> None:
    make_unit(application, UNIT)
    at = application.clock()
    before = window.start - HOUR
    make_ticket(
        application, state=TicketState.DISPATCHED, unit_code=UNIT, due_at=at - HOUR, received_at=before
    )
    make_ticket(application, state=TicketState.DISPATCHED, unit_code=UNIT, due_at=at)
    make_ticket(application, state=TicketState.REPLIED, unit_code=UNIT, received_at=window.end)
    make_ticket(application, external_number="A-1", due_at=at)
    make_ticket(application)
    closed(application)
    with application.read_session() as session:
        open_now = count_open(session, window)
        assert open_now.by_unit == {UNIT: (3, 1), None: (1, 0)}
        assert (open_now.received_before, open_now.received_by_end) == (1, 3)


def test_tickets_closed_since_were_open_before_and_after_the_period(
    application: Application, window: Window
) -> None:
    make_unit(application, UNIT)
    before = window.start - HOUR
    closed(application, received_at=before, closed_at=window.start)
    closed(application, received_at=before, closed_at=window.end)
    closed(application, closed_at=window.end)
    closed(application, received_at=before, closed_at=before)
    closed(application, received_at=window.end, closed_at=window.end)
    with application.read_session() as session:
        assert count_open_then(session, window) == (2, 2)


def test_nothing_received_leaves_nothing_open(application: Application, window: Window) -> None:
    with application.read_session() as session:
        assert count_open_then(session, window) == (0, 0)
        assert count_open(session, window).by_unit == {}
        assert count_requests(session, window).rows == 0


@pytest.mark.parametrize(
    ("narrowed", "kept"),
    [
        (DrillDownFilter(unit=UNIT), 1),
        (DrillDownFilter(unit="nowhere"), 0),
        (DrillDownFilter(request_class=RequestClass.CONSULTATION), 1),
        (DrillDownFilter(type=RequestType.HELP), 1),
        (DrillDownFilter(channel=Channel.WEB), 1),
        (DrillDownFilter(channel=Channel.WEB, type=RequestType.HELP), 0),
    ],
)
def test_rows_behind_a_count_can_be_narrowed(
    application: Application, window: Window, narrowed: DrillDownFilter, kept: int
) -> None:
    make_unit(application, UNIT)
    opened = {"state": TicketState.DISPATCHED}
    make_ticket(application, **opened, unit_code=UNIT)
    make_ticket(application, **opened, type=RequestType.CONSULTATION)
    make_ticket(application, **opened, type=RequestType.HELP)
    make_ticket(application, **opened, channel=Channel.WEB)
    with application.read_session() as session:
        assert len(listed(session, window, "total", narrowed)) == kept


def test_tickets_behind_a_count_are_paged_and_of_one_cohort(application: Application, window: Window) -> None:
    ids = [make_ticket(application, state=TicketState.DISPATCHED).id for _ in range(3)]
    with application.read_session() as session:
        first = tickets_behind(session, window, ("total",), EVERYTHING, limit=2)
        cursor = first.next_cursor or ""
        rest = tickets_behind(session, window, ("total",), EVERYTHING, limit=2, cursor=cursor)
        assert [row.id for row in (*first.rows, *rest.rows)] == ids[::-1]
        with pytest.raises(KeyError):
            tickets_behind(session, window, ("total", "due_late"), EVERYTHING, limit=1)


@pytest.mark.parametrize(
    ("names", "call", "ticket"),
    [
        (("offered",), True, False),
        (("answered", "abandoned"), True, False),
        (("outcome_status", "no_matter_test"), True, False),
        (("returned_talks",), True, False),
        (("returned_talks", "talks"), False, False),
        (("offered", "received"), False, False),
        (("total", "open"), False, True),
        (("due_late", "due_on_time"), False, True),
        (("total", "due_late"), False, False),
        (("answered", "total"), False, False),
        ((), False, False),
    ],
)
def test_names_of_counts_belong_to_calls_or_to_one_cohort_of_tickets(
    names: tuple[str, ...], call: bool, ticket: bool
) -> None:
    assert (is_call_count(names), is_ticket_count(names)) == (call, ticket)


def test_a_report_reads_one_snapshot(application: Application) -> None:
    """A ticket written by somebody else between two counts of one report is in neither."""
    with application.read_session() as session:
        one_snapshot(session)
        before = len(session.scalars(select(Ticket.id)).all())
        if session.get_bind().dialect.name == "postgresql":
            make_ticket(application)
        assert len(session.scalars(select(Ticket.id)).all()) == before


def test_hours_of_a_day_are_counted_as_absolute_moments(application: Application) -> None:
    """A day on which the clocks go back has 25 hours, and each call lies in exactly one of them."""
    berlin = application.policies.zone.__class__("Europe/Berlin")
    day = date(2026, 10, 25)
    at = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)
    window = window_of(Period(day, day), berlin, at)
    for fold in (0, 1):
        moment = at.replace(fold=fold)
        with application.unit_of_work(Machine.SYSTEM) as work:
            call = make_call_at(moment)
            work.session.add(call)
    with application.read_session() as session:
        _, curve = count_calls(session, window, berlin, threshold=0)
    assert len(curve) == 25
    assert [(point.label, point.offered) for point in curve if point.offered] == [("02", 1), ("02", 1)]


def make_call_at(moment: datetime) -> Call:
    return Call(
        sid=f"CA{moment.timestamp():032.0f}",
        purpose=CallPurpose.INBOUND,
        number_raw="",
        dialed="",
        state=CallState.QUEUED,
        flow="main",
        flow_version="test",
        position="",
        queued_at=moment,
        arrived_at=moment,
        arrived_on=moment.date(),
    )
