"""Waiting: place and waiting time every round, a callback offered in time, and every exit of the carrier's queue."""

import pytest

from hotline.rules.enums import CallbackReason, CallbackState, CallEnd, CallState, OfferState
from hotline.rules.people.actors import Machine
from hotline.services.queueing import offers
from hotline.services.queueing.presence import record_heartbeat
from hotline.unit_of_work import Application
from tests.builders import make_operator
from tests.flows.conftest import CALLER, LEG, PUBLIC, Answer, Carrier, Ledger
from tests.stopped_clock import StoppedClock

UNSERVED = "现在没有坐席在接听电话，暂时无法预计等候时间。"


def somebody_waits(carrier: Carrier, number: int) -> None:
    sid, caller = f"CA{number:032d}", f"+8613900{number:06d}"
    carrier.presses(carrier.arrives(CallSid=sid, From=caller), "0", CallSid=sid)


def test_a_waiting_caller_hears_how_many_are_ahead(carrier: Carrier, clock: StoppedClock) -> None:
    for number in 1, 2:
        somebody_waits(carrier, number)
        clock.advance(1)
    queued = carrier.waits()
    clock.advance(5)
    assert carrier.follow(queued, "Enqueue", "waitUrl").words == (
        f"正在为您转接人工坐席，请稍候。您前面还有两位，请不要挂机。{UNSERVED}"
    )
    carrier.hangs_up(CallSid=f"CA{1:032d}")
    assert carrier.post("/voice/wait").words == f"您前面还有一位，请不要挂机。{UNSERVED}"
    carrier.hangs_up(CallSid=f"CA{2:032d}")
    assert carrier.post("/voice/wait").words == f"您是下一位，请不要挂机。{UNSERVED}"


def test_the_expected_wait_is_spoken_once_a_caller_has_been_answered(
    carrier: Carrier, application: Application, ledger: Ledger, clock: StoppedClock
) -> None:
    operator = make_operator(application)
    first = f"CA{1:032d}"
    somebody_waits(carrier, 1)
    clock.advance(70)
    carrier.post(f"/voice/desk/{ledger.offer().id}", CallSid=LEG)
    carrier.post(f"/voice/talk/{ledger.call(first).id}", CallSid=first)
    with application.unit_of_work(operator) as work:
        record_heartbeat(work)
    somebody_waits(carrier, 2)
    clock.advance(1)
    carrier.waits()
    assert carrier.post("/voice/wait").words == "您前面还有一位，预计等候约一分钟，请不要挂机。"


def test_the_wait_document_repeats_itself_and_reads_only(carrier: Carrier, ledger: Ledger) -> None:
    waiting = carrier.follow(carrier.waits(), "Enqueue", "waitUrl")
    before = ledger.rows()
    assert waiting.find("Redirect").text == f"{PUBLIC}/voice/wait"
    again = carrier.follow(waiting, "Redirect", "")
    assert again.verbs == ["Say", "Say", "Pause", "Redirect"]
    assert ledger.rows() == before


def test_a_callback_is_offered_when_the_wait_grows_long(carrier: Carrier, clock: StoppedClock) -> None:
    carrier.waits()
    clock.advance(119)
    assert carrier.post("/voice/wait").verbs == ["Say", "Say", "Say", "Pause", "Redirect"]
    clock.advance(1)
    offered = carrier.post("/voice/wait")
    assert offered.verbs == ["Gather", "Redirect"]
    assert offered.words.startswith("抱歉让您久等了。")
    assert offered.words.endswith("给您回电。")


def leaves(carrier: Carrier, key: str, **fields: str) -> Answer:
    """Presses a key while waiting and lets the carrier's queue end; returns what is spoken then."""
    assert carrier.post("/voice/wait/heard", Digits=key, **fields).verbs == ["Leave"]
    return carrier.post("/voice/queue-left", QueueResult="leave", **fields)


