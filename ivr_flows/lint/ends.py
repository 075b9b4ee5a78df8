"""Where ways lead: to nodes that exist, and from the entry to every node there is."""

from collections.abc import Iterator

from hotline.rules.policies import Policies
from ivr_flows.bilingual import Pair
from ivr_flows.flow import TIMEOUT, Flow, Queue, unprompted, ways
from ivr_flows.lint.searches import on_circles, reach
from ivr_flows.source.problems import Nearest, Told
from ivr_flows.source.prompts import Prompts

NODES, NAME_ONE = Pair("节点有", "nodes are"), Pair("改成其中一个。", "Name one of them.")


def broken_ends(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find ways to nodes that do not exist, and a `person` who is not a queue."""
    known = tuple(name for name in flow.nodes if "." not in name)
    tops = {"entry": flow.entry, "person": flow.person, **({"after": flow.after} if flow.after else {})}
    for field, target in tops.items():
        if target not in flow.nodes:
            what = Pair(f"{field} = {target!r} 不存在", f"{field} = {target!r} does not exist")
            yield Told("", what, Nearest(NODES, target, known), NAME_ONE, field)
    if flow.person in flow.nodes and not isinstance(flow.nodes[flow.person], Queue):
        yield Told(
            flow.person,
            Pair("`person` 不是队列", "`person` is not a queue"),
            Pair("出了问题，来电人都转到那里", "callers go there whenever something fails"),
            Pair('改成一个 kind = "queue" 的节点。', 'Name a node of kind "queue".'),
        )
    for name, node in flow.nodes.items():
        for target in sorted({way.to for way in ways(name, node)} - set(flow.nodes) - {""}):
            what = Pair(f"通往 {target!r}，但它不存在", f"leads to {target!r}, which does not exist")
            yield Told(name, what, Nearest(NODES, target, known), NAME_ONE)
        yield from _half_told(name, node)


def _half_told(name: str, node: object) -> Iterator[Told]:
    """Find a longest wait without a way out of it, and a way out that is never taken."""
    if not isinstance(node, Queue):
        return
    if node.longest_wait and not node.on_timeout:
        yield Told(
            name,
            Pair(
                f"longest_wait = {node.longest_wait} 却没有 on_timeout",
                f"longest_wait = {node.longest_wait} has no on_timeout",
            ),
            Pair(
                "到时间以后，来电人不是继续等下去，就是被挂断",
                "callers would be kept beyond it, or thrown out",
            ),
            Pair(
                "加上 on_timeout = 一个节点，例如约定回电或留言。",
                "Add on_timeout = a node, such as one that offers a callback or a message.",
            ),
        )
    if node.on_timeout and not node.longest_wait:
        yield Told(
            name,
            Pair(f"on_{TIMEOUT} 永远用不上", f"on_{TIMEOUT} is never taken"),
            Pair("longest_wait 是 0，来电人会一直等", "longest_wait is 0: callers wait without end"),
            Pair(
                "加上 longest_wait（秒），或者去掉 on_timeout。",
                "Add longest_wait in seconds, or remove on_timeout.",
            ),
        )


def unreachable(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[Told]:
    """Find nodes that no call can ever come to."""
    begins = [name for name in (flow.entry, flow.person, flow.after) if name]
    seen = reach(begins, lambda name: [way.to for way in ways(name, flow.nodes[name])])
    for name in flow.nodes:
        if name not in seen:
            yield Told(
                name,
                Pair("永远到不了", "can never be reached"),
                Pair(
                    "从入口、人工或通话结束后，都没有路通到这里",
                    "no way leads here from the entry, the person or after a talk",
                ),
                Pair("让一个按键或出口通到这里，或者去掉它。", "Lead a key or an exit here, or remove it."),
            )


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
