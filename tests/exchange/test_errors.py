"""Every error of the REST API in the carrier's form, with its code and HTTP status."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import requests

from hotline.exchange.twiml.schema import ELEMENTS
from hotline.exchange.twiml.validation import validate
from hotline.exchange.vocabulary.answer_modes import Barred, CallRestriction
from hotline.exchange.vocabulary.enums import DocumentContext
from tests.exchange.application import Application
from tests.exchange.line import ACCOUNT, HOTLINE, TOKEN, Line

ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
CALL, QUEUE, MEMBER = "CA" + "1" * 32, "QU" + "1" * 32, "CA" + "2" * 32
GOOD = {"To": "+8613900000000", "From": HOTLINE, "Twiml": "<Response/>"}
BARRED = {f"+865372200{place:03d}": Barred(bar) for place, bar in enumerate(CallRestriction)}
LONG_TWIML = "<Response>" + "x" * 4000 + "</Response>"

CREATE = ("POST", f"{ROOT}/Calls.json")
REFUSALS: list[tuple[str, str, dict[str, str], int, int]] = [
    (*CREATE, {"From": HOTLINE}, 400, 21201),
    (*CREATE, GOOD | {"Url": "ftp://example.com/x", "Twiml": ""}, 400, 21205),
    (*CREATE, GOOD | {"Url": "http://under_score.example/x"}, 400, 21205),
    (*CREATE, GOOD | {"Twiml": ""}, 400, 21205),
    (*CREATE, GOOD | {"StatusCallback": "nowhere"}, 400, 21205),
    (*CREATE, GOOD | {"ApplicationSid": "AP" + "1" * 32}, 400, 21218),
    (*CREATE, GOOD | {"From": "+865370000000"}, 400, 21210),
    (*CREATE, GOOD | {"To": "110"}, 400, 21211),
    (*CREATE, GOOD | {"To": HOTLINE}, 400, 21211),
    (*CREATE, GOOD | {"To": "+86"}, 400, 21217),
    (*CREATE, GOOD | {"From": "hotline"}, 400, 21212),
    (*CREATE, GOOD | {"From": ""}, 400, 21213),
    (*CREATE, GOOD | {"Timeout": "601"}, 400, 20001),
    (*CREATE, GOOD | {"Twiml": LONG_TWIML}, 400, 20001),
    (*CREATE, GOOD | {"StatusCallback": "http://x.example", "StatusCallbackEvent": "answer"}, 400, 20001),
    *((*CREATE, GOOD | {"To": number}, 400, barred.restriction.rest_code) for number, barred in BARRED.items()),
    ("GET", f"{ROOT}/Calls/{CALL}.json", {}, 404, 20404),
    ("POST", f"{ROOT}/Calls/{CALL}.json", {"Status": "completed"}, 404, 20404),
    ("GET", f"{ROOT}/Nothing.json", {}, 404, 20404),
    ("GET", "/2010-04-01/Accounts/AC9/Calls.json", {}, 404, 20404),
    ("DELETE", f"{ROOT}/Calls.json", {}, 405, 20004),
    ("POST", f"{ROOT}/Queues.json", {}, 400, 20001),
    ("POST", f"{ROOT}/Queues.json", {"FriendlyName": "taken"}, 400, 22003),
    ("POST", f"{ROOT}/Queues.json", {"FriendlyName": "x", "MaxSize": "5001"}, 400, 20001),
    ("GET", f"{ROOT}/Queues/{QUEUE}.json", {}, 404, 20404),
    ("GET", f"{ROOT}/Queues/{QUEUE}/Members/{MEMBER}.json", {}, 404, 20404),
    ("POST", f"{ROOT}/Queues/{{taken}}/Members/Front.json", {"Url": "http://x.example"}, 404, 20404),
    ("POST", f"{ROOT}/Queues/{{taken}}/Members/Front.json", {}, 400, 21205),
    ("GET", f"{ROOT}/Conferences/{'CF' + '1' * 32}.json", {}, 404, 20404),
    ("POST", f"{ROOT}/Conferences/{'CF' + '1' * 32}/Participants.json", GOOD, 404, 20404),
    ("POST", f"{ROOT}/Conferences/r/Participants.json", GOOD | {"Coaching": "true", "CallSidToCoach": CALL}, 400, 16028),
    ("POST", f"{ROOT}/Conferences/r/Participants.json", GOOD | {"Beep": "loud"}, 400, 20001),
    ("DELETE", f"{ROOT}/Conferences/r/Participants/{CALL}.json", {}, 404, 20404),
    ("GET", f"{ROOT}/Recordings/{'RE' + '1' * 32}.json", {}, 404, 20404),
    ("GET", f"{ROOT}/Calls.json?PageSize=x", {}, 400, 20001),
    ("GET", f"{ROOT}/Calls.json?StartTime=yesterday", {}, 400, 20001),
]  # fmt: skip


@pytest.fixture(scope="module")
def barring() -> Iterator[Line]:
    """Returns an exchange that may not call some numbers, with one empty queue named `taken`."""
    with Application(TOKEN) as application, ExitStack() as stack:
        line = Line(application, stack, answers=BARRED)
        line.client.queues.create("taken")
        yield line


@pytest.mark.parametrize(
    "row",
    REFUSALS,
    ids=[f"{place}-{row[4]}" for place, row in enumerate(REFUSALS)],
)
def test_a_refusal_has_its_status_its_code_and_the_carrier_s_form(
    barring: Line, row: tuple[str, str, dict[str, str], int, int]
) -> None:
    method, path, form, status, code = row
    path = path.replace("{taken}", str(barring.client.queues.list()[0].sid))
    answer = requests.request(method, barring.url + path, data=form or None, auth=(ACCOUNT, TOKEN), timeout=5)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert body.keys() == {"code", "message", "more_info", "status"}
    assert body["status"] == status
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"


def test_a_wrong_token_is_refused_before_anything_else(barring: Line) -> None:
    answer = requests.get(f"{barring.url}{ROOT}/Calls.json", auth=(ACCOUNT, "wrong"), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_a_call_that_is_over_cannot_be_moved_or_recorded(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line()
    telephone = line.calling()
    telephone.wait_ended()
    url = f"{line.url}{ROOT}/Calls/{telephone.call_sid}"
    for path, form in (
        (".json", {"Url": "http://x.example"}),
        (".json", {"Status": "completed"}),
        ("/Recordings.json", {}),
    ):
        answer = requests.post(url + path, data=form, auth=(ACCOUNT, TOKEN), timeout=5)
        assert (answer.status_code, answer.json()["code"]) == (400, 21220)


SAMPLES = {
    "Say": "<Say>您好</Say>",
    "Play": "<Play>/x.wav</Play>",
    "Pause": "<Pause/>",
    "Gather": "<Gather/>",
    "Record": "<Record/>",
    "Enqueue": "<Enqueue>q</Enqueue>",
    "Leave": "<Leave/>",
    "Dial": "<Dial>+8613900000000</Dial>",
    "Redirect": "<Redirect>/x</Redirect>",
    "Reject": "<Reject/>",
    "Hangup": "<Hangup/>",
    "Start": "<Start><Recording/></Start>",
    "Stop": "<Stop><Recording/></Stop>",
}
NOUNS = {"Number", "Client", "Sip", "Identity", "Parameter", "Queue", "Conference", "Recording"}
MISPLACED: dict[DocumentContext, dict[str, int]] = {
    DocumentContext.CALL: {"Leave": 12200},
    DocumentContext.LEG: {"Dial": 13201, "Leave": 12200},
    DocumentContext.WAIT: dict.fromkeys(("Record", "Enqueue", "Dial", "Reject", "Start", "Stop"), 12200),
    DocumentContext.QUEUE_WHISPER: dict.fromkeys(
        SAMPLES.keys() - {"Say", "Play", "Pause", "Redirect"}, 12200
    ),
    DocumentContext.CONFERENCE: dict.fromkeys(SAMPLES.keys() - {"Say", "Play", "Pause", "Redirect"}, 13238),
}


def test_every_verb_has_a_sample() -> None:
    assert SAMPLES.keys() | NOUNS == ELEMENTS.keys()


@pytest.mark.parametrize("verb", SAMPLES)
@pytest.mark.parametrize("context", DocumentContext)
def test_a_verb_stands_only_in_the_documents_that_allow_it(context: DocumentContext, verb: str) -> None:
    problems = validate(f"<Response>{SAMPLES[verb]}</Response>", context)
    code = MISPLACED[context].get(verb)
    assert [int(problem.partition(":")[0]) for problem in problems] == ([] if code is None else [code])
