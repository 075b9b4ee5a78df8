"""Transfers to 110, 119, 120 and 122 by keys of the first menu, and to an operator if they are not answered."""

import pytest

from hotline.rules.enums import CallEnd, CallState
from tests.flows.conftest import PUBLIC, Answer, Carrier, Ledger
from tests.stopped_clock import StoppedClock


def asks_for(carrier: Carrier, key: str) -> Answer:
    return carrier.presses(carrier.presses(carrier.arrives(), "*"), key)


@pytest.mark.parametrize(
    ("key", "number"),
    [("1", "+865370000110"), ("2", "+865370000119"), ("3", "+865370000120"), ("4", "+865370000122")],
)
def test_star_and_one_key_connect_to_help(carrier: Carrier, ledger: Ledger, key: str, number: str) -> None:
    connecting = asks_for(carrier, key)
    assert connecting.words == "正在为您接通，请不要挂机。"
    assert connecting.find("Dial/Number").text == number
    assert connecting.find("Dial").get("action", "").startswith(f"{PUBLIC}/voice/transfer-ended?turn=")
    assert ledger.state() is CallState.TRANSFERRED


def test_who_was_helped_and_stays_is_thanked(carrier: Carrier, ledger: Ledger) -> None:
    done = carrier.follow(asks_for(carrier, "1"), "Dial", "action", DialCallStatus="completed")
    assert done.words == "感谢您的来电，再见。"
    carrier.hangs_up()
    assert (ledger.call().end, ledger.call().transferred_to) == (CallEnd.LEFT_IN_FLOW, "police")


def test_who_hangs_up_during_the_hand_over_was_transferred(carrier: Carrier, ledger: Ledger) -> None:
    connecting = asks_for(carrier, "3")
    assert carrier.follow(connecting, "Dial", "action", CallStatus="completed").verbs == []
    carrier.hangs_up()
    assert (ledger.call().end, ledger.call().transferred_to) == (CallEnd.TRANSFERRED, "ambulance")


@pytest.mark.parametrize("outcome", ["no-answer", "busy", "failed", "canceled"])
def test_an_unanswered_transfer_names_the_number_to_dial_and_the_caller_goes_first(
    carrier: Carrier, ledger: Ledger, clock: StoppedClock, outcome: str
) -> None:
    other = f"CA{7:032d}"
    carrier.presses(carrier.arrives(CallSid=other, From="+8613900000007"), "0", CallSid=other)
    clock.advance(60)
    failed = carrier.follow(asks_for(carrier, "2"), "Dial", "action", DialCallStatus=outcome)
    assert (failed.verbs, ledger.state(), ledger.call().priority) == (["Enqueue"], CallState.QUEUED, 9)
    waiting = carrier.follow(failed, "Enqueue", "waitUrl")
    assert waiting.words.startswith(
        "抱歉，没有接通。请挂机后直接拨打119；不挂机将为您优先转接人工坐席。"
        "正在为您转接人工坐席，请稍候。您是下一位，请不要挂机。"
    )


def test_our_answer_lost_during_a_hand_over_leads_to_a_person(carrier: Carrier, ledger: Ledger) -> None:
    asks_for(carrier, "1")
    assert carrier.post("/voice/fallback", ErrorCode="11200").verbs == ["Enqueue"]
    assert ledger.state() is CallState.QUEUED


def test_who_phones_all_the_time_still_reaches_help(
    carrier: Carrier, ledger: Ledger, clock: StoppedClock
) -> None:
    for number in range(21):
        sid = f"CA{number:032d}"
        carrier.arrives(CallSid=sid)
        carrier.hangs_up(CallSid=sid)
        clock.advance(30)
    limited = carrier.presses(carrier.arrives(), "0")
    assert limited.words.startswith("您在一小时内已多次来电")
    assert carrier.presses(limited, "*").words.startswith("报警请按1")
    clock.advance(3600)
    sid = f"CA{99:032d}"
    assert carrier.presses(carrier.arrives(CallSid=sid), "0", CallSid=sid).verbs == ["Enqueue"]
