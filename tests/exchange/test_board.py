"""The values of the status page: calls and their activities, queues, and every request with its answer."""

from collections.abc import Callable
from typing import Any

import requests

from hotline.exchange.core.faults import Fault, FaultRule
from hotline.exchange.vocabulary.request_kinds import RequestKind
from tests.exchange.application import Answer, Application
from tests.exchange.conversation import Conversation
from tests.exchange.line import ACCOUNT, HOTLINE, TOKEN, Line

WAIT = "<Gather timeout='600'><Say>请按键</Say></Gather>"


def board(line: Line) -> Any:
    return requests.get(f"{line.url}/board.json", timeout=5).json()


def opened(line: Line, kind: RequestKind) -> Any:
    """Returns the latest request of a kind, with everything that was sent and answered."""
    number = next(request["id"] for request in board(line)["requests"] if request["kind"] == kind)
    return requests.get(f"{line.url}/requests/{number}", timeout=5).json()


def test_an_idle_exchange_shows_empty_lists(line: Line) -> None:
    shown = board(line)
    empty = ("calls", "queues", "conferences", "recordings", "devices", "requests", "troubles", "faults")
    assert [shown[name] for name in empty] == [[]] * len(empty)
    assert shown["number"] == HOTLINE
    assert set(shown["kinds"]) == set(Fault)


def test_a_leg_tells_what_it_is_doing_and_hides_the_number(line: Line, application: Application) -> None:
    application.on("/voice", WAIT)
    telephone = line.calling("13900005678")
    telephone.hear("请按键")
    telephone.wait_listening()
    (leg,) = board(line)["calls"]
    assert (leg["direction"], leg["from"], leg["to"]) == ("inbound", "+86139****5678", "热线 line")
    assert (leg["status"], leg["act"]["what"], leg["is_over"]) == ("in-progress", "Gather", False)
    telephone.hang_up()
    telephone.wait_ended()
    (leg,) = board(line)["calls"]
    assert (leg["status"], leg["act"], leg["is_over"]) == ("completed", None, True)


def test_somebody_who_waits_is_shown_with_place_queue_and_wait_document(
    line: Line, application: Application
) -> None:
    application.on("/voice", '<Enqueue waitUrl="/wait">q</Enqueue>')
    application.on("/wait", "<Say>请稍候</Say><Pause length='600'/>")
    for number in ("13900005678", "13900006789"):
        line.calling(number).hear("请稍候")
    shown = board(line)
    assert [leg["queue"]["place"] for leg in shown["calls"]] == [2, 1]
    assert {leg["act"]["what"] for leg in shown["calls"]} <= {"Say", "Pause"}
    (queue,) = shown["queues"]
    assert queue["name"] == "q"
    assert [member["from"] for member in queue["members"]] == ["+86139****5678", "+86139****6789"]


def test_a_conference_is_shown_with_its_seats_and_its_recording(
    talk: Callable[..., Conversation], line: Line
) -> None:
    telephone, agent = talk(record="record-from-start")
    shown = board(line)
    (room,) = shown["conferences"]
    assert [seat["who"] for seat in room["seats"]] == ["caller", "agent"]
    assert {seat["call"] for seat in room["seats"]} == {telephone.call_sid, agent.call_sid}
    assert {leg["room"]["name"] for leg in shown["calls"]} == {"room-1"}
    assert [(tape["of"], tape["status"]) for tape in shown["recordings"]] == [(room["sid"], "in-progress")]
    assert {device["address"] for device in shown["devices"]} == {"client:agent_7", "+86138****1234"}


def test_a_request_can_be_opened_with_what_was_sent_and_answered(
    line: Line, application: Application
) -> None:
    application.on("/voice", "<Redirect>/next?step=2</Redirect>")
    application.on("/next", "<Say>好的</Say>")
    line.calling().hear("好的")
    request = opened(line, RequestKind.REDIRECT)
    assert (request["method"], request["url"], request["status"]) == ("POST", application.url("/next"), 200)
    assert request["sent"]["step"] == "2"
    assert request["sent"]["CallStatus"] == "ringing"
    assert "<Say>好的</Say>" in request["answer"]
    assert (request["tries"], request["fault"], request["is_done"]) == (1, "", True)


def test_a_request_without_an_answer_shows_the_error_its_tries_and_its_fault(
    line: Line, application: Application
) -> None:
    line.faults.set(FaultRule(Fault.DROP, RequestKind.VOICE))
    line.calling().hear("application error")
    request = opened(line, RequestKind.VOICE)
    assert (request["status"], request["tries"], request["fault"]) == (None, 2, "drop")
    assert request["error"].startswith("11205")
    assert board(line)["troubles"][0]["code"] == 11205
    assert application.to("/voice") == []


def test_a_rest_request_is_shown_with_its_form_and_never_with_its_credentials(line: Line) -> None:
    url = f"{line.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    requests.post(url, data={"To": "+8613700009999", "From": "12345"}, auth=(ACCOUNT, TOKEN), timeout=5)
    request = opened(line, RequestKind.CREATE_CALL)
    assert (request["is_rest"], request["status"]) == (True, 400)
    assert request["sent"] == {"To": "+8613700009999", "From": "12345"}
    assert "21212" in request["answer"]
    assert TOKEN not in str(request)


def test_a_sound_is_measured_and_not_shown(line: Line, application: Application) -> None:
    application.on("/voice", "<Play>/song.wav</Play>")
    application.on("/song.wav", Answer(b"RIFF\x00\xff", content_type="audio/x-wav"))
    line.calling().hear("song.wav")
    assert opened(line, RequestKind.PLAY)["answer"] == "(6 bytes of audio/x-wav)"


def test_a_request_that_is_not_kept_is_not_found(line: Line) -> None:
    for path in ("/requests/1", "/requests/x", "/requests/9999999999"):
        assert requests.get(line.url + path, timeout=5).status_code == 404
