"""The REST API through the real SDK: calls, lists, pages and errors."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests

from hotline.exchange.clients.telephone import Telephone
from tests.exchange.application import Application
from tests.exchange.line import ACCOUNT, HOTLINE, KEY, SECRET, TOKEN, Line, api_error

SOMEBODY = "+8613700009999"
WAIT = "<Gather timeout='60'><Say>请按键</Say></Gather>"


def in_call(line: Line, application: Application) -> Telephone:
    application.on("/voice", WAIT)
    telephone = line.calling()
    telephone.hear("请按键")
    return telephone


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"From": HOTLINE, "Url": "http://127.0.0.1/x"}, 21201),
        ({"To": SOMEBODY, "Url": "http://127.0.0.1/x"}, 21213),
        ({"To": SOMEBODY, "From": HOTLINE}, 21205),
        ({"To": SOMEBODY, "From": HOTLINE, "Url": "/relative"}, 21205),
        ({"To": SOMEBODY, "From": HOTLINE, "Url": "http://under_score.example/"}, 21205),
        ({"To": "13700009999", "From": HOTLINE, "Url": "http://127.0.0.1/x"}, 21211),
        ({"To": HOTLINE, "From": HOTLINE, "Url": "http://127.0.0.1/x"}, 21211),
        ({"To": "client:名字", "From": HOTLINE, "Url": "http://127.0.0.1/x"}, 21211),
        ({"To": SOMEBODY, "From": "12345", "Url": "http://127.0.0.1/x"}, 21212),
        ({"To": SOMEBODY, "From": "+8610000000000", "Url": "http://127.0.0.1/x"}, 21210),
        ({"To": SOMEBODY, "From": HOTLINE, "ApplicationSid": "AP" + "0" * 32}, 21218),
        ({"To": SOMEBODY, "From": HOTLINE, "Url": "http://127.0.0.1/x", "Timeout": "soon"}, 20001),
        ({"To": SOMEBODY, "From": HOTLINE, "Url": "http://127.0.0.1/x", "Timeout": "-1"}, 20001),
        ({"To": SOMEBODY, "From": HOTLINE, "Twiml": "x" * 4001}, 20001),
        (
            {
                "To": SOMEBODY,
                "From": HOTLINE,
                "Url": "http://a/",
                "StatusCallback": "http://a/",
                "StatusCallbackEvent": "x",
            },
            20001,
        ),
    ],
)
def test_a_call_that_cannot_be_placed_is_refused_with_its_code(
    line: Line, fields: dict[str, str], code: int
) -> None:
    url = f"{line.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    answer = requests.post(url, data=fields, auth=(ACCOUNT, TOKEN), timeout=5)
    body = answer.json()
    assert (answer.status_code, body["code"], body["status"]) == (400, code, 400)
    assert body["more_info"].endswith(str(code))
    assert body["message"]
    assert line.client.calls.list() == []


@pytest.mark.parametrize("auth", [None, (ACCOUNT, "wrong"), ("AC" + "1" * 32, TOKEN), (KEY, TOKEN), ("", "")])
def test_bad_credentials_are_refused(line: Line, auth: tuple[str, str] | None) -> None:
    answer = requests.get(f"{line.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json", auth=auth, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_the_api_key_is_accepted_too(line: Line) -> None:
    answer = requests.get(
        f"{line.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json", auth=(KEY, SECRET), timeout=5
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    ["Calls/CA0.json", "Queues/QU0.json", "Queues/QU0/Members/Front.json", "Conferences/CF0.json", "Recordings/RE0.json",
     "Conferences/CF0/Participants/x.json", "Messages.json", "Recordings/RE0", "Calls/CA0/Recordings/RE0.json"],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(line: Line, path: str) -> None:
    answer = requests.get(
        f"{line.url}/2010-04-01/Accounts/{ACCOUNT}/{path}", auth=(ACCOUNT, TOKEN), timeout=5
    )
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_another_account_is_not_found(line: Line) -> None:
    answer = requests.get(f"{line.url}/2010-04-01/Accounts/AC1/Calls.json", auth=(ACCOUNT, TOKEN), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_a_wrong_method_is_told(line: Line) -> None:
    answer = requests.put(
        f"{line.url}/2010-04-01/Accounts/{ACCOUNT}/Calls.json", auth=(ACCOUNT, TOKEN), timeout=5
    )
    assert (answer.status_code, answer.json()["code"]) == (405, 20004)


def test_a_call_can_be_moved_while_in_progress_only(line: Line, application: Application) -> None:
    telephone = in_call(line, application)
    application.on("/moved", "<Say>转接中</Say>")
    moved = line.client.calls(telephone.call_sid).update(url=application.url("/moved"))
    assert moved.status == "in-progress"
    telephone.hear("转接中")
    telephone.wait_ended()
    assert api_error(lambda: line.client.calls(telephone.call_sid).update(url=application.url("/moved"))) == (
        400,
        21220,
    )
    assert api_error(lambda: line.client.calls(telephone.call_sid).update(status="completed")) == (400, 21220)


def test_a_call_is_moved_to_a_document_given_in_the_request(line: Line, application: Application) -> None:
    telephone = in_call(line, application)
    line.client.calls(telephone.call_sid).update(twiml="<Response><Say>再见</Say></Response>")
    telephone.hear("再见")


def test_a_call_is_ended_over_rest(line: Line, application: Application) -> None:
    telephone = in_call(line, application)
    assert line.client.calls(telephone.call_sid).update(status="canceled").status == "in-progress"
    ended = line.client.calls(telephone.call_sid).update(status="completed")
    assert (ended.status, telephone.wait_ended()) == ("completed", "completed")
    assert int(ended.duration) >= 0


def test_a_ringing_call_is_cancelled_and_tells_it(line: Line, application: Application) -> None:
    telephone = line.telephone()
    call = line.client.calls.create(
        to="+8613800001234",
        from_=HOTLINE,
        url=application.url("/x"),
        status_callback=application.url("/leg"),
    )
    telephone.wait_for_ring()
    assert line.client.calls(call.sid).update(status="canceled").status == "canceled"
    assert telephone.wait_ended() == "missed"
    assert application.wait_for("/leg")[0]["CallStatus"] == "canceled"


def test_a_call_cancelled_in_the_queue_tells_nothing(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(calls_per_second=0.001)
    facts = {
        "from_": HOTLINE,
        "url": application.url("/x"),
        "timeout": 5,
        "status_callback": application.url("/leg"),
    }
    line.client.calls.create(to=SOMEBODY, **facts)
    waiting = line.client.calls.create(to="+8613700009998", **facts)
    assert waiting.status == "queued"
    assert line.client.calls(waiting.sid).update(status="canceled").status == "canceled"
    application.wait_for("/leg", lambda told: told["To"] == SOMEBODY)
    assert [told["To"] for told in application.to("/leg")] == [SOMEBODY]


def test_lists_are_filtered_and_walked_page_by_page(line: Line, application: Application) -> None:
    application.on("/voice", "<Hangup/>")
    telephone = line.telephone()
    for _ in range(5):
        telephone.dial("4412345")
        telephone.wait_ended()
    other = line.calling("13900005678")
    other.wait_ended()
    client = line.client
    assert len(client.calls.list(page_size=2)) == 6
    assert len(client.calls.list(from_="+8613800001234", page_size=2)) == 5
    assert [call._from for call in client.calls.list(limit=1)] == ["+8613900005678"]
    assert client.calls.list(status="ringing") == []
    now = datetime.now(UTC)
    assert len(client.calls.list(start_time_after=now - timedelta(days=1), status="completed")) == 6
    assert client.calls.list(start_time_before=now - timedelta(days=1)) == []


def test_a_call_has_the_fields_of_the_official_description(line: Line, application: Application) -> None:
    telephone = in_call(line, application)
    call = line.client.calls(telephone.call_sid).fetch()
    assert (call.sid, call.direction, call._from, call.to) == (
        telephone.call_sid,
        "inbound",
        "+8613800001234",
        HOTLINE,
    )
    assert call.end_time is None
    assert call.duration is None
    assert abs(call.start_time - datetime.now(UTC)) < timedelta(minutes=10)
    telephone.hang_up()
    telephone.wait_ended()
    assert line.client.calls(telephone.call_sid).fetch().end_time >= call.start_time


def test_too_many_concurrent_requests_are_refused_unserved(make_line: Callable[..., Line]) -> None:
    line = make_line(api_concurrency=0)
    assert api_error(lambda: line.client.queues.create(friendly_name="q")) == (429, 20429)
