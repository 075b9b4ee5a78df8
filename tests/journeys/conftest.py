"""One city for all journeys of a test process; each journey uses numbers of its own."""

from collections.abc import Iterator

import pytest

from tests.journeys.city import City, close_city, found_city, open_city
from tests.journeys.people import Operator
from tests.redis_server import run_redis


@pytest.fixture(scope="session")
def running_city() -> Iterator[City]:
    """The city has a Redis of its own: other tests of the process empty theirs, and its workers would take their jobs."""
    with run_redis() as redis_url:
        city = found_city(redis_url)
        try:
            open_city(city)
            yield city
        finally:
            print(city.logs())
            close_city(city)


@pytest.fixture
def city(running_city: City) -> City:
    return running_city


@pytest.fixture
def operator(city: City) -> Iterator[Operator]:
    """An operator who sits down ready and, whatever happened, leaves no call unfinished."""
    found = Operator(city)
    found.be_ready()
    yield found
    found.close()
    state = found.state()
    if state["call_id"]:
        found.tell(f"/console/desk/calls/{state['call_id']}/no-matter", {"no_matter": "test"})
    found.tell("/console/desk/presence", {"state": "not_ready", "reason": "break"})
