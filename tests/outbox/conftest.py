"""What the outbox's tests ask for: reactions' tools made of fakes, and a way to run what is due."""

from collections.abc import Callable

import pytest

from hotline import outbox
from hotline.gateways.addresses import VoiceAddresses
from hotline.reactions import Tools
from hotline.unit_of_work import Hall
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
def tools(hall: Hall, carrier: FakeCarrier, units: FakeUnits, lookups: FakeLookups) -> Tools:
    addresses = VoiceAddresses("https://hotline.example")
    return Tools(hall=hall, carrier=carrier, units=units, lookups=lookups, addresses=addresses)


@pytest.fixture
def run_due(tools: Tools) -> Run:
    """Relay and carry out whatever is due until nothing is; returns how many deliveries were carried out."""

    def run() -> int:
        carried = 0
        while parcels := outbox.relay(tools.hall):
            outbox.note_enqueued(tools.hall, parcels)
            carried += sum(outbox.deliver(tools, parcel.id) for parcel in parcels)
        return carried

    return run
