"""Fault switches: valid rules, refused rules, and their effect on REST requests."""

from typing import Any

import pytest
import requests
from requests.exceptions import ConnectionError as Cut

from hotline.exchange.core.faults import (
    APPLICABLE_STEPS,
    FAULTS,
    BadRuleError,
    Fault,
    FaultInjector,
    FaultOccasion,
    FaultRule,
)
from hotline.exchange.rest.routes import TABLE
from hotline.exchange.vocabulary.request_kinds import REST, RequestKind
from tests.exchange.application import Application
from tests.exchange.line import ACCOUNT, CITIZEN, HOTLINE, TOKEN, Line, api_error

SOMEBODY = "+8613700009999"
HONG_KONG = "+85221234567"
WAIT = "<Gather timeout='600'><Say>请按键</Say></Gather>"


def test_every_rest_address_is_a_step_and_every_step_an_address() -> None:
    assert {handler.__name__.replace("_", "-") for _, _, handler in TABLE} == set(REST)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_aimed_at_each_of_its_steps_and_counts_only_those(fault: Fault) -> None:
    assert APPLICABLE_STEPS[fault]
    for step in APPLICABLE_STEPS[fault]:
        board = FaultInjector()
        switch = board.set(FaultRule(fault, step, nth=2))
        occasion = FaultOccasion(step, "/x", "CA1", aside=True, can_hang_up=True, to=SOMEBODY)
        other = next(item for item in RequestKind if item is not step)
        assert board.fault_for(FaultOccasion(other, aside=True, can_hang_up=True, to=SOMEBODY)) is None
        assert [board.fault_for(occasion) for _ in range(3)] == [None, switch, None]
        assert switch.is_spent


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_can_be_aimed_at_a_step_it_never_happens_to(fault: Fault) -> None:
    for step in set(RequestKind) - APPLICABLE_STEPS[fault]:
        with pytest.raises(BadRuleError, match="never happens"):
            FaultRule(fault, step)


def test_of_several_faults_one_hits_and_the_other_waits_for_the_next() -> None:
    board = FaultInjector()
    first, second = board.set(FaultRule(Fault.DELAY)), board.set(FaultRule(Fault.DUPLICATE))
    voice = FaultOccasion(RequestKind.VOICE)
    assert [board.fault_for(voice) for _ in range(3)] == [first, second, None]


def test_a_fault_without_end_hits_every_time() -> None:
    board = FaultInjector()
    switch = board.set(FaultRule(Fault.DROP, RequestKind.STATUS, nth=2, times=None))
    status = FaultOccasion(RequestKind.STATUS, aside=True)
    assert [board.fault_for(status) for _ in range(4)] == [None, switch, switch, switch]


@pytest.mark.parametrize(
    ("fault", "occasion"),
    [
        (Fault.REORDER, FaultOccasion(RequestKind.DIAL, aside=False)),
        (Fault.HANG_UP_WHEN_SENT, FaultOccasion(RequestKind.STATUS, can_hang_up=False)),
        (Fault.HANG_UP_WHEN_ANSWERED, FaultOccasion(RequestKind.STATUS, can_hang_up=False)),
        (Fault.NO_ROUTE, FaultOccasion(RequestKind.CREATE_CALL, to=HONG_KONG)),
        (Fault.NO_ROUTE, FaultOccasion(RequestKind.CREATE_CALL, to="client:op_1")),
    ],
)
def test_a_fault_that_could_do_nothing_to_a_request_waits_for_another(
    fault: Fault, occasion: FaultOccasion
) -> None:
    board = FaultInjector()
    switch = board.set(FaultRule(fault))
    assert board.fault_for(occasion) is None
    assert not switch.is_spent
    assert switch.fired == 0


RUBBISH: list[tuple[Any, str]] = [
    ("not json", "not JSON"),
    ([], "object"),
    ({}, "fault: is missing"),
    ({"fault": "earthquake"}, "fault: must be one of"),
    ({"fault": 1}, "fault: must be str"),
    ({"fault": "drop", "step": "create-call"}, "step: drop never happens"),
    ({"fault": "drop", "step": "nowhere"}, "step: must be one of"),
    ({"fault": "drop", "nth": 0}, "nth"),
    ({"fault": "drop", "nth": True}, "nth"),
    ({"fault": "drop", "times": 0}, "times"),
    ({"fault": "drop", "times": 1.5}, "times"),
    ({"fault": "drop", "seconds": -1}, "seconds"),
    ({"fault": "drop", "seconds": "5"}, "seconds"),
    ({"fault": "drop", "seconds": 1e9}, "seconds"),
    ({"fault": "unavailable", "path": "/voice"}, "path"),
    ({"fault": "drop", "often": 1}, "often: there is no such field"),
]


@pytest.mark.parametrize(("body", "words"), RUBBISH)
def test_rubbish_is_refused_with_a_sentence(line: Line, body: Any, words: str) -> None:
    facts = (
        {"data": body, "headers": {"Content-Type": "application/json"}}
        if body == "not json"
        else {"json": body}
    )
    answer = requests.post(f"{line.url}/faults", timeout=5, **facts)  # type: ignore[arg-type]
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert requests.get(f"{line.url}/faults", timeout=5).json()["faults"] == []


