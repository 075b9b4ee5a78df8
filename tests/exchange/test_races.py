"""People leave at every moment: no call stays open, and every loser of a race receives an answer."""

import threading

import pytest
from twilio.rest.api.v2010.account.call import CallContext

from hotline.exchange.clients.telephone import LineError
from tests.exchange.application import Answer, Application
from tests.exchange.conversation import ROOM
from tests.exchange.line import HOTLINE, Line, api_error


def test_dequeuing_somebody_who_has_just_left_finds_nobody(line: Line, application: Application) -> None:
    application.on("/voice", '<Enqueue waitUrl="/wait">q</Enqueue>')
    application.on("/wait", "<Say>请稍候</Say>")
    telephone = line.calling()
    telephone.hear("请稍候")
    members = line.client.queues(line.client.queues.list()[0].sid).members
    telephone.hang_up()
    telephone.wait_ended()
    assert api_error(lambda: members(telephone.call_sid).update(url=application.url("/join"))) == (404, 20404)
    assert api_error(lambda: members("Front").update(url=application.url("/join"))) == (404, 20404)


def test_leaving_while_the_next_document_is_on_its_way(line: Line, application: Application) -> None:
    gate = threading.Event()
    application.on("/voice", '<Gather numDigits="1" action="/slow"><Say>请按键</Say></Gather>')
    application.on(
        "/slow", Answer('<Response><Enqueue waitUrl="/wait">q</Enqueue></Response>', wait_for=gate)
    )
    telephone = line.calling()
    telephone.hear("请按键")
    telephone.press("1")
    application.wait_for("/slow")
    telephone.hang_up()
    assert telephone.wait_ended() == "completed"
    gate.set()
    application.wait_for("/status")
    assert line.client.queues.list() == []
    assert application.to("/wait") == []


def test_leaving_between_dequeuing_and_the_conference(line: Line, application: Application) -> None:
    gate = threading.Event()
    application.on("/voice", '<Enqueue waitUrl="/wait" action="/queued">q</Enqueue>')
    application.on("/wait", "<Say>请稍候</Say><Pause length='9'/>")
    room = ROOM.format(start="true", end="false", record="do-not-record")
    application.on("/join", Answer(f"<Response>{room}</Response>", wait_for=gate))
    telephone = line.calling()
    telephone.hear("请稍候")
    queue = line.client.queues.list()[0].sid
    line.client.queues(queue).members("Front").update(url=application.url("/join"))
    application.wait_for("/join")
    telephone.hang_up()
    telephone.wait_ended()
    gate.set()
    assert application.wait_for("/queued")[0]["QueueResult"] == "redirected"
    assert line.client.conferences.list() == []


def test_an_operator_s_telephone_rings_on_after_the_caller_left_until_it_is_cancelled(
    line: Line, application: Application
) -> None:
    application.on("/voice", ROOM.format(start="true", end="true", record="do-not-record"))
    telephone, agent = line.calling(), line.softphone()
    application.wait_for("/room")
    facts = {"to": "client:agent_7", "from_": HOTLINE, "label": "agent"}
    seat = line.client.conferences("room-1").participants.create(**facts)
    agent.wait_incoming()
    telephone.hang_up()
    telephone.wait_ended()
    application.wait_for("/room", lambda event: event["StatusCallbackEvent"] == "conference-end")
    assert agent.state == "ringing"
    assert line.client.calls(seat.call_sid).update(status="completed").status == "canceled"
    assert agent.wait_ended() == "canceled"


def test_accepting_too_late_is_told(line: Line, application: Application) -> None:
    application.on("/voice", "<Dial><Client>agent_7</Client></Dial>")
    first, second = line.softphone(), line.softphone()
    line.calling()
    first.wait_incoming()
    second.wait_incoming()
    first.accept()
    second.wait_ended()
    with pytest.raises(LineError, match="another tab was faster"):
        second.accept()


def test_a_hang_up_among_moves_ends_the_call(line: Line, application: Application) -> None:
    application.on("/voice", "<Gather timeout='600'><Say>请按键</Say></Gather>")
    application.on("/moved", "<Gather timeout='600'><Say>又一次</Say></Gather>")
    telephone = line.calling()
    telephone.hear("请按键")
    call = line.client.calls(telephone.call_sid)
    codes: list[tuple[int, int]] = []
    mover = threading.Thread(
        target=lambda: codes.append(api_error(lambda: _move_for_ever(call, application)))
    )
    mover.start()
    telephone.hear("又一次")
    telephone.hang_up()
    assert telephone.wait_ended() == "completed"
    mover.join(8)
    assert codes == [(400, 21220)]
    assert call.fetch().status == "completed"


def _move_for_ever(call: CallContext, application: Application) -> None:
    """Redirects the call until the exchange refuses."""
    while True:
        call.update(url=application.url("/moved"))


def test_the_star_key_parts_where_the_document_allows_it(line: Line, application: Application) -> None:
    application.on("/voice", '<Dial hangupOnStar="true" action="/done"><Client>agent_7</Client></Dial>')
    application.on("/done", "<Say>之后</Say>")
    agent = line.softphone()
    telephone = line.calling()
    agent.wait_incoming()
    agent.accept()
    telephone.wait_connected()
    telephone.wait_listening()
    telephone.press("5*")
    telephone.hear("之后")
    assert agent.wait_ended() == "ended"
