"""Every webhook that reports the end of a call ends it, because the status callback may be lost."""

from datetime import datetime, timedelta

import pytest

from hotline.rules.enums import CallbackReason, CallEnd, CallState
from hotline.services.calls.check_times import GRACE, MARGIN, SOON
from ivr_flows.webhooks.document_length import longest_seconds
from tests.flows.conftest import Answer, Carrier, Ledger
from tests.stopped_clock import StoppedClock

WAITING = ("/voice/queue-left", "/voice/wait", "/voice/wait/heard", "/voice/wait/over", "/voice/heard")


@pytest.mark.parametrize("path", WAITING)
@pytest.mark.parametrize("status", ["completed", "canceled", "failed"])
def test_a_caller_who_hung_up_while_waiting_is_owed_a_call(
    carrier: Carrier, ledger: Ledger, path: str, status: str
) -> None:
    carrier.waits()
    assert carrier.post(path, CallStatus=status, QueueResult="hangup", QueueTime="9").verbs == []
    assert (ledger.state(), ledger.call().end) == (CallState.ENDED, CallEnd.ABANDONED)
    assert [owed.reason for owed in ledger.callbacks()] == [CallbackReason.ABANDONED]
    carrier.hangs_up()
    carrier.post(path, CallStatus=status, QueueResult="hangup", QueueTime="9")
    assert len(ledger.callbacks()) == 1


def test_the_queues_result_alone_is_enough(carrier: Carrier, ledger: Ledger) -> None:
    carrier.waits()
    carrier.post("/voice/queue-left", QueueResult="hangup", QueueTime="9")
    assert (ledger.state(), len(ledger.callbacks())) == (CallState.ENDED, 1)


def test_a_carrier_without_tokens_is_believed_too(carrier: Carrier, ledger: Ledger) -> None:
    carrier.tokens = False
    carrier.waits()
    carrier.post("/voice/queue-left", QueueResult="redirected", QueueTime="9")
    carrier.post("/voice/queue-left", QueueResult="redirected", QueueTime="9", CallStatus="completed")
    assert ledger.state() is CallState.ENDED


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/voice/incoming", {}),
        ("/voice/fallback", {"ErrorCode": "11200"}),
        ("/voice/heard", {"Digits": "0"}),
        ("/voice/again", {}),
        ("/voice/recorded", {"Digits": "hangup"}),
        ("/voice/transfer-ended", {"DialCallStatus": "completed"}),
    ],
)
@pytest.mark.parametrize("status", ["completed", "busy", "no-answer", "failed", "canceled"])
def test_a_caller_who_hung_up_in_the_menu_takes_no_further_step(
    carrier: Carrier, ledger: Ledger, path: str, fields: dict[str, str], status: str
) -> None:
    carrier.arrives()
    before = ledger.call().path
    assert carrier.post(path, CallStatus=status, **fields).verbs == []
    assert (ledger.state(), ledger.call().end, ledger.call().path) == (
        CallState.ENDED,
        CallEnd.LEFT_IN_FLOW,
        before,
    )


@pytest.mark.parametrize("path", ["/voice/queue-left", "/voice/heard", "/voice/incoming"])
def test_an_end_that_comes_before_the_call_is_remembered(carrier: Carrier, ledger: Ledger, path: str) -> None:
    carrier.post(path, CallStatus="completed")
    assert ledger.state() is CallState.ENDED
    assert carrier.arrives().verbs == ["Hangup"]


def test_the_caller_who_leaves_the_conference_for_good_has_ended_the_call(
    carrier: Carrier, ledger: Ledger
) -> None:
    carrier.waits()
    event = {"StatusCallbackEvent": "participant-leave", "ReasonParticipantLeft": "participant_hung_up"}
    path = f"/voice/conference/{ledger.call().id}"
    carrier.post(path, **event, ParticipantCallStatus="in-progress")
    carrier.post(path, **event, ParticipantCallStatus="completed", CallSid="CA" + "9" * 32)
    assert ledger.state() is CallState.QUEUED
    carrier.post(path, **event, ParticipantCallStatus="completed", SequenceNumber="7")
    assert ledger.state() is CallState.ENDED


def test_a_call_is_checked_after_its_document_and_little_later(
    carrier: Carrier, ledger: Ledger, clock: StoppedClock
) -> None:
    checks: list[datetime] = []

    def judge(answer: Answer) -> None:
        seconds = longest_seconds(answer.text)
        assert seconds is not None
        earliest, check = clock.at + timedelta(seconds=seconds) + GRACE, ledger.call().check_at
        assert check is not None
        assert earliest <= check <= max(earliest + MARGIN, clock.at + SOON)
        checks.append(check)
        clock.advance(seconds)

    judge(carrier.arrives())
    waiting = carrier.waits()
    judge(waiting)
    judge(carrier.follow(waiting, "Enqueue", "waitUrl"))
    for _ in range(3):
        judge(carrier.post("/voice/wait"))
    assert checks == sorted(checks)
    assert len(set(checks[-3:])) == 3


def test_a_lost_caller_is_checked_within_half_a_minute_of_the_end_of_the_document() -> None:
    assert (GRACE + MARGIN).total_seconds() <= 30
    assert SOON.total_seconds() <= 40


def test_a_document_fetched_again_within_the_margin_writes_no_new_time(
    carrier: Carrier, ledger: Ledger, clock: StoppedClock
) -> None:
    carrier.arrives()
    carrier.follow(carrier.waits(), "Enqueue", "waitUrl")
    clock.advance(60)
    carrier.post("/voice/wait")
    before = ledger.call().check_at
    clock.advance(MARGIN.total_seconds() - 1)
    carrier.post("/voice/wait")
    assert ledger.call().check_at == before
    clock.advance(2)
    carrier.post("/voice/wait")
    assert ledger.call().check_at != before
