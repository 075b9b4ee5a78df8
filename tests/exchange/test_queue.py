"""Enqueue: the repeated wait document, and every way out of a queue."""

from collections.abc import Callable

import pytest
from twilio.base.exceptions import TwilioRestException

from hotline.exchange.clients.telephone import Telephone
from tests.exchange.application import Answer, Application
from tests.exchange.line import Line

ENQUEUE = '<Enqueue action="/queued" waitUrl="/wait?x=1">中文队列</Enqueue><Say>之后</Say>'
WAIT = "<Say>请稍候</Say><Pause length='2'/>"


def waiting(line: Line, application: Application, enqueue: str = ENQUEUE) -> Telephone:
    application.on("/voice", enqueue)
    application.on("/wait", WAIT)
    telephone = line.calling()
    telephone.hear("请稍候")
    return telephone


def test_the_wait_document_is_asked_for_again_with_fresh_numbers(
    line: Line, application: Application
) -> None:
    waiting(line, application)
    first, second, third = application.wait_for("/wait", count=3)[:3]
    assert (first["QueuePosition"], first["CurrentQueueSize"], first["MaxQueueSize"]) == ("1", "1", "1000")
    assert first["QueueSid"].startswith("QU")
    times = [int(request["QueueTime"]) for request in (first, second, third)]
    assert times[0] == 0
    assert times[1] >= 2
    assert times[2] >= times[1] + 2
    assert first.query == {"x": "1"}


def test_positions_follow_the_order_of_arrival(line: Line, application: Application) -> None:
    waiting(line, application)
    second = line.calling("13900005678")
    second.hear("请稍候")
    request = application.wait_for("/wait", lambda request: request["From"] == "+8613900005678")[0]
    assert (request["QueuePosition"], request["CurrentQueueSize"]) == ("2", "2")
    queue = line.client.queues.list()[0]
    assert (queue.friendly_name, queue.current_size, queue.max_size) == ("中文队列", 2, 1000)
    members = line.client.queues(queue.sid).members.list()
    assert [member.position for member in members] == [1, 2]
    assert line.client.queues(queue.sid).members("Front").fetch().call_sid == members[0].call_sid


def test_a_key_in_the_wait_document_leads_out_of_the_queue(line: Line, application: Application) -> None:
    application.on("/voice", ENQUEUE)
    application.on(
        "/wait", '<Gather action="/choice" numDigits="1" timeout="20"><Say>请稍候，按1回拨</Say></Gather>'
    )
    application.on("/choice", "<Say>好的</Say><Leave/>")
    application.on("/queued", "<Say>我们会给您回电</Say>")
    telephone = line.calling()
    telephone.hear("按1回拨")
    telephone.press("1")
    telephone.hear("好的")
    telephone.hear("回电")
    result = application.wait_for("/queued")[0]
    assert (result["QueueResult"], result["CallStatus"]) == ("leave", "in-progress")
    assert int(result["QueueTime"]) >= 0
    assert line.client.queues.list()[0].current_size == 0


def test_a_choice_that_does_not_leave_keeps_the_place(line: Line, application: Application) -> None:
    application.on("/voice", ENQUEUE)
    application.on(
        "/wait", '<Gather action="/choice" numDigits="1" timeout="20"><Say>请稍候，按1回拨</Say></Gather>'
    )
    application.on("/choice", "<Say>请继续等候</Say>")
    telephone = line.calling()
    telephone.hear("按1回拨")
    telephone.press("1")
    telephone.hear("继续等候")
    telephone.hear("按1回拨")
    assert application.wait_for("/wait", count=2)[1]["QueuePosition"] == "1"


def test_hanging_up_in_the_queue_is_told_to_the_action(line: Line, application: Application) -> None:
    telephone = waiting(line, application)
    telephone.hang_up()
    result = application.wait_for("/queued")[0]
    assert (result["QueueResult"], result["CallStatus"]) == ("hangup", "completed")
    assert application.wait_for("/status")[0]["CallStatus"] == "completed"
    assert line.client.queues.list()[0].current_size == 0


