"""What the exchange's own tests ask for: a scripted application and an exchange (or several kinds of it)."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.exchange.application import Application
from tests.exchange.line import TOKEN, Line


@pytest.fixture
def application() -> Iterator[Application]:
    with Application(TOKEN) as running:
        yield running
    assert running.badly_signed == [], "the SDK's validator refused webhooks"


@pytest.fixture
def make_line(application: Application) -> Iterator[Callable[..., Line]]:
    with ExitStack() as stack:
        yield lambda **changes: Line(application, stack, **changes)


@pytest.fixture
def line(make_line: Callable[..., Line]) -> Line:
    return make_line()
