"""Virtual time: nothing waits in real time, and events keep the order of real time."""

import asyncio
import threading
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest
import requests

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.devices.callers import Caller
from hotline.exchange.server import clock_of, running_in_thread
from hotline.exchange.time.virtual_clock import VirtualClock, loop_for
from tests.exchange.application import Answer, Application
from tests.exchange.line import Line
from tests.exchange.simulation import MORNING, run_script, settings_for

WAITING = "<Say>请稍候</Say><Pause length='25'/>"


def test_an_hour_in_the_queue_is_over_at_once(application: Application) -> None:
    application.on("/voice", '<Enqueue waitUrl="/wait" action="/out">q</Enqueue>')
    application.on("/wait", WAITING)
    clock = VirtualClock(MORNING)
    began = clock.stopwatch()

    async def wait_an_hour(exchange: Exchange) -> None:
        caller = Caller(exchange, "+8613800001234")
        caller.dial()
        await exchange.clock.sleep(3600)
        caller.hang_up()
        await caller.over_and_done()

    run_script(settings_for(application), wait_an_hour)
    last = application.to("/wait")[-1]
    assert 3570 <= int(last["QueueTime"]) <= 3600
    assert application.wait_for("/out")[0]["QueueResult"] == "hangup"
    assert application.to("/status")[0]["CallDuration"] == "3600"
    assert clock.stopwatch() - began < 20


def test_a_whole_day_of_calls_passes_in_seconds(application: Application) -> None:
    application.on("/voice", '<Gather numDigits="1" action="/heard"><Say>投诉请按1</Say></Gather>')
    application.on("/heard", "<Say>谢谢</Say><Pause length='120'/>")

    async def one(exchange: Exchange, place: int) -> None:
        await exchange.clock.sleep(place * 300)
        caller = Caller(exchange, f"+86138{place:08d}")
        caller.dial()
        await caller.listen_for("投诉")
        await caller.press("1")
        assert await caller.over_and_done() == "completed"

    async def day(exchange: Exchange) -> None:
        await asyncio.gather(*(one(exchange, place) for place in range(288)))

    exchange = run_script(settings_for(application), day)
    assert exchange.clock.seconds() > 86400 - 300
    callers = [request["From"] for request in application.to("/voice")]
    assert callers == [f"+86138{place:08d}" for place in range(288)]
    dates = {call.created.date() for call in exchange.registry.calls.values()}
    assert dates == {MORNING.date()}


async def busy_minute(exchange: Exchange) -> None:
    """Runs three callers whose steps interleave, never closer than 2 s: a key, a time-out, and one who leaves the queue."""

    async def presses() -> None:
        caller = Caller(exchange, "+8613800000001")
        caller.dial()
        await caller.listen_for("请按键")
        await exchange.clock.sleep(6)
        await caller.press("1")
        await exchange.clock.sleep(18)
        caller.hang_up()

    async def says_nothing() -> None:
        await exchange.clock.sleep(3)
        Caller(exchange, "+8613800000002").dial()

    async def gives_up() -> None:
        await exchange.clock.sleep(18)
        caller = Caller(exchange, "+8613800000003")
        caller.dial()
        await caller.press("1")
        await exchange.clock.sleep(3)
        caller.hang_up()

    await asyncio.gather(presses(), says_nothing(), gives_up())


def test_the_order_of_events_is_that_of_real_time(application: Application) -> None:
    application.on(
        "/voice",
        '<Gather numDigits="1" timeout="7" action="/heard"><Say>请按键</Say></Gather><Say>再见</Say>',
    )
    application.on("/heard", '<Enqueue waitUrl="/wait">q</Enqueue>')
    application.on("/wait", "<Say>请稍候</Say><Pause length='9'/>")

    def told(**changes: object) -> list[tuple[str, str, str]]:
        application.received.clear()
        run_script(settings_for(application, **changes), busy_minute)
        return [(request.path, request["From"], request["CallStatus"]) for request in application.received]

    virtual = told()
    assert virtual == told(virtual=False, pace=0.1)
    assert [path for path, _, _ in virtual].count("/wait") == 3


