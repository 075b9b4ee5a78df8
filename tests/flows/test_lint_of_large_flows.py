"""The checks end however many paths a flow has, and report no more than a person can read."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from ivr_flows.loader import read_draft
from ivr_flows.source.problems import FlowError
from tests.policies import city_policies

HEAD = 'name = "long"\npurpose = "inbound"\nentry = "c0"\nperson = "person"\ninclude = ["person"]\n'


def row(length: int, node: Callable[[str, str], str]) -> str:
    """Returns a flow of `length` nodes in a row, each leading to the next and the last one to an operator."""
    names = [*(f"c{n}" for n in range(length)), "person"]
    return HEAD + "".join(node(*each) for each in pairwise(names))


def parting(name: str, to: str) -> str:
    return f'[nodes.{name}]\nkind = "hours"\nschedule = "staffed"\nopen = "{to}"\nclosed = "{to}"\n'


def goto(name: str, to: str) -> str:
    return f'[nodes.{name}]\nkind = "goto"\nto = "{to}"\n'


@pytest.mark.parametrize(("length", "node"), [(60, parting), (2_000, goto)], ids=["parting", "straight"])
def test_a_long_row_of_nodes_is_checked_to_its_end(length: int, node: Callable[[str, str], str]) -> None:
    assert len(read_draft(row(length, node), city_policies()).flow.nodes) > length


def test_a_silent_caller_is_followed_through_paths_that_part_and_meet_again() -> None:
    text = row(60, parting).replace('"person"\nclosed = "person"', '"told0"\nclosed = "told0"')
    names = [*(f"told{n}" for n in range(3)), "person"]
    told = "".join(
        f'[nodes.{name}]\nkind = "say"\nsay = ["greeting"]\nto = "{to}"\n' for name, to in pairwise(names)
    )
    with pytest.raises(FlowError, match=r"\[told2\] is the prompt number 3 before an operator") as caught:
        read_draft(text + told, city_policies())
    assert len(caught.value.problems) == 1


def test_an_edge_that_leads_nowhere_is_reported_with_the_nearest_names_only() -> None:
    with pytest.raises(FlowError) as caught:
        read_draft(row(60, goto).replace('to = "c33"', 'to = "cc33"'), city_policies())
    told = str(caught.value)
    assert "[c32] leads to 'cc33', which does not exist (nodes are c33, c3 and 68 others)" in told
    assert len(told) < 500


def test_where_no_name_is_near_that_is_said() -> None:
    told = r"leads to 'xyz', which does not exist \(nodes are 70, none with a name like it\)"
    with pytest.raises(FlowError, match=told):
        read_draft(row(60, goto).replace('to = "c33"', 'to = "xyz"'), city_policies())


def test_of_a_small_flow_all_names_are_listed() -> None:
    text = row(2, goto).replace('to = "c1"', 'to = "d1"').replace('include = ["person"]', "")
    with pytest.raises(FlowError, match=r"leads to 'd1', which does not exist \(nodes are c0, c1\)"):
        read_draft(text, city_policies())


def test_the_first_hundred_problems_are_listed_and_then_how_many_more_there_are() -> None:
    with pytest.raises(FlowError) as caught:
        read_draft(row(2_000, lambda name, _to: goto(name, f"not_{name}")), city_policies())
    told = str(caught.value).splitlines()
    assert len(told) == 101
    assert "[c0] leads to 'not_c0', which does not exist" in told[0]
    assert told[-1].endswith(
        "and 1900 more (the first 100 are enough to begin with). Correct these, then check again."
    )
    assert len(caught.value.problems) == 2_000
