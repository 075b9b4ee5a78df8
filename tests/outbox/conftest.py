"""Fixtures of the outbox tests: a reaction context made of fakes, and a function that runs what is due."""

from collections.abc import Callable

import pytest

from hotline import outbox
from hotline.gateways.addresses import VoiceAddresses
from hotline.reactions.context import ReactionContext
from hotline.unit_of_work import Application
from tests.fakes import FakeCarrier, FakeLookups, FakeUnits
from tests.stopped_clock import StoppedClock

Run = Callable[[], int]


@pytest.fixture
def carrier(clock: StoppedClock) -> FakeCarrier:
    return FakeCarrier(clock)


@pytest.fixture
def units() -> FakeUnits:
    return FakeUnits()


@pytest.fixture
def lookups() -> FakeLookups:
    return FakeLookups()


@pytest.fixture
def tools(
    application: Application, carrier: FakeCarrier, units: FakeUnits, lookups: FakeLookups
) -> ReactionContext:
    addresses = VoiceAddresses("https://hotline.example")
    return ReactionContext(
        application=application, carrier=carrier, channels=(units,), lookups=lookups, addresses=addresses
    )


@pytest.fixture
def run_due(tools: ReactionContext) -> Run:
    """Relays and executes deliveries until none is due; returns their number."""

    def run() -> int:
        carried = 0
        while pending := outbox.relay(tools.application).due:
            carried += sum(outbox.deliver(tools, delivery_due.id) for delivery_due in pending)
        return carried

    return run
