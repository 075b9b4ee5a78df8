"""However many ways a flow has, its check ends, and says no more than a person can read."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from ivr_flows.faults import FlowError
from ivr_flows.loader import read_draft
from tests.policies import city_policies

HEAD = 'name = "long"\npurpose = "inbound"\nentry = "c0"\nperson = "person"\ninclude = ["person"]\n'


def row(length: int, node: Callable[[str, str], str]) -> str:
    """Return a flow of `length` nodes in a row, each leading to the next and the last one to a person."""
    names = [*(f"c{n}" for n in range(length)), "person"]
    return HEAD + "".join(node(*each) for each in pairwise(names))


def parting(name: str, to: str) -> str:
    return f'[nodes.{name}]\nkind = "hours"\nschedule = "staffed"\nopen = "{to}"\nclosed = "{to}"\n'


def goto(name: str, to: str) -> str:
    return f'[nodes.{name}]\nkind = "goto"\nto = "{to}"\n'


@pytest.mark.parametrize(("length", "node"), [(60, parting), (2_000, goto)], ids=["parting", "straight"])
def test_a_long_row_of_nodes_is_checked_to_its_end(length: int, node: Callable[[str, str], str]) -> None:
    assert len(read_draft(row(length, node), city_policies()).flow.nodes) > length


def test_whoever_stays_silent_is_followed_through_ways_that_part_and_meet_again() -> None:
    text = row(60, parting).replace('"person"\nclosed = "person"', '"told0"\nclosed = "told0"')
    names = [*(f"told{n}" for n in range(3)), "person"]
    told = "".join(
        f'[nodes.{name}]\nkind = "say"\nsay = ["greeting"]\nto = "{to}"\n' for name, to in pairwise(names)
    )
    with pytest.raises(FlowError, match=r"\[told2\] is the prompt number 3 before a person") as caught:
        read_draft(text + told, city_policies())
    assert len(caught.value.faults) == 1
