"""Checks where edges lead: to existing nodes, from the entry to every node, and never round in a silent loop."""

from collections.abc import Iterator

from hotline.rules.policies import Policies
from ivr_flows.bilingual import BilingualText
from ivr_flows.flow import TIMEOUT, Flow, QueueNode, edges_of, unprompted_targets
from ivr_flows.lint.searches import on_cycles, reach
from ivr_flows.source.problems import LintFinding, Suggestions
from ivr_flows.speech import Prompts

NODES, NAME_ONE = BilingualText("节点有", "nodes are"), BilingualText("改成其中一个。", "Name one of them.")


def broken_targets(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds edges to nodes that do not exist, and a `person` that is not a queue."""
    known = tuple(name for name in flow.nodes if "." not in name)
    tops = {"entry": flow.entry, "person": flow.person, **({"after": flow.after} if flow.after else {})}
    for field, target in tops.items():
        if target not in flow.nodes:
            what = BilingualText(f"{field} = {target!r} 不存在", f"{field} = {target!r} does not exist")
            yield LintFinding("", what, Suggestions(NODES, target, known), NAME_ONE, field)
    if flow.person in flow.nodes and not isinstance(flow.nodes[flow.person], QueueNode):
        yield LintFinding(
            flow.person,
            BilingualText("`person` 不是队列", "`person` is not a queue"),
            BilingualText("出了问题，来电人都转到那里", "callers go there whenever something fails"),
            BilingualText('改成一个 kind = "queue" 的节点。', 'Name a node of kind "queue".'),
        )
    for name, node in flow.nodes.items():
        for target in sorted({edge.to for edge in edges_of(name, node)} - set(flow.nodes) - {""}):
            what = BilingualText(f"通往 {target!r}，但它不存在", f"leads to {target!r}, which does not exist")
            yield LintFinding(name, what, Suggestions(NODES, target, known), NAME_ONE)
        yield from _incomplete_wait(name, node)


def _incomplete_wait(name: str, node: object) -> Iterator[LintFinding]:
    """Finds a longest wait without a target after it, and a target that is never reached."""
    if not isinstance(node, QueueNode):
        return
    if node.longest_wait and not node.on_timeout:
        yield LintFinding(
            name,
            BilingualText(
                f"longest_wait = {node.longest_wait} 却没有 on_timeout",
                f"longest_wait = {node.longest_wait} has no on_timeout",
            ),
            BilingualText(
                "到时间以后，来电人不是继续等下去，就是被挂断",
                "the flow does not state what follows",
            ),
            BilingualText(
                "加上 on_timeout = 一个节点，例如约定回电或留言。",
                "Add on_timeout = a node, such as one that offers a callback or a message.",
            ),
        )
    if node.on_timeout and not node.longest_wait:
        yield LintFinding(
            name,
            BilingualText(f"on_{TIMEOUT} 永远用不上", f"on_{TIMEOUT} is never taken"),
            BilingualText("longest_wait 是 0，来电人会一直等", "longest_wait is 0: callers wait without end"),
            BilingualText(
                "加上 longest_wait（秒），或者去掉 on_timeout。",
                "Add longest_wait in seconds, or remove on_timeout.",
            ),
        )


def unreachable(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds nodes that no call can reach."""
    begins = [name for name in (flow.entry, flow.person, flow.after) if name]
    seen = reach(begins, lambda name: [edge.to for edge in edges_of(name, flow.nodes[name])])
    for name in flow.nodes:
        if name not in seen:
            yield LintFinding(
                name,
                BilingualText("永远到不了", "can never be reached"),
                BilingualText(
                    "从入口、人工或通话结束后，都没有路通到这里",
                    "no edge leads here from the entry, the person or after a talk",
                ),
                BilingualText(
                    "让一个按键或出口通到这里，或者去掉它。", "Lead a key or an exit here, or remove it."
                ),
            )


def silent_loops(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds nodes in a loop that a caller could go round without pressing a key."""
    round_ = on_cycles(flow.nodes, lambda name: unprompted_targets(name, flow.nodes[name]))
    for name in flow.nodes:
        if name in round_:
            yield LintFinding(
                name,
                BilingualText("不按键会原地循环", "is in a loop without input"),
                BilingualText(
                    "不按键的来电人永远出不来", "a caller who presses nothing would never leave it"
                ),
                BilingualText(
                    "让其中一条路通往排队或 hang_up。", "Lead one edge to the queue or to a hang_up."
                ),
            )