def test_who_withholds_the_number_may_type_one_that_is_read_back(
    carrier: Carrier, ledger: Ledger, clock: StoppedClock
) -> None:
    carrier.presses(carrier.arrives(From="anonymous"), "0")
    clock.advance(120)
    asked = leaves(carrier, "1")
    assert asked.words == "请输入回电号码，外地固定电话请加区号，以井号键结束。"
    assert (asked.find("Gather").get("numDigits"), asked.find("Gather").get("finishOnKey")) == ("17", "#")
    read = carrier.presses(asked, "13900000001")
    assert read.words == "回电号码是幺三九零零零零零零零幺。正确请按1，重新输入请按2。"
    assert carrier.presses(read, "1").words.startswith("好的，您的排队顺序已保留")
    carrier.hangs_up()
    assert [callback.number for callback in ledger.callbacks()] == ["+8613900000001"]
    assert ledger.call().end is CallEnd.LEFT_FOR_CALLBACK


@pytest.mark.parametrize(
    ("keys", "number"),
    [
        ("4412348", "+865374412348"),
        ("44123489", "+8653744123489"),
        ("008613800001234", "+8613800001234"),
        ("00865374412348", "+865374412348"),
        ("14900001234", "+8614900001234"),
        ("0043699123456789", "+43699123456789"),
    ],
)
def test_a_keyed_number_is_read_as_people_in_town_dial_it(
    carrier: Carrier, ledger: Ledger, clock: StoppedClock, keys: str, number: str
) -> None:
    carrier.presses(carrier.arrives(From="RESTRICTED"), "0")
    clock.advance(120)
    carrier.presses(carrier.presses(leaves(carrier, "1"), keys), "1")
    assert [callback.number for callback in ledger.callbacks()] == [number]


def test_a_number_that_cannot_be_phoned_keeps_the_caller_waiting(
    carrier: Carrier, ledger: Ledger, clock: StoppedClock
) -> None:
    carrier.presses(carrier.arrives(From="anonymous"), "0")
    clock.advance(120)
    read = carrier.presses(leaves(carrier, "1"), "12345")
    refused = carrier.presses(read, "1")
    assert (refused.verbs, ledger.state(), ledger.callbacks()) == (["Enqueue"], CallState.QUEUED, [])
    assert carrier.follow(refused, "Enqueue", "waitUrl").words.startswith("抱歉，这个号码我们无法回拨")


def test_a_caller_who_asks_for_a_callback_leaves_the_queue_and_keeps_the_place(
    carrier: Carrier, application: Application, ledger: Ledger, clock: StoppedClock
) -> None:
    carrier.waits()
    since = ledger.call().place_since
    clock.advance(130)
    make_operator(application)
    confirm = leaves(carrier, "1")
    assert confirm.words.startswith("用您现在的号码回电请按1")
    promised = carrier.presses(confirm, "1")
    assert promised.verbs == ["Say", "Hangup"]
    assert promised.words.startswith("好的，您的排队顺序已保留")
    carrier.hangs_up()
    [callback] = ledger.callbacks()
    assert (callback.number, callback.reason, callback.place_since) == (
        CALLER,
        CallbackReason.REQUESTED,
        since,
    )
    assert callback.state is CallbackState.WAITING
    assert ledger.call().end is CallEnd.LEFT_FOR_CALLBACK


def test_a_caller_who_thinks_better_of_it_has_lost_no_place(
    carrier: Carrier, ledger: Ledger, clock: StoppedClock
) -> None:
    carrier.waits()
    since = ledger.call().place_since
    clock.advance(130)
    assert carrier.presses(leaves(carrier, "1"), "0").verbs == ["Enqueue"]
    assert (ledger.state(), ledger.call().place_since, ledger.call().queued_at) == (
        CallState.QUEUED,
        since,
        since,
    )
    assert ledger.call().joined_at == clock()


def test_after_the_longest_wait_there_is_a_choice_and_silence_waits_on(
    carrier: Carrier, ledger: Ledger, clock: StoppedClock
) -> None:
    carrier.waits()
    clock.advance(899)
    assert carrier.post("/voice/wait").verbs == ["Gather", "Redirect"]
    clock.advance(1)
    over = carrier.post("/voice/wait")
    assert (over.verbs, over.find("Redirect").text) == (["Redirect"], f"{PUBLIC}/voice/wait/over")
    assert carrier.follow(over, "Redirect", "").verbs == ["Leave"]
    asked = carrier.post("/voice/queue-left", QueueResult="leave")
    assert asked.words.startswith("抱歉，您已等候很久，坐席仍在忙。约定回电请按1，留言请按2")
    assert carrier.presses(asked, "").verbs == ["Enqueue"]
    assert carrier.post("/voice/wait").verbs == ["Gather", "Redirect"]
    assert ledger.state() is CallState.QUEUED


