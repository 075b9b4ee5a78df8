"""Circles a caller could be led round without ever doing anything."""

from collections.abc import Iterator

from hotline.rules.policies import Policies
from ivr_flows.flow import Flow
from ivr_flows.lint.told import Told
from ivr_flows.prompts import Prompts
from ivr_flows.ways import unprompted


def circles(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    for start in flow.nodes:
        seen: set[str] = set()
        ahead = list(unprompted(start, flow.nodes[start]))
        while ahead:
            name = ahead.pop()
            if name == start:
                yield Told(
                    start,
                    "leads round in a circle",
                    "a silent caller would never get out",
                    "Lead one way to the queue or to a hang_up.",
                )
                break
            if name not in seen:
                seen.add(name)
                ahead.extend(unprompted(name, flow.nodes[name]))
