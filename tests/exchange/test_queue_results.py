"""The QueueResult at the borders: between queue and conversation, and before the waiting began."""

import threading
from collections.abc import Awaitable, Callable

import pytest

from hotline.exchange.clients.telephone import PhoneState
from hotline.exchange.core.exchange import Exchange
from hotline.exchange.devices.callers import Caller
from tests.exchange.application import Answer, Application, ReceivedRequest
from tests.exchange.line import Line
from tests.exchange.simulation import Rest, run_script, settings_for

ENQUEUE = '<Enqueue action="/queued" waitUrl="/wait">q</Enqueue><Say>之后</Say>'
TAKE = '<Dial action="/dialled"><Queue url="/whisper">q</Queue></Dial>'
Deed = Callable[[Exchange, Caller, Caller], Awaitable[None]]


def result(application: Application) -> ReceivedRequest:
    """Returns the one request that carries the QueueResult."""
    (told,) = application.wait_for("/queued")
    return told


def told_when(application: Application, deed: Deed) -> ReceivedRequest:
    """Returns the QueueResult of a caller taken out of the queue when `deed` is done during the whisper."""
    application.on("/voice", ENQUEUE, TAKE)
    application.on("/wait", "<Say>请稍候</Say><Pause length='60'/>")
    application.on("/whisper", "<Say>即将接通</Say><Pause length='10'/>")
    application.on("/moved", "<Say>另一份文件</Say>")

    async def story(exchange: Exchange) -> None:
        caller, dialler = Caller(exchange, "+8613800000001"), Caller(exchange, "+8613800000002")
        caller.dial()
        await caller.listen_for("请稍候")
        dialler.dial()
        await caller.listen_for("即将接通")
        await deed(exchange, caller, dialler)

    run_script(settings_for(application), story)
    return result(application)


async def move(exchange: Exchange, caller: Caller, application: Application) -> None:
    assert caller.call is not None
    await Rest(exchange).post(f"/Calls/{caller.call.sid}.json", Url=application.url("/moved"))


async def connection(caller: Caller) -> None:
    """Waits until another person is on the line."""
    await caller.until(lambda: bool(caller.party))


def test_hanging_up_during_the_whisper_ends_a_connection_in_the_making(application: Application) -> None:
    async def hang_up(_: Exchange, caller: Caller, __: Caller) -> None:
        caller.hang_up()

    told = told_when(application, hang_up)
    assert (told["QueueResult"], told["CallStatus"]) == ("bridging-in-process", "completed")
    assert told["QueueSid"].startswith("QU")
    dialled = application.to("/dialled")[0]
    assert (dialled["DialCallStatus"], dialled["DequeueResult"]) == ("no-answer", "no-answer")


def test_who_dials_and_leaves_during_the_whisper_was_never_connected(application: Application) -> None:
    parties: list[tuple[str, ...]] = []

    async def leave(exchange: Exchange, caller: Caller, dialler: Caller) -> None:
        dialler.hang_up()
        await exchange.clock.sleep(60)
        parties.append(caller.party)

    assert told_when(application, leave)["QueueResult"] == "bridging-in-process"
    assert parties == [()]


def test_who_is_moved_during_the_whisper_was_not_moved_from_a_talk(application: Application) -> None:
    async def moved(exchange: Exchange, caller: Caller, _: Caller) -> None:
        await move(exchange, caller, application)
        await caller.listen_for("另一份文件")

    assert told_when(application, moved)["QueueResult"] == "redirected"


def test_who_hangs_up_after_the_whisper_was_connected(application: Application) -> None:
    async def talk(_: Exchange, caller: Caller, __: Caller) -> None:
        await connection(caller)
        caller.hang_up()

    assert told_when(application, talk)["QueueResult"] == "bridged"


def test_who_is_moved_after_the_whisper_was_moved_from_a_talk(application: Application) -> None:
    async def talk(exchange: Exchange, caller: Caller, _: Caller) -> None:
        await connection(caller)
        await move(exchange, caller, application)

    assert told_when(application, talk)["QueueResult"] == "redirected-from-bridged"


def test_hanging_up_before_the_first_wait_document_came_is_an_error_of_the_system(
    line: Line, application: Application
) -> None:
    gate = threading.Event()
    application.on("/voice", ENQUEUE)
    application.on("/wait", Answer("<Response><Say>请稍候</Say></Response>", wait_for=gate))
    telephone = line.calling()
    application.wait_for("/wait")
    telephone.hang_up()
    told = result(application)
    gate.set()
    assert (told["QueueResult"], told["CallStatus"]) == ("system-error", "completed")
    assert not {"QueueSid", "QueueTime"} & told.form.keys()
    assert line.client.queues.list()[0].current_size == 0


def test_a_hang_up_while_a_later_wait_document_is_on_its_way_is_reported_as_hang_up(
    line: Line, application: Application
) -> None:
    gate = threading.Event()
    application.on("/voice", ENQUEUE)
    application.on("/wait", "<Say>请稍候</Say>", Answer(wait_for=gate))
    telephone = line.calling()
    application.wait_for("/wait", count=2)
    telephone.hang_up()
    assert result(application)["QueueResult"] == "hangup"
    gate.set()


def test_a_redirect_before_the_first_wait_document_is_reported_as_redirect(
    line: Line, application: Application
) -> None:
    gate = threading.Event()
    application.on("/voice", ENQUEUE)
    application.on("/wait", Answer(wait_for=gate))
    telephone = line.calling()
    application.wait_for("/wait")
    line.client.calls(telephone.call_sid).update(url=application.url("/moved"))
    assert result(application)["QueueResult"] == "redirected"
    gate.set()


@pytest.mark.parametrize("wait", ["", 'waitUrl=""'], ids=["music", "silence"])
def test_without_a_wait_document_nobody_is_half_in_the_queue(
    line: Line, application: Application, wait: str
) -> None:
    application.on("/voice", f'<Enqueue action="/queued" {wait}>q</Enqueue>')
    telephone = line.calling()
    telephone.wait_state(PhoneState.TALKING)
    telephone.hang_up()
    assert result(application)["QueueResult"] == "hangup"
