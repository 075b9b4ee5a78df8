"""A caller's way through the flow: arriving, pressing, odd numbers, odd orders, and the end."""

from sqlalchemy import select

from hotline.events import Event
from hotline.rules.enums import CallEnd, CallState, RequestClass
from hotline.store.flows import FlowVersion
from tests.flows.conftest import CALLER, PUBLIC, Carrier, Ledger
from tests.stopped_clock import StoppedClock


def test_a_caller_is_greeted_and_recorded(carrier: Carrier, ledger: Ledger, announced: list[Event]) -> None:
    answer = carrier.arrives(FromCity="曲阜", SomethingNew="x")
    assert answer.words.startswith("您好，这里是马上就办一线通。")
    call = ledger.call()
    assert (call.state, call.number, call.number_raw, call.flow) == (
        CallState.IN_FLOW,
        CALLER,
        CALLER,
        "menu",
    )
    assert [type(event).__name__ for event in announced] == ["CallArrived"]


def test_a_key_is_noted_and_the_caller_waits_for_a_person(carrier: Carrier, ledger: Ledger) -> None:
    answer = carrier.presses(carrier.arrives(), "1")
    assert answer.find("Enqueue").text == "hotline"
    assert answer.find("Enqueue").get("action") == f"{PUBLIC}/voice/queue-left"
    assert (ledger.state(), ledger.call().pressed) == (CallState.QUEUED, RequestClass.COMPLAINT)


def test_silence_and_keys_not_offered_lead_to_a_person(carrier: Carrier, ledger: Ledger) -> None:
    for number, key in enumerate(["", "#", "5", "7", "0"]):
        sid = f"CA{number:032d}"
        answer = carrier.presses(carrier.arrives(CallSid=sid), key, CallSid=sid)
        assert answer.verbs == ["Enqueue"]
        assert (ledger.state(sid), ledger.call(sid).pressed) == (CallState.QUEUED, None)


def test_nine_changes_the_language_of_the_call(carrier: Carrier, ledger: Ledger) -> None:
    told = carrier.presses(carrier.arrives(), "9")
    assert ledger.call().language == "en"
    assert told.words == "This call will be recorded for service quality."
    waiting = carrier.follow(carrier.listens(told), "Enqueue", "waitUrl")
    assert waiting.words.startswith("We are connecting you")


def test_withheld_and_odd_numbers_are_kept_as_they_came(carrier: Carrier, ledger: Ledger) -> None:
    said = [
        "anonymous",
        "+266696687",
        "05374412999",
        "sip:05374412999@trunk.example",
        "client:visitor",
        "",
        "张",
    ]
    for number, raw in enumerate(said):
        sid = f"CA{number:032d}"
        assert carrier.arrives(CallSid=sid, From=raw).verbs[-1] == "Gather"
        assert ledger.call(sid).number_raw == raw
    assert [ledger.call(f"CA{n:032d}").number for n in range(7)] == [
        None,
        None,
        "+865374412999",
        "+865374412999",
        None,
        None,
        None,
    ]


def test_a_call_that_ended_before_we_heard_of_it_does_not_come_to_life(
    carrier: Carrier, ledger: Ledger
) -> None:
    assert carrier.hangs_up().status == 204
    assert ledger.call().end is CallEnd.LEFT_IN_FLOW
    assert carrier.arrives().verbs == ["Hangup"]
    assert carrier.post("/voice/heard?turn=3", Digits="1").verbs == ["Hangup"]
    assert ledger.state() is CallState.ENDED


def test_news_that_end_nothing_change_nothing(carrier: Carrier, ledger: Ledger) -> None:
    carrier.arrives()
    for status in "ringing", "in-progress", "queued", "", "exploded":
        assert carrier.hangs_up(status).status == 204
    assert ledger.state() is CallState.IN_FLOW
    before = ledger.rows()["calls"]
    carrier.hangs_up("ringing", CallSid="CA" + "9" * 32)
    carrier.hangs_up("completed", CallSid="CA" + "9" * 32, Direction="outbound-api")
    assert ledger.rows()["calls"] == before


def test_hanging_up_in_the_queue_is_abandoned_and_owed_a_callback(carrier: Carrier, ledger: Ledger) -> None:
    carrier.waits()
    carrier.post("/voice/queue-left", QueueResult="hangup", CallStatus="completed")
    carrier.hangs_up()
    assert ledger.call().end is CallEnd.ABANDONED
    assert [callback.number for callback in ledger.callbacks()] == [CALLER]


def test_an_answer_to_an_earlier_menu_changes_nothing(carrier: Carrier, ledger: Ledger) -> None:
    carrier.arrives()
    late = carrier.post("/voice/heard?turn=7", Digits="3")
    assert late.verbs == ["Gather"]
    assert late.find("Gather").get("action") == f"{PUBLIC}/voice/heard?turn=3"
    assert (ledger.call().pressed, ledger.call().position) == (None, "menu:0:3")


def test_a_key_pressed_in_a_call_nobody_remembers_is_not_lost(carrier: Carrier, ledger: Ledger) -> None:
    assert carrier.post("/voice/heard", Digits="1").verbs == ["Enqueue"]
    assert ledger.state() is CallState.QUEUED


def test_the_fallback_apologises_and_brings_the_caller_to_a_person(carrier: Carrier, ledger: Ledger) -> None:
    queued = carrier.post("/voice/fallback", ErrorCode="11200", ErrorUrl=f"{PUBLIC}/voice/incoming")
    assert ledger.state() is CallState.QUEUED
    assert carrier.follow(queued, "Enqueue", "waitUrl").words.startswith(
        "抱歉，系统出现问题，正在为您转接人工坐席。"
    )


def test_the_fallback_keeps_a_caller_where_they_are(carrier: Carrier, ledger: Ledger) -> None:
    carrier.presses(carrier.arrives(), "2")
    since = ledger.call().place_since
    assert carrier.post("/voice/fallback", ErrorCode="11200").verbs == ["Enqueue"]
    assert ledger.call().place_since == since
    carrier.hangs_up()
    assert carrier.post("/voice/fallback", ErrorCode="12100").verbs == ["Hangup"]


def test_a_full_queue_promises_a_callback_instead(
    carrier: Carrier, ledger: Ledger, application, clock: StoppedClock
) -> None:
    for number in range(application.policies.queue.max_size):
        sid, caller = f"CA{number:032d}", f"+8613800{number:06d}"
        carrier.presses(carrier.arrives(CallSid=sid, From=caller), "0", CallSid=sid)
    answer = carrier.presses(carrier.arrives(), "0")
    assert answer.verbs == ["Say", "Hangup"]
    assert answer.words.startswith("抱歉，现在线路全忙。我们已记下您的来电")
    carrier.hangs_up()
    assert [callback.number for callback in ledger.callbacks()] == [CALLER]
    assert ledger.call().end is CallEnd.LEFT_FOR_CALLBACK


def test_every_edition_a_call_began_with_is_kept(carrier: Carrier, ledger: Ledger, registry) -> None:
    carrier.arrives()
    call = ledger.call()
    kept = ledger.one(select(FlowVersion.source).where(FlowVersion.version == call.flow_version))
    assert "greeting" in str(kept)
    assert ledger.rows()["flow_versions"] == 5
