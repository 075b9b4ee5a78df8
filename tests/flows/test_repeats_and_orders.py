"""Repeats get the same document and have no second effect, and webhooks in any order end the same."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from hotline.rules.enums import CallState, OfferState, PresenceState
from hotline.store.calls.tables import Offer
from hotline.store.people.tables import Presence
from hotline.unit_of_work import Application
from tests.builders import make_operator
from tests.flows.conftest import LEG, SID, Answer, Carrier, Ledger
from tests.stopped_clock import StoppedClock

Knock = tuple[str, dict[str, str]]


def a_whole_call(offer_id: int, call_id: int) -> list[Knock]:
    """Returns every webhook of a call that presses 1, waits, talks and is thanked."""
    leg = {"CallSid": LEG, "Direction": "outbound-api"}
    joined = {"StatusCallbackEvent": "participant-join", "ConferenceSid": "CF1", "SequenceNumber": "2"}
    return [
        ("/voice/incoming", {"CallStatus": "ringing"}),
        ("/voice/heard?turn=3", {"Digits": "1"}),
        ("/voice/wait?say=connecting", {"QueueTime": "0"}),
        ("/voice/wait/heard", {"Digits": "5", "QueueTime": "9"}),
        (f"/voice/desk/{offer_id}", leg),
        (f"/voice/talk/{call_id}", {}),
        ("/voice/queue-left", {"QueueResult": "redirected", "QueueTime": "12"}),
        (f"/voice/conference/{call_id}", joined),
        (f"/voice/talk/{call_id}/ended", {"DialCallStatus": "answered"}),
        (f"/voice/desk/{offer_id}/left", {**leg, "CallStatus": "completed"}),
        (f"/voice/desk/{offer_id}/status", {**leg, "CallStatus": "completed", "SequenceNumber": "3"}),
        ("/voice/status", {"CallStatus": "completed", "SequenceNumber": "0"}),
    ]


@pytest.mark.parametrize("tokens", [True, False], ids=["with tokens", "without tokens"])
def test_every_webhook_twice_is_the_same_call(
    carrier: Carrier, ledger: Ledger, application: Application, clock: StoppedClock, tokens: bool
) -> None:
    make_operator(application)
    carrier.tokens = tokens
    for number, (path, fields) in enumerate(a_whole_call(1, 1)):
        token = f"same-{number}" if tokens else None
        first = carrier.post(path, token=token, **fields)
        after, state = ledger.rows(), ledger.state()
        clock.advance(1)
        assert carrier.post(path, token=token, **fields) == first, path
        assert (ledger.rows(), ledger.state()) == (after, state), path
        clock.advance(2)
    assert (ledger.state(), ledger.call().wait_seconds) == (CallState.ENDED, 12)
    assert ledger.one(select(Presence.state).where(Presence.call_id.is_not(None))) is PresenceState.WRAP_UP


def test_a_repeat_long_after_gets_the_first_document_and_disturbs_nothing(
    carrier: Carrier, ledger: Ledger
) -> None:
    first = carrier.arrives()
    joined = carrier.presses(first, "1", token="t-1")
    carrier.post("/voice/wait", QueueTime="0")
    before = ledger.rows()
    assert carrier.presses(first, "1", token="t-1") == joined
    assert (ledger.rows(), ledger.state()) == (before, CallState.QUEUED)


def test_of_a_greeting_no_receipt_is_kept_because_the_call_itself_tells_what_is_due(
    carrier: Carrier, ledger: Ledger
) -> None:
    first = carrier.post("/voice/incoming", token="t-1", CallStatus="ringing")
    assert carrier.post("/voice/incoming", token="t-1", CallStatus="ringing") == first
    assert ledger.rows()["receipts"] == 0
    carrier.presses(first, "1")
    before = ledger.rows()
    assert carrier.post("/voice/incoming", token="t-1", CallStatus="ringing").verbs == ["Enqueue"]
    assert ledger.rows() == {**before, "receipts": before["receipts"] + 1}
    assert ledger.state() is CallState.QUEUED


def test_a_menu_asked_again_and_a_new_round_of_waiting_are_no_repeats(
    carrier: Carrier, clock: StoppedClock
) -> None:
    carrier.tokens = False
    carrier.waits()
    rounds = [carrier.post("/voice/wait", QueueTime=str(clock.advance(50).second)).words for _ in range(3)]
    assert (
        rounds[0] == "抱歉让您久等了。您是下一位，请不要挂机。现在没有坐席在接听电话，暂时无法预计等候时间。"
    )
    assert rounds[0] == rounds[1] != rounds[2]


def test_a_very_long_token_is_still_one_token(carrier: Carrier, ledger: Ledger) -> None:
    for _ in range(2):
        carrier.post("/voice/heard", token="x" * 500, Digits="2")
    assert ledger.rows()["receipts"] == 1


def together(app: Flask, knock: Callable[[Carrier], Answer], times: int = 4) -> list[Answer]:
    """Posts the same webhook from several threads at the same moment."""
    start = Barrier(times)

    def run(_number: int) -> Answer:
        with app.test_client() as client:
            start.wait(10)
            return knock(Carrier(client))

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_the_same_webhook_at_the_same_moment_takes_effect_once(
    app: Flask, carrier: Carrier, ledger: Ledger, application: Application
) -> None:
    make_operator(application)
    arrivals = together(app, lambda each: each.post("/voice/incoming", token="t-1", CallStatus="ringing"))
    assert len(set(arrivals)) == 1
    pressed = together(app, lambda each: each.post("/voice/heard?turn=3", token="t-2", Digits="1"))
    assert {answer.verbs[0] for answer in pressed} == {"Enqueue"}
    accepted = together(app, lambda each: each.post("/voice/desk/1", token="t-3", CallSid=LEG))
    assert len(set(accepted)) == 1
    counts = ledger.rows()
    assert (counts["calls"], counts["offers"], counts["receipts"]) == (1, 1, 2)
    assert ledger.state() is CallState.CONNECTING


def test_two_callers_at_the_same_moment_are_two_calls(app: Flask, ledger: Ledger) -> None:
    sids = iter([f"CA{number:032d}" for number in range(4)])
    together(app, lambda each: each.post("/voice/incoming", CallSid=next(sids), CallStatus="ringing"))
    assert ledger.rows()["calls"] == 4


EARLY_END: list[Knock] = [
    ("/voice/incoming", {"CallStatus": "ringing"}),
    ("/voice/heard?turn=3", {"Digits": "1"}),
    ("/voice/queue-left", {"QueueResult": "hangup", "CallStatus": "completed"}),
    ("/voice/status", {"CallStatus": "completed"}),
]


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_a_caller_who_hangs_up_is_gone_in_every_order_of_the_news(
    carrier: Carrier, ledger: Ledger, application: Application, order: tuple[int, ...]
) -> None:
    make_operator(application)
    for place in order:
        path, fields = EARLY_END[place]
        assert carrier.post(path, **fields).status in {200, 204}
    assert (ledger.state(), ledger.rows()["calls"]) == (CallState.ENDED, 1)
    assert len(ledger.callbacks()) <= 1
    assert_no_desk_is_busy(ledger)


LATE = [order for place, order in enumerate(permutations(range(2, 8))) if place % 29 == 0]


@pytest.mark.parametrize("order", LATE, ids=str)
def test_a_talk_is_over_in_every_order_of_the_news(
    carrier: Carrier, ledger: Ledger, application: Application, order: tuple[int, ...]
) -> None:
    make_operator(application)
    knocks = [knock for knock in a_whole_call(1, 1) if not knock[0].startswith("/voice/wait")]
    for place in (0, 1, *order, 8, 9):
        path, fields = knocks[place]
        assert carrier.post(path, **fields).status in {200, 204}, path
    assert (ledger.state(), ledger.rows()["calls"]) == (CallState.ENDED, 1)
    assert_no_desk_is_busy(ledger)


def assert_no_desk_is_busy(ledger: Ledger) -> None:
    busy = (PresenceState.RINGING, PresenceState.TALKING)
    assert ledger.one(select(func.count()).where(Presence.state.in_(busy))) == 0
    assert ledger.one(select(func.count()).where(Offer.state == OfferState.PENDING)) == 0
    assert ledger.call(SID).ended_at is not None


def test_one_token_for_two_calls_loses_neither(carrier: Carrier, ledger: Ledger) -> None:
    """The token is not signed: a proxy that repeats it must not make one caller hear another's call."""
    carrier.post("/voice/incoming", token="t-1", CallStatus="ringing")
    carrier.post("/voice/incoming", token="t-1", CallStatus="ringing", CallSid=LEG)
    assert ledger.state(LEG) is CallState.IN_FLOW