def test_a_form_cannot_set_faults_nor_can_a_page_of_another_machine(line: Line) -> None:
    answer = requests.post(f"{line.url}/faults", data='{"fault":"drop"}', timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "the body must be application/json")
    strange = {"Origin": "https://evil.example"}
    assert (
        requests.post(f"{line.url}/faults", json={"fault": "drop"}, headers=strange, timeout=5).status_code
        == 403
    )
    assert requests.delete(f"{line.url}/faults", headers=strange, timeout=5).status_code == 403


def test_faults_are_set_listed_turned_and_removed_over_http(line: Line) -> None:
    url = f"{line.url}/faults"
    made = requests.post(
        url, json={"fault": "delay", "step": "voice", "times": None, "seconds": 2}, timeout=5
    )
    assert made.status_code == 201
    expected = {
        "id": "F1",
        "fault": "delay",
        "step": "voice",
        "path": "",
        "nth": 1,
        "times": None,
        "seconds": 2.0,
    }
    assert made.json() == expected | {"is_on": True, "is_spent": False, "fired": 0}
    assert requests.post(f"{url}/F1", json={"is_on": False}, timeout=5).json()["is_on"] is False
    assert requests.post(f"{url}/F1", json={"is_on": None}, timeout=5).status_code == 400
    assert requests.post(f"{url}/F9", json={"is_on": True}, timeout=5).status_code == 404
    listed = requests.get(url, timeout=5).json()
    assert [switch["id"] for switch in listed["faults"]] == ["F1"]
    assert set(listed["kinds"]) == set(FAULTS)
    assert requests.delete(f"{url}/F1", timeout=5).status_code == 204
    assert requests.delete(f"{url}/F1", timeout=5).status_code == 404
    requests.post(url, json={"fault": "drop"}, timeout=5)
    assert requests.delete(url, timeout=5).status_code == 204
    assert requests.get(url, timeout=5).json()["faults"] == []


def create(line: Line, to: str = SOMEBODY) -> str:
    call = line.client.calls.create(to=to, from_=HOTLINE, twiml=f"<Response>{WAIT}</Response>")
    return str(call.sid)


@pytest.mark.parametrize(
    ("fault", "status", "code"), [(Fault.TOO_MANY_REQUESTS, 429, 20429), (Fault.UNAVAILABLE, 503, 20503)]
)
def test_a_request_refused_before_anything_happened_has_no_effect(
    line: Line, fault: Fault, status: int, code: int
) -> None:
    switch = line.faults.set(FaultRule(fault, RequestKind.CREATE_CALL))
    assert api_error(lambda: create(line)) == (status, code)
    assert line.client.calls.list() == []
    assert line.faults.fired(switch) == 1
    assert create(line).startswith("CA")


def test_a_call_whose_answer_was_an_error_is_placed_all_the_same(line: Line) -> None:
    telephone = line.telephone(SOMEBODY)
    switch = line.faults.set(FaultRule(Fault.ERROR_AFTER, RequestKind.CREATE_CALL))
    assert api_error(lambda: create(line)) == (500, 20500)
    telephone.wait_for_ring()
    assert len(line.client.calls.list()) == 1
    assert line.faults.fired(switch) == 1


def test_a_call_whose_answer_was_cut_off_is_placed_all_the_same(line: Line) -> None:
    telephone = line.telephone(SOMEBODY)
    switch = line.faults.set(FaultRule(Fault.CUT_AFTER, RequestKind.CREATE_CALL))
    with pytest.raises(Cut):
        create(line)
    telephone.wait_for_ring()
    assert line.faults.fired(switch) == 1


def test_an_update_whose_answer_was_lost_has_ended_the_call(line: Line, application: Application) -> None:
    application.on("/voice", WAIT)
    telephone = line.calling(CITIZEN)
    telephone.hear("请按键")
    line.faults.set(FaultRule(Fault.ERROR_AFTER, RequestKind.UPDATE_CALL))
    assert api_error(lambda: line.client.calls(telephone.call_sid).update(status="completed")) == (500, 20500)
    assert telephone.wait_ended() == "completed"


def test_a_refusal_is_not_lost_and_uses_up_no_fault(line: Line) -> None:
    switch = line.faults.set(FaultRule(Fault.ERROR_AFTER, RequestKind.CREATE_CALL))
    assert api_error(lambda: create(line, "not a number")) == (400, 21211)
    assert line.faults.fired(switch) == 0
    assert api_error(lambda: create(line)) == (500, 20500)
    assert line.faults.fired(switch) == 1


def test_calls_to_mainland_china_are_refused_and_others_are_not(line: Line) -> None:
    switch = line.faults.set(FaultRule(Fault.NO_ROUTE, times=None))
    assert api_error(lambda: create(line)) == (400, 21215)
    room = line.client.conferences("room").participants
    assert api_error(lambda: room.create(to=SOMEBODY, from_=HOTLINE)) == (400, 21215)
    assert line.client.calls.list() == []
    assert create(line, HONG_KONG).startswith("CA")
    assert line.faults.fired(switch) == 2


def test_unauthenticated_requests_use_up_no_fault(line: Line) -> None:
    switch = line.faults.set(FaultRule(Fault.UNAVAILABLE))
    url = f"{line.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    assert requests.get(url, auth=(ACCOUNT, "wrong"), timeout=5).status_code == 401
    assert line.faults.fired(switch) == 0
    answer = requests.get(url, auth=(ACCOUNT, TOKEN), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (503, 20503)
    assert answer.json()["more_info"].endswith("20503")
