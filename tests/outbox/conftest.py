"""What the outbox's tests ask for: reactions' tools made of fakes, and a way to run what is due."""

from collections.abc import Callable

import pytest

from hotline import outbox
from hotline.gateways.addresses import VoiceAddresses
from hotline.reactions import ReactionContext
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
    """Relay and carry out whatever is due until nothing is; returns how many deliveries were carried out."""

    def run() -> int:
        carried = 0
        while parcels := outbox.relay(tools.application):
            outbox.record_enqueued(tools.application, parcels)
            carried += sum(outbox.deliver(tools, parcel.id) for parcel in parcels)
        return carried

    return run
