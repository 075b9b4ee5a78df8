"""The effect of each fault on webhooks, as the application sees it, and the count of its effects."""

import threading
from collections.abc import Callable

import pytest
from twilio.rest.api.v2010.account.call import CallInstance

from hotline.exchange.clients.telephone import Telephone
from hotline.exchange.core.faults import Fault, FaultRule
from hotline.exchange.vocabulary.request_kinds import RequestKind
from tests.exchange.application import Answer, Application, ReceivedRequest
from tests.exchange.line import HOTLINE, Line

MENU = '<Gather numDigits="1" action="/menu" timeout="600"><Say>请按键</Say></Gather>'
SOMEBODY = "+8613700009999"
TOKEN = "I-Twilio-Idempotency-Token"
PROGRESS = ["initiated", "ringing", "answered", "completed"]


@pytest.fixture
def line(make_line: Callable[..., Line], application: Application) -> Line:
    """A line whose number has a fallback URL."""
    application.on("/fallback", "<Say>备用</Say>")
    return make_line(fallback_url=application.url("/fallback"))


def pressing_one(line: Line, application: Application) -> Telephone:
    """Returns a caller who has pressed 1 in a menu."""
    application.on("/voice", MENU)
    telephone = line.calling()
    telephone.hear("请按键")
    telephone.press("1")
    return telephone


def placed(line: Line, application: Application) -> tuple[Telephone, CallInstance]:
    """Returns a ringing call that the application placed, with a status callback."""
    telephone = line.telephone(SOMEBODY)
    call = line.client.calls.create(
        to=SOMEBODY,
        from_=HOTLINE,
        twiml="<Response><Say>您好</Say></Response>",
        status_callback=application.url("/leg"),
        status_callback_event=PROGRESS,
    )
    telephone.wait_for_ring()
    return telephone, call


def statuses(requests: list[ReceivedRequest]) -> list[str]:
    return [request["CallStatus"] for request in requests]


def tokens(requests: list[ReceivedRequest]) -> set[str]:
    return {request.headers[TOKEN] for request in requests}


def test_the_second_answer_to_a_webhook_sent_twice_at_once_is_the_one_run(
    line: Line, application: Application
) -> None:
    gate = threading.Event()
    second = Answer("<Response><Say>第二次</Say></Response>")
    application.on("/menu", Answer("<Response><Say>第一次</Say></Response>", wait_for=gate), second)
    fault = line.faults.set(FaultRule(Fault.DUPLICATE, RequestKind.GATHER))
    telephone = pressing_one(line, application)
    both = application.wait_for("/menu", count=2)
    gate.set()
    telephone.hear("第二次")
    assert telephone.transcript == ["请按键", "第二次"]
    assert len(tokens(both)) == 1
    assert both[0].form == both[1].form
    assert line.faults.fired(fault) == 1


def test_a_webhook_sent_again_after_its_answer_runs_the_second_answer(
    line: Line, application: Application
) -> None:
    application.on("/menu", "<Say>第一次</Say>", "<Say>第二次</Say>")
    fault = line.faults.set(FaultRule(Fault.DUPLICATE_AFTER, RequestKind.GATHER))
    telephone = pressing_one(line, application)
    telephone.hear("第二次")
    assert telephone.transcript == ["请按键", "第二次"]
    assert len(tokens(application.wait_for("/menu", count=2))) == 1
    assert line.faults.fired(fault) == 1


@pytest.mark.parametrize("fault", [Fault.DUPLICATE, Fault.DUPLICATE_AFTER])
def test_a_status_callback_sent_twice_carries_one_token(
    line: Line, application: Application, fault: Fault
) -> None:
    line.faults.set(FaultRule(fault, RequestKind.STATUS))
    line.calling().wait_ended()
    both = application.wait_for("/status", count=2)
    assert statuses(both) == ["no-answer", "no-answer"]
    assert len(tokens(both)) == 1


def test_a_callback_held_back_arrives_after_a_later_one(line: Line, application: Application) -> None:
    fault = line.faults.set(FaultRule(Fault.REORDER, RequestKind.STATUS, nth=2, seconds=600))
    telephone, _ = placed(line, application)
    telephone.answer()
    telephone.wait_ended()
    arrived = application.wait_for("/leg", count=4)
    assert statuses(arrived).index("ringing") > statuses(arrived).index("in-progress")
    assert sorted(request["SequenceNumber"] for request in arrived) == ["0", "1", "2", "3"]
    assert line.faults.fired(fault) == 1


def test_a_callback_that_nothing_follows_is_sent_in_the_end_and_the_fault_has_not_fired(
    line: Line, application: Application
) -> None:
    fault = line.faults.set(FaultRule(Fault.REORDER, RequestKind.STATUS, seconds=3))
    line.calling().wait_ended()
    assert statuses(application.wait_for("/status")) == ["no-answer"]
    assert line.faults.fired(fault) == 0


