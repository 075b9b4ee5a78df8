"""Some cells on PostgreSQL as well, where Works of several threads really run at the same time."""

import pytest
from sqlalchemy import Engine

from ivr_flows.flow import Script
from tests.matrix import ledger
from tests.matrix.conftest import ground_on
from tests.matrix.moments import Cell, cells
from tests.matrix.striking import may_be_left, strike_cell

CHOSEN = (
    "duplicate-voice-incoming",
    "duplicate-voice-answers",
    "lost-answer-voice-desk-answers",
    "hang-up-when-sent-moved-talk",
    "error-after-create-call-phoned-back",
)
CELLS = [cell for cell in cells() if str(cell) in CHOSEN]


@pytest.mark.parametrize("struck_by", CELLS, ids=str)
def test_the_other_database_keeps_the_same_promises(
    engine: Engine, scripts: dict[str, Script], struck_by: Cell
) -> None:
    struck = strike_cell(ground_on(engine, scripts), struck_by)
    assert struck.wrongs() == {}
    assert ledger.was_reached(struck.played.application, struck.cast.citizen) or may_be_left(
        struck_by, struck
    )
