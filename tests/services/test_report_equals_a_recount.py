"""The report of random rows equals a naive recount of every row in Python, for one day and for ranges."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.rules.enums import (
    CLASS_OF,
    CallbackReason,
    CallbackState,
    CallEnd,
    CallOutcome,
    CallPurpose,
    CallState,
    Channel,
    Closing,
    FollowUpState,
    NoMatterReason,
    RequestType,
    Satisfied,
    Solved,
    TicketState,
)
from hotline.rules.figures.rates import Rate
from hotline.rules.figures.report import Period
from hotline.rules.figures.statistics import STATISTICS, RowList
from hotline.rules.people.actors import Machine
from hotline.rules.policies import RetentionPolicy
from hotline.services.calls import old_calls
from hotline.services.figures.reports import Report, build_report
from hotline.store.calls.outcomes import outcome_of
from hotline.store.calls.tables import Call
from hotline.store.cursors import Page
from hotline.store.figures.cohorts import window_of
from hotline.store.figures.drill_down import DrillDownFilter, calls_behind, tickets_behind
from hotline.store.outbound import Callback, FollowUp
from hotline.store.people.tables import Unit
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.stopped_clock import MONDAY_MORNING

# Midnight of 2026-11-19 in Shanghai; the rows spread over six days from two days before it.
FIRST = datetime(2026, 11, 18, 16, tzinfo=UTC)
UNITS = ("a-unit", "b-unit", "c-unit")
OPEN = (TicketState.DISPATCHED, TicketState.ACKNOWLEDGED, TicketState.IN_PROGRESS, TicketState.REPLIED)
PERIODS = (
    Period(date(2026, 11, 19), date(2026, 11, 19)),
    Period(date(2026, 11, 23), date(2026, 11, 23)),
    Period(date(2026, 11, 18), date(2026, 11, 21)),
    Period(date(2026, 1, 1), date(2026, 12, 31)),
    Period(date(2026, 12, 24), date(2026, 12, 25)),
)


def day_of(moment: datetime) -> date:
    return (moment + timedelta(hours=8)).date()


def some_moment(chance: random.Random) -> datetime:
    """Returns a moment of those days, often exactly at local midnight."""
    if chance.random() < 0.15:
        return FIRST + timedelta(days=chance.randint(-2, 4))
    return FIRST + timedelta(seconds=chance.randint(-2 * 86_400, 4 * 86_400))


def maybe(chance: random.Random, start: datetime, share: float = 0.6) -> datetime | None:
    return start + timedelta(minutes=chance.randint(0, 3_000)) if chance.random() < share else None


def random_ticket(chance: random.Random, number: int) -> Ticket:
    state = chance.choice([*TicketState, TicketState.CLOSED, TicketState.CLOSED])
    kind = chance.choice(list(RequestType))
    received = some_moment(chance)
    unit = chance.choice([*UNITS, None])
    closed = received + timedelta(minutes=chance.randint(0, 4_000)) if state is TicketState.CLOSED else None
    numbered = state in {*OPEN, TicketState.CLOSED}
    return Ticket(
        number=f"N{number}" if numbered else None,
        external_number=f"E{number}" if chance.random() < 0.3 else None,
        state=state,
        channel=chance.choice(list(Channel)),
        type=kind,
        request_class=CLASS_OF[kind],
        unit_code=unit if numbered else None,
        closing=(Closing.HANDLED if unit else Closing.ANSWERED_DIRECT) if closed else None,
        received_at=received,
        received_on=day_of(received),
        dispatched_at=received if numbered and unit else None,
        contact_due=maybe(chance, received) if numbered and unit else None,
        first_contact_at=maybe(chance, received) if numbered and unit else None,
        replied_at=maybe(chance, received, 0.3) if numbered and unit else None,
        due_at=chance.choice([maybe(chance, received), closed, some_moment(chance)]) if numbered else None,
        closed_at=closed,
        followed_up_at=maybe(chance, closed) if closed else None,
        solved=chance.choice([*Solved, None]) if closed else None,
        satisfied=chance.choice([*Satisfied, None]) if closed else None,
    )


def add_tickets(session: Session, chance: random.Random) -> None:
    tickets = [random_ticket(chance, number) for number in range(150)]
    session.add_all(tickets)
    session.flush()
    earlier = [ticket for ticket in tickets if ticket.state is TicketState.CLOSED]
    later = [ticket for ticket in tickets if ticket.number and ticket.state is not TicketState.CLOSED]
    for base, again in zip(earlier[:12], later[:12], strict=False):
        again.redo_of, again.round = base.id, 2
    again, twice = later[12], later[0]  # a third round: its second round must be closed
    twice.state, twice.closed_at, twice.closing = TicketState.CLOSED, twice.received_at, Closing.HANDLED
    again.redo_of, again.round = twice.id, 3
    for ticket in earlier:
        if ticket.closing is Closing.HANDLED and chance.random() < 0.7 and ticket.closed_at:
            session.add(
                FollowUp(
                    ticket_id=ticket.id,
                    state=chance.choice(list(FollowUpState)),
                    attempts=chance.randint(0, 2),
                    promised_at=ticket.closed_at,
                    next_try_at=MONDAY_MORNING + timedelta(hours=chance.randint(-5, 5)),
                )
            )


def add_calls(session: Session, chance: random.Random) -> None:
    for number in range(200):
        arrived = some_moment(chance)
        queued = arrived + timedelta(seconds=20) if chance.random() < 0.8 else None
        wait = chance.randint(0, 40)
        answered = queued + timedelta(seconds=wait) if queued and chance.random() < 0.6 else None
        end = None if chance.random() < 0.1 else chance.choice(list(CallEnd))
        session.add(
            Call(
                sid=f"CA{number}",
                purpose=chance.choice([*CallPurpose, CallPurpose.INBOUND, CallPurpose.INBOUND]),
                number=None,
                number_raw="anonymous",
                dialed="+865374412345",
                state=CallState.ENDED if end else CallState.QUEUED,
                flow="main",
                flow_version="1",
                position="x",
                arrived_at=arrived,
                arrived_on=day_of(arrived),
                queued_at=queued,
                answered_at=answered,
                wait_seconds=wait if answered or (queued and end) else None,
                talk_seconds=chance.randint(2, 900) if answered and end else None,
                queue_full=chance.random() < 0.1,
                callback_chosen=chance.random() < 0.1,
                status_asked=chance.random() < 0.2,
                transferred_to=chance.choice(["fire", "water", None, None, None, None]),
                finished_at=answered if chance.random() < 0.7 else None,
                no_matter=chance.choice([*NoMatterReason, None, None, None, None]),
                satisfied=chance.choice([*Satisfied, None]),
                ended_at=(queued or arrived) + timedelta(seconds=chance.randint(0, 60)) if end else None,
                end=end,
            )
        )
    for number in range(40):
        promised = some_moment(chance)
        session.add(
            Callback(
                number=f"+86138{number:08d}",
                reason=CallbackReason.ABANDONED,
                state=chance.choice(list(CallbackState)),
                promised_at=promised,
                place_since=promised,
                next_try_at=promised,
            )
        )


def fill(session: Session, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable rows, no secret
    session.add_all([Unit(code=code, name_zh=f"{code}局", name_en=code, kind="department") for code in UNITS])
    session.flush()
    add_tickets(session, chance)
    add_calls(session, chance)
    session.commit()


class Recount:
    """Counts the same figures row by row, with every definition written out again."""

    def __init__(self, session: Session, period: Period, now: datetime) -> None:
        self.now, self.period = now, period
        self.tickets = session.scalars(select(Ticket)).all()
        self.calls = session.scalars(select(Call)).all()
        self.callbacks = session.scalars(select(Callback)).all()
        self.promises = {row.ticket_id: row for row in session.scalars(select(FollowUp))}
        self.redone = {ticket.redo_of: ticket for ticket in self.tickets if ticket.redo_of}
        self.real = [ticket for ticket in self.tickets if self.is_real(ticket)]

    def is_real(self, ticket: Ticket) -> bool:
        if ticket.state is TicketState.DRAFT:
            return ticket.external_number is not None
        return ticket.state is not TicketState.DISCARDED

    def inside(self, moment: datetime | None) -> bool:
        return moment is not None and self.period.first <= day_of(moment) <= self.period.last

    def requests(self) -> list[Ticket]:
        return [ticket for ticket in self.real if self.inside(ticket.received_at) and not ticket.redo_of]

    def closed_for_good(self, ticket: Ticket) -> bool:
        while ticket.id in self.redone:
            ticket = self.redone[ticket.id]
        return ticket.state is TicketState.CLOSED

    def numbered(self, unit: str | None = None) -> list[Ticket]:
        every = [ticket for ticket in self.real if ticket.state is not TicketState.DRAFT]
        return [ticket for ticket in every if unit is None or ticket.unit_code == unit]

    def on_time(self, unit: str | None = None) -> tuple[int, int, int]:
        good = bad = undecided = 0
        for ticket in self.numbered(unit):
            # Due "on" the day whose last moment is the due moment.
            if ticket.due_at is None or not self.inside(ticket.due_at - timedelta(microseconds=1)):
                continue
            if ticket.closed_at is None and ticket.due_at >= self.now:
                undecided += 1
            elif ticket.closed_at is not None and ticket.closed_at <= ticket.due_at:
                good += 1
            else:
                bad += 1
        return good, good + bad, undecided

    def response(self, unit: str | None = None) -> tuple[int, int, int]:
        good = bad = undecided = 0
        for ticket in self.numbered(unit):
            if not self.inside(ticket.dispatched_at):
                continue
            limit = ticket.contact_due or ticket.due_at
            contact = ticket.first_contact_at
            if contact is not None:
                in_time = limit is None or contact <= limit
                good, bad = good + in_time, bad + (not in_time)
            elif ticket.closed_at is None and (limit is None or limit >= self.now):
                undecided += 1
            elif ticket.external_number is not None and ticket.contact_due is None:
                undecided += 1  # the file did not say
            else:
                bad += 1
        return good, good + bad, undecided

    def answers(self, question: str, unit: str | None = None) -> tuple[int, int, int]:
        heard = [ticket for ticket in self.numbered(unit) if self.inside(ticket.followed_up_at)]
        said = [getattr(ticket, question) for ticket in heard]
        known = [word for word in said if word is not None]
        return sum(word == "yes" for word in known), len(known), len(said) - len(known)

    def handled(self, unit: str | None = None) -> list[Ticket]:
        return [ticket for ticket in self.closed(unit) if ticket.closing is Closing.HANDLED]

    def closed(self, unit: str | None = None) -> list[Ticket]:
        return [ticket for ticket in self.numbered(unit) if self.inside(ticket.closed_at)]

    def follow_up(self, unit: str | None = None) -> tuple[int, int, int]:
        done = owed = 0
        for ticket in self.handled(unit):
            promise = self.promises.get(ticket.id)
            attempted = ticket.followed_up_at is not None or (promise is not None and promise.attempts > 0)
            if not attempted and promise is not None:
                if promise.state is FollowUpState.EXEMPT:
                    continue
                waits = promise.state in {FollowUpState.WAITING, FollowUpState.DIALLING}
                if waits and promise.next_try_at > self.now:
                    continue
            done, owed = done + attempted, owed + 1
        return done, owed, len(self.closed(unit)) - owed

    def asked_for_a_person(self) -> list[Call]:
        wanted = [call for call in self.calls if call.purpose is CallPurpose.INBOUND and call.queued_at]
        return [call for call in wanted if self.inside(call.arrived_at)]

    def late_by_any_clock(self, ticket: Ticket) -> bool:
        running = [ticket.due_at, None if ticket.first_contact_at else ticket.contact_due]
        return any(moment is not None and moment < self.now for moment in running)

    def open_at(self, day: date) -> int:
        """Tickets received by `day` and not closed by its end."""
        count = 0
        for ticket in self.real:
            closed_later = ticket.closed_at is None or day_of(ticket.closed_at) > day
            count += day_of(ticket.received_at) <= day and closed_later
        return count


def report_of(application: Application, period: Period) -> Report:
    with application.read_session() as session:
        return build_report(session, period, at=application.clock(), policies=application.policies)


def triple(rate: Rate) -> tuple[int, int, int]:
    return rate.numerator, rate.denominator, rate.excluded


@pytest.mark.parametrize("seed", range(2))
def test_every_figure_equals_a_recount_over_all_rows(
    application: Application, session: Session, seed: int
) -> None:
    fill(session, seed)
    for period in PERIODS:
        report = report_of(application, period)
        recount = Recount(session, period, application.clock())
        check_requests(report, recount)
        check_rates(report, recount)
        check_calls(report, recount)
        check_received(report, recount)
        check_rows_behind(application, report)
        assert report.figures.balance.opening == recount.open_at(period.first - timedelta(days=1))
        assert report.figures.balance.open == recount.open_at(period.last)
        assert [line for line in report.reconciliation if not line.ok] == []
        session.rollback()


def check_requests(report: Report, recount: Recount) -> None:
    requests, counted = recount.requests(), report.figures.requests
    assert counted.total == len(requests)
    assert counted.by_type() == {k: sum(t.type is k for t in requests) for k in RequestType}
    assert counted.by_channel() == {c: sum(t.channel is c for t in requests) for c in Channel}
    closed = sum(recount.closed_for_good(ticket) for ticket in requests)
    direct = sum(ticket.closing is Closing.ANSWERED_DIRECT for ticket in requests)
    assert triple(report.rates["closure_rate"])[:2] == (closed, len(requests))
    assert triple(report.rates["direct_rate"])[:2] == (direct, len(requests))
    assert counted.rows == sum(recount.inside(ticket.received_at) for ticket in recount.tickets)


def check_rates(report: Report, recount: Recount) -> None:
    parts = {unit.code: unit.rates for unit in report.units}
    for unit, rates in [(None, report.rates), *parts.items()]:
        assert triple(rates["on_time_closure_rate"]) == recount.on_time(unit)
        assert triple(rates["response_rate"]) == recount.response(unit)
        assert triple(rates["resolution_rate"]) == recount.answers("solved", unit)
        assert triple(rates["satisfaction_rate"]) == recount.answers("satisfied", unit)
        assert triple(rates["followup_rate"]) == recount.follow_up(unit)
        handled = recount.handled(unit)
        redone = sum(ticket.id in recount.redone for ticket in handled)
        assert triple(rates["redo_rate"]) == (redone, len(handled), len(recount.closed(unit)) - len(handled))
        dispatched = sum(recount.inside(ticket.dispatched_at) for ticket in recount.numbered(unit))
        assert triple(rates["return_rate"])[:2] == (0, dispatched)
    for part in report.units:
        mine = [ticket for ticket in recount.numbered(part.code) if ticket.state in OPEN]
        overdue = [ticket for ticket in mine if recount.late_by_any_clock(ticket)]
        assert (part.open, part.overdue) == (len(mine), len(overdue))


def check_rows_behind(application: Application, report: Report) -> None:
    """The drill-down of each number lists exactly as many rows, all of one cohort."""
    window = window_of(report.period, application.policies.zone, application.clock())
    for statistic in STATISTICS:
        rate = report.rates[statistic.name]
        for number, names in (
            (rate.numerator, statistic.numerator),
            (rate.denominator, statistic.denominator),
        ):
            if not names:
                assert number == 0
                continue
            with application.read_session() as session:
                if statistic.rows is RowList.CALLS:
                    found: Page[Call] | Page[Ticket] = calls_behind(
                        session, window, names, threshold=0, limit=500
                    )
                else:
                    found = tickets_behind(session, window, names, DrillDownFilter(), limit=500)
            assert (statistic.name, len(found.rows)) == (statistic.name, number)


def outcome_in_words(call: Call) -> str:
    """The outcome of a call by the published order, written out as a chain of conditions."""
    if call.queue_full:
        return "queue_full"
    if call.answered_at:
        return "answered"
    if call.transferred_to:
        return "emergency" if call.transferred_to == "fire" else "transferred"
    if call.callback_chosen or call.end is CallEnd.LEFT_FOR_CALLBACK:
        return "callback"
    if call.end is CallEnd.LEFT_MESSAGE:
        return "message"
    if call.status_asked:
        return "status"
    if call.end and call.queued_at:
        return "abandoned"
    return "left_in_menu" if call.end is CallEnd.LEFT_IN_FLOW else "other"


def check_received(report: Report, recount: Recount) -> None:
    """Each inbound call has one outcome, the same in the database, for a loaded row and in words."""
    inbound = [call for call in recount.calls if call.purpose is CallPurpose.INBOUND]
    received = [call for call in inbound if recount.inside(call.arrived_at)]
    counted = report.figures.received
    words = [outcome_in_words(call) for call in received]
    assert [outcome_of(call) for call in received] == words
    assert counted.by_outcome() == {word: words.count(word) for word in CallOutcome}
    assert (counted.rows, sum(counted.by_outcome().values())) == (len(received), len(received))
    answered = [call for call, word in zip(received, words, strict=True) if word == "answered"]
    assert counted.ended_as() == {
        "ticket": sum(call.finished_at is not None and not call.no_matter for call in answered),
        "existing_matter": 0,
        "no_matter": sum(call.no_matter is not None for call in answered),
        "open": sum(call.finished_at is None and not call.no_matter for call in answered),
    }
    assert counted.no_matter() == {
        reason: sum(call.no_matter is reason for call in received) for reason in NoMatterReason
    }
    ratings = [call.satisfied for call in answered]
    assert list(counted.after_call().values()) == [ratings.count(word) for word in (*Satisfied, None)]
    waits = [call.wait_seconds or 0 for call in received if call.answered_at]
    assert counted.mean_wait_seconds == half_up(waits)
    assert counted.longest_wait_seconds == max(
        (call.wait_seconds for call in received if call.wait_seconds is not None), default=None
    )
    talks = [call.talk_seconds for call in received if call.talk_seconds is not None]
    assert counted.mean_talk_seconds == half_up(talks)
    returned = [
        call
        for call in recount.calls
        if call.purpose is CallPurpose.CALLBACK and recount.inside(call.arrived_at) and call.answered_at
    ]
    assert report.figures.callbacks.by_outcome()[CallOutcome.ANSWERED] == len(returned)


def half_up(numbers: list[int]) -> int | None:
    if not numbers:
        return None
    return int((Decimal(sum(numbers)) / len(numbers)).quantize(Decimal(1), ROUND_HALF_UP))


def check_calls(report: Report, recount: Recount) -> None:
    offered, counted = recount.asked_for_a_person(), report.figures.calls
    answered = [call for call in offered if call.answered_at]
    lost = [call for call in offered if not call.answered_at]
    assert counted.offered == len(offered)
    assert counted.answered == len(answered)
    assert counted.answered_15s == sum((call.wait_seconds or 0) <= 15 for call in answered)
    assert counted.abandoned == sum(call.end is CallEnd.ABANDONED for call in lost)
    assert counted.left_for_callback == sum(call.end is CallEnd.LEFT_FOR_CALLBACK for call in lost)
    assert counted.waiting == sum(call.end is None for call in lost)
    reached = [row for row in recount.callbacks if row.state is CallbackState.REACHED]
    assert counted.called_back == sum(recount.inside(row.promised_at) for row in reached)
    if recount.period.one_day:
        hours = [(call.arrived_at + timedelta(hours=8)).hour for call in offered]
        assert [point.offered for point in report.figures.curve] == [hours.count(h) for h in range(24)]
        assert [point.label for point in report.figures.curve] == [f"{hour:02d}" for hour in range(24)]
    assert sum(point.answered for point in report.figures.curve) == len(answered)


def test_no_figure_changes_when_the_details_of_calls_are_deleted(
    application: Application, session: Session
) -> None:
    fill(session, seed=3)
    before = [report_of(application, period) for period in PERIODS]
    with application.unit_of_work(Machine.CLOCK) as work:
        work.policies = replace(work.policies, retention=RetentionPolicy(call_days=-365))
        assert old_calls.delete_details(work, batch_size=1_000) > 100
    assert [report_of(application, period) for period in PERIODS] == before
