"""The web's database is gone for some seconds, beginning at each step: callers are kept on the line and led on."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from hotline.exchange.vocabulary.request_kinds import DOCUMENTS
from tests.matrix import ledger
from tests.matrix.city import Ground
from tests.matrix.gates import Outage
from tests.matrix.moments import MOMENTS, Moment
from tests.matrix.striking import strike

APOLOGY = "抱歉，系统出现问题"
STRUCK = [moment for moment in MOMENTS if moment.path and moment.step in DOCUMENTS and not moment.aside]
TOLD = [moment for moment in MOMENTS if moment.path and moment.aside]
SEVERAL = {
    "incoming",
    "menu",
    "wait",
    "desk-answers",
    "talk",
    "talk-ended",
    "asked-back",
    "lets-go",
    "message",
}
"""Played in every run of the suite; the others with `--matrix=whole`."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    whole = metafunc.config.getoption("--matrix") == "whole"
    chosen = [moment for moment in (*STRUCK, *TOLD) if whole or moment.name in SEVERAL or moment in TOLD[:3]]
    metafunc.parametrize("moment", chosen, ids=lambda moment: moment.name)


@pytest.fixture
def outage(moment: Moment) -> Outage:
    return Outage(moment.path, moment.nth)


@pytest.fixture
def failing(lasting_engine: Engine, outage: Outage) -> Iterator[Engine]:
    with outage.engine(str(lasting_engine.url)) as engine:
        yield engine


def test_a_caller_is_kept_while_the_database_is_gone_and_nothing_is_lost(
    ground: Ground, failing: Engine, outage: Outage, moment: Moment
) -> None:
    struck = strike(ground.with_web(failing), moment.story, gate=outage.gate)
    assert outage.refused > 0
    assert struck.wrongs() == {}
    assert ledger.was_reached(struck.played.application, struck.cast.citizen)
    assert ledger.unasked(struck.played.application) == []
