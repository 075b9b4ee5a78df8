"""Two carriers for the same contract tests: the fake, and the real gateway in front of a real exchange."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import pytest

from hotline.clock import system_clock
from hotline.gateways.carrier import Carrier
from hotline.gateways.twilio import TwilioCarrier
from tests.exchange.application import Application
from tests.exchange.line import ACCOUNT, HOTLINE, TOKEN, Line
from tests.fakes import FakeCarrier

QUEUE = "hotline"


@dataclass(frozen=True)
class Switch:
    """A carrier with its far side: a caller in the queue, addresses that answer, and the clock."""

    carrier: Carrier
    wait_in_queue: Callable[[], str]
    url: Callable[[str], str]
    clock: Callable[[], datetime]


def gateway(line: Line, password: str = TOKEN) -> TwilioCarrier:
    return TwilioCarrier(
        account_sid=ACCOUNT, username=ACCOUNT, password=password, api_url=line.url + "/", from_number=HOTLINE
    )


@pytest.fixture
def application() -> Iterator[Application]:
    with Application(TOKEN) as running:
        yield running


@pytest.fixture
def line(application: Application) -> Iterator[Line]:
    with ExitStack() as stack:
        yield Line(application, stack)


@pytest.fixture(params=["fake", "twilio"])
def switch(request: pytest.FixtureRequest) -> Switch:
    if request.param == "fake":
        fake = FakeCarrier(system_clock)
        return Switch(fake, lambda: fake.dial_in(QUEUE), "https://hotline.example{}".format, system_clock)
    line: Line = request.getfixturevalue("line")
    return Switch(gateway(line), lambda: _wait_in_queue(line), line.application.url, system_clock)


def _wait_in_queue(line: Line) -> str:
    line.application.on("/voice", f'<Enqueue action="/left" waitUrl="/wait">{QUEUE}</Enqueue>')
    line.application.on("/wait", "<Say>请稍候</Say><Pause length='2'/>")
    line.calling().hear("请稍候")
    return line.application.wait_for("/wait")[0]["CallSid"]