def test_time_stands_while_a_program_at_a_telephone_is_thinking(application: Application) -> None:
    application.on("/voice", '<Gather numDigits="1" timeout="5" action="/heard"><Say>请按键</Say></Gather>')
    application.on("/heard", "<Say>谢谢</Say>")
    with ExitStack() as stack:
        line = Line(application, stack, virtual=True)
        for _ in range(20):
            telephone = line.calling()
            telephone.hear("请按键")
            telephone.press("1")
            telephone.hear("谢谢")
            assert telephone.wait_ended() == "completed"


def test_two_programs_at_two_telephones_share_the_time(application: Application) -> None:
    application.on("/voice", '<Dial timeout="600" action="/done"><Client>agent_7</Client></Dial>')
    with ExitStack() as stack:
        line = Line(application, stack, virtual=True)
        agent, telephone = line.softphone(), line.calling()
        agent.wait_incoming()
        agent.accept()
        agent.wait_connected()
        agent.say("您好")
        telephone.hear("您好")
        telephone.say("路灯坏了")
        agent.hear("路灯坏了")
        telephone.hang_up()
        telephone.wait_ended()
    assert application.wait_for("/done")[0]["DialCallStatus"] == "completed"


def test_whoever_does_not_press_in_time_is_too_late_in_virtual_time_too(application: Application) -> None:
    application.on("/voice", '<Gather timeout="600"><Say>请按键</Say></Gather><Say>太晚了</Say>')
    with ExitStack() as stack:
        telephone = Line(application, stack, virtual=True).calling()
        telephone.hear("太晚了")
        telephone.wait_ended()
        assert telephone.at > 600


def test_the_application_can_run_on_the_exchange_s_time(application: Application) -> None:
    application.on("/voice", "<Pause length='3600'/><Say>一小时后</Say>")
    settings = settings_for(application)
    clock = clock_of(settings)
    with running_in_thread(settings, clock) as url:
        with ExitStack() as stack:
            line = Line.at(url, application, stack, settings)
            line.calling().hear("一小时后")
            read = requests.get(f"{url}/clock", timeout=5).json()
        assert MORNING + timedelta(hours=1) <= clock.now() < MORNING + timedelta(hours=2)
    assert datetime.fromisoformat(read["now"]) <= clock.now()
    assert (read["virtual"], read["seconds"] >= 3600) == (True, True)


def test_time_stands_while_a_webhook_is_being_answered(application: Application) -> None:
    gate = threading.Event()
    application.on("/voice", "<Say>一</Say><Redirect>/next</Redirect>")
    application.on("/next", Answer("<Response><Say>二</Say></Response>", wait_for=gate))

    async def listen(exchange: Exchange) -> None:
        caller = Caller(exchange, "+8613800001234")
        caller.dial()
        await caller.listen_for("一")
        before = exchange.clock.seconds()
        nap = asyncio.create_task(exchange.clock.sleep(1))
        await asyncio.to_thread(application.wait_for, "/next")
        assert exchange.clock.seconds() - before == pytest.approx(0.3)
        gate.set()
        await caller.listen_for("二")
        assert exchange.clock.seconds() - before == pytest.approx(0.3)
        await nap

    run_script(settings_for(application), listen)


def test_sleepers_wake_in_the_order_of_their_moments_and_then_of_their_coming() -> None:
    clock = VirtualClock(MORNING)
    woken: list[str] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)
        await asyncio.sleep(0)
        woken.append(f"{name} done")

    async def body() -> None:
        await asyncio.gather(sleeper("late", 9), sleeper("one", 5), sleeper("two", 5))

    with asyncio.Runner(loop_factory=lambda: loop_for(clock)) as runner:
        runner.run(body())
    assert woken == ["one", "one done", "two", "two done", "late", "late done"]
    assert clock.now() == MORNING + timedelta(seconds=9)


def test_a_beginning_without_a_time_zone_is_refused(application: Application) -> None:
    with pytest.raises(ValueError, match="time zone"):
        settings_for(application, begins=datetime(2026, 11, 23))  # noqa: DTZ001
