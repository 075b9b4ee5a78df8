"""Calls we place: the promised callback and the follow-up, answered, unanswered, and reported in any order."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from hotline.exchange.twiml.validation import parse_tree
from hotline.rules.enums import (
    CallbackReason,
    CallbackState,
    CallPurpose,
    CallState,
    DialState,
    FollowUpState,
    PresenceState,
    RequestType,
    Satisfied,
    Solved,
    TicketState,
)
from hotline.rules.people.actors import Machine
from hotline.services.outbound import callback_dials, callbacks, follow_ups
from hotline.services.outbound.dial_attempts import plan_dial
from hotline.store.outbound import Dial, FollowUp
from hotline.store.people.tables import Presence
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket
from tests.flows.conftest import CALLER, LEG, PUBLIC, SID, Carrier, Ledger
from tests.stopped_clock import StoppedClock

OUT = {"Direction": "outbound-api", "From": "+865374412345", "To": CALLER}


@pytest.fixture
def callback(application: Application, clock: StoppedClock) -> str:
    """The reference of a callback being placed now, promised in English an hour ago."""
    with application.unit_of_work(Machine.SYSTEM) as work:
        callbacks.promise_callback(
            work, number=CALLER, reason=CallbackReason.REQUESTED, place_since=work.at, language="en"
        )
    clock.advance(3600)
    make_operator(application)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert callback_dials.plan_due_dials(work) == 1
        return work.session.execute(select(Dial.ref)).scalar_one()


@pytest.fixture
def follow_up(application: Application, clock: StoppedClock) -> str:
    """The reference of a follow-up being placed now, about a ticket closed an hour ago."""
    call = make_call(application, sid=LEG, number=CALLER, state=CallState.ENDED)
    closed = {
        "state": TicketState.CLOSED,
        "caller_number": CALLER,
        "call_id": call.id,
        "closed_at": application.clock(),
    }
    ticket = make_ticket(application, unit_code=None, **closed)
    with application.unit_of_work(Machine.SYSTEM) as work:
        follow_ups.promise_follow_up(work, work.session.get_one(Ticket, ticket.id))
    clock.advance(3 * 3600)
    with application.unit_of_work(Machine.CLOCK) as work:
        assert follow_ups.plan_due_dials(work) == 1
        return work.session.execute(select(Dial.ref)).scalar_one()


def dial_state(ledger: Ledger) -> tuple[object, object]:
    return ledger.one(select(Dial.state)), ledger.one(select(Dial.outcome))


def test_a_callback_is_answered_and_keeps_its_place(
    carrier: Carrier, ledger: Ledger, callback: str, clock: StoppedClock
) -> None:
    asked = carrier.post(f"/voice/dial/{callback}", **OUT)
    assert asked.words.startswith("Hello, this is the city hotline, calling you back as promised.")
    assert (ledger.call().purpose, ledger.call().number) == (CallPurpose.CALLBACK, CALLER)
    assert "This call will be recorded" in asked.words
    queued = carrier.presses(asked, "1", **OUT)
    assert queued.verbs == ["Enqueue"]
    [promise] = ledger.callbacks()
    assert (promise.state, ledger.call().place_since) == (CallbackState.REACHED, promise.place_since)
    assert carrier.follow(queued, "Enqueue", "waitUrl", **OUT).words.startswith("We are connecting you")


@pytest.mark.parametrize(
    ("reason", "language", "greeting"),
    [
        (CallbackReason.REQUESTED, "zh-CN", "您好，这里是马上就办一线通，按约定给您回电。"),
        (CallbackReason.MANUAL, "zh-CN", "您好，这里是马上就办一线通，按约定给您回电。"),
        (
            CallbackReason.ABANDONED,
            "zh-CN",
            "您好，这里是马上就办一线通，您此前来电未能接通人工坐席，现在给您回电。",
        ),
        (
            CallbackReason.ABANDONED,
            "en",
            "Hello, this is the city hotline. You called us earlier and did not reach",
        ),
    ],
)
def test_only_a_callback_that_was_agreed_on_is_called_so(
    carrier: Carrier, application: Application, reason: CallbackReason, language: str, greeting: str
) -> None:
    make_operator(application)
    with application.unit_of_work(Machine.CLOCK) as work:
        promise = callbacks.promise_callback(work, number=CALLER, reason=reason, language=language)
        ref = plan_dial(work, number=CALLER, attempt=1, callback_id=promise.id)
        ref = work.session.get_one(Dial, ref).ref
    answered = carrier.post(f"/voice/dial/{ref}", **OUT)
    assert answered.words.startswith(greeting)
    assert ("约定" in answered.words) == (reason is not CallbackReason.ABANDONED)


def test_a_callback_no_longer_needed_is_kept_with_a_thank_you(
    carrier: Carrier, ledger: Ledger, callback: str
) -> None:
    answer = carrier.presses(carrier.post(f"/voice/dial/{callback}", **OUT), "2", **OUT)
    assert answer.words.startswith("All right, thank you.")
    assert answer.verbs[-1] == "Hangup"
    carrier.post(f"/voice/dial/{callback}/status", CallStatus="completed", **OUT)
    assert [promise.state for promise in ledger.callbacks()] == [CallbackState.REACHED]
    assert dial_state(ledger) == (DialState.ENDED, "completed")


def test_a_machine_answers_with_silence_and_the_callback_is_tried_again(
    carrier: Carrier, ledger: Ledger, callback: str
) -> None:
    first = carrier.post(f"/voice/dial/{callback}", **OUT)
    second = carrier.presses(first, "", **OUT)
    assert second.verbs == ["Gather"]
    assert carrier.presses(second, "", **OUT).verbs == ["Say", "Hangup"]
    carrier.post(f"/voice/dial/{callback}/status", CallStatus="completed", **OUT)
    assert [promise.state for promise in ledger.callbacks()] == [CallbackState.WAITING]


@pytest.mark.parametrize("answered_by", ["machine_start", "machine_end_beep", "fax"])
def test_a_machine_the_carrier_has_recognised_is_not_spoken_to(
    carrier: Carrier, callback: str, answered_by: str
) -> None:
    assert carrier.post(f"/voice/dial/{callback}", AnsweredBy=answered_by, **OUT).verbs == ["Hangup"]


def test_a_person_the_carrier_has_recognised_is_spoken_to(carrier: Carrier, callback: str) -> None:
    assert carrier.post(f"/voice/dial/{callback}", AnsweredBy="human", **OUT).verbs[-1] == "Gather"


@pytest.mark.parametrize("word", ["busy", "no-answer", "failed", "canceled"])
def test_an_attempt_without_an_answer_is_tried_again(
    carrier: Carrier, ledger: Ledger, callback: str, word: str
) -> None:
    status = f"/voice/dial/{callback}/status"
    for news in "initiated", "ringing":
        assert carrier.post(status, CallStatus=news, **OUT).status == 204
    assert ledger.one(select(Dial.sid)) == SID
    carrier.post(status, CallStatus=word, **OUT)
    assert dial_state(ledger) == (DialState.ENDED, word)
    assert [promise.state for promise in ledger.callbacks()] == [CallbackState.WAITING]
    assert ledger.rows()["calls"] == 0


def test_an_attempt_reported_over_is_not_brought_to_life_by_its_late_answer(
    carrier: Carrier, ledger: Ledger, callback: str
) -> None:
    carrier.post(f"/voice/dial/{callback}/status", CallStatus="completed", **OUT)
    assert carrier.post(f"/voice/dial/{callback}", **OUT).verbs == ["Hangup"]
    assert ledger.rows()["calls"] == 0


def test_an_answer_reported_twice_under_two_tokens_is_one_call(
    carrier: Carrier, ledger: Ledger, callback: str
) -> None:
    carrier.presses(carrier.post(f"/voice/dial/{callback}", **OUT), "1", **OUT)
    assert carrier.post(f"/voice/dial/{callback}", **OUT).verbs == ["Enqueue"]
    assert ledger.state() is CallState.OFFERED
    assert ledger.rows()["calls"] == 1


def test_a_reference_nobody_knows_is_held_a_while_and_then_let_go(carrier: Carrier) -> None:
    assert carrier.post("/voice/dial/unknown/status", CallStatus="completed", **OUT).status == 204
    answer = carrier.post("/voice/dial/unknown", **OUT)
    tries = 0
    while "Redirect" in answer.verbs:
        answer = carrier.follow(answer, "Redirect", "", **OUT)
        tries += 1
    assert (tries, answer.verbs[-1]) == (3, "Hangup")


def test_a_solved_matter_is_recorded_in_the_callers_own_words(
    carrier: Carrier, ledger: Ledger, follow_up: str
) -> None:
    solved = carrier.post(f"/voice/dial/{follow_up}", **OUT)
    assert "您反映的问题解决了吗？" in solved.words
    satisfied = carrier.presses(solved, "1", **OUT)
    thanks = carrier.presses(satisfied, "2", **OUT)
    assert thanks.words == "感谢您的评价。再见。"
    carrier.post(f"/voice/dial/{follow_up}/status", CallStatus="completed", **OUT)
    assert ledger.one(select(Ticket.solved).where(Ticket.redo_of.is_(None))) is Solved.YES
    assert ledger.one(select(Ticket.satisfied).where(Ticket.redo_of.is_(None))) is Satisfied.NO
    assert ledger.one(select(FollowUp.state)) is FollowUpState.ANSWERED


@pytest.mark.parametrize(
    ("kind", "place", "language", "named"),
    [
        (
            RequestType.COMPLAINT,
            "孔子大道 12 号",
            "zh-CN",
            "回访的是您11月20号投诉的事项。地点是孔子大道 12 号。",
        ),
        (RequestType.CONSULTATION, "", "zh-CN", "回访的是您11月20号咨询的事项。"),
        (RequestType.REPORT, "", "zh-CN", "回访的是您11月20号反映的事项。"),
        (
            RequestType.SUGGESTION,
            "孔子大道",
            "en",
            "We are calling about the suggestion you made on November 20.",
        ),
        (RequestType.HELP, "Gate 3", "en", "the help you asked for on November 20.The place is Gate 3."),
    ],
)
def test_a_follow_up_names_its_matter_by_day_kind_and_place(  # noqa: PLR0917 - fixtures and cases
    carrier: Carrier, application: Application, kind: RequestType, place: str, language: str, named: str
) -> None:
    received = datetime(2026, 11, 20, 3, tzinfo=UTC)
    earlier = make_ticket(application, state=TicketState.CLOSED, received_at=received)
    facts = {"type": kind, "place": place, "state": TicketState.CLOSED, "caller_number": CALLER}
    ticket = make_ticket(application, redo_of=earlier.id, round=2, title="张三欠薪", **facts)
    with application.unit_of_work(Machine.SYSTEM) as work:
        follow_ups.promise_follow_up(work, work.session.get_one(Ticket, ticket.id))
        due = work.session.scalars(select(FollowUp)).one()
        due.language = language
        ref = work.session.get_one(Dial, plan_dial(work, number=CALLER, attempt=1, follow_up_id=due.id)).ref
    answered = carrier.post(f"/voice/dial/{ref}", **OUT)
    assert named in answered.words
    assert "张三" not in answered.words
    assert answered.verbs[-1] == "Gather"
    voices = [
        say.get("language") for say in parse_tree(answered.text).iter("Say") if place in (say.text or "")
    ]
    assert not place or voices == ["en-US" if place.isascii() else "cmn-CN"]


def test_a_follow_up_nobody_answers_by_key_is_asked_again_later(
    carrier: Carrier, ledger: Ledger, follow_up: str
) -> None:
    first = carrier.post(f"/voice/dial/{follow_up}", **OUT)
    carrier.presses(carrier.presses(first, "", **OUT), "", **OUT)
    carrier.post(f"/voice/dial/{follow_up}/status", CallStatus="completed", **OUT)
    assert ledger.one(select(FollowUp.state)) is FollowUpState.WAITING
    assert ledger.one(select(Ticket.solved)) is None


def test_zero_in_a_follow_up_reaches_a_person(carrier: Carrier, ledger: Ledger, follow_up: str) -> None:
    answer = carrier.presses(carrier.post(f"/voice/dial/{follow_up}", **OUT), "0", **OUT)
    assert answer.find("Enqueue").get("action") == f"{PUBLIC}/voice/queue-left"
    assert ledger.state() is CallState.QUEUED


def test_a_person_phoned_back_who_finds_no_operator_on_duty_stays_owed_at_the_same_place(
    carrier: Carrier, ledger: Ledger, callback: str, application: Application, clock: StoppedClock
) -> None:
    asked = carrier.post(f"/voice/dial/{callback}", **OUT)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.execute(update(Presence).values(state=PresenceState.OFFLINE))
    assert "no operator is on duty" in carrier.presses(asked, "1", **OUT).words
    carrier.post(f"/voice/dial/{callback}/status", CallStatus="completed", **OUT)
    kept, again = ledger.callbacks()
    assert (kept.state, again.state) == (CallbackState.REACHED, CallbackState.WAITING)
    assert (again.place_since, again.number, again.language) == (kept.place_since, kept.number, "en")


@pytest.mark.parametrize("end", ["completed", "no-answer", "busy"])
def test_a_person_who_phones_us_while_we_phone_them_goes_on_in_their_own_call(
    carrier: Carrier, ledger: Ledger, callback: str, clock: StoppedClock, end: str
) -> None:
    carrier.post(f"/voice/dial/{callback}/status", CallSid=LEG, CallStatus="ringing", **OUT)
    carrier.arrives()
    if end == "completed":
        answer = carrier.post(f"/voice/dial/{callback}", CallSid=LEG, **OUT)
        assert answer.words.startswith("Hello, this is the city hotline. You are already on another call")
        assert answer.verbs == ["Say", "Hangup"]
    carrier.post(f"/voice/dial/{callback}/status", CallSid=LEG, CallStatus=end, **OUT)
    [promise] = ledger.callbacks()
    assert (promise.state, promise.attempts) == (CallbackState.WAITING, 0)
    assert promise.next_try_at == clock.at + timedelta(seconds=60)
    assert ledger.state() is CallState.IN_FLOW


def test_a_follow_up_rung_while_the_person_phones_us_is_moved_and_not_counted(
    carrier: Carrier, ledger: Ledger, follow_up: str, clock: StoppedClock
) -> None:
    carrier.post(f"/voice/dial/{follow_up}/status", CallSid="CA1", CallStatus="ringing", **OUT)
    carrier.waits()
    carrier.hangs_up()
    carrier.post(f"/voice/dial/{follow_up}/status", CallSid="CA1", CallStatus="no-answer", **OUT)
    moved = ledger.one(select(FollowUp))
    assert isinstance(moved, FollowUp)
    assert (moved.state, moved.attempts) == (FollowUpState.WAITING, 0)
    assert moved.next_try_at == clock.at + timedelta(seconds=60)
