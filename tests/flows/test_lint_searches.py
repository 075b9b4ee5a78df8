"""The searches of the lint find what a search of every path would find."""

from hypothesis import given
from hypothesis import strategies as st

from ivr_flows.lint.searches import leading_to, on_cycles, reach

NAMES = "abcdef"
GRAPHS = st.fixed_dictionaries({name: st.lists(st.sampled_from(NAMES), max_size=3) for name in NAMES})


@given(GRAPHS)
def test_a_node_lies_on_a_cycle_if_one_of_its_edges_leads_back_to_it(graph: dict[str, list[str]]) -> None:
    expected = {name for name in NAMES if name in reach(graph[name], graph.__getitem__)}
    assert on_cycles(NAMES, graph.__getitem__) == expected


@given(GRAPHS, st.sampled_from(NAMES))
def test_whoever_can_reach_a_goal_leads_to_it(graph: dict[str, list[str]], goal: str) -> None:
    expected = {name for name in NAMES if goal in reach([name], graph.__getitem__)}
    assert leading_to([goal], NAMES, graph.__getitem__) == expected
