"""Where ways lead: to nodes that exist, and from the entry to every node there is."""

from collections.abc import Iterator

from hotline.rules.policies import Policies
from ivr_flows.flow import Flow, Queue
from ivr_flows.lint.searches import reach
from ivr_flows.lint.told import Told
from ivr_flows.nearest import Nearest
from ivr_flows.prompts import Prompts
from ivr_flows.ways import TIMEOUT, ways


def broken_ends(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find ways to nodes that do not exist, and a `person` who is not a queue."""
    known = tuple(name for name in flow.nodes if "." not in name)
    tops = {"entry": flow.entry, "person": flow.person, **({"after": flow.after} if flow.after else {})}
    for field, target in tops.items():
        if target not in flow.nodes:
            what = f"{field} = {target!r} does not exist"
            yield Told("", what, Nearest("nodes are", target, known), "Name one of them.", field)
    if flow.person in flow.nodes and not isinstance(flow.nodes[flow.person], Queue):
        yield Told(
            flow.person,
            "`person` is not a queue",
            "callers go there whenever something fails",
            'Name a node of kind "queue".',
        )
    for name, node in flow.nodes.items():
        for target in sorted({way.to for way in ways(name, node)} - set(flow.nodes) - {""}):
            what = f"leads to {target!r}, which does not exist"
            yield Told(name, what, Nearest("nodes are", target, known), "Name one of them.")
        yield from _half_told(name, node)


def _half_told(name: str, node: object) -> Iterator[Told]:
    """Find a longest wait without a way out of it, and a way out that is never taken."""
    if not isinstance(node, Queue):
        return
    if node.longest_wait and not node.on_timeout:
        yield Told(
            name,
            f"longest_wait = {node.longest_wait} has no on_timeout",
            "callers would be kept beyond it, or thrown out",
            "Add on_timeout = a node, such as one that offers a callback or a message.",
        )
    if node.on_timeout and not node.longest_wait:
        yield Told(
            name,
            f"on_{TIMEOUT} is never taken",
            "longest_wait is 0: callers wait without end",
            "Add longest_wait in seconds, or remove on_timeout.",
        )


def unreachable(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find nodes that no call can ever come to."""
    begins = [name for name in (flow.entry, flow.person, flow.after) if name]
    seen = reach(begins, lambda name: [way.to for way in ways(name, flow.nodes[name])])
    for name in flow.nodes:
        if name not in seen:
            yield Told(
                name,
                "can never be reached",
                "no way leads here from the entry, the person or after a talk",
                "Lead a key or an exit here, or remove it.",
            )
