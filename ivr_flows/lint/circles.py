"""Circles a caller could be led round without ever doing anything."""

from collections.abc import Iterator

from hotline.rules.policies import Policies
from ivr_flows.flow import Flow
from ivr_flows.lint.searches import on_circles
from ivr_flows.lint.told import Told
from ivr_flows.prompts import Prompts
from ivr_flows.ways import unprompted


def circles(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    round_ = on_circles(flow.nodes, lambda name: unprompted(name, flow.nodes[name]))
    for name in flow.nodes:
        if name in round_:
            yield Told(
                name,
                "leads round in a circle",
                "a silent caller would never get out",
                "Lead one way to the queue or to a hang_up.",
            )
