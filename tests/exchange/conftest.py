"""Fixtures of the exchange's own tests: a scripted application and one or several exchanges."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from tests.exchange.application import Application
from tests.exchange.conversation import Conversation, start_conversation
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


@pytest.fixture
def talk(line: Line, application: Application) -> Callable[..., Conversation]:
    return partial(start_conversation, line, application)