def test_a_dropped_callback_is_never_sent(line: Line, application: Application) -> None:
    fault = line.faults.set(FaultRule(Fault.DROP, RequestKind.STATUS, nth=2, times=2))
    telephone, _ = placed(line, application)
    telephone.answer()
    telephone.wait_ended()
    application.wait_for("/leg", lambda request: request["CallStatus"] == "completed")
    assert statuses(application.to("/leg")) == ["initiated", "completed"]
    assert line.faults.fired(fault) == 2


def test_without_a_connection_the_fallback_takes_over(line: Line, application: Application) -> None:
    fault = line.faults.set(FaultRule(Fault.DROP, RequestKind.GATHER))
    pressing_one(line, application).hear("备用")
    fallback = application.to("/fallback")[0]
    assert (fallback["ErrorCode"], fallback["ErrorUrl"]) == ("11205", application.url("/menu"))
    assert application.to("/menu") == []
    assert line.faults.fired(fault) == 1


def test_a_delayed_webhook_comes_late(line: Line, application: Application) -> None:
    application.on("/menu", "<Say>好的</Say>")
    fault = line.faults.set(FaultRule(Fault.DELAY, RequestKind.GATHER, seconds=30))
    telephone = pressing_one(line, application)
    pressed_at = telephone.at
    telephone.hear("好的")
    assert telephone.at >= pressed_at + 29
    assert line.faults.fired(fault) == 1


def test_a_badly_signed_webhook_is_refused_and_the_fallback_takes_over(
    line: Line, application: Application
) -> None:
    fault = line.faults.set(FaultRule(Fault.BAD_SIGNATURE, RequestKind.GATHER))
    pressing_one(line, application).hear("备用")
    assert application.take_badly_signed(1) == ["POST /menu"]
    assert application.to("/menu") == []
    assert application.to("/fallback")[0]["ErrorCode"] == "11200"
    assert line.faults.fired(fault) == 1


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.TIME_OUT])
def test_a_webhook_whose_answer_is_lost_has_had_its_effect_and_the_fallback_takes_over(
    line: Line, application: Application, fault: Fault
) -> None:
    application.on("/menu", "<Say>从未听到</Say>")
    switch = line.faults.set(FaultRule(fault, RequestKind.GATHER))
    telephone = pressing_one(line, application)
    telephone.hear("备用")
    assert telephone.transcript == ["请按键", "备用"]
    assert application.to("/menu")[0]["Digits"] == "1"
    assert application.to("/fallback")[0]["ErrorCode"] == "11200"
    assert line.faults.fired(switch) == 1


@pytest.mark.parametrize(("fault", "word"), [(Fault.LOST_ANSWER, "5xx"), (Fault.TIME_OUT, "rt")])
def test_a_lost_answer_is_asked_for_again_where_the_url_says_so(
    line: Line, application: Application, fault: Fault, word: str
) -> None:
    application.on(
        "/voice", f'<Gather numDigits="1" action="/menu#rp={word}" timeout="600"><Say>请按键</Say></Gather>'
    )
    application.on("/menu", "<Say>第一次</Say>", "<Say>第二次</Say>")
    line.faults.set(FaultRule(fault, RequestKind.GATHER))
    telephone = line.calling()
    telephone.hear("请按键")
    telephone.press("1")
    telephone.hear("第二次")
    assert len(tokens(application.wait_for("/menu", count=2))) == 1


def test_a_lost_answer_that_never_came_has_not_fired(line: Line, application: Application) -> None:
    application.on("/voice", "<Redirect>http://127.0.0.1:1/nobody</Redirect>")
    fault = line.faults.set(FaultRule(Fault.LOST_ANSWER, RequestKind.REDIRECT))
    line.calling().hear("备用")
    assert line.faults.fired(fault) == 0


def test_an_old_request_is_sent_again_byte_for_byte_after_a_later_one(
    line: Line, application: Application
) -> None:
    application.on("/menu", "<Say>好的</Say><Pause length='3'/>")
    fault = line.faults.set(FaultRule(Fault.REPLAY, RequestKind.VOICE, seconds=600))
    pressing_one(line, application).wait_ended()
    first, again = application.wait_for("/voice", count=2)
    assert first == again
    paths = [request.path for request in application.received]
    assert paths.index("/menu") < len(paths) - 1 - paths[::-1].index("/voice")
    assert line.faults.fired(fault) == 1


@pytest.mark.parametrize(("k", "path"), [(1, "/voice"), (2, "/menu")])
def test_the_caller_hangs_up_when_the_kth_webhook_is_sent(
    line: Line, application: Application, k: int, path: str
) -> None:
    application.on("/voice", "<Redirect>/menu</Redirect>")
    application.on("/menu", "<Say>从未听到</Say><Redirect>/never</Redirect>")
    fault = line.faults.set(FaultRule(Fault.HANG_UP_WHEN_SENT, nth=k))
    telephone = line.calling()
    assert telephone.wait_ended() == "no-answer"
    application.wait_for(path)
    application.wait_for("/status")
    assert telephone.transcript == []
    assert application.to("/never") == []
    assert line.faults.fired(fault) == 1


