"""The same stories over a carrier without queues and conferences: everybody is reached with the verbs that remain."""

from dataclasses import replace

import pytest

from tests.matrix import ledger
from tests.matrix.city import Ground
from tests.matrix.stories import Name
from tests.matrix.striking import strike


@pytest.mark.parametrize("name", list(Name), ids=str)
def test_every_story_comes_to_a_good_end(ground: Ground, name: Name) -> None:
    struck = strike(replace(ground, narrow=True), name)
    assert struck.wrongs() == {}
    assert ledger.was_reached(struck.played.application, struck.cast.citizen)
