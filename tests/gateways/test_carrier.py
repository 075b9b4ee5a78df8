"""The contract of a carrier, run against the fake and against the real gateway with the exchange."""

from datetime import timedelta

import pytest

from hotline.gateways.addresses import device
from hotline.gateways.carrier import CallRequest, CarrierGone, CarrierRefused
from hotline.rules.calls.states import TERMINAL_STATUSES
from tests.gateways.conftest import QUEUE, Switch

CITIZEN = "+8613800001234"
NOBODY = "CA" + "f" * 32


def order(switch: Switch, to: str = CITIZEN) -> CallRequest:
    return CallRequest(
        to=to,
        answer_url=switch.url("/dial/7"),
        status_url=switch.url("/dial/7/status"),
        fallback_url=switch.url("/dial/7"),
        ring_seconds=60,
    )


def test_a_call_is_placed_and_lives(switch: Switch) -> None:
    sid = switch.carrier.place(order(switch))
    assert sid.startswith("CA")
    assert len(sid) <= 40
    assert switch.carrier.status_of(sid) not in TERMINAL_STATUSES


def test_a_call_that_is_not_known_has_no_status(switch: Switch) -> None:
    assert switch.carrier.status_of(NOBODY) is None


def test_a_call_we_placed_is_found_by_whom_it_calls(switch: Switch) -> None:
    before = switch.clock()
    assert switch.carrier.find_placed(CITIZEN, before) is None
    switch.carrier.place(order(switch, "+8613800005678"))
    first = switch.carrier.place(order(switch))
    assert switch.carrier.find_placed(CITIZEN, before) == first
    assert switch.carrier.find_placed(CITIZEN, switch.clock() + timedelta(minutes=1)) is None
    assert switch.carrier.find_placed("+8613800009999", before) is None


def test_the_newest_of_several_is_found(switch: Switch) -> None:
    before = switch.clock()
    placed = [switch.carrier.place(order(switch)) for _ in range(2)]
    found = switch.carrier.find_placed(CITIZEN, before)
    assert found in placed


def test_a_desk_is_found_whatever_rides_behind_its_address(switch: Switch) -> None:
    before = switch.clock()
    sid = switch.carrier.place(order(switch, f"{device(7)}?offer=3&call=5"))
    assert switch.carrier.find_placed(device(7), before) == sid
    assert switch.carrier.find_placed(device(70), before) is None


def test_who_phones_us_is_not_a_call_we_placed(switch: Switch) -> None:
    before = switch.clock()
    switch.wait_in_queue()
    assert switch.carrier.find_placed(CITIZEN, before) is None


def test_hanging_up_ends_a_call_and_hanging_up_again_is_no_error(switch: Switch) -> None:
    sid = switch.carrier.place(order(switch))
    for _ in range(2):
        switch.carrier.hang_up(sid)
    switch.carrier.hang_up(NOBODY)
    assert switch.carrier.status_of(sid) in TERMINAL_STATUSES


@pytest.mark.parametrize("to", ["12345", "nobody", "", "client:名字"])
def test_an_impossible_number_is_refused_for_good(switch: Switch, to: str) -> None:
    with pytest.raises(CarrierRefused) as refused:
        switch.carrier.place(order(switch, to))
    assert to == "" or to not in str(refused.value)


def test_a_caller_is_taken_from_the_queue_once(switch: Switch) -> None:
    sid = switch.wait_in_queue()
    switch.carrier.take_from_queue(QUEUE, sid, switch.url("/talk/1"))
    with pytest.raises(CarrierGone):
        switch.carrier.take_from_queue(QUEUE, sid, switch.url("/talk/1"))


def test_a_caller_who_is_gone_cannot_be_taken(switch: Switch) -> None:
    sid = switch.wait_in_queue()
    switch.carrier.hang_up(sid)
    for gone in (sid, NOBODY):
        with pytest.raises(CarrierGone):
            switch.carrier.take_from_queue(QUEUE, gone, switch.url("/talk/1"))


def test_a_queue_that_was_never_used_has_no_callers(switch: Switch) -> None:
    with pytest.raises(CarrierGone):
        switch.carrier.take_from_queue("no such queue", NOBODY, switch.url("/talk/1"))


def test_a_live_call_is_sent_elsewhere_whatever_it_is_in_and_one_that_is_over_is_gone(switch: Switch) -> None:
    sid = switch.wait_in_queue()
    switch.carrier.redirect(sid, switch.url("/talk/1"))
    with pytest.raises(CarrierGone):
        switch.carrier.take_from_queue(QUEUE, sid, switch.url("/talk/1"))
    switch.carrier.hang_up(sid)
    for gone in (sid, NOBODY):
        with pytest.raises(CarrierGone):
            switch.carrier.redirect(gone, switch.url("/talk/1"))
