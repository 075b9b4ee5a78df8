"""Circles a caller could be led round without ever doing anything."""

from collections.abc import Iterator

from hotline.rules.policies import Policies
from ivr_flows.exit_labels import Pair
from ivr_flows.exits import unprompted
from ivr_flows.flow import Flow
from ivr_flows.lint.finding import Told
from ivr_flows.lint.searches import on_circles
from ivr_flows.source.prompts import Prompts


def circles(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    round_ = on_circles(flow.nodes, lambda name: unprompted(name, flow.nodes[name]))
    for name in flow.nodes:
        if name in round_:
            yield Told(
                name,
                Pair("原地绕圈", "leads round in a circle"),
                Pair("不按键的来电人永远出不来", "a silent caller would never get out"),
                Pair("让其中一条路通往排队或 hang_up。", "Lead one way to the queue or to a hang_up."),
            )
