"""The exchange's REST answers, and the product's own requests, against the carrier's official OpenAPI description."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from hotline.clock import system_clock
from hotline.exchange.clients.telephone import Softphone
from hotline.exchange.rest.recordings import media
from hotline.exchange.rest.routes import TABLE
from hotline.gateways.carrier import CallRequest
from hotline.gateways.twilio import TwilioCarrier
from tests.exchange import openapi
from tests.exchange.application import Application
from tests.exchange.line import ACCOUNT, HOTLINE, TOKEN, Line
from tests.exchange.proxy import ForwardedRequest, Proxy, running_proxy

pytestmark = pytest.mark.skipif(
    not openapi.FILE.exists(), reason=f"the carrier's OpenAPI description is not at {openapi.FILE}"
)
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
ROOM = (
    '<Dial><Conference participantLabel="caller" record="record-from-start" waitUrl=""'
    ' statusCallback="/joined" statusCallbackEvent="join">room</Conference></Dial>'
)
CITIZEN = "+8613800001234"


def sdk_at(url: str) -> Client:
    client = Client(ACCOUNT, TOKEN, http_client=TwilioHttpClient(timeout=10))
    client.api.base_url = url
    return client


def use_everything(line: Line, client: Client, application: Application) -> None:
    """Requests every address of the API once, on resources with all fields set."""
    application.on("/voice", '<Enqueue waitUrl="/wait">q</Enqueue>')
    application.on("/wait", "<Say>请稍候</Say><Pause length='6000'/>")
    application.on("/room", ROOM)
    application.on("/answered", "<Pause length='6000'/>")
    telephone, agent = line.calling(), line.softphone()
    telephone.hear("请稍候")
    use_queues(client, application)
    use_conference(client, application, agent)
    use_calls(line, client, application)
    telephone.hang_up()
    telephone.wait_ended()
    client.calls(telephone.call_sid).delete()


def use_queues(client: Client, application: Application) -> None:
    other = client.queues.create("other", max_size=50)
    client.queues(other.sid).update(friendly_name="another", max_size=60)
    client.queues(other.sid).delete()
    queue = client.queues.list(limit=20)[0]
    client.queues(queue.sid).fetch()
    client.queues(queue.sid).members.list()
    client.queues(queue.sid).members("Front").fetch()
    client.queues(queue.sid).members("Front").update(url=application.url("/room"), method="POST")


def use_conference(client: Client, application: Application, agent: Softphone) -> None:
    application.wait_for("/joined")
    client.conferences("room").participants.create(
        to="client:agent_7",
        from_=HOTLINE,
        label="agent",
        beep="false",
        early_media=True,
        status_callback=application.url("/leg"),
        status_callback_event=["initiated", "completed"],
        conference_status_callback=application.url("/events"),
        conference_status_callback_event=["start", "end"],
        end_conference_on_exit=False,
        timeout=30,
    )
    agent.wait_incoming()
    agent.accept()
    agent.wait_connected()
    sid = client.conferences.list(friendly_name="room", status="in-progress")[0].sid
    room = client.conferences(sid)
    room.fetch()
    room.participants.list(muted=False)
    room.participants("agent").fetch()
    room.participants("agent").update(muted=True, hold=False, end_conference_on_exit=False)
    tape = room.recordings.list()[0]
    room.recordings(tape.sid).fetch()
    room.recordings(tape.sid).update(status="paused", pause_behavior="silence")
    room.recordings(tape.sid).update(status="stopped")
    room.participants("agent").delete()
    room.update(status="completed")
    room.recordings(tape.sid).delete()


def use_calls(line: Line, client: Client, application: Application) -> None:
    telephone = line.telephone("13900005678")
    placed = client.calls.create(
        to="+8613900005678",
        from_=HOTLINE,
        url=application.url("/answered"),
        status_callback=application.url("/progress"),
        status_callback_event=["initiated", "ringing", "answered", "completed"],
        machine_detection="Enable",
        async_amd="true",
        time_limit=600,
        timeout=30,
    )
    telephone.wait_for_ring()
    telephone.answer()
    call = client.calls(placed.sid)
    call.fetch()
    application.wait_for("/progress", lambda told: told["CallStatus"] == "in-progress")
    tape = call.recordings.create(recording_channels="mono")
    call.recordings.list()
    call.recordings(tape.sid).fetch()
    call.recordings("Twilio.CURRENT").update(status="stopped")
    client.recordings.list(call_sid=placed.sid)
    client.recordings(tape.sid).fetch()
    call.recordings(tape.sid).delete()
    kept = call.recordings.create()
    client.recordings(kept.sid).delete()
    client.calls.list(status="in-progress", start_time_after=system_clock() - timedelta(days=1))
    call.update(twiml="<Response><Pause/></Response>")
    call.update(status="completed")


@pytest.fixture(scope="module")
def spoken() -> Iterator[list[ForwardedRequest]]:
    """All requests of the SDK with their answers, each address at least once."""
    with Application(TOKEN) as application, ExitStack() as stack:
        line = Line(application, stack)
        tap = stack.enter_context(running_proxy(line.url))
        use_everything(line, sdk_at(tap.url), application)
        yield list(tap.exchanged)


def test_every_address_of_the_api_was_used(spoken: list[ForwardedRequest]) -> None:
    """Covers every address except the sound of a recording, which is no JSON."""
    used = {(said.method, said.path.removeprefix(ROOT)) for said in spoken}
    unused = [
        (method, path)
        for method, path, handler in TABLE
        if handler is not media
        and not any(method == other and re.fullmatch(_pattern(path), sent) for other, sent in used)
    ]
    assert unused == []


def _pattern(path: str) -> str:
    return re.sub(r"\{\w+(:[^{}]*)?\}", "[^/]+", path)


def test_every_address_is_one_the_carrier_has(spoken: list[ForwardedRequest]) -> None:
    for said in spoken:
        assert openapi.operation(said.method, said.path)


def test_every_answer_has_a_status_and_a_shape_the_carrier_describes(spoken: list[ForwardedRequest]) -> None:
    for said in spoken:
        answers = openapi.operation(said.method, said.path)["responses"]
        assert str(said.status) in answers, (said.method, said.path, said.status)
        content = answers[str(said.status)].get("content")
        if content is None:
            assert said.answer is None
            continue
        found = openapi.misfits(said.answer, content["application/json"]["schema"])
        assert found == [], f"{said.method} {said.path}: {found}"


def wrongly_asked(said: ForwardedRequest) -> list[str]:
    """Returns the parts of a request that the carrier's description does not know."""
    described = openapi.operation(said.method, said.path)
    query = {
        item["name"]: item["schema"] for item in described.get("parameters", ()) if item["in"] == "query"
    }
    body = described.get("requestBody", {}).get("content", {})
    form = body.get("application/x-www-form-urlencoded", {}).get("schema", {})
    return openapi.strange_fields({"properties": query}, list(said.query)) + openapi.strange_fields(
        form, list(said.form)
    )


