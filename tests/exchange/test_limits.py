"""Limits of concurrent calls, of their duration, and of calls waiting to be placed."""

from collections.abc import Callable

from hotline.exchange.vocabulary.answer_modes import StaffedDesk
from tests.exchange.application import Application
from tests.exchange.line import HOTLINE, Line, api_error

DESK = "+865372200000"
WAIT = "<Pause length='7200'/><Pause length='7200'/><Pause length='7200'/>"


def place(line: Line, **changes: object) -> str:
    facts: dict[str, object] = {
        "to": DESK,
        "from_": HOTLINE,
        "url": line.application.url("/answered"),
        "status_callback": line.application.url("/progress"),
    }
    return str(line.client.calls.create(**(facts | changes)).sid)  # type: ignore[arg-type]


def test_one_call_more_than_the_account_may_have_is_refused(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(concurrent_calls=2)
    application.on("/voice", "<Say>您好</Say><Pause length='600'/>")
    first, second = line.calling("13800000001"), line.calling("13800000002")
    first.hear("您好")
    second.hear("您好")
    assert api_error(lambda: place(line)) == (429, 10004)
    third = line.calling("13800000003")
    assert third.wait_ended() == "busy"
    assert len(application.to("/voice")) == 2
    first.hang_up()
    first.wait_ended()
    place(line)


def test_a_dial_counts_as_a_call_too(make_line: Callable[..., Line], application: Application) -> None:
    line = make_line(concurrent_calls=1, answers={DESK: StaffedDesk("值班")})
    application.on("/voice", f'<Dial action="/done">{DESK}</Dial>')
    line.calling()
    assert application.wait_for("/done")[0]["DialCallStatus"] == "failed"


def test_a_day_of_waiting_calls_is_the_most(make_line: Callable[..., Line]) -> None:
    line = make_line(calls_per_second=1 / (13 * 3600.0))
    for _ in range(2):
        place(line)
    assert api_error(lambda: place(line)) == (429, 22005)


def test_every_call_ends_after_four_hours(make_line: Callable[..., Line], application: Application) -> None:
    line = make_line(answers={DESK: StaffedDesk("值班")}, virtual=True)
    application.on("/answered", WAIT)
    application.on("/voice", "<Say>您好</Say>" + WAIT)
    place(line)
    assert application.wait_for("/progress")[0]["CallDuration"] == "14400"
    assert line.calling().wait_ended() == "completed"
    assert application.wait_for("/status")[0]["CallDuration"] == "14400"


def test_a_time_limit_of_its_own_ends_a_call_earlier_or_later(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(answers={DESK: StaffedDesk("值班")}, virtual=True)
    application.on("/answered", WAIT)
    place(line, time_limit=18000)
    assert application.wait_for("/progress")[0]["CallDuration"] == "18000"


def test_the_time_limit_of_a_running_call_can_be_changed(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(answers={DESK: StaffedDesk("值班")}, calls_per_second=0.0)
    application.on("/answered", WAIT)
    sid = place(line, status_callback_event=["answered", "completed"])
    application.wait_for("/progress", lambda told: told["CallStatus"] == "in-progress")
    line.client.calls(sid).update(time_limit=5)
    over = application.wait_for("/progress", lambda told: told["CallStatus"] == "completed")[0]
    assert 5 <= int(over["CallDuration"]) <= 15


def test_a_dial_ends_at_its_time_limit_and_the_caller_goes_on(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(answers={DESK: StaffedDesk("值班")}, virtual=True)
    application.on("/voice", f'<Dial timeLimit="90">{DESK}</Dial><Say>时间到</Say>')
    line.calling().hear("时间到")


def test_a_dial_rings_the_five_seconds_longer_that_the_carrier_adds(
    make_line: Callable[..., Line], application: Application
) -> None:
    line = make_line(virtual=True, dial_buffer=5.0)
    application.on("/voice", f'<Dial timeout="20">{DESK}</Dial><Say>无人接听</Say>')
    telephone = line.calling()
    telephone.hear("无人接听")
    assert telephone.at == 25.0