def test_the_caller_hangs_up_after_the_answer_and_before_hearing_it(
    line: Line, application: Application
) -> None:
    application.on("/menu", "<Say>从未听到</Say>")
    fault = line.faults.set(FaultRule(Fault.HANG_UP_WHEN_ANSWERED, nth=2))
    telephone = pressing_one(line, application)
    assert telephone.wait_ended() == "completed"
    assert application.to("/menu")[0]["Digits"] == "1"
    assert telephone.transcript == ["请按键"]
    assert line.faults.fired(fault) == 1


def test_every_call_counts_its_own_webhooks(line: Line, application: Application) -> None:
    application.on("/voice", "<Redirect>/menu</Redirect>")
    application.on("/menu", "<Say>从未听到</Say>")
    fault = line.faults.set(FaultRule(Fault.HANG_UP_WHEN_SENT, nth=2, times=None))
    assert line.calling().wait_ended() == "no-answer"
    assert line.calling("13900005678").wait_ended() == "no-answer"
    assert line.faults.fired(fault) == 2
    assert len(application.wait_for("/menu", count=2)) == 2


def test_a_number_in_mainland_china_cannot_be_dialled(line: Line, application: Application) -> None:
    application.on("/voice", f'<Dial action="/done"><Number>{SOMEBODY}</Number></Dial>')
    application.on("/done", "<Say>之后</Say>")
    fault = line.faults.set(FaultRule(Fault.NO_ROUTE, RequestKind.DIAL_NUMBER))
    there = line.telephone(SOMEBODY)
    line.calling().hear("之后")
    assert application.to("/done")[0]["DialCallStatus"] == "failed"
    assert there.state == "idle"
    assert line.faults.fired(fault) == 1


STEPS = [
    (RequestKind.VOICE, "/voice", MENU),
    (RequestKind.REDIRECT, "/next", "<Redirect>/next</Redirect>"),
    (RequestKind.RECORD, "/left", '<Record action="/left" maxLength="2"/>'),
    (RequestKind.WAIT, "/wait", '<Enqueue waitUrl="/wait">q</Enqueue>'),
    (RequestKind.ENQUEUE, "/queued", '<Enqueue waitUrl="/leave" action="/queued">q</Enqueue>'),
    (RequestKind.DIAL, "/done", '<Dial action="/done"><Client>nobody</Client></Dial>'),
    (RequestKind.LEG, "/whisper", '<Dial><Client url="/whisper">agent_7</Client></Dial>'),
    (RequestKind.CONFERENCE_DOCUMENT, "/hold", '<Dial><Conference waitUrl="/hold">room</Conference></Dial>'),
    (RequestKind.CONFERENCE, "/room", '<Dial><Conference statusCallback="/room" statusCallbackEvent="join">room</Conference></Dial>'),
    (RequestKind.RECORDING, "/taped", '<Record maxLength="2" recordingStatusCallback="/taped" action="/x"/>'),
    (RequestKind.PLAY, "/song.wav", "<Play>/song.wav</Play>"),
    (RequestKind.FALLBACK, "/fallback", "<Redirect>http://127.0.0.1:1/nobody</Redirect>"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "path", "document"), STEPS, ids=[row[0] for row in STEPS])
def test_a_fault_hits_the_step_it_is_aimed_at(
    line: Line, application: Application, step: RequestKind, path: str, document: str
) -> None:
    application.on("/voice", document)
    application.on("/leave", "<Leave/>")
    fault = line.faults.set(FaultRule(Fault.DUPLICATE, step))
    agent = line.softphone()
    line.calling()
    if step is RequestKind.LEG:
        agent.wait_incoming()
        agent.accept()
    assert len(tokens(application.wait_for(path, count=2)[:2])) == 1
    assert line.faults.fired(fault) == 1


def test_a_fault_aimed_at_a_path_passes_others_by(line: Line, application: Application) -> None:
    application.on("/voice", "<Redirect>/one</Redirect>")
    application.on("/one", "<Redirect>/two/three</Redirect>")
    application.on("/two/three", "<Say>好的</Say>")
    fault = line.faults.set(FaultRule(Fault.DUPLICATE, RequestKind.REDIRECT, path="/two"))
    line.calling().hear("好的")
    assert [len(application.to(path)) for path in ("/one", "/two/three")] == [1, 2]
    assert line.faults.fired(fault) == 1


def test_a_fault_turned_off_lets_everything_pass(line: Line, application: Application) -> None:
    fault = line.faults.set(FaultRule(Fault.DUPLICATE, times=None))
    line.faults.turn(fault, on=False)
    line.calling().wait_ended()
    application.wait_for("/status")
    assert len(application.to("/voice")) == 1
    line.faults.turn(fault, on=True)
    line.calling("13900005678").wait_ended()
    application.wait_for("/voice", count=3)