def test_whose_desk_already_rings_is_not_sent_away_by_the_longest_wait(
    carrier: Carrier, application: Application, ledger: Ledger, clock: StoppedClock
) -> None:
    carrier.waits()
    clock.advance(901)
    make_operator(application)
    with application.unit_of_work(Machine.CLOCK) as work:
        offers.offer_waiting(work)
    assert carrier.post("/voice/wait/over").verbs == ["Gather", "Redirect"]
    assert (ledger.state(), ledger.offer().state) == (CallState.OFFERED, OfferState.PENDING)


def test_a_desk_that_rings_is_released_when_its_caller_chooses_a_callback(
    carrier: Carrier, application: Application, ledger: Ledger
) -> None:
    make_operator(application)
    carrier.waits()
    assert ledger.offer().state is OfferState.PENDING
    carrier.post("/voice/wait/heard", Digits="1")
    assert ledger.offer().state is OfferState.WITHDRAWN
    assert ledger.state() is CallState.IN_FLOW


@pytest.mark.parametrize("key", ["2", "*", "#", ""])
def test_any_other_key_waits_on(carrier: Carrier, ledger: Ledger, key: str) -> None:
    carrier.waits()
    assert carrier.post("/voice/wait/heard", Digits=key).words == f"您是下一位，请不要挂机。{UNSERVED}"
    assert ledger.state() is CallState.QUEUED


def test_an_operator_who_accepted_is_not_left_alone_for_a_callback(
    carrier: Carrier, application: Application, ledger: Ledger
) -> None:
    make_operator(application)
    carrier.waits()
    carrier.post(f"/voice/desk/{ledger.offer().id}", CallSid=LEG)
    pressed = carrier.post("/voice/wait/heard", Digits="1")
    assert pressed.words == "正在为您接通，请不要挂机。"
    assert (ledger.state(), ledger.callbacks()) == (CallState.CONNECTING, [])


@pytest.mark.parametrize("result", ["queue-full", "error", "system-error"])
def test_a_caller_whom_the_carrier_cannot_keep_is_promised_a_callback(
    carrier: Carrier, ledger: Ledger, result: str
) -> None:
    carrier.waits()
    answer = carrier.post("/voice/queue-left", QueueResult=result)
    assert answer.words.startswith("抱歉，现在线路全忙。我们已记下您的来电")
    assert len(ledger.callbacks()) == 1


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("bridged", "in-progress"),
        ("redirected", "in-progress"),
        ("redirected-from-bridged", "in-progress"),
        ("bridging-in-process", "in-progress"),
        ("something-new", "in-progress"),
    ],
)
def test_other_results_of_the_queue_are_only_recorded(
    carrier: Carrier, ledger: Ledger, result: str, status: str
) -> None:
    carrier.waits()
    assert carrier.post("/voice/queue-left", QueueResult=result, CallStatus=status).verbs == []
    assert ledger.state() is CallState.QUEUED


def test_a_caller_out_of_the_queue_by_mistake_goes_back_to_it(carrier: Carrier, ledger: Ledger) -> None:
    assert carrier.post("/voice/wait").verbs == ["Leave"]
    assert carrier.post("/voice/queue-left", QueueResult="leave").verbs == ["Gather"]
    carrier.presses(carrier.arrives(), "1")
    assert carrier.post("/voice/queue-left", QueueResult="leave").verbs == ["Enqueue"]
    assert ledger.state() is CallState.QUEUED


def test_an_ended_call_is_not_kept_waiting(carrier: Carrier) -> None:
    carrier.waits()
    carrier.hangs_up()
    assert carrier.post("/voice/wait").verbs == ["Hangup"]
    assert carrier.post("/voice/wait/heard", Digits="1").verbs == ["Hangup"]
    assert carrier.post("/voice/queue-left", QueueResult="leave").verbs == ["Hangup"]