def test_the_sdk_s_requests_are_described(spoken: list[ForwardedRequest]) -> None:
    assert {str(said): found for said in spoken if (found := wrongly_asked(said))} == {}


@pytest.fixture
def tap(line: Line) -> Iterator[Proxy]:
    with running_proxy(line.url) as tap:
        yield tap


def our_carrier(tap: Proxy) -> TwilioCarrier:
    return TwilioCarrier(
        account_sid=ACCOUNT, username=ACCOUNT, password=TOKEN, api_url=tap.url, from_number=HOTLINE
    )


def test_our_own_client_asks_only_what_the_carrier_describes(
    line: Line, application: Application, tap: Proxy
) -> None:
    application.on("/voice", '<Enqueue waitUrl="/wait">hotline</Enqueue>')
    application.on("/wait", "<Say>请稍候</Say><Pause length='60'/>")
    carrier = our_carrier(tap)
    telephone = line.calling()
    telephone.hear("请稍候")
    order = CallRequest(
        "+8613900000000", application.url("/a"), application.url("/s"), application.url("/f"), 30
    )
    began: datetime = system_clock()
    placed = carrier.place(order)
    assert carrier.find_placed(order.to, began) == placed
    assert carrier.status_of(placed) in {"queued", "ringing"}
    carrier.take_from_queue("hotline", telephone.call_sid, application.url("/room"))
    carrier.hang_up(placed)
    assert len({(said.method, said.path) for said in tap.exchanged}) == 6
    assert {str(said): found for said in tap.exchanged if (found := wrongly_asked(said))} == {}


def test_a_request_the_carrier_does_not_know_is_found_out(line: Line, tap: Proxy) -> None:
    """Tests the checker itself: a wrong name, a wrong type and a missing field are three findings."""
    sdk_at(tap.url).request("POST", f"{tap.url}{ROOT}/Calls.json", data={"Tow": "x", "Timeout": "soon"})
    found = wrongly_asked(tap.exchanged[0])
    assert len(found) == 4, found
