"""Checks the digits callers enter: sensible lengths, no value without a use, and no use without a value."""

from collections.abc import Iterator, Mapping

from hotline.rules.calls.flow_actions import (
    FlowAction,
    JoinQueue,
    LookUpBy,
    LookUpExternal,
    LookUpTicket,
    PromiseCallback,
)
from hotline.rules.policies import Policies
from ivr_flows.bilingual import BilingualText
from ivr_flows.engine import CONSUMING_ACTIONS
from ivr_flows.flow import ENTERED, ActionNode, Edge, Flow, InputNode, Node, actions_of, edges_of
from ivr_flows.source.problems import LintFinding
from ivr_flows.speech import Prompts

# The values that some action can use.
USED = frozenset({"ticket", "code", "number", "desk"})


def needed_by(action: FlowAction) -> frozenset[str]:
    """Returns the values that must have been entered before `action` is performed."""
    match action:
        case LookUpTicket(by=LookUpBy.NUMBER):
            return frozenset({"ticket", "code"})
        case LookUpTicket():
            return frozenset({"code"})
        case JoinQueue(to_desk=True):
            return frozenset({"desk"})
        case _:
            return frozenset()


def _used_by(action: FlowAction) -> frozenset[str]:
    match action:
        case PromiseCallback():
            return frozenset({"number"})
        case LookUpExternal():
            return USED
        case _:
            return needed_by(action)


def broken_entries(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds inputs that no digits fit or whose value has no use, and actions whose value no input provides."""
    actions = [(name, action) for name, node in flow.nodes.items() for action in actions_of(node)]
    entered = {node.name for node in flow.nodes.values() if isinstance(node, InputNode)}
    used = frozenset().union(*(_used_by(action) for _, action in actions))
    for name, node in flow.nodes.items():
        if isinstance(node, InputNode):
            yield from _broken(name, node, used)
    for name, action in actions:
        for value in sorted(needed_by(action) - entered):
            yield LintFinding(
                name,
                BilingualText(
                    f"需要 {value!r}，但此前没有输入过", f"needs {value!r}, which no caller has entered"
                ),
                BilingualText("这个流程里没有叫这个名字的 input", "no input of this flow has that name"),
                BilingualText(
                    f'在它之前问：加一个 kind = "input"、name = "{value}" 的节点。',
                    f'Ask for it before, in a node of kind "input" with name = "{value}".',
                ),
            )


def untyped_values(flow: Flow, _prompts: Prompts, _policies: Policies) -> Iterator[LintFinding]:
    """Finds actions that can be reached without passing the input for what they need."""
    typed = _surely_typed(flow)
    entered = {node.name for node in flow.nodes.values() if isinstance(node, InputNode)}
    for name, node in flow.nodes.items():
        for action in actions_of(node):
            for value in sorted((needed_by(action) & entered) - typed.get(name, USED)):
                yield LintFinding(
                    name,
                    BilingualText(
                        f"需要 {value!r}，但不是每个走到这里的人都输入过",
                        f"needs {value!r}, which some callers have not entered before they come here",
                    ),
                    BilingualText(
                        f"有的路绕过了名为 {value!r} 的 input，或者它已经用掉了",
                        f"some edge leads here past the input called {value!r}, or after it was used",
                    ),
                    BilingualText("让那条路先经过这个 input。", "Lead that edge through the input first."),
                )


def _surely_typed(flow: Flow) -> Mapping[str, frozenset[str]]:
    """Returns for each node the values that have been entered on every path to it."""
    typed = dict.fromkeys((flow.entry, flow.person, *([flow.after] if flow.after else [])), frozenset[str]())
    ahead = list(typed)
    while ahead:
        name = ahead.pop()
        for edge in edges_of(name, flow.nodes[name]):
            left = _typed_after(flow.nodes[name], edge, typed[name])
            known = typed.get(edge.to)
            if known is None or not known <= left:
                typed[edge.to] = left if known is None else known & left
                ahead.append(edge.to)
    return typed


def _typed_after(node: Node, edge: Edge, before: frozenset[str]) -> frozenset[str]:
    if isinstance(node, ActionNode) and isinstance(node.action, CONSUMING_ACTIONS):
        return frozenset()
    return before | {node.name} if isinstance(node, InputNode) and edge.exit == ENTERED else before


def _broken(name: str, node: InputNode, used: frozenset[str]) -> Iterator[LintFinding]:
    if node.most < node.least:
        yield LintFinding(
            name,
            BilingualText(
                f"至少 {node.least} 位、至多 {node.most} 位",
                f"takes at least {node.least} and at most {node.most} digits",
            ),
            BilingualText("输入什么都不合适", "nothing can be typed that fits"),
            BilingualText("让 most 不小于 least。", "Make most as large as least, or larger."),
        )
    if node.name not in USED:
        why = BilingualText(f"能用的有 {'、'.join(sorted(USED))}", f"values are {', '.join(sorted(USED))}")
        remedy = BilingualText(
            "改成其中一个，或者去掉这个问题。", "Name one of them, or remove the question."
        )
        yield _in_vain(name, node, why, remedy)
    elif node.name not in used:
        why = BilingualText("这个流程里没有动作用到它", "no action of this flow uses it")
        yield _in_vain(
            name, node, why, BilingualText("把它用上，或者去掉这个问题。", "Use it, or remove the question.")
        )


def _in_vain(name: str, node: InputNode, why: BilingualText, remedy: BilingualText) -> LintFinding:
    what = BilingualText(f"记下 {node.name!r}，却没有用处", f"remembers {node.name!r}, which nothing uses")
    return LintFinding(name, what, why, remedy)