def test_a_full_queue_is_told_at_once(line: Line, application: Application) -> None:
    line.client.queues.create(friendly_name="小队列", max_size=1)
    enqueue = '<Enqueue action="/queued" waitUrl="/wait">小队列</Enqueue>'
    waiting(line, application, enqueue)
    application.on("/queued", "<Say>线路忙，请留言</Say>")
    second = line.calling("13900005678")
    second.hear("线路忙")
    result = application.wait_for("/queued")[0]
    assert result["QueueResult"] == "queue-full"
    assert "QueueTime" not in result.form


@pytest.mark.parametrize("broken", [Answer(status=500), Answer("<Response><Dial>123456</Dial></Response>")])
def test_a_wait_document_that_cannot_be_run_ends_the_waiting(
    line: Line, application: Application, broken: Answer
) -> None:
    application.on("/voice", ENQUEUE)
    application.on("/wait", broken)
    application.on("/queued", "<Say>抱歉</Say>")
    line.calling().hear("抱歉")
    assert application.wait_for("/queued")[0]["QueueResult"] == "error"


def test_without_action_the_next_verb_follows(line: Line, application: Application) -> None:
    application.on("/voice", "<Enqueue waitUrl='/wait'>q</Enqueue><Say>之后</Say>")
    application.on("/wait", "<Leave/>")
    line.calling().hear("之后")


def test_hanging_up_by_document_in_the_queue_ends_the_call(line: Line, application: Application) -> None:
    application.on("/voice", ENQUEUE)
    application.on("/wait", "<Say>再见</Say><Hangup/>")
    telephone = line.calling()
    assert telephone.wait_ended() == "completed"
    assert application.wait_for("/queued")[0]["QueueResult"] == "hangup"


def test_without_wait_document_there_is_music_or_silence(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line()
    application.on("/voice", "<Enqueue>a</Enqueue>")
    line.calling().hear("♪")
    application.on("/voice", '<Enqueue waitUrl="">b</Enqueue>')
    silent = line.calling("13900005678")
    application.wait_for("/voice", count=2)
    silent.hang_up()
    silent.wait_ended()
    assert silent.transcript == []


def test_of_two_operators_exactly_one_gets_the_caller(line: Line, application: Application) -> None:
    telephone = waiting(line, application)
    application.on("/taken", "<Say>接通</Say><Pause length='60'/>")
    queue = line.client.queues.list()[0]
    member = line.client.queues(queue.sid).members("Front")
    taken = member.update(url=application.url("/taken"))
    assert taken.position == 1
    with pytest.raises(TwilioRestException) as lost:
        line.client.queues(queue.sid).members(taken.call_sid).update(url=application.url("/taken"))
    assert (lost.value.status, lost.value.code) == (404, 20404)
    telephone.hear("接通")
    result = application.wait_for("/queued")[0]
    assert (result["QueueResult"], result["CallStatus"]) == ("redirected", "in-progress")


def test_dialling_a_queue_connects_its_head_after_a_whisper(line: Line, application: Application) -> None:
    telephone = waiting(line, application)
    application.on("/queued", "<Say>请评价</Say>")
    application.on("/whisper", "<Say>即将接通</Say>")
    agent = line.softphone()
    dial = '<Response><Dial action="http://{}/dialled"><Queue url="http://{}/whisper">中文队列</Queue></Dial></Response>'
    host = application.base.removeprefix("http://")
    line.client.calls.create(to="client:agent_7", from_=line.settings.number, twiml=dial.format(host, host))
    agent.wait_incoming()
    agent.accept()
    telephone.hear("即将接通")
    whispered = application.wait_for("/whisper")[0]
    assert whispered["DequeingCallSid"] == agent.call_sid
    assert agent.wait_connected() == ["+8613800001234"]
    agent.say("您好，工号017")
    telephone.hear("client:agent_7: 您好，工号017")
    agent.hang_up()
    telephone.hear("请评价")
    assert application.wait_for("/queued")[0]["QueueResult"] == "bridged"
    dialled = application.wait_for("/dialled")[0]
    assert (dialled["DialCallStatus"], dialled["DequeueResult"]) == ("completed", "bridged")
    assert dialled["DequeuedCallSid"] == telephone.call_sid
