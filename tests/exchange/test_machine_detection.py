"""Machine detection: people, answering machines, faxes and silence."""

from collections.abc import Callable

import pytest

from hotline.exchange.calls.machine_detection import AnsweredBy, DetectionOptions, classify
from hotline.exchange.vocabulary.answer_modes import (
    AnsweringMachine,
    AnsweringParty,
    FaxMachine,
    Human,
    SilentAnswer,
    StaffedDesk,
)
from tests.exchange.application import Application
from tests.exchange.line import HOTLINE, Line, api_error

NUMBER = "+8613900000001"
LONG = AnsweringMachine("您好，我现在不方便接听您的电话，请在提示音之后留言，谢谢。")
MUTE = AnsweringMachine(LONG.greeting, beep=False)
TALKER = StaffedDesk("您好，这里是市公安局一一零接警服务台，请问您在什么位置需要什么帮助")


@pytest.mark.parametrize(
    ("answerer", "until_end", "by", "seconds"),
    [
        (Human(), False, AnsweredBy.HUMAN, 2.2),
        (Human(), True, AnsweredBy.HUMAN, 2.2),
        (StaffedDesk("一一〇"), True, AnsweredBy.HUMAN, 1.86),
        (TALKER, False, AnsweredBy.MACHINE_START, 2.4),
        (LONG, False, AnsweredBy.MACHINE_START, 2.4),
        (LONG, True, AnsweredBy.MACHINE_END_BEEP, 6.78),
        (MUTE, True, AnsweredBy.MACHINE_END_SILENCE, 7.58),
        (AnsweringMachine("留言", beep=False), False, AnsweredBy.HUMAN, 1.64),
        (AnsweringMachine("长" * 200), True, AnsweredBy.UNKNOWN, 30.0),
        (FaxMachine(), False, AnsweredBy.FAX, 1.1),
        (SilentAnswer(), False, AnsweredBy.UNKNOWN, 5.0),
    ],
)
def test_speech_longer_than_the_threshold_is_a_machine_whoever_speaks(
    answerer: AnsweringParty, until_end: bool, by: AnsweredBy, seconds: float
) -> None:
    verdict = classify(answerer, DetectionOptions(until_end=until_end))
    assert (verdict.by, verdict.seconds) == (by, pytest.approx(seconds))


def place(line: Line, **changes: object) -> str:
    facts: dict[str, object] = {
        "to": NUMBER,
        "from_": HOTLINE,
        "url": line.application.url("/answered"),
        "status_callback": line.application.url("/progress"),
        "machine_detection": "Enable",
    }
    return str(line.client.calls.create(**(facts | changes)).sid)  # type: ignore[arg-type]


def test_detection_delays_the_document_and_tells_who_answered(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(answers={NUMBER: LONG}, virtual=True)
    application.on("/answered", "<Say>留言内容</Say>")
    sid = place(line, machine_detection="DetectMessageEnd", status_callback_event=["answered", "completed"])
    answered = application.wait_for("/answered")[0]
    assert (answered["AnsweredBy"], answered["MachineDetectionDuration"]) == ("machine_end_beep", "6780")
    over = application.wait_for("/progress", lambda told: told["CallStatus"] == "completed")[0]
    assert over["AnsweredBy"] == "machine_end_beep"
    assert int(over["CallDuration"]) >= 7
    assert line.client.calls(sid).fetch().answered_by == "machine_end_beep"
    in_progress = application.wait_for("/progress", lambda told: told["CallStatus"] == "in-progress")[0]
    assert "AnsweredBy" not in in_progress.form


def test_detection_in_the_background_does_not_keep_the_callee_waiting(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(answers={NUMBER: LONG}, virtual=True)
    application.on("/answered", "<Say>您好</Say><Pause length='30'/>")
    place(line, async_amd="true", async_amd_status_callback=application.url("/amd"))
    told = application.wait_for("/amd")[0]
    assert (told["AnsweredBy"], told["MachineDetectionDuration"]) == ("machine_start", "2400")
    assert set(told.form) == {"CallSid", "AccountSid", "AnsweredBy", "MachineDetectionDuration"}
    assert "AnsweredBy" not in application.to("/answered")[0].form
    paths = [request.path for request in application.received]
    assert paths.index("/answered") < paths.index("/amd")


def test_a_call_that_ends_before_the_verdict_has_none(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(answers={NUMBER: LONG}, virtual=True)
    application.on("/answered", "<Hangup/>")
    sid = place(line, async_amd="true", async_amd_status_callback=application.url("/amd"))
    application.wait_for("/progress")
    assert application.to("/amd") == []
    assert line.client.calls(sid).fetch().answered_by is None


def test_digits_to_be_sent_switch_detection_off(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(answers={NUMBER: LONG}, virtual=True)
    place(line, send_digits="ww1")
    assert "AnsweredBy" not in application.wait_for("/answered")[0].form


def test_a_participant_s_machine_is_told_beside_the_conference(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(answers={NUMBER: FaxMachine()}, virtual=True)
    line.client.conferences("room-9").participants.create(
        to=NUMBER,
        from_=HOTLINE,
        machine_detection="Enable",
        amd_status_callback=application.url("/amd"),
        amd_status_callback_method="GET",
    )
    told = application.wait_for("/amd")[0]
    assert (told["AnsweredBy"], told.method) == ("fax", "GET")


def test_a_registered_telephone_can_be_a_machine(line: Line, application: Application) -> None:
    telephone = line.telephone(NUMBER, answers="machine")
    place(line)
    telephone.wait_for_ring()
    telephone.answer()
    assert application.wait_for("/answered")[0]["AnsweredBy"] == "machine_start"


def test_a_kind_of_detection_that_does_not_exist_is_refused(line: Line) -> None:
    assert api_error(lambda: place(line, machine_detection="Guess")) == (400, 20001)
    assert api_error(lambda: place(line, machine_detection_silence_timeout=1)) == (400, 20001)
