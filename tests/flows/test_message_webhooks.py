"""Messages are offered while no operator is on duty, kept however the call ends, and become a ticket when heard."""

import pytest
from sqlalchemy import select

from hotline.events import Event
from hotline.rules.enums import CallEnd, CallState, Channel, RecordingKind, RecordingState, TicketState
from hotline.rules.people.actors import Person
from hotline.store.calls.recordings import Recording
from hotline.store.tickets.tables import Ticket
from tests.flows.conftest import CALLER, PUBLIC, Answer, Carrier, Ledger

SAID = {"RecordingSid": "RE" + "1" * 32, "RecordingDuration": "42", "Digits": "#"}


@pytest.fixture
def colleague() -> Person | None:
    """No operator is on duty."""
    return None


def begin_message(carrier: Carrier) -> Answer:
    """Phones while no operator is on duty and chooses to leave a message."""
    nobody = carrier.waits()
    assert nobody.words == "抱歉，现在没有坐席在线。约定回电请按1，留言请按2，继续等候请不要按键。"
    return carrier.presses(nobody, "2")


def test_nobody_on_duty_is_said_and_who_waits_all_the_same_may(carrier: Carrier, ledger: Ledger) -> None:
    assert carrier.presses(carrier.waits(), "").verbs == ["Enqueue"]
    assert ledger.state() is CallState.QUEUED


def test_a_message_is_recorded_with_our_own_ids_in_its_addresses(carrier: Carrier, ledger: Ledger) -> None:
    asked = begin_message(carrier)
    assert asked.verbs == ["Say", "Record", "Redirect"]
    record = asked.find("Record")
    assert record.get("recordingStatusCallback") == f"{PUBLIC}/voice/recording/message/{ledger.call().id}"
    assert (record.get("maxLength"), record.get("timeout"), record.get("finishOnKey")) == ("180", "6", "#")


def test_a_message_becomes_a_draft_ticket(carrier: Carrier, ledger: Ledger, announced: list[Event]) -> None:
    kept = carrier.follow(begin_message(carrier), "Record", "action", **SAID)
    assert kept.words == "您的留言已收到，我们会尽快处理。再见。"
    carrier.hangs_up()
    ticket = ledger.one(select(Ticket))
    assert (ticket.state, ticket.channel, ticket.caller_number) == (TicketState.DRAFT, Channel.PHONE, CALLER)
    recording = ledger.one(select(Recording))
    assert (recording.kind, recording.state, recording.seconds) == (
        RecordingKind.MESSAGE,
        RecordingState.AT_CARRIER,
        42,
    )
    assert ledger.call().end is CallEnd.LEFT_MESSAGE
    assert "RecordingMade" in [type(event).__name__ for event in announced]
    assert ledger.callbacks() == []


def test_whoever_hangs_up_to_end_the_message_has_left_it(carrier: Carrier, ledger: Ledger) -> None:
    asked = begin_message(carrier)
    hung_up = {**SAID, "Digits": "hangup", "CallStatus": "completed"}
    carrier.hangs_up()
    assert ledger.call().end is CallEnd.LEFT_IN_FLOW
    assert carrier.follow(asked, "Record", "action", **hung_up).verbs == []
    assert (ledger.call().end, ledger.rows()["tickets"]) == (CallEnd.LEFT_MESSAGE, 1)


def test_the_carriers_two_reports_make_one_message(carrier: Carrier, ledger: Ledger) -> None:
    asked = begin_message(carrier)
    told = {**SAID, "RecordingStatus": "completed"}
    for _ in range(2):
        assert carrier.follow(asked, "Record", "recordingStatusCallback", **told).status == 204
        carrier.follow(asked, "Record", "action", **SAID)
    assert (ledger.rows()["recordings"], ledger.rows()["tickets"]) == (1, 1)


def test_a_message_without_a_word_is_none(carrier: Carrier, ledger: Ledger) -> None:
    silent = carrier.follow(begin_message(carrier), "Redirect", "")
    assert (silent.verbs, ledger.state()) == (["Enqueue"], CallState.QUEUED)
    assert carrier.follow(silent, "Enqueue", "waitUrl").words.startswith("没有听到您的留言。")
    assert (ledger.rows()["recordings"], ledger.rows()["tickets"]) == (0, 0)


def test_a_recording_that_came_to_nothing_is_not_fetched(carrier: Carrier, ledger: Ledger) -> None:
    asked = begin_message(carrier)
    carrier.follow(asked, "Record", "action", **SAID)
    carrier.follow(asked, "Record", "recordingStatusCallback", **SAID, RecordingStatus="absent")
    assert ledger.one(select(Recording.state)) is RecordingState.ABSENT


@pytest.mark.parametrize("seconds", ["", "0", "0.4", "-3", "x", "１２", "9" * 5000])
def test_a_length_that_is_none_is_no_message(carrier: Carrier, ledger: Ledger, seconds: str) -> None:
    said = {**SAID, "RecordingDuration": seconds}
    after = carrier.follow(begin_message(carrier), "Record", "action", **said)
    assert ledger.rows()["recordings"] == 0
    assert "抱歉" not in after.words


def test_a_length_with_a_fraction_is_a_length(carrier: Carrier, ledger: Ledger) -> None:
    carrier.follow(begin_message(carrier), "Record", "action", **{**SAID, "RecordingDuration": "42.7"})
    assert ledger.one(select(Recording.seconds)) == 42


def test_a_talk_is_recorded_by_its_conference(carrier: Carrier, ledger: Ledger, application) -> None:
    carrier.arrives()
    call_id = ledger.call().id
    told = {"RecordingSid": "RE" + "2" * 32, "RecordingStatus": "completed", "RecordingDuration": "180"}
    assert carrier.post(f"/voice/recording/talk/{call_id}", CallSid="", **told).status == 204
    assert ledger.one(select(Recording.kind)) is RecordingKind.TALK
    assert ledger.rows()["tickets"] == 0
