"""Follow-ups: one per round, the first answer stands, and a "no" opens one linked redo round."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from hotline import events
from hotline.rules.enums import (
    CallbackReason,
    CallPurpose,
    CallState,
    FollowUpState,
    RequestType,
    Satisfied,
    Solved,
    TicketState,
)
from hotline.rules.errors import NoSuchCall, NoSuchTicket
from hotline.rules.people.actors import Machine
from hotline.services.outbound import callback_dials, callbacks, follow_ups, outbound_calls
from hotline.store.calls.tables import Call
from hotline.store.outbound import Dial, FollowUp
from hotline.store.people.tables import Presence
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket, make_unit
from tests.racing import at_once
from tests.stopped_clock import StoppedClock

F = FollowUpState
NUMBER = "+8613800001234"
UNIT = "city-management"


def closed_ticket(application: Application, **columns: object) -> Ticket:
    """Writes a ticket its unit has closed, and promises its follow-up."""
    if columns.pop("unit", True):
        make_unit(application, UNIT)
        columns["unit_code"] = UNIT
    ticket = make_ticket(application, **{"state": TicketState.CLOSED, "caller_number": NUMBER, **columns})
    promise(application, ticket.id)
    return ticket


def promise(application: Application, ticket_id: int) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        follow_ups.promise_follow_up(work, work.session.get_one(Ticket, ticket_id))


def plan(application: Application) -> int:
    with application.unit_of_work(Machine.CLOCK) as work:
        return follow_ups.plan_due_dials(work)


def asked(application: Application, clock: StoppedClock) -> tuple[Dial, Call]:
    """Phones the caller; returns the attempt and the call."""
    clock.advance(3600)
    assert plan(application) == 1
    with application.read_session() as session:
        dial = session.scalars(select(Dial).order_by(Dial.id.desc()).limit(1)).one()
    return dial, make_call(application, purpose=CallPurpose.FOLLOW_UP, dial_id=dial.id)


def say(application: Application, call: Call, question: str, answer: str) -> None:
    with application.unit_of_work(Machine.CALLER) as work:
        follow_ups.record_answer(work, call.id, question, answer)


def follow_up(application: Application) -> FollowUp:
    with application.read_session() as session:
        return session.scalars(select(FollowUp)).one()


def ticket(application: Application, ticket_id: int) -> Ticket:
    with application.read_session() as session:
        return session.get_one(Ticket, ticket_id)


def rounds(application: Application) -> list[Ticket]:
    with application.read_session() as session:
        return list(session.scalars(select(Ticket).order_by(Ticket.id)))


def test_a_round_is_followed_up_once_however_often_it_is_promised(
    application: Application, announced: list[events.Event]
) -> None:
    closed = closed_ticket(application)
    promise(application, closed.id)
    promised = follow_up(application)
    assert (promised.state, promised.number, promised.attempts) == (F.WAITING, NUMBER, 0)
    assert announced.count(events.FollowUpPromised(closed.id, promised.id)) == 1


@pytest.mark.parametrize("number", [None, "", "anonymous", "110"])
def test_who_cannot_be_phoned_is_exempt_at_once(
    application: Application, clock: StoppedClock, number: str | None
) -> None:
    closed_ticket(application, caller_number=number)
    exempt = follow_up(application)
    assert (exempt.state, exempt.settled_at, exempt.number) == (F.EXEMPT, clock.at, None)
    clock.advance(3600)
    assert plan(application) == 0


def test_the_question_waits_an_hour_and_for_polite_hours(
    application: Application, clock: StoppedClock
) -> None:
    clock.at = clock.at.replace(hour=9, minute=30)  # 17:30 in the city
    closed_ticket(application)
    assert follow_up(application).next_try_at == clock.at.replace(day=24, hour=1, minute=0)


def test_it_is_asked_in_the_language_the_caller_spoke(application: Application) -> None:
    call = make_call(application, state=CallState.ENDED, language="en")
    closed_ticket(application, call_id=call.id)
    assert follow_up(application).language == "en"


def test_no_caller_is_phoned_in_the_quiet_hours_though_it_was_due_by_day(
    application: Application, clock: StoppedClock
) -> None:
    closed_ticket(application)
    clock.at = clock.at.replace(hour=10)  # 18:00 in the city
    assert plan(application) == 0
    clock.at = clock.at.replace(day=24, hour=1)
    assert plan(application) == 1


def test_only_a_few_are_asked_at_a_time(application: Application, clock: StoppedClock) -> None:
    make_unit(application, UNIT)
    for last in range(follow_ups.MAX_CONCURRENT + 2):
        closed_ticket(application, unit=False, unit_code=UNIT, caller_number=f"+861380000123{last}")
    clock.advance(3600)
    assert [plan(application), plan(application)] == [follow_ups.MAX_CONCURRENT, 0]


def test_the_first_answer_stands(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    closed = closed_ticket(application)
    _, call = asked(application, clock)
    say(application, call, "solved", "yes")
    say(application, call, "solved", "no")
    say(application, call, "satisfied", "no")
    say(application, call, "satisfied", "yes")
    kept = ticket(application, closed.id)
    assert (kept.solved, kept.satisfied, kept.followed_up_at) == (Solved.YES, Satisfied.NO, clock.at)
    assert follow_up(application).state is F.ANSWERED
    answers = [one.answer for one in announced if isinstance(one, events.FollowUpAnswered)]
    assert answers == ["yes", "no"]
    assert len(rounds(application)) == 1


def test_not_solved_opens_one_more_round_at_the_same_unit_however_often_it_is_reported(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    closed = closed_ticket(application, title="路灯不亮", place="春秋路")
    _, call = asked(application, clock)
    at_once(*[lambda: say(application, call, "solved", "no")] * 3)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert follow_ups.open_redo(work, closed.id) is None
    old, new = rounds(application)
    assert (old.state, old.solved) == (TicketState.CLOSED, Solved.NO)
    assert (new.state, new.redo_of, new.round, new.unit_code) == (TicketState.DISPATCHED, old.id, 2, UNIT)
    assert (new.title, new.text, new.caller_number, new.place) == (
        old.title,
        old.text,
        old.caller_number,
        "春秋路",
    )
    assert new.number is not None
    assert new.number != old.number
    assert (new.solved, new.closed_at, new.answer, new.reply) == (None, None, "", "")
    assert (new.dispatched_at, new.received_at) == (clock.at, clock.at)
    assert None not in (new.acknowledge_due, new.contact_due, new.due_at)
    told = [one for one in announced if isinstance(one, events.RedoOpened | events.TicketHandedOff)]
    assert told == [events.RedoOpened(new.id, old.id), events.TicketHandedOff(new.id, UNIT)]


def test_a_redo_that_is_closed_is_asked_after_again_and_may_be_redone_again(
    application: Application, clock: StoppedClock
) -> None:
    closed = closed_ticket(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        second = follow_ups.open_redo(work, closed.id) or 0
        third = follow_ups.open_redo(work, second)
        assert follow_ups.open_redo(work, second) is None
    assert third is not None
    assert [one.round for one in rounds(application)] == [1, 2, 3]


def test_what_was_never_a_units_is_not_redone(application: Application, clock: StoppedClock) -> None:
    closed_ticket(application, unit=False)
    _, call = asked(application, clock)
    say(application, call, "solved", "no")
    assert len(rounds(application)) == 1
    with pytest.raises(NoSuchTicket), application.unit_of_work(Machine.SYSTEM) as work:
        follow_ups.open_redo(work, 404)


def test_an_answer_in_a_call_that_asks_nothing_is_refused(application: Application) -> None:
    with pytest.raises(NoSuchCall):
        say(application, make_call(application), "solved", "yes")


@pytest.mark.parametrize(("question", "answer"), [("colour", "yes"), ("solved", "red"), ("satisfied", "")])
def test_words_that_are_not_ours_change_nothing(
    application: Application, clock: StoppedClock, question: str, answer: str
) -> None:
    closed = closed_ticket(application)
    _, call = asked(application, clock)
    with pytest.raises(ValueError, match=r"question|Solved|Satisfied"):
        say(application, call, question, answer)
    assert ticket(application, closed.id).followed_up_at is None
    assert follow_up(application).state is F.DIALLING


def test_who_is_never_reached_is_given_up_after_the_last_attempt(
    application: Application, clock: StoppedClock, announced: list[events.Event]
) -> None:
    closed = closed_ticket(application)
    clock.at = clock.at.replace(hour=1, minute=0)
    for tries in (1, 2, 3):
        clock.at += timedelta(days=1)
        assert plan(application) == 1
        with application.read_session() as session:
            dial = session.scalars(select(Dial).order_by(Dial.id.desc()).limit(1)).one()
        with application.unit_of_work(Machine.WORKER) as work:
            outbound_calls.begin_placing(work, dial.id)
            outbound_calls.end_dial(work, dial.ref, outcome="no-answer")
        assert follow_up(application).attempts == tries
    given_up = follow_up(application)
    assert (given_up.state, given_up.settled_at) == (F.UNREACHED, clock.at)
    assert events.FollowUpSettled(closed.id, "unreached") in announced
    clock.at += timedelta(days=1)
    assert plan(application) == 0


def test_a_call_that_ends_without_an_answer_is_tried_again_later(
    application: Application, clock: StoppedClock
) -> None:
    closed_ticket(application)
    dial, _ = asked(application, clock)
    with application.unit_of_work(Machine.WORKER) as work:
        outbound_calls.begin_placing(work, dial.id)
        outbound_calls.end_dial(work, dial.ref, outcome="completed")
        outbound_calls.end_dial(work, dial.ref, outcome="completed")
    waiting = follow_up(application)
    assert (waiting.state, waiting.attempts, waiting.next_try_at) == (
        F.WAITING,
        1,
        clock.at + timedelta(hours=4),
    )


def test_a_call_that_ends_after_the_answer_is_not_tried_again(
    application: Application, clock: StoppedClock
) -> None:
    closed_ticket(application)
    dial, call = asked(application, clock)
    say(application, call, "solved", "yes")
    with application.unit_of_work(Machine.CARRIER) as work:
        outbound_calls.end_dial(work, dial.ref, outcome="completed")
    assert follow_up(application).state is F.ANSWERED
    with application.read_session() as session:
        assert session.scalar(select(func.count()).select_from(Dial)) == 1


@pytest.mark.parametrize("secret", [{"confidential": True}, {"type": RequestType.REPORT}])
def test_a_secret_matter_is_never_phoned(
    application: Application, clock: StoppedClock, secret: dict[str, object]
) -> None:
    closed_ticket(application, **secret)
    assert follow_up(application).state is F.EXEMPT
    clock.advance(3600)
    assert plan(application) == 0


@pytest.mark.parametrize("secret", [{"confidential": True}, {"type": RequestType.REPORT}])
def test_a_matter_that_becomes_secret_is_not_phoned_any_more(
    application: Application, clock: StoppedClock, secret: dict[str, object]
) -> None:
    ticket = closed_ticket(application)
    make_secret(application, ticket.id, secret)
    clock.advance(3600)
    assert plan(application) == 0
    assert follow_up(application).state is F.EXEMPT


def test_an_attempt_planned_before_the_matter_became_secret_does_not_ring(
    application: Application, clock: StoppedClock
) -> None:
    ticket = closed_ticket(application)
    clock.advance(3600)
    assert plan(application) == 1
    make_secret(application, ticket.id, {"confidential": True})
    with application.unit_of_work(Machine.WORKER) as work:
        dial_id = work.session.scalars(select(Dial.id)).one()
        assert outbound_calls.begin_placing(work, dial_id) is None
    clock.advance(86400)
    assert plan(application) == 0
    assert follow_up(application).state is F.EXEMPT


def test_the_callers_own_wish_to_be_phoned_is_served_in_a_secret_matter(
    application: Application, clock: StoppedClock
) -> None:
    closed_ticket(application, confidential=True)
    make_operator(application)
    with application.unit_of_work(Machine.CALLER) as work:
        callbacks.promise_callback(work, number=NUMBER, reason=CallbackReason.REQUESTED)
    clock.advance(600)
    with application.unit_of_work(Machine.CLOCK) as work:
        work.session.execute(update(Presence).values(seen_at=work.at))
        assert callback_dials.plan_due_dials(work) == 1


def make_secret(application: Application, ticket_id: int, columns: dict[str, object]) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Ticket).where(Ticket.id == ticket_id).values(**columns))
